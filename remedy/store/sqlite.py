"""The store of one machine: one SQLite file in the home's state directory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from remedy.codec import encode
from remedy.digest import canonical
from remedy.errors import Busy, Invalid, Refused
from remedy.model import Approval, Draft, Event, Kind, Need, Plan, StandingApproval
from remedy.ports import Clock, PlanRow, RunRow
from remedy.store import audit, place, redemption, rows, standing
from remedy.store.connection import Cell, Connection, Row
from remedy.store.founding import DATABASE, HEAD, MIGRATIONS, Migration, migrations, prepare
from remedy.store.head import Head
from remedy.store.journal import Journal, Transaction
from remedy.store.standing import accepted_in
from remedy.store.times import moment
from remedy.terms import UNCONDITIONAL, Conditions

BUSY_S = 5.0  # longest wait for another writer


class SqliteStore:
    """Plans, approvals, runs and the journal. One instance serves any number of threads.

    Writers of many processes exclude each other through the file. A writer waits at most `busy_s`
    for its turn among this process's threads, and as long again for another process.
    """

    def __init__(
        self, journal: Journal, reader: Connection, head: Head, *, scripts: Sequence[Migration], busy_s: float
    ) -> None:
        self._journal = journal
        self._reader = reader
        self._head = head
        self._scripts = scripts
        self._busy_s = busy_s
        self._reading = threading.Lock()

    @classmethod
    def open(cls, directory: Path, clock: Clock, *, busy_s: float = BUSY_S) -> SqliteStore:
        """The store in `directory`, made there if it is missing.

        Raises Unsafe when the place cannot be trusted, StoreError when what is in it cannot.
        """
        place.secure(directory)
        scripts = migrations(MIGRATIONS)
        opened: list[Head | Connection] = []
        try:
            opened.append(head := Head(directory / HEAD))
            prepare(directory, head, busy_s=busy_s, scripts=scripts)
            opened.append(writer := Connection(directory / DATABASE, busy_s=busy_s))
            opened.append(reader := Connection(directory / DATABASE, busy_s=busy_s))
            audit.glance(reader, head, len(scripts))
            journal = Journal(writer, head, clock, known=len(scripts), busy_s=busy_s)
        except BaseException:
            for part in reversed(opened):
                part.close()
            raise
        return cls(journal, reader, head, scripts=scripts, busy_s=busy_s)

    @property
    def home(self) -> str:
        """The id of this home, made once and kept."""
        return self._journal.home

    def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Record events, durably, before returning; threads that append at once share a sync."""
        return self._journal.append(drafts)

    def events(self, *, plan: str = "", run: str = "", after: int = 0) -> Iterable[Event]:
        """Events in order, of one plan or run where named; each verified as it is read."""
        query = {(False, False): "events_after", (True, False): "events_of_plan", (False, True): "events_of_run"}.get(
            (bool(plan), bool(run)), "events_of_plan_and_run"
        )
        named = {k: v for k, v in (("plan", plan), ("run", run)) if v}
        while page := [rows.event(r) for r in self._rows(query, **named, after=after, page=audit.PAGE)]:
            yield from page
            after = page[-1].seq

    def save_plan(self, plan: Plan) -> None:
        """Keep a plan and record that it was made. The same plan again changes nothing."""
        if plan.home != self.home:
            raise Refused(f"plan {plan.id} was made by home {plan.home}, this is {self.home}", fix="plan again, here")
        document = canonical(encode(plan))
        sha256 = audit.sha256(document)

        def work(tx: Transaction) -> None:
            if found := tx.rows("plan_document", id=plan.id):
                if found[0][0] != document:
                    raise Refused(f"another plan is kept under the id {plan.id}", fix="plan again")
                return
            body = rows.planned(plan, sha256)
            [event] = tx.append([Draft(kind=Kind.PLANNED, body=body, plan=plan.id)])
            tx.rows("add_plan", id=plan.id, digest=plan.digest, event=event.seq, document=document)

        self._journal.write(work)

    def plan(self, ref: str) -> Plan:
        """The plan with this id or unique prefix of an id or digest, verified against the journal."""
        id_ = self._named("plan", ref)
        [(document, *made)] = self._rows("plan_document", id=id_)
        return rows.plan(id_, str(document), rows.event(made), audit.sha256(str(document)))

    def plans(self, limit: int = 50) -> tuple[PlanRow, ...]:
        """Newest first."""
        found = self._rows("newest_plans", page=limit)
        return tuple(rows.plan_row(rows.event(r), rejected=r[-2] is not None, applied=r[-1] is not None) for r in found)

    def approve(self, approval: Approval) -> None:
        """Record a consent. Raises Refused when the plan is rejected or applied already, or is another."""
        redemption.approve(self._journal, approval)

    def reject(self, plan: str, person: str, reason: str) -> None:
        """Nobody may apply this plan any more. Raises Refused when it was applied already."""
        redemption.reject(self._journal, plan, person, reason)

    def approvals(self, plan: str) -> tuple[Approval, ...]:
        """Every approval of a plan, used and expired ones too, oldest first."""
        return redemption.approvals(self._rows("approvals", plan=plan), accepted_in(self._rows("clock_accepted")))

    def stand(self, approval: StandingApproval) -> None:
        """Record a consent that stands. Raises Refused for one that has expired, or covers a high risk."""
        standing.stand(self._journal, approval)

    def revoke(self, ref: str, person: str, reason: str) -> StandingApproval:
        """Take a standing approval back. Raises Invalid, or Refused where it is already."""
        return standing.revoke(self._journal, self._named("standing", ref), person, reason)

    def standing(self) -> tuple[StandingApproval, ...]:
        """Every consent that stands or stood, newest first."""
        return standing.all_standing(self._rows("standing"), accepted_in(self._rows("clock_accepted")))

    def latest(self) -> datetime:
        """The latest time that the store has seen; it counts no earlier one."""
        [(_, latest)] = self._rows("home")
        return moment(str(latest))

    def accept_clock(self, person: str) -> Event:
        """Take this machine's clock for right. Every approval given before is void. Raises Refused."""
        return redemption.accept_clock(self._journal, person)

    def redeem(
        self, plan: Plan, need: Need, person: str, run: str, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[Approval, ...]:
        """Create the run and use up the approvals it needs, in one transaction.

        The approvals all have the same `through`: the run stops after that step. Raises Unapproved
        (who is still needed), Closed, Spent, or Refused: of any number of callers exactly one succeeds.
        """
        for (other,) in self._rows("run_of_plan", plan=plan.id):
            raise redemption.applied(plan.id, str(other))
        return redemption.redeem(self._journal, plan, need, person, run, conditions)

    def hindrances(self, plan: Plan, conditions: Conditions, now: datetime) -> tuple[Refused, ...]:
        """What would refuse this plan now besides consent; nothing is recorded."""
        return tuple(redemption.hindrances(_Asked(self._rows, now), plan, conditions))

    def run(self, ref: str) -> RunRow:
        """The run with this id or unique prefix. Raises Invalid."""
        [row] = self._rows("run_row", id=self._named("run", ref))
        return _run_row(row)

    def runs(self, limit: int = 50, *, open_only: bool = False) -> tuple[RunRow, ...]:
        """Newest first."""
        found = self._rows("newest_open_runs" if open_only else "newest_runs", page=limit)
        return tuple(map(_run_row, found))

    def undos(self, run: str) -> tuple[RunRow, ...]:
        """The runs that took this one back, or tried to; oldest first."""
        found = map(_run_row, self._rows("undos_of", undoing=f'%"undo_of":"{run}"%'))
        return tuple(row for row in found if row.undo_of == run)

    def check(self) -> None:
        """Raise StoreError, naming the row, unless the file is sound and the journal's chain whole."""
        with self._alone():
            audit.examine(self._reader, self._head, self._scripts)

    def close(self) -> None:
        """Close the files. What was appended is durable already."""
        with self._alone():
            self._reader.close()
        self._journal.close()
        self._head.close()

    def _named(self, noun: str, ref: str) -> str:
        """The one id that `ref` means. Raises Invalid when there is none, or more than one."""
        found = self._rows(f"{noun}_refs", ref=ref, size=len(ref)) if ref.isprintable() and ref else []
        if not found:
            listed = {"standing": "approvals"}.get(noun, f"{noun}s")
            raise Invalid(f"no {noun} {ref!r}", at=ref, fix=f"remedy list {listed}")
        if len(found) > 1:
            raise Invalid(f"{ref!r} begins more than one {noun}", at=ref, fix="write more of it")
        return str(found[0][0])

    def _rows(self, query: str, **values: Cell) -> list[Row]:
        with self._alone():
            return self._reader.rows(query, **values)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._reading.acquire(timeout=self._busy_s):
            raise Busy("the store is busy with other reads", fix="try again")
        try:
            yield
        finally:
            self._reading.release()


@dataclass(frozen=True)
class _Asked:
    """The store, asked without a transaction."""

    rows: Callable[..., list[Row]]
    now: datetime


def _run_row(row: Row) -> RunRow:
    size = rows.EVENT_COLUMNS
    _, _, closed, *events = row
    created, made, end = (events[n * size : (n + 1) * size] for n in range(3))
    return rows.run_row(rows.event(created), rows.event(made), None if closed is None else rows.event(end))
