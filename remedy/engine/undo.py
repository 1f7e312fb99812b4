"""Taking back what a run did, as a plan of its own. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from remedy.actions.action import Action
from remedy.engine.plan import sealed, seen_of
from remedy.engine.policy import need_of
from remedy.engine.report import RunState, StepState
from remedy.engine.sense import sensible
from remedy.errors import Refused
from remedy.model import (
    AllOf,
    Answer,
    Change,
    Effect,
    HostPlan,
    Limits,
    Outcome,
    Plan,
    PlannedStep,
    Policy,
    Reply,
    Risk,
    UndoBy,
    UndoUnnecessary,
)


def undo_of(step: PlannedStep, state: StepState) -> UndoBy | None:
    """The operations that take a step back, for what of it was sent; None where nothing can or need be."""
    if step.change is None or not isinstance(step.change.undo, UndoBy):
        return None
    return state.back or step.change.undo


def stands(state: StepState) -> bool:
    """Whether the step did something on the host, by all that is known, that was not taken back."""
    return state.acted and state.outcome in (Outcome.CHANGED, Outcome.FAILED) and not state.undone


def undoable(plan: Plan, state: RunState) -> dict[str, tuple[PlannedStep, ...]]:
    """By host, newest first, the steps of a run that acted and can be taken back.

    Raises Refused while the run is open: what it did is not known for certain yet.
    """
    if not state.is_closed:
        raise Refused(f"run {state.run} is still open", at=state.run, fix=f"remedy resume {state.run}")
    found = {}
    for part in plan.hosts:
        past = state.hosts[part.host].steps if part.host in state.hosts else {}
        acted = [s for s in part.steps if s.step in past and stands(past[s.step])]
        steps = tuple(s for s in reversed(acted) if undo_of(s, past[s.step]))
        if steps:
            found[part.host] = steps
    return found


def undo_plan(
    plan: Plan, state: RunState, parts: tuple[HostPlan, ...], policy: Policy, *, identifier: str, made_at: str
) -> Plan:
    """The plan that takes a run back. It rests on what is there now, not on the playbook."""
    undoing = replace(
        plan,
        id=identifier,
        summary=f"Take back run {state.run}: {plan.summary}",
        policy_digest=policy.digest,
        on_failure="stop",
        limits=Limits(hosts=len(parts), batch=1, max_failures=0),
        hosts=parts,
        need=need_of(plan.playbook, parts, policy),
        through="",
        undo_of=state.run,
        made_at=made_at,
    )
    return sealed(undoing)


def undo_part(part: HostPlan, steps: tuple[PlannedStep, ...]) -> HostPlan:
    """A host's part of it: nothing is asked but the steps' own looks."""
    nothing = AllOf(())
    return replace(
        part, symptom=nothing, until=nothing, verify=nothing, symptom_holds=Answer.OK, findings=(), steps=steps
    )


def undo_step(step: PlannedStep, state: StepState, action: Action[Any], now: Reply) -> PlannedStep:
    """One step taken back, resting on what is there `now`; nothing to do where it is back already.

    Raises CannotTell when that cannot be told.
    """
    assert step.change is not None
    undo = undo_of(step, state)
    assert undo is not None
    title = f"take back: {step.change.title}"
    base = replace(
        step, title=title, ground=now.ground, evidence=now.evidence, change=None, risk=Risk.LOW, expect=state.before
    )
    with sensible(action.name):
        missing = action.restored(action.see(Reply(rc=0, ground=state.before)), seen_of(action, now))
    if not missing:
        return replace(base, reason="it is as it was before the run")
    change = Change(
        title=title,
        operations=undo.operations,
        effect=Effect(says=undo.says),
        undo=UndoUnnecessary(says="apply the playbook again"),
        risk=Risk.MEDIUM,
        lines=step.change.lines,
        touches=step.change.touches,
    )
    return replace(base, change=change, risk=Risk.MEDIUM)
