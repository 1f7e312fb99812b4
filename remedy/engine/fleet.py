"""The open conversations of one command: one per host, opened when first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from remedy.errors import RemedyError
from remedy.model import Host
from remedy.ports import Session, Transport

T = TypeVar("T")
H = TypeVar("H")

THREADS = 50  # hosts at once: past this two cores gain nothing


class Fleet:
    """Sessions by host name. Each session is used by one thread at a time; the fleet by many."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._sessions: dict[str, Session] = {}
        self._lock = Lock()

    def session(self, host: Host) -> Session:
        """The host's open session, or a new one. Raises what `Transport.connect` raises."""
        with self._lock:
            found = self._sessions.get(host.name)
        if found is not None:
            return found
        opened = self._transport.connect(host)
        with self._lock:
            return self._sessions.setdefault(host.name, opened)

    def opened(self, name: str) -> Session | None:
        """The session of a host, where one is open."""
        with self._lock:
            return self._sessions.get(name)

    def drop(self, host: Host) -> None:
        """Forget a session that can no longer be trusted to answer."""
        with self._lock:
            dropped = self._sessions.pop(host.name, None)
        if dropped is not None:
            dropped.close()

    def close(self) -> None:
        """End every conversation."""
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            session.close()
        self._transport.close()


def on_all(hosts: Sequence[H], visit: Callable[[H], T], name: Callable[[H], str]) -> dict[str, T | RemedyError]:
    """What `visit` returned for each host, or the error it met; hosts side by side, each on its own."""

    def one(host: H) -> T | RemedyError:
        try:
            return visit(host)
        except RemedyError as error:
            return error

    if len(hosts) == 1:
        return {name(hosts[0]): one(hosts[0])}
    with ThreadPoolExecutor(max_workers=max(1, min(THREADS, len(hosts)))) as pool:
        return dict(zip(map(name, hosts), pool.map(one, hosts), strict=True))
