"""What the tests of the store are made with: a clock that stands, a small plan, drafts of events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from remedy.model import (
    Address,
    AllOf,
    Answer,
    Approval,
    Asked,
    Call,
    Change,
    Draft,
    Effect,
    HostPlan,
    Kind,
    Limits,
    Look,
    Need,
    Plan,
    PlannedStep,
    Risk,
    UndoImpossible,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
NUMBERS = count(1)


@dataclass
class StandingClock:
    """Time that moves only when the test says so."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def a_step(step: str = "prune", *, items: tuple[str, ...] = ("8 12 400 /var/log/a.log.1",)) -> PlannedStep:
    look = Look(family="files", function="files_old", args=("/var/log", "*.log.*"))
    change = Change(
        title=f"remove {len(items)} old log files",
        operations=(Call(family="files", function="files_remove", args=("/var/log",), items=items),),
        effect=Effect(says="frees 1 MiB", measures={"bytes_freed": 1 << 20}),
        undo=UndoImpossible(says="they are gone"),
        risk=Risk.MEDIUM,
    )
    return PlannedStep(
        step=step,
        action="files.prune",
        params={"root": "/var/log", "larger_than": 1.5, "names": ["a", None, True]},
        title="Remove old logs",
        look=look,
        ground=tuple(f"item {i}" for i in items),
        evidence=("free 5",),
        change=change,
        risk=Risk.HIGH,
    )


def a_plan(home: str, **changes: object) -> Plan:
    """A plan of one change, with an id and digest of its own."""
    number = next(NUMBERS)
    check = AllOf((Asked(check="disk.free", params={"mount": "/"}, look=Look(family="disk", function="disk_free")),))
    host = HostPlan(
        host="prod1",
        identity="ssh-ed25519 AAAA",
        environment="production",
        entry={"address": str(Address(scheme="ssh", name="10.0.0.11", user="deploy"))},
        params={"free": "20%"},
        clock=1_900_000_000,
        symptom=check,
        until=check,
        verify=check,
        symptom_holds=Answer.OK,
        steps=(a_step(),),
    )
    plan = Plan(
        id=f"p{number:08x}",
        digest=f"{number:064x}",
        home=home,
        playbook="disk-full",
        summary="Free space",
        playbook_digest="a" * 64,
        policy_digest="b" * 64,
        engine="1/1",
        on_failure="stop",
        limits=Limits(),
        hosts=(host,),
        need=Need(risk=Risk.HIGH, people=2, rule="built in"),
        made_at=START.isoformat(),
        requester="uid:1000",
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # the caller names fields of Plan


def an_approval(plan: Plan, person: str = "uid:1000", *, lasts_s: int = 3600, **changes: object) -> Approval:
    approval = Approval(
        id=f"a{next(NUMBERS):08x}",
        plan=plan.id,
        digest=plan.digest,
        person=person,
        at=START.isoformat(),
        expires_at=(START + timedelta(seconds=lasts_s)).isoformat(),
    )
    return replace(approval, **changes)  # type: ignore[arg-type]  # the caller names fields of Approval


def a_draft(step: str = "prune", *, run: str = "r1", plan: str = "p1", size_bytes: int = 10) -> Draft:
    return Draft(kind=Kind.STEP_INTENT, body={"n": "x" * size_bytes}, plan=plan, run=run, host="prod1", step=step)


NOBODY = Need(risk=Risk.LOW, people=0)
ANYBODY = Need(risk=Risk.MEDIUM, people=1)
TWO = Need(risk=Risk.HIGH, people=2, rule="built in")
