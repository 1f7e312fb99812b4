"""Writing: one writer at a time, one order, and threads that share a commit.

A thread's events are queued; whoever gets the writer's turn commits everything queued with one
sync, so many hosts cost hardly more than one. Each caller returns only after its own are durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from remedy.codec import encode
from remedy.digest import canonical
from remedy.errors import Bug, Busy, Invalid, RemedyError, StoreError
from remedy.model import Draft, Event, Kind
from remedy.ports import Clock
from remedy.store import rows
from remedy.store.chain import RESTORE, genesis, link
from remedy.store.connection import Cell, Connection, Row
from remedy.store.head import Head, Mark
from remedy.store.times import moment, written

T = TypeVar("T")
COMMIT_S = 30.0  # a commit that takes longer than this on top of the lock's wait is told as unknown


@dataclass(frozen=True)
class Queued:
    """Events that wait to be committed, and where their writer finds what became of them."""

    drafts: tuple[Draft, ...]
    answer: Future[tuple[Event, ...]] = field(default_factory=Future)


class Reading(Protocol):
    """What can be asked of the store at one time."""

    @property
    def now(self) -> datetime: ...

    def rows(self, query: str, **values: Cell) -> list[Row]: ...


class Transaction:
    """An open write: reads what is, adds events at the end, and knows the time."""

    def __init__(self, connection: Connection, last: Event, clock: datetime, latest: datetime) -> None:
        self._connection = connection
        self.last = last
        self.now = max(clock, latest)  # never earlier than any time this store has seen
        self.behind = latest - clock  # positive when the machine's clock was set back

    def rows(self, query: str, **values: Cell) -> list[Row]:
        return self._connection.rows(query, **values)

    def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Add events at the end of the journal."""
        events = tuple(link(drafts, at=written(self.now), after=self.last))
        for event in events:
            self.rows("add_event", **rows.cells(event))
            if event.kind is Kind.RUN_CLOSED:
                self.rows("close_run", run=event.run, closed=event.seq)
            self.last = event
        return events

    def set_back(self, draft: Draft) -> Event:
        """Add an event at the machine's own time, though later ones were seen; from here on that time counts."""
        self.now -= self.behind
        self.behind = timedelta()
        [event] = link([draft], at=written(self.now), after=replace(self.last, at=""))
        self.rows("add_event", **rows.cells(event))
        self.rows("reset_latest", latest=event.at)
        self.last = event
        return event


class Journal:
    """The only way to write to the store. Used by any number of threads."""

    def __init__(self, connection: Connection, head: Head, clock: Clock, *, known: int, busy_s: float) -> None:
        self._connection = connection
        self._head = head
        self._clock = clock
        self._known = known
        self._busy_s = busy_s
        self._turn = threading.Lock()
        self._queue: list[Queued] = []
        self._queue_lock = threading.Lock()
        self.home = home(connection)

    def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Record events, durably, before returning; together with what other threads queued."""
        if not drafts:
            return ()
        mine = Queued(tuple(map(checked, drafts)))
        with self._queue_lock:
            self._queue.append(mine)
        if not self._turn.acquire(timeout=self._busy_s):
            return self._late(mine)
        try:
            if not mine.answer.done():
                self._commit(self._taken())
        finally:
            self._turn.release()
        return mine.answer.result(timeout=0)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` in one durable transaction of its own; if it raises, nothing happened."""
        if not self._turn.acquire(timeout=self._busy_s):
            raise Busy("the store is busy with other writes", fix="try again")
        try:
            return self._write(work)
        finally:
            self._turn.release()

    def close(self) -> None:
        with self._turn:
            self._connection.close()

    def _late(self, mine: Queued) -> tuple[Event, ...]:
        with self._queue_lock:
            if mine in self._queue:
                self._queue.remove(mine)
                raise Busy("the store is busy with other writes; nothing was recorded", fix="try again")
        try:
            return mine.answer.result(timeout=self._busy_s + COMMIT_S)
        except TimeoutError:
            raise StoreError("the disk does not answer; whether it was recorded is not known", fix=RESTORE) from None

    def _taken(self) -> list[Queued]:
        with self._queue_lock:
            batch, self._queue = self._queue, []
        return batch

    def _commit(self, batch: list[Queued]) -> None:
        failure: RemedyError = StoreError("interrupted; whether it was recorded is not known", fix="look at the run")
        answers: list[tuple[Event, ...]] = []
        try:
            answers = self._write(lambda tx: [tx.append(q.drafts) for q in batch])
        except RemedyError as error:
            failure = error
        finally:
            for n, queued in enumerate(batch):
                if n < len(answers):
                    queued.answer.set_result(answers[n])
                else:
                    queued.answer.set_exception(failure)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        with self._connection.transaction():
            transaction = self._begun()
            result = work(transaction)
            self._connection.rows("set_latest", latest=written(transaction.now))
        self._head.advance(Mark(home=self.home, seq=transaction.last.seq, hash=transaction.last.hash))
        return result

    def _begun(self) -> Transaction:
        refuse_newer(self._connection, self._known)
        last = end(self._connection, self.home)
        refuse_other_copy(self._head.read(), last, self.home)
        [(_, latest)] = self._connection.rows("home")
        return Transaction(self._connection, last, self._clock.now(), max(moment(str(latest)), moment(last.at)))


def home(connection: Connection) -> str:
    """The id of the home that this database belongs to."""
    found = connection.rows("home")
    if len(found) != 1:
        raise StoreError("the store does not say whose it is", fix=RESTORE)
    return str(found[0][0])


def end(connection: Connection, home: str) -> Event:
    """The journal's end: number, time and hash of its last event; of an empty one, what stands before the first."""
    for seq, at, hash_ in connection.rows("last_event"):
        return Event(seq=int(seq or 0), at=str(at), kind=Kind.PLANNED, body={}, hash=str(hash_))
    [(_, latest)] = connection.rows("home")
    return Event(seq=0, at=str(latest), kind=Kind.PLANNED, body={}, hash=genesis(home))


def refuse_newer(connection: Connection, known: int) -> None:
    """Raise StoreError when a newer remedy has changed the tables."""
    [(number,)] = connection.rows("schema")
    if int(number or 0) > known:
        raise StoreError(
            f"the store has schema {number!r}, this remedy knows {known}: a newer one has used it",
            fix="use the newer remedy",
        )


def refuse_other_copy(mark: Mark | None, last: Event, home: str) -> None:
    """Raise StoreError when the journal is not the one that the head remembers, or ends before it."""
    if mark is None:
        raise StoreError("the file `head` beside the journal is missing or damaged", at="head", fix=RESTORE)
    if mark.home != home:
        raise StoreError(f"the journal is that of home {home}, its head that of {mark.home}", at="head", fix=RESTORE)
    if mark.seq > last.seq:
        raise StoreError(
            f"the journal ends at event {last.seq}, but event {mark.seq} was recorded: it is an older copy, or was cut",
            at=f"events.seq={last.seq + 1}",
            fix=RESTORE,
        )
    if mark.seq == last.seq and mark.hash != last.hash:
        raise StoreError(f"event {last.seq} is not the one recorded", at=f"events.seq={last.seq}", fix=RESTORE)


OWN = frozenset(
    {
        *(Kind.PLANNED, Kind.APPROVED, Kind.REJECTED, Kind.RUN_CREATED),
        *(Kind.STANDING, Kind.REVOKED, Kind.CLOCK_ACCEPTED),
    }
)


def checked(draft: Draft) -> Draft:
    """The draft, if it can be written. Raises Bug for a kind that only the store itself records."""
    if draft.kind in OWN:
        raise Bug(f"{draft.kind} is recorded by the store, with what it records")
    canonical(encode(draft.body))
    for name in (draft.plan, draft.run, draft.host, draft.step):
        if not name.isprintable():
            raise Invalid(f"not a name: {name!r}", fix="names are printable text")
    return draft
