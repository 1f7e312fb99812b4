"""A run as its record tells it: who consented, what was done when, what came of it, what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remedy.cli.progress import event_line
from remedy.cli.shown.plan_text import given_words
from remedy.cli.shown.text import Paint, visible
from remedy.cli.shown.verdict import verdict_lines
from remedy.engine.report import RunState
from remedy.model import Approval, Event, Json, Kind, Plan
from remedy.ports import RunRow

# ---------------------------------------------------------------- the whole record


@dataclass(frozen=True, kw_only=True)
class Record:
    """All that is kept of a run; `undos` are the runs that took it back, or tried to."""

    state: RunState
    plan: Plan
    approvals: Sequence[Approval]
    events: Sequence[Event]
    undos: Sequence[RunRow] = ()


def record_lines(record: Record, paint: Paint) -> list[str]:
    """`show RUN`: a post-mortem that wrote itself."""
    state, plan = record.state, record.plan
    title = f"run {state.run}  {visible(plan.playbook)}: {visible(plan.summary)}"
    lines = [paint.bold(title), paint.dim(f"plan {plan.id}, digest {plan.digest[:16]}"), ""]
    lines += [f"started by {visible(state.person)}"]
    lines += [f"takes back run {plan.undo_of}"] if plan.undo_of else []
    lines += _consent_lines(record, paint) or ["no consent was needed"]
    lines += ["", paint.bold("what was seen")]
    lines += [f"  {visible(p.host)}  {visible(f.judgement.says)}" for p in plan.hosts for f in p.findings]
    lines += ["", paint.bold("what happened (UTC)")]
    lines += [f"  {paint.dim(_time(e.at))}  {said}" for e in record.events if (said := _event(e, paint))]
    unknown = _unknown_lines(state)
    if unknown:
        lines += ["", paint.red("what is not known"), *unknown]
    lines += ["", paint.bold("how it ended")]
    return [*lines, *(f"  {said}" for said in verdict_lines(state, plan, paint, record.undos))]


def _consent_lines(record: Record, paint: Paint) -> list[str]:
    """Whose consent the run rests on, that which stood too; and what a broken glass stood against."""
    used = [a for a in record.approvals if a.used_by == record.state.run]
    body = next((e.body for e in record.events if e.kind is Kind.RUN_CREATED), {})
    beforehand = ", ".join(map(str, _listed(body.get("standing"))))
    people = [str(p) for p in _listed(body.get("approved_by")) if p not in {a.person for a in used}]
    lines = [given_words(a) for a in used]
    if beforehand:
        lines.append(f"approved beforehand: {visible(beforehand)}, of {visible(', '.join(people))}")
    return [*lines, *([paint.red(visible(str(body["against"])))] if body.get("against") else [])]


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _event(event: Event, paint: Paint) -> str:
    """One line of the timeline."""
    host = visible(event.host)
    match event.kind:
        case Kind.RUN_CREATED:
            return "the run was created, its approvals used up"
        case Kind.HOST_LEASED:
            return f"{host}  leased, fence {event.body.get('fence')}; looked at again"
        case Kind.STEP_INTENT:
            return f"{host}  {event.step}  sent as {visible(str(event.body.get('id')))}"
        case Kind.HOST_CLOSED | Kind.RUN_CLOSED:
            ended = f"{event.body.get('outcome')}, {event.body.get('verdict')}"
            return f"{host}  closed: {ended}" if event.host else f"the run was closed: {ended}"
        case Kind.UNLOCKED:
            return f"{host}  its lease was removed by hand"
        case _:
            return event_line(event, paint)


def _unknown_lines(state: RunState) -> list[str]:
    return [
        f"  {visible(h.host)}  {s.step}: {visible(s.reason or 'it was sent, and no answer came')}"
        for h in state.hosts.values()
        for s in h.steps.values()
        if s.is_open
    ]


def _time(at: str) -> str:
    """Day and time, to the second."""
    return at[:19].replace("T", " ")
