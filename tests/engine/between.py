"""Coming between the engine and the world: each call to the store or to a host passes a numbered gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from remedy.errors import Lost, Refused
from remedy.model import Approval, Draft, Event, Facts, Host, Look, Need, Plan, Reply
from remedy.ports import (
    ChangeReply,
    ChangeRequest,
    Lease,
    PlanRow,
    Receipt,
    RunRow,
    Session,
    Store,
    Transport,
)
from remedy.terms import UNCONDITIONAL, Conditions

Gate = Callable[[str], None]
"""Called with `before append`, `after change` and so on; may raise."""


class Killed(BaseException):
    """The process is gone: nothing of it does anything more."""


@dataclass
class KillAt:
    """A gate that kills the process when it is passed for the `nth` time, and whoever passes later."""

    nth: int
    passed: list[str] = field(default_factory=list)
    is_dead: bool = False
    lock: Lock = field(default_factory=Lock)

    def __call__(self, name: str) -> None:
        with self.lock:
            self.passed.append(name)
            self.is_dead = self.is_dead or len(self.passed) == self.nth
        if self.is_dead:
            raise Killed(name)


@dataclass
class GatedSession:
    """A session whose every request passes a gate before and after. A lost answer is a death, too."""

    session: Session
    gate: Gate

    @property
    def facts(self) -> Facts:
        return self.session.facts

    def look(self, looks: Sequence[Look]) -> tuple[Reply, ...]:
        self.gate("before look")
        replies = self.session.look(looks)
        self.gate("after look")
        return replies

    def lease(self, run: str, owner: str, looks: Sequence[Look], wait_s: int = 0) -> tuple[Lease, tuple[Reply, ...]]:
        self.gate("before lease")
        got = self.session.lease(run, owner, looks, wait_s)
        self.gate("after lease")
        return got

    def change(self, request: ChangeRequest) -> ChangeReply:
        self.gate("before change")
        try:
            reply = self.session.change(request)
        except Lost as lost:
            raise Killed("in a change") from lost
        self.gate("after change")
        return reply

    def receipts(self, run: str) -> Mapping[str, Receipt]:
        self.gate("before receipts")
        found = self.session.receipts(run)
        self.gate("after receipts")
        return found

    def release(self, run: str) -> None:
        self.gate("before release")
        self.session.release(run)
        self.gate("after release")

    def unlock(self, owner: str) -> bool:
        return self.session.unlock(owner)

    def close(self) -> None:
        self.session.close()


@dataclass
class GatedTransport:
    """A transport whose sessions are gated."""

    transport: Transport
    gate: Gate

    def connect(self, host: Host) -> Session:
        return GatedSession(self.transport.connect(host), self.gate)

    def close(self) -> None:
        self.transport.close()


@dataclass
class GatedStore:
    """A store whose writes pass a gate before and after."""

    store: Store
    gate: Gate

    @property
    def home(self) -> str:
        return self.store.home

    def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        self.gate("before append")
        events = self.store.append(drafts)
        self.gate("after append")
        return events

    def redeem(
        self, plan: Plan, need: Need, person: str, run: str, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[Approval, ...]:
        self.gate("before redeem")
        used = self.store.redeem(plan, need, person, run, conditions)
        self.gate("after redeem")
        return used

    def events(self, *, plan: str = "", run: str = "", after: int = 0) -> Iterable[Event]:
        return self.store.events(plan=plan, run=run, after=after)

    def save_plan(self, plan: Plan) -> None:
        self.store.save_plan(plan)

    def plan(self, ref: str) -> Plan:
        return self.store.plan(ref)

    def plans(self, limit: int = 50) -> tuple[PlanRow, ...]:
        return self.store.plans(limit)

    def approve(self, approval: Approval) -> None:
        self.store.approve(approval)

    def reject(self, plan: str, person: str, reason: str) -> None:
        self.store.reject(plan, person, reason)

    def hindrances(self, plan: Plan, conditions: Conditions, now: datetime) -> Sequence[Refused]:
        return self.store.hindrances(plan, conditions, now)

    def approvals(self, plan: str) -> tuple[Approval, ...]:
        return self.store.approvals(plan)

    def run(self, ref: str) -> RunRow:
        return self.store.run(ref)

    def runs(self, limit: int = 50, *, open_only: bool = False) -> tuple[RunRow, ...]:
        return self.store.runs(limit, open_only=open_only)

    def check(self) -> None:
        self.store.check()

    def close(self) -> None:
        self.store.close()
