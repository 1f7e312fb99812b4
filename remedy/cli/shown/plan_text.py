"""A plan as a person reads it before saying yes: what, why, how much, how to take it back."""

from __future__ import annotations

from collections.abc import Sequence

from remedy.actions.words import size_text
from remedy.cli.asking import typed_words
from remedy.cli.shown.names import names_text
from remedy.cli.shown.plan_group import group_lines
from remedy.cli.shown.plan_host import host_lines, is_grave, is_permanent
from remedy.cli.shown.text import Paint, counted, visible
from remedy.engine.told import by_kind, untold_hosts
from remedy.model import (
    Approval,
    Need,
    Plan,
    PlannedStep,
    Risk,
)

FEW = 3  # hosts that are each shown in full; more are shown by what is alike


def plan_lines(plan: Plan, paint: Paint, approvals: Sequence[Approval] = (), *, whole: bool = False) -> list[str]:
    """The whole plan, what cannot be taken back first, with what it takes to apply it.

    `whole` cuts no list short and shows each of many hosts.
    """
    grouped = len(plan.hosts) > FEW and not whole
    title = f"plan {plan.id}  {visible(plan.playbook)}: {visible(plan.summary)}"
    lines = [paint.bold(title), *_made(plan, paint)]
    lines += _total(plan, paint) if grouped else []
    lines += _warnings(plan, paint, grouped=grouped)
    if grouped:
        lines += group_lines(plan, paint)
    for part in () if grouped else plan.hosts:
        lines += ["", *host_lines(part, paint, whole=whole)]
    return [*lines, "", *_same_machines(plan, paint), *_total(plan, paint), *consent_lines(plan, approvals)]


def _same_machines(plan: Plan, paint: Paint) -> list[str]:
    """Names that share a pinned key, which are taken for one machine."""
    names: dict[str, list[str]] = {}
    for part in plan.hosts:
        names.setdefault(part.identity, []).append(part.host)
    shared = [names_text(found) for found in names.values() if len(found) > 1]
    return [paint.yellow(f"one machine, by its key or address: {found}; one after another") for found in shared]


def _made(plan: Plan, paint: Paint) -> list[str]:
    made = f"made {plan.made_at or 'at an unknown time'} by {visible(plan.requester or 'nobody')}"
    undo = f", takes back run {plan.undo_of}" if plan.undo_of else ""
    return [paint.dim(f"digest {plan.digest[:16]}  {made}{undo}")]


def _warnings(plan: Plan, paint: Paint, *, grouped: bool) -> list[str]:
    """High risks and what is permanent, before anything else can hide them."""
    grave = [(p.host, s) for p in plan.hosts for s in p.changes if is_grave(s)]
    if not grave:
        return []
    alike: dict[tuple[str, str], list[tuple[str, PlannedStep]]] = {}
    for host, step in grave:
        way = (step.step, _gravity(step, Paint())) if grouped else (step.step, f"{host} {step.title}")
        alike.setdefault(way, []).append((host, step))
    return ["", *(_warning(found, paint) for found in alike.values())]


def _warning(found: Sequence[tuple[str, PlannedStep]], paint: Paint) -> str:
    """One way to do harm, with every host on which it is done."""
    names, step = [host for host, _ in found], found[0][1]
    where = names_text(names) if len(names) == 1 else f"{counted(len(names), 'host')} ({names_text(names)})"
    same = len({s.title for _, s in found}) == 1
    such = "" if same else f"such as on {visible(names[0])}: "
    return paint.red("! ") + f"{where}  {step.step}: {such}{visible(step.title)}  {_gravity(step, paint)}"


def _gravity(step: PlannedStep, paint: Paint) -> str:
    permanent = ", cannot be taken back" if is_permanent(step) else ""
    return paint.red(f"risk {step.risk.word}{permanent}")


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
    how = f"type {' and '.join(typed_words(need))} at a terminal" if need.is_typed else yes
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
