"""A TCP relay on loopback that counts, delays, freezes and cuts: a network at the test's command."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

CHUNK_BYTES = 65_536
MAX_WAITING_CHUNKS = 256  # then the sender has to wait, as on a real network
POLL_S = 0.2  # how soon a thread that is held up sees that its connection was cut
NO_LINGER = struct.pack("ii", 1, 0)  # closing sends a reset


class Way(Enum):
    """Which way bytes go: UP from the one that connected, DOWN to it."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What has gone through; a turn is an answer that follows a question, so turns are round trips."""

    connections: int
    up_bytes: int
    down_bytes: int
    turns: int


@dataclass
class _Link:
    """One connection: both sockets, and which way its last bytes went."""

    near: socket.socket
    far: socket.socket
    last: Way | None = None

    def source(self, way: Way) -> socket.socket:
        return self.near if way is Way.UP else self.far

    def sink(self, way: Way) -> socket.socket:
        return self.far if way is Way.UP else self.near

    def drop(self) -> None:
        """Break both connections with a reset, whatever waits in them."""
        for end in (self.near, self.far):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RD)  # wakes the thread that reads it, and sends nothing
            end.close()


@dataclass
class _State:
    """What the threads of a relay share, guarded by `lock`."""

    lock: threading.Condition = field(default_factory=threading.Condition)
    links: list[_Link] = field(default_factory=list)
    connections: int = 0
    bytes: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(Way, 0))
    turns: int = 0
    is_frozen: bool = False
    is_closed: bool = False
    cut_at: dict[Way, int] = field(default_factory=dict)
    freeze_at: dict[Way, int] = field(default_factory=dict)


class Relay:
    """Relay connections to `port` on 127.0.0.1 to `target`, each chunk `delay_s` later."""

    def __init__(self, target: tuple[str, int], delay_s: float = 0) -> None:
        self._target = target
        self._delay_s = delay_s
        self._state = _State()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._state.lock:
            self._state.is_closed = True
            self._state.lock.notify_all()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(timeout=5)

    def counts(self) -> Counts:
        """What has gone through so far."""
        state = self._state
        with state.lock:
            return Counts(
                connections=state.connections,
                up_bytes=state.bytes[Way.UP],
                down_bytes=state.bytes[Way.DOWN],
                turns=state.turns,
            )

    def cut(self) -> None:
        """Break every connection there is; new ones are relayed again."""
        with self._state.lock:
            links, self._state.links = self._state.links, []
            self._state.lock.notify_all()
        for link in links:
            link.drop()

    def cut_after(self, way: Way, byte_count: int) -> None:
        """Let exactly `byte_count` more bytes go `way`, then break every connection, once."""
        with self._state.lock:
            self._state.cut_at[way] = self._state.bytes[way] + byte_count
        if byte_count == 0:
            self._cut_if_due(way)

    def freeze(self) -> None:
        """Hold everything back, both ways: connections stay open and say nothing."""
        with self._state.lock:
            self._state.is_frozen = True

    def thaw(self) -> None:
        """Let go what was held back, and all that follows."""
        with self._state.lock:
            self._state.is_frozen = False
            self._state.freeze_at.clear()
            self._state.lock.notify_all()

    def freeze_after(self, way: Way, byte_count: int) -> None:
        """Let exactly `byte_count` more bytes go `way`, then hold everything back, both ways."""
        with self._state.lock:
            self._state.freeze_at[way] = self._state.bytes[way] + byte_count
            if byte_count == 0:
                self._state.is_frozen = True
                del self._state.freeze_at[way]

    def _begin(self, run: object, *arguments: object) -> None:
        assert callable(run)
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self._begin(self._connect, near)

    def _connect(self, near: socket.socket) -> None:
        with self._state.lock:
            self._state.connections += 1
        try:
            far = socket.create_connection(self._target, timeout=10)
        except OSError:
            near.close()
            return
        for end in (near, far):
            end.settimeout(POLL_S)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(near, far)
        with self._state.lock:
            is_closed = self._state.is_closed
            if not is_closed:
                self._state.links.append(link)
        if is_closed:
            link.drop()
            return
        for way in Way:
            _Pump(self, link, way).begin()

    def _cut_if_due(self, way: Way) -> bool:
        with self._state.lock:
            is_due = self._state.cut_at.get(way) == self._state.bytes[way]
            if is_due:
                del self._state.cut_at[way]
        if is_due:
            self.cut()
        return is_due


class _Pump:
    """Move one connection's bytes one way: one thread reads, one sends when the delay is over."""

    def __init__(self, relay: Relay, link: _Link, way: Way) -> None:
        self._relay = relay
        self._state = relay._state
        self._link = link
        self._way = way
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._changed = threading.Condition()
        self._is_over = False

    def begin(self) -> None:
        self._relay._begin(self._read)
        self._relay._begin(self._send)

    def _read(self) -> None:
        chunk = b"-"
        while chunk:
            chunk = self._next_chunk()
            with self._changed:
                self._changed.wait_for(lambda: self._is_over or len(self._waiting) < MAX_WAITING_CHUNKS)
                self._waiting.append((time.monotonic() + self._relay._delay_s, chunk))
                self._changed.notify_all()

    def _next_chunk(self) -> bytes:
        """What came next; nothing at the end, however that came."""
        while True:
            try:
                return self._link.source(self._way).recv(CHUNK_BYTES)
            except TimeoutError:
                continue
            except OSError:
                return b""

    def _send(self) -> None:
        with suppress(OSError):  # the other side is gone: what follows is dropped
            is_open = True
            while is_open:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting)
                    due_s, chunk = self._waiting.popleft()
                    self._changed.notify_all()
                time.sleep(max(0.0, due_s - time.monotonic()))
                is_open = self._pass(chunk) if chunk else self._pass_end()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _pass_end(self) -> bool:
        """Tell the other side that nothing follows; the other way goes on."""
        if self._may_pass():
            self._link.sink(self._way).shutdown(socket.SHUT_WR)
        return False

    def _pass(self, chunk: bytes) -> bool:
        """Send `chunk` as far as the test lets it; False when the connection was cut."""
        while chunk:
            if not self._may_pass():
                return False
            with self._state.lock:
                part = chunk[: self._room()]
                self._count(len(part))
            self._send_all(part)
            chunk = chunk[len(part) :]
            if self._relay._cut_if_due(self._way):
                return False
        return True

    def _send_all(self, part: bytes) -> None:
        while part:
            with suppress(TimeoutError):
                part = part[self._link.sink(self._way).send(part) :]

    def _may_pass(self) -> bool:
        """Wait while frozen; False when the connection is gone."""
        state = self._state
        with state.lock:
            state.lock.wait_for(lambda: not state.is_frozen or self._is_gone())
            return not self._is_gone()

    def _is_gone(self) -> bool:
        return self._state.is_closed or not any(link is self._link for link in self._state.links)

    def _room(self) -> int:
        """How many bytes may go before a cut or a freeze is due."""
        marks = [marks[self._way] for marks in (self._state.cut_at, self._state.freeze_at) if self._way in marks]
        return min((mark - self._state.bytes[self._way] for mark in marks), default=CHUNK_BYTES)

    def _count(self, byte_count: int) -> None:
        state = self._state
        state.bytes[self._way] += byte_count
        if self._way is Way.DOWN and self._link.last is Way.UP:
            state.turns += 1
        self._link.last = self._way
        if state.freeze_at.get(self._way) == state.bytes[self._way]:
            del state.freeze_at[self._way]
            state.is_frozen = True
