"""The open conversations of one command: one per host, opened when first needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TypeVar

from remedy.errors import Refused, RemedyError
from remedy.model import Host
from remedy.ports import Session, Transport

T = TypeVar("T")
H = TypeVar("H")

THREADS = 50  # hosts at once: past this two cores gain nothing
ALIVE_S = 0.5  # between two looks whether anybody is still at work
FILES_EACH = 3  # of an open conversation: the pipes of a local host; SSH takes one
FILES_BESIDE = 40  # the store, terminals, libraries that are read while hosts are open, secrets' commands


def room_for(files: int) -> int:
    """How many conversations fit into so many open files, at least one."""
    return max(1, (files - FILES_BESIDE) // FILES_EACH)


class Fleet:
    """Sessions by host name. Each session is used by one thread at a time; the fleet by many.

    `room` is how many may be open at once in this process; 0 is as many as there are hosts.
    """

    def __init__(self, transport: Transport, room: int = 0) -> None:
        self._transport = transport
        self.room = room
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

    def demand_room(self, hosts: int) -> None:
        """Raise Refused, before anything is done, where a run could not hold all its hosts at once."""
        if self.room and hosts > self.room:
            raise Refused(
                f"{hosts} hosts need more open files than this process may have: there is room for {self.room}",
                fix=f"ulimit -n {FILES_BESIDE + hosts * FILES_EACH}, or name fewer hosts",
            )

    def look_at_all(
        self, hosts: Sequence[H], visit: Callable[[H], T], name: Callable[[H], str]
    ) -> dict[str, T | RemedyError]:
        """The same as `on_all` for looks alone: where there is no room for all, each is let go once it was seen."""
        if not self.room or len(hosts) <= self.room:
            return on_all(hosts, visit, name)

        def seen(host: H) -> T:
            try:
                return visit(host)
            finally:
                self.drop(name(host))

        return on_all(hosts, seen, name, min(THREADS, self.room))

    def opened(self, name: str) -> Session | None:
        """The session of a host, where one is open."""
        with self._lock:
            return self._sessions.get(name)

    def drop(self, name: str) -> None:
        """Close and forget a host's session: it can no longer be trusted to answer, or has answered all."""
        with self._lock:
            dropped = self._sessions.pop(name, None)
        if dropped is not None:
            dropped.close()

    def close(self) -> None:
        """End every conversation."""
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            session.close()
        self._transport.close()


def on_all(
    hosts: Sequence[H], visit: Callable[[H], T], name: Callable[[H], str], at_once: int = THREADS
) -> dict[str, T | RemedyError]:
    """What `visit` returned for each host, or the error it met; hosts side by side, each on its own.

    Whatever else is raised ends it once the hosts that were begun have ended. Who interrupts it waits
    for nobody: no further host is begun, and the threads end with the process.
    """
    if len(hosts) == 1:
        return {name(hosts[0]): _visited(visit, hosts[0])}
    waiting, ended = deque(enumerate(hosts)), SimpleQueue[tuple[int, T | BaseException]]()

    def work() -> None:
        while waiting:
            with suppress(IndexError):  # another thread took the last
                at, host = waiting.popleft()
                try:
                    ended.put((at, _visited(visit, host)))
                except BaseException as unforeseen:  # noqa: BLE001 - raised again in the caller's thread
                    waiting.clear()
                    ended.put((at, unforeseen))

    try:
        found = _gathered(len(hosts), ended, _begin(work, min(at_once, len(hosts))))
    finally:
        waiting.clear()
    return {name(host): found[at] for at, host in enumerate(hosts)}


def _visited(visit: Callable[[H], T], host: H) -> T | RemedyError:
    try:
        return visit(host)
    except RemedyError as error:
        return error


def _begin(work: Callable[[], None], threads: int) -> list[Thread]:
    """Start so many threads, or as many as this machine lets us; at least one."""
    begun: list[Thread] = []
    for _ in range(threads):
        thread = Thread(target=work, daemon=True)
        try:
            thread.start()
        except RuntimeError as no_more:  # "can't start new thread"
            if begun:
                break
            fix = "ulimit -u, or free some memory"
            raise Refused("this machine lets remedy start no thread", fix=fix) from no_more
        begun.append(thread)
    return begun


def _gathered(
    hosts: int, ended: SimpleQueue[tuple[int, T | BaseException]], threads: Sequence[Thread]
) -> dict[int, T | RemedyError]:
    """What came of every host. Raises what nobody foresaw, once no thread is at work any more."""
    found: dict[int, T | RemedyError] = {}
    unforeseen: list[BaseException] = []
    while len(found) < hosts:
        is_over = not any(t.is_alive() for t in threads)
        try:
            at, met = ended.get(timeout=ALIVE_S) if not is_over else ended.get_nowait()
        except Empty:
            if is_over:
                break
            continue
        if isinstance(met, BaseException) and not isinstance(met, RemedyError):
            unforeseen.append(met)
        else:
            found[at] = met
    if unforeseen:
        raise unforeseen[0]
    if len(found) < hosts:  # a thread ended without a word
        raise Refused("this machine ran out of memory", fix="free some, or name fewer hosts")
    return found
