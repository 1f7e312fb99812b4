"""A plan of many hosts by what is alike: which steps, on which hosts, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from remedy.actions.words import size_text
from remedy.cli.shown.names import names_text
from remedy.cli.shown.plan_host import (
    field_lines,
    is_grave,
    is_permanent,
    risk_mark,
    step_lines,
    symptom_words,
    undo_words,
)
from remedy.cli.shown.text import Paint, counted, visible
from remedy.model import Answer, HostPlan, Plan, PlannedStep

WAYS = 6  # in which one step is done on hosts that are otherwise alike; the weightiest are shown
EXAMPLE = 6  # lines of the change that does most
REASONS = 10  # hosts that are left out, each with its own


def group_lines(plan: Plan, paint: Paint) -> list[str]:
    """Every host, those with the gravest steps first; what is left out of it is named, with how to see it."""
    lines: list[str] = []
    for group in _groups(p for p in plan.hosts if p.changes):
        lines += ["", *_group(group, paint)]
    idle = [p for p in plan.hosts if not p.changes and not p.unreachable]
    for holds in (Answer.CANNOT_TELL, Answer.OK, Answer.NOT_OK):
        lines += _idle([p for p in idle if p.symptom_holds is holds], paint)
    lines += _left_out([p for p in plan.hosts if p.unreachable], paint)
    return [*lines, "", paint.dim(f"every host in full: remedy show {plan.id} --all")]


def _groups(parts: Iterable[HostPlan]) -> list[list[HostPlan]]:
    """Hosts of which every step has the same risk and way back, the gravest first, then the largest group."""
    found: dict[object, list[HostPlan]] = {}
    for part in parts:
        found.setdefault(tuple(map(_kind, part.steps)), []).append(part)
    return sorted(found.values(), key=lambda g: (-max(_weight(s) for s in g[0].changes), -len(g)))


def _kind(step: PlannedStep) -> tuple[object, ...]:
    change = step.change
    return step.step, step.action, bool(step.question), change and (step.risk, change.undo.kind)


def _weight(step: PlannedStep) -> int:
    return step.risk + (10 if is_grave(step) else 0)


def _group(parts: Sequence[HostPlan], paint: Paint) -> list[str]:
    names = names_text([p.host for p in parts])
    lines = [paint.bold(f"{counted(len(parts), 'host')}: {names}"), *_why(parts)]
    for number, step in enumerate(parts[0].steps, 1):
        alike = [(p.host, s) for p in parts for s in p.steps if s.step == step.step]
        lines += _step(number, alike, paint)
    return lines


def _why(parts: Sequence[HostPlan]) -> list[str]:
    """The symptom in words; where the numbers differ, those of one host."""
    said = {p.host: symptom_words(p) for p in parts}
    first = parts[0].host
    if not said[first]:
        return []
    such = "" if len(set(said.values())) == 1 else f"such as on {visible(first)}: "
    return [f"  why   {such}{said[first]}"]


Alike = Sequence[tuple[str, PlannedStep]]


def _step(number: int, alike: Alike, paint: Paint) -> list[str]:
    ways: dict[object, list[tuple[str, PlannedStep]]] = {}
    for host, step in alike:
        effect = step.change.effect.says if step.change else step.reason
        ways.setdefault((step.title, step.question, effect), []).append((host, step))
    first = alike[0][1]
    if first.change is None:
        several = f"  {number} {first.step}  nothing to do, for {len(ways)} reasons"
        return step_lines(number, first, paint, whole=False) if len(ways) == 1 else [paint.dim(several)]
    head = f"  {number} {paint.bold(first.step)}"
    mark = risk_mark(first.risk, paint)
    if len(ways) == 1:
        lines = [f"{head}  {visible(first.title)}  {mark}"]
    else:
        lines = [f"{head}  in {len(ways)} ways  {mark}", *_ways(sorted(ways.values(), key=_size, reverse=True))]
    effect = _freed(alike) or (first.change.effect.says if len(ways) == 1 else "")
    return [*lines, *_listed(alike), *field_lines("effect", effect, paint), *_undo(alike, paint)]


def _ways(ways: Sequence[Alike]) -> list[str]:
    """How a step differs from host to host, what does most first."""
    lines = [f"      {visible(way[0][1].title)}: {names_text([host for host, _ in way])}" for way in ways[:WAYS]]
    rest = ways[WAYS:]
    more = f"      … and {counted(len(rest), 'more way')} on {counted(sum(map(len, rest)), 'host')}, each smaller"
    return [*lines, more] if rest else lines


def _size(way: Alike) -> tuple[int, int]:
    change = way[0][1].change
    assert change is not None
    return change.effect.measures.get("bytes_freed", 0), len(change.lines)


def _listed(alike: Alike) -> list[str]:
    """The lines of the change that does most, as far as they help to judge the others."""
    host, step = max(alike, key=lambda found: _size([found]))
    assert step.change is not None
    lines = step.change.lines
    if not lines:
        return []
    same = all(s.change and s.change.lines == lines for _, s in alike)
    shown = [f"         {visible(line)}" for line in lines[:EXAMPLE]]
    more = [f"         … and {counted(len(lines) - EXAMPLE, 'more line')}"] if len(lines) > EXAMPLE else []
    return [*([] if same else [f"      such as on {visible(host)}:"]), *shown, *more]


def _undo(alike: Alike, paint: Paint) -> list[str]:
    said = {host: undo_words(s.change) for host, s in alike if s.change}
    host, first = next(iter(said.items()))
    such = "" if len(set(said.values())) == 1 else f"such as on {host}: "
    return field_lines("undo", such + first, paint, warn=is_permanent(alike[0][1]))


def _freed(alike: Alike) -> str:
    """What it comes to on all of them."""
    freed = sum(s.change.effect.measures.get("bytes_freed", 0) for _, s in alike if s.change)
    return f"about {size_text(freed)} freed on {counted(len(alike), 'host')}" if freed else ""


def _idle(parts: Sequence[HostPlan], paint: Paint) -> list[str]:
    if not parts:
        return []
    holds = parts[0].symptom_holds
    names = f"{counted(len(parts), 'host')}: {names_text([p.host for p in parts])}"
    if holds is Answer.OK:
        return ["", paint.yellow(f"{names}  nothing to do, although the symptom holds"), *_why(parts)]
    if holds is Answer.NOT_OK:
        return ["", paint.dim(f"{names}  the symptom does not hold: nothing to do")]
    return ["", paint.yellow(f"{names}  the symptom cannot be told"), *_why(parts)]


def _left_out(parts: Sequence[HostPlan], paint: Paint) -> list[str]:
    if not parts:
        return []
    lines = [
        f"  {visible(p.host)}  {paint.red(p.left_out or 'unreachable')}: {visible(p.unreachable)}"
        for p in parts[:REASONS]
    ]
    more = len(parts) - REASONS
    rest = (
        [f"  … and {counted(more, 'more host')}: {names_text([p.host for p in parts[REASONS:]])}"] if more > 0 else []
    )
    return ["", paint.red(f"left out: {counted(len(parts), 'host')}"), *lines, *rest]
