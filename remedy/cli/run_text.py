"""A run as its record tells it: who consented, what was done when, what came of it, what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from remedy.cli.plan_text import given_words
from remedy.cli.progress import event_line, outcome_word
from remedy.cli.text import Paint, counted, visible
from remedy.engine.report import HostState, RunState
from remedy.model import Approval, Event, Kind, Outcome, Plan, UndoBy, Verdict

LINES = 12  # of a step's output or of both sides of a stale ground


def verdict_lines(state: RunState, plan: Plan, paint: Paint) -> list[str]:
    """How a run ended, host by host, and what to type next."""
    lines = []
    for host in state.hosts.values():
        lines += _host(host, paint)
    lines.append(_headline(state, paint))
    return [*lines, *(paint.dim(f"next: {n}") for n in _next(state, plan))]


def _headline(state: RunState, paint: Paint) -> str:
    if state.outcome is None:
        return paint.yellow(f"run {state.run} is open: it was cut off before its end")
    style = paint.green if state.verdict is Verdict.RESOLVED else paint.yellow
    outcome = outcome_word(state.outcome, paint)
    return f"run {state.run}  {outcome}  {style(str(state.verdict or 'no verdict'))}"


def _host(host: HostState, paint: Paint) -> list[str]:
    lines = []
    for step in host.steps.values():
        if step.lines and step.outcome not in (Outcome.CHANGED, Outcome.UNCHANGED):
            lines += [f"{visible(host.host)}  {step.step}", *_lines(step.lines, paint)]
    if host.lines:
        lines += [f"{visible(host.host)}  as planned (-) and as found now (+):", *_lines(host.lines, paint)]
    outcome = outcome_word(host.outcome, paint) if host.outcome else paint.yellow("open")
    reason = f"  {visible(host.reason)}" if host.reason else ""
    return [*lines, f"{visible(host.host)}  {outcome}{reason}"]


def _lines(lines: Sequence[str], paint: Paint) -> list[str]:
    shown = [f"    {_side(visible(line), paint)}" for line in lines[:LINES]]
    more = len(lines) - len(shown)
    return [*shown, *([f"    ... and {counted(more, 'more line')}"] if more > 0 else [])]


def _side(line: str, paint: Paint) -> str:
    if line.startswith("- "):
        return paint.red(line)
    return paint.green(line) if line.startswith("+ ") else line


def _next(state: RunState, plan: Plan) -> list[str]:
    """What a person can do about it."""
    unknown = [(h.host, s) for h in state.hosts.values() for s in h.steps.values() if s.is_open]
    if unknown:
        host, step = unknown[0]
        settle = f"remedy settle {state.run} {step.step} --host {host} --as done|not-done"
        return [f"remedy resume {state.run}   or, when you know what became of it: {settle}"]
    if not state.is_closed:
        return [f"remedy resume {state.run}"]
    if state.outcome is Outcome.REFUSED:
        hosts = " ".join(f"--host {p.host}" for p in plan.hosts)
        return [] if plan.undo_of else [f"remedy plan {visible(plan.playbook)} {hosts}   plans again"]
    return [f"remedy undo {state.run}   takes it back"] if _can_undo(state, plan) else []


def _can_undo(state: RunState, plan: Plan) -> bool:
    return not plan.undo_of and any(
        isinstance(s.change.undo, UndoBy)
        for p in plan.hosts
        for s in p.changes
        if s.change and _acted(state, p.host, s.step)
    )


def _acted(state: RunState, host: str, step: str) -> bool:
    found = state.hosts[host].steps.get(step) if host in state.hosts else None
    return found is not None and found.acted and not found.undone


# ---------------------------------------------------------------- the whole record


def record_lines(
    state: RunState, plan: Plan, approvals: Sequence[Approval], events: Sequence[Event], paint: Paint
) -> list[str]:
    """`show RUN`: a post-mortem that wrote itself."""
    title = f"run {state.run}  {visible(plan.playbook)}: {visible(plan.summary)}"
    lines = [paint.bold(title), paint.dim(f"plan {plan.id}, digest {plan.digest[:16]}"), ""]
    lines += [f"started by {visible(state.person)}"]
    lines += [given_words(a) for a in approvals if a.used_by == state.run] or ["no consent was needed"]
    lines += ["", paint.bold("what was seen")]
    lines += [f"  {visible(p.host)}  {visible(f.judgement.says)}" for p in plan.hosts for f in p.findings]
    lines += ["", paint.bold("what happened (UTC)")]
    lines += [f"  {paint.dim(_time(e.at))}  {said}" for e in events if (said := _event(e, paint))]
    unknown = _unknown_lines(state)
    if unknown:
        lines += ["", paint.red("what is not known"), *unknown]
    return [*lines, "", paint.bold("how it ended"), *(f"  {said}" for said in verdict_lines(state, plan, paint))]


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
