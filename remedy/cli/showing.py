"""Plans and runs as the store has them."""

from __future__ import annotations

from remedy.cli.carrying import plan_ref, run_json
from remedy.cli.shown.as_shell import shell_json, shell_lines
from remedy.cli.shown.plan_json import plan_json
from remedy.cli.shown.plan_text import plan_lines
from remedy.cli.shown.run_text import Record, record_lines
from remedy.cli.wiring import Parts
from remedy.engine.report import fold
from remedy.errors import Invalid
from remedy.model import Plan


def show(parts: Parts, ref: str, *, whole: bool, json: bool) -> None:
    """Print the plan or run that `ref` means. Raises Invalid where it means neither."""
    found = _run_of(parts, ref)
    if found:
        _show_run(parts, found, json=json)
    else:
        _show_plan(parts, ref, whole=whole, json=json)


def show_by_hand(parts: Parts, ref: str, *, json: bool) -> None:
    """Print what a person would type instead of applying this plan (or the plan of this run)."""
    run = _run_of(parts, ref)
    plan = parts.store.plan(parts.store.run(run).plan) if run else _plan_of(parts, ref)
    if json:
        parts.world.document(shell_json(plan, parts.catalogue))
    else:
        parts.world.out(*shell_lines(plan, parts.catalogue))


def _run_of(parts: Parts, ref: str) -> str:
    """The run's id, or "" where `ref` means a plan or nothing."""
    if ref.endswith(".json"):
        return ""
    try:
        return parts.store.run(ref).id
    except Invalid:
        return ""


def _plan_of(parts: Parts, ref: str) -> Plan:
    try:
        return plan_ref(parts, ref)
    except Invalid as unknown:
        if "begins more" in unknown.message or ref.endswith(".json"):
            raise
        raise Invalid(
            f"there is no plan and no run {ref}", at=ref, fix="remedy list plans, or remedy list runs"
        ) from None


def _show_plan(parts: Parts, ref: str, *, whole: bool, json: bool) -> None:
    plan = _plan_of(parts, ref)
    given = parts.store.approvals(plan.id)
    if json:
        parts.world.document(plan_json(plan, given))
    else:
        parts.world.out(*plan_lines(plan, parts.world.paint(), given, whole=whole))


def _show_run(parts: Parts, run: str, *, json: bool) -> None:
    events = list(parts.store.events(run=run))
    state = fold(run, events)
    plan = parts.store.plan(state.plan)
    if json:
        parts.world.document(run_json(parts, state, plan))
        return
    undos = parts.store.undos(run)
    given = parts.store.approvals(plan.id)
    record = Record(state=state, plan=plan, approvals=given, events=events, undos=undos)
    parts.world.out(*record_lines(record, parts.world.paint()))
