"""One host of a plan, and one step of it, as a person reads them."""

from __future__ import annotations

from remedy.actions.words import size_text
from remedy.cli.shown.text import Paint, counted, visible, visible_lines
from remedy.engine.checks import asked_in
from remedy.model import (
    Answer,
    Change,
    Finding,
    HostPlan,
    PlannedStep,
    Risk,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)

LISTED = 40  # lines of one change: what a screen holds; the rest is counted, and in --json
LAST = 4  # of them from the end, where an action puts what it leaves alone
EVIDENCE = 12  # lines of one finding


def host_lines(part: HostPlan, paint: Paint, *, whole: bool) -> list[str]:
    environment = f"  {visible(part.environment)}" if part.environment else ""
    where = _address(part)
    lines = [paint.bold(visible(part.host)) + paint.dim(f"  {where}{environment}")]
    if part.own:
        lines.append(paint.red(f"  ! this is {visible(part.own)}"))
    if part.unreachable:
        fix = [f"  fix: {visible(part.left_out_fix)}"] if part.left_out_fix else []
        return [*lines, paint.red(f"  {part.left_out or 'unreachable'}: {visible(part.unreachable)}"), *fix]
    for place, finding in enumerate(part.findings):
        lines += _finding_lines(finding, "why" if place < _symptoms(part) else "seen", paint)
    if part.symptom_holds is not Answer.OK:
        word = "does not hold: nothing to do" if part.symptom_holds is Answer.NOT_OK else "cannot be told"
        return [*lines, paint.yellow(f"  the symptom {word}")]
    for number, step in enumerate(part.steps, 1):
        lines += step_lines(number, step, paint, whole=whole)
    return lines


def _address(part: HostPlan) -> str:
    """The address as the entry has it, where what is there is a model.Address in JSON; and which container it is."""
    found = part.entry.get("address")
    if not isinstance(found, dict):
        return ""
    user = f"{found.get('user')}@" if found.get("user") else ""
    port = f":{found.get('port')}" if found.get("scheme") == "ssh" else ""
    via = f" via {part.entry.get('via')}" if part.entry.get("via") else ""
    identifier, _, started = part.container.partition(" ")
    which = f"  container {identifier[:12]}, started {started[:19].replace('T', ' ')} UTC" if identifier else ""
    return visible(f"{found.get('scheme')}://{user}{found.get('name')}{port}{via}{which}")


def _symptoms(part: HostPlan) -> int:
    """How many of the findings are the symptom's; the rest are the diagnosis."""
    return len({a.look for a in asked_in(part.symptom)})


def symptom_words(part: HostPlan) -> str:
    """What the symptom's checks say there, in one line."""
    return "; ".join(visible(f.judgement.says) for f in part.findings[: _symptoms(part)])


def is_grave(step: PlannedStep) -> bool:
    """Whether a step must be seen before all others."""
    return step.risk is Risk.HIGH or is_permanent(step)


def is_permanent(step: PlannedStep) -> bool:
    """Whether it cannot be taken back."""
    return step.change is not None and isinstance(step.change.undo, UndoImpossible)


def _finding_lines(finding: Finding, word: str, paint: Paint) -> list[str]:
    judged = finding.judgement
    says = visible(judged.says)
    if judged.answer is Answer.CANNOT_TELL:
        says = paint.yellow(f"cannot tell: {says}")
    lines = [f"  {word:<5} {says}"]
    if word == "seen":
        lines += [paint.dim(f"        {row}") for row in _fact_rows(judged.facts)[:EVIDENCE]]
    return lines


def _fact_rows(facts: object) -> list[str]:
    """Rows of a diagnosis: `{bytes, name}` members as size and name; other lists are left to --json."""
    if not isinstance(facts, dict):
        return []
    rows = []
    for kind, members in facts.items():
        for member in members if isinstance(members, list) else []:
            match member:
                case {"bytes": int(size), "name": str(name)}:
                    rows.append(f"{size_text(size):>9}  {kind:<7} {visible(name)}")
                case _:
                    continue
    return rows


# ---------------------------------------------------------------- one step


def step_lines(number: int, step: PlannedStep, paint: Paint, *, whole: bool) -> list[str]:
    if step.question:
        whom = f" {visible(step.question_of)}" if step.question_of else ""
        head = f"  {number} {paint.bold(step.step)}  asks{whom}: "
        first, *more = visible_lines(step.question)
        return [head + first, *(f"      {line}" for line in more)]
    if step.change is None:
        return [paint.dim(f"  {number} {step.step}  nothing to do: {visible(step.reason)}")]
    change = step.change
    risk = risk_mark(step.risk, paint)
    return [
        f"  {number} {paint.bold(step.step)}  {visible(step.title)}  {risk}",
        *_listed(change, paint, whole=whole),
        *field_lines("effect", change.effect.says, paint),
        *field_lines("undo", undo_words(change), paint, warn=isinstance(change.undo, UndoImpossible)),
        *field_lines("lost", change.typed and f"{change.typed}: to be typed at a terminal", paint, warn=True),
        *field_lines("then", _settling(change), paint),
    ]


def risk_mark(risk: Risk, paint: Paint) -> str:
    style = {Risk.LOW: paint.green, Risk.MEDIUM: paint.yellow, Risk.HIGH: paint.red}[risk]
    return style(f"[{risk.word}]")


def _listed(change: Change, paint: Paint, *, whole: bool) -> list[str]:
    """The change's own lines; a long list is cut in its middle, and says how much is left out."""
    lines = change.lines
    more = len(lines) - LISTED
    if more > 0 and not whole:
        left_out = f"... {counted(more, 'more line')} of {len(lines):,}; all of them: remedy show PLAN --all"
        lines = (*lines[: LISTED - LAST], left_out, *lines[-LAST:])
    return [f"      {_diff(visible(line), paint)}" for line in lines]


def _diff(line: str, paint: Paint) -> str:
    if line.startswith("-"):
        return paint.red(line)
    return paint.green(line) if line.startswith("+") else line


def field_lines(name: str, value: str, paint: Paint, *, warn: bool = False) -> list[str]:
    if not value:
        return []
    style = paint.red if warn else str
    return [f"    {paint.dim(f'{name:<7}')} {style(visible(value))}"]


def undo_words(change: Change) -> str:
    match change.undo:
        case UndoBy(says=says):
            return says
        case UndoUnnecessary(says=says):
            return f"not needed: {says}"
        case UndoImpossible(says=says):
            return f"IMPOSSIBLE: {says}"


def _settling(change: Change) -> str:
    return f"waits up to {change.settle_s} s for the effect to be seen" if change.settle_s else ""
