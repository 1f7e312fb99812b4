"""How a run ended: the hosts that went wrong one by one, the others by what is alike, and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from remedy.cli.progress import outcome_word
from remedy.cli.shown.names import names_text
from remedy.cli.shown.text import Paint, counted, visible
from remedy.engine.drills import is_drill
from remedy.engine.report import HostState, RunState, is_turned_away
from remedy.model import Outcome, Plan, UndoBy, Verdict
from remedy.ports import RunRow

LINES = 12  # of a step's output or of both sides of a stale ground
FEW = 3  # hosts that are each told of
TOLD = 20  # of many hosts: those that went wrong, each with its reason
NAMED = 8  # hosts on a command line to type
DONE = (Outcome.CHANGED, Outcome.UNCHANGED)


def verdict_lines(state: RunState, plan: Plan, paint: Paint, undos: Sequence[RunRow] = ()) -> list[str]:
    """How a run ended, host by host, and what to type next."""
    hosts = _in_order(state, plan)
    lines = [line for h in hosts for line in _host(h, paint)] if len(hosts) <= FEW else _many(hosts, paint)
    lines.append(_headline(state, paint))
    lines += [paint.yellow(_taken_back(row)) for row in undos]
    return [*lines, *(paint.dim(f"next: {n}") for n in _next(state, plan, undos))]


def _in_order(state: RunState, plan: Plan) -> list[HostState]:
    """The hosts as the plan has them."""
    named = [state.hosts[p.host] for p in plan.hosts if p.host in state.hosts]
    return named + [h for h in state.hosts.values() if h not in named]


def _taken_back(row: RunRow) -> str:
    ended = f"{row.outcome}, {row.verdict}, {row.closed_at[:19].replace('T', ' ')}" if row.closed_at else "still open"
    return f"taken back by run {row.id} of {visible(row.person)}: {ended}"


def _headline(state: RunState, paint: Paint) -> str:
    if state.outcome is None:
        return paint.yellow(f"run {state.run} is open: it was cut off before its end")
    style = paint.green if state.verdict is Verdict.RESOLVED else paint.yellow
    outcome = outcome_word(state.outcome, paint)
    return f"run {state.run}  {outcome}  {style(str(state.verdict or 'no verdict'))}"


def _many(hosts: Sequence[HostState], paint: Paint) -> list[str]:
    """The ones that went wrong each with its reason, then the others by how they ended."""
    turned_away = [h for h in hosts if is_turned_away(h)]
    ill = [h for h in hosts if h not in turned_away and not _is_well(h)]
    lines = [line for h in ill[:TOLD] for line in _host(h, paint)]
    rest = [*ill[TOLD:], *(h for h in hosts if _is_well(h))]
    lines += _alike(rest, paint)
    if turned_away:
        names = names_text(h.host for h in turned_away)
        lines.append(f"{paint.red('not begun')}  {counted(len(turned_away), 'host')}: {names}  {turned_away[0].reason}")
    return lines


def _is_well(host: HostState) -> bool:
    return host.outcome in DONE and host.verdict is Verdict.RESOLVED


def _alike(hosts: Iterable[HostState], paint: Paint) -> list[str]:
    found: dict[tuple[Outcome | None, Verdict | None], list[str]] = {}
    for host in hosts:
        found.setdefault((host.outcome, host.verdict), []).append(host.host)
    return [
        f"{outcome_word(outcome, paint) if outcome else paint.yellow('open')}  {counted(len(names), 'host')}"
        f"{f', {verdict}' if verdict else ''}: {names_text(names)}"
        for (outcome, verdict), names in found.items()
    ]


def _host(host: HostState, paint: Paint) -> list[str]:
    lines = []
    for step in host.steps.values():
        if step.lines and step.outcome not in (Outcome.CHANGED, Outcome.UNCHANGED):
            lines += [f"{visible(host.host)}  {step.step}", *_lines(step.lines, paint)]
    if host.lines:
        lines += [f"{visible(host.host)}  as planned (-) and as found now (+):", *_lines(host.lines, paint)]
    outcome = outcome_word(host.outcome, paint) if host.outcome else paint.yellow("open")
    reason = f"  {visible(host.reason.removeprefix(f'{host.host}: '))}" if host.reason else ""
    return [*lines, f"{visible(host.host)}  {outcome}{reason}"]


def _lines(lines: Sequence[str], paint: Paint) -> list[str]:
    shown = [f"    {_side(visible(line), paint)}" for line in lines[:LINES]]
    more = len(lines) - len(shown)
    return [*shown, *([f"    ... and {counted(more, 'more line')}"] if more > 0 else [])]


def _side(line: str, paint: Paint) -> str:
    if line.startswith("- "):
        return paint.red(line)
    return paint.green(line) if line.startswith("+ ") else line


def _next(state: RunState, plan: Plan, undos: Sequence[RunRow]) -> list[str]:
    """What a person can do about it."""
    unknown = [(h.host, s) for h in state.hosts.values() for s in h.steps.values() if s.is_open]
    if unknown:
        host, step = unknown[0]
        settle = f"remedy settle {state.run} {step.step} --host {host} --as done|not-done"
        return [f"remedy resume {state.run}   or, when you know what became of it: {settle}"]
    if not state.is_closed:
        return [f"remedy resume {state.run}"]
    again = [] if plan.undo_of or is_drill(plan.playbook) else _again(state, plan)
    is_taken_back = any(row.outcome in DONE for row in undos)
    return [
        *again,
        *([f"remedy undo {state.run}   takes it back"] if _can_undo(state, plan) and not is_taken_back else []),
    ]


def _again(state: RunState, plan: Plan) -> list[str]:
    """How to plan again for the hosts that nothing was done on."""
    untouched = [h.host for h in _in_order(state, plan) if h.outcome in (Outcome.REFUSED, Outcome.UNREACHABLE)]
    if not untouched or len(untouched) > NAMED:
        return []
    return [f"remedy plan {visible(plan.playbook)} {' '.join(f'--host {h}' for h in untouched)}   plans again"]


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
