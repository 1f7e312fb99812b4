"""A plan as a person reads it before saying yes: what, why, how much, how to take it back."""

from __future__ import annotations

from collections.abc import Sequence

from remedy.actions.words import size_text
from remedy.cli.text import Paint, counted, visible, visible_lines
from remedy.engine.checks import asked_in
from remedy.engine.told import by_kind, untold_hosts
from remedy.model import (
    Answer,
    Approval,
    Change,
    Finding,
    HostPlan,
    Need,
    Plan,
    PlannedStep,
    Risk,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)

LISTED = 40  # lines of one change: what a screen holds; the rest is counted, and in --json
LAST = 4  # of them from the end, where an action puts what it leaves alone
EVIDENCE = 12  # lines of one finding


def plan_lines(plan: Plan, paint: Paint, approvals: Sequence[Approval] = (), *, whole: bool = False) -> list[str]:
    """The whole plan, what cannot be taken back first, with what it takes to apply it.

    `whole` cuts no list short.
    """
    title = f"plan {plan.id}  {visible(plan.playbook)}: {visible(plan.summary)}"
    lines = [paint.bold(title), *_made(plan, paint), *_warnings(plan, paint)]
    for part in plan.hosts:
        lines += ["", *_host_lines(part, paint, whole=whole)]
    return [*lines, "", *_total(plan, paint), *consent_lines(plan, approvals)]


def _made(plan: Plan, paint: Paint) -> list[str]:
    made = f"made {plan.made_at or 'at an unknown time'} by {visible(plan.requester or 'nobody')}"
    undo = f", takes back run {plan.undo_of}" if plan.undo_of else ""
    return [paint.dim(f"digest {plan.digest[:16]}  {made}{undo}")]


def _warnings(plan: Plan, paint: Paint) -> list[str]:
    """High risks and what is permanent, before anything else can hide them."""
    grave = [(p.host, s) for p in plan.hosts for s in p.changes if _is_grave(s)]
    if not grave:
        return []
    said = [
        paint.red("! ") + f"{visible(host)}  {step.step}: {visible(step.title)}  {_gravity(step, paint)}"
        for host, step in grave
    ]
    return ["", *said]


def _is_grave(step: PlannedStep) -> bool:
    return step.risk is Risk.HIGH or (step.change is not None and isinstance(step.change.undo, UndoImpossible))


def _gravity(step: PlannedStep, paint: Paint) -> str:
    assert step.change is not None
    permanent = ", cannot be taken back" if isinstance(step.change.undo, UndoImpossible) else ""
    return paint.red(f"risk {step.risk.word}{permanent}")


# ---------------------------------------------------------------- one host


def _host_lines(part: HostPlan, paint: Paint, *, whole: bool) -> list[str]:
    environment = f"  {visible(part.environment)}" if part.environment else ""
    where = _address(part)
    lines = [paint.bold(visible(part.host)) + paint.dim(f"  {where}{environment}")]
    if part.unreachable:
        return [*lines, paint.red(f"  {part.left_out or 'unreachable'}: {visible(part.unreachable)}")]
    for place, finding in enumerate(part.findings):
        lines += _finding_lines(finding, "why" if place < _symptoms(part) else "seen", paint)
    if part.symptom_holds is not Answer.OK:
        word = "does not hold: nothing to do" if part.symptom_holds is Answer.NOT_OK else "cannot be told"
        return [*lines, paint.yellow(f"  the symptom {word}")]
    for number, step in enumerate(part.steps, 1):
        lines += _step_lines(number, step, paint, whole=whole)
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


def _step_lines(number: int, step: PlannedStep, paint: Paint, *, whole: bool) -> list[str]:
    if step.question:
        whom = f" {visible(step.question_of)}" if step.question_of else ""
        head = f"  {number} {paint.bold(step.step)}  asks{whom}: "
        first, *more = visible_lines(step.question)
        return [head + first, *(f"      {line}" for line in more)]
    if step.change is None:
        return [paint.dim(f"  {number} {step.step}  nothing to do: {visible(step.reason)}")]
    change = step.change
    risk = _risk(step.risk, paint)
    return [
        f"  {number} {paint.bold(step.step)}  {visible(step.title)}  {risk}",
        *_listed(change, paint, whole=whole),
        *_field("effect", change.effect.says, paint),
        *_field("undo", _undo(change), paint, warn=isinstance(change.undo, UndoImpossible)),
        *_field("then", _settling(change), paint),
    ]


def _risk(risk: Risk, paint: Paint) -> str:
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


def _field(name: str, value: str, paint: Paint, *, warn: bool = False) -> list[str]:
    if not value:
        return []
    style = paint.red if warn else str
    return [f"    {paint.dim(f'{name:<7}')} {style(visible(value))}"]


def _undo(change: Change) -> str:
    match change.undo:
        case UndoBy(says=says):
            return says
        case UndoUnnecessary(says=says):
            return f"not needed: {says}"
        case UndoImpossible(says=says):
            return f"IMPOSSIBLE: {says}"


def _settling(change: Change) -> str:
    return f"waits up to {change.settle_s} s for the effect to be seen" if change.settle_s else ""


# ---------------------------------------------------------------- the sum of it


def _total(plan: Plan, paint: Paint) -> list[str]:
    changes = [s for p in plan.hosts for s in p.changes]
    missing = untold_hosts(plan)
    told = len(plan.hosts) - len(missing)
    hosts = f"{told} of {counted(len(plan.hosts), 'host')}" if missing else counted(len(plan.hosts), "host")
    lacking = [paint.red(f"not covered: {visible(by_kind(missing))}")] if missing else []
    if not changes:
        return [paint.bold(f"{hosts}, nothing to do"), *lacking]
    by_risk = [
        f"{sum(s.risk is r for s in changes)} {r.word}" for r in reversed(Risk) if any(s.risk is r for s in changes)
    ]
    freed = sum(s.change.effect.measures.get("bytes_freed", 0) for s in changes if s.change)
    effect = f", about {size_text(freed)} freed" if freed else ""
    said = f"{hosts}, {counted(len(changes), 'change')} (risk: {', '.join(by_risk)}){effect}"
    return [paint.bold(said), *lacking]


def consent_lines(plan: Plan, approvals: Sequence[Approval] = ()) -> list[str]:
    """What it takes to apply this plan, and what of it is given."""
    lines = [f"approval: {need_words(plan.need)}"]
    lines += [f"  it passes a cap: {visible(said)}" for said in plan.need.over]
    lines += [f"  {given_words(a)}" for a in approvals]
    if plan.through:
        lines.append(f"  only through step {plan.through}")
    return lines


def need_words(need: Need) -> str:
    """Whose consent, in a sentence."""
    rule = f" ({visible(need.rule)})" if need.rule else ""
    if need.is_forbidden:
        return f"forbidden by the policy{rule if need.never else ''}"
    if not need.people:
        return f"none needed{rule}"
    yes = "y at a terminal" if need.risk is Risk.HIGH else "y, or --yes"
    how = f"type {visible(need.typed)} at a terminal" if need.typed else yes
    second = "; and a second person, not the requester" if need.people > 1 else ""
    return f"risk {need.risk.word}: {how}{second}{rule}"


def given_words(approval: Approval) -> str:
    """Who consented, until when or to what use, and why."""
    used = f", used by run {approval.used_by}" if approval.used_by else f", until {approval.expires_at}"
    used = ", void: the store's time was set back since" if approval.void else used
    glass = " BREAK-GLASS" if approval.break_glass else ""
    through = f", through step {visible(approval.through)}" if approval.through else ""
    reason = f": {visible(approval.reason)}" if approval.reason else ""
    return f"approved by {visible(approval.person)}{glass}{used}{through}{reason}"


def next_line(plan: Plan, paint: Paint) -> list[str]:
    """What to type next, for somebody who is not asked right now."""
    if plan.need.is_forbidden:
        return [paint.dim(f"why: remedy explain {plan.id}")]
    if not plan.has_changes:
        return []
    if plan.need.people > 1:
        return [paint.dim(f"next: remedy approve {plan.id}   (two people), then remedy apply {plan.id}")]
    return [paint.dim(f"next: remedy apply {plan.id}   or remedy reject {plan.id}")]
