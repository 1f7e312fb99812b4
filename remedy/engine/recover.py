"""After a crash: what was in flight on a host, settled by its receipts or by looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from remedy.engine.allow import listed_of, only
from remedy.engine.ground import Different, compare
from remedy.engine.report import RunState, StepState
from remedy.engine.settle import Settled, settle
from remedy.engine.standing import Standing
from remedy.errors import Refused
from remedy.model import Draft, Json, Kind, Outcome, PlannedStep
from remedy.ports import Receipt


def recover(at: Standing) -> Standing:
    """The same host with every open change settled, as far as the host itself can tell.

    What cannot be settled stays unknown, and why is told. Records what it finds. An undo that was cut off is
    settled by whoever goes on with it.
    """
    open_steps = [s for s in at.past.steps.values() if s.in_flight]
    if not open_steps:
        return at
    receipts = at.session.receipts(at.run)
    steps = dict(at.past.steps)
    planned = {s.step: s for s in at.part.steps}
    for state in open_steps:
        told = _told(at, planned[state.step], state, receipts)
        steps[state.step] = _settled(state, told)
        if (told.outcome, told.reason) != (state.outcome, state.reason):  # else it is told already
            at.record(Kind.STEP_SETTLED, state.step, _body(told))
    return replace(at, past=replace(at.past, steps=steps))


def _told(at: Standing, step: PlannedStep, state: StepState, receipts: Mapping[str, Receipt]) -> Settled:
    assert step.look is not None
    action = at.crew.catalogue.action(step.action, step.params)
    receipt, reply = receipts.get(state.in_flight), at.reply(step.look)
    if at.plan.undo_of:
        return settle(action, state.ground, receipt, reply, expect=step.expect)
    if not isinstance(compare(step.ground, state.ground), Different):
        return settle(action, state.ground, receipt, reply)
    listed = listed_of(step, action, state.ground)  # what this run's own steps had added was left alone
    return settle(action, only(state.ground, listed), receipt, replace(reply, ground=only(reply.ground, listed)))


def _settled(state: StepState, told: Settled) -> StepState:
    """The step as the journal will tell it."""
    is_open = told.outcome is Outcome.UNKNOWN
    return replace(
        state,
        outcome=told.outcome,
        reason=told.reason,
        in_flight=state.in_flight if is_open else "",
        acted=told.begun or told.outcome is not None,
    )


def _body(told: Settled) -> dict[str, Json]:
    return {
        "outcome": str(told.outcome or ""),
        "reason": told.reason,
        "begun": told.begun,
        "by": "receipt or look",
    }


def by_hand(run: RunState, host: str, step: str, *, done: bool, person: str) -> Draft:
    """A person's word on a change that nothing else could settle. Raises Refused where nothing is open.

    What was not done is done when the run is resumed.
    """
    state = run.hosts[host].steps.get(step) if host in run.hosts else None
    if state is None or not state.is_open:
        raise Refused(f"{host}: step {step} of run {run.run} is not open", at=run.run, fix=f"remedy show {run.run}")
    body: dict[str, Json] = {
        "outcome": str(Outcome.CHANGED) if done else "",
        "reason": f"{person} says: {'done' if done else 'not done'}",
        "by": person,
    }
    if not state.in_flight and (state.undoing or state.undo is Outcome.UNKNOWN):
        body["undo"] = True
    return Draft(kind=Kind.STEP_SETTLED, body=body, plan=run.plan, run=run.run, host=host, step=step)
