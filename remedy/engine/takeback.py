"""Undo on failure: what a run did on a host, taken back newest first, within the run that did it."""

from __future__ import annotations

from remedy.engine.plan import seen_of
from remedy.engine.report import StepState, fold
from remedy.engine.sense import sensible
from remedy.engine.standing import Ended, Standing, intent, tail
from remedy.engine.undo import stands, undo_of
from remedy.errors import Bug, CannotTell, Lost, Refused, RemedyError, StoreError
from remedy.model import Json, Kind, Outcome, PlannedStep, Reply, UndoBy
from remedy.ports import ChangeReply, ChangeRequest


def take_back(at: Standing, why: str) -> list[Outcome]:
    """Take back all that this run did on this host and that can be; how it ended where not well.

    What to take back is told by the journal alone, so that a resumed run goes on where it was cut off.
    Stops at the first step that does not come back: the ones below it may rest on it.
    """
    steps = fold(at.run, at.crew.store.events(run=at.run)).hosts[at.host.name].steps
    for step in reversed(at.part.steps):
        state = steps.get(step.step)
        if state is None or not stands(state):
            continue
        if state.undo in (None, Outcome.UNKNOWN) and (undo := undo_of(step, state)):
            ended = _taken_back(at, step, state, undo, why)
            at.record(Kind.STEP_RESULT, step.step, {**ended.body(), "undo": True})
            if ended.outcome is not Outcome.CHANGED:
                return [ended.outcome]
    return []


def _taken_back(at: Standing, step: PlannedStep, state: StepState, undo: UndoBy, why: str) -> Ended:
    try:
        return _already(at, step, state) or _sent(at, step, state, undo, why)
    except (StoreError, Bug):
        raise
    except (CannotTell, Refused) as unclear:
        return Ended(Outcome.UNKNOWN if state.undoing else Outcome.FAILED, f"not taken back: {unclear.message}")
    except RemedyError as error:
        return Ended(Outcome.UNKNOWN, f"lost while taking it back: {error.message}")


def _already(at: Standing, step: PlannedStep, state: StepState) -> Ended | None:
    """How it stands without sending anything: as it was before, or not to be told. None: it is to be sent."""
    assert step.look is not None
    at.look([step.look])
    if not _not_back(at, step, state, at.replies[step.look]):
        return Ended(Outcome.CHANGED, "it is as it was before the run")
    if not state.undoing:
        return None
    receipt = at.session.receipts(at.run).get(state.undoing)
    if receipt is None:
        return None
    if receipt.rc is None:
        return Ended(Outcome.UNKNOWN, "taking it back was begun and cut off")
    return Ended(Outcome.FAILED, f"the host's receipt says that taking it back ended with {receipt.rc}")


def _sent(at: Standing, step: PlannedStep, state: StepState, undo: UndoBy, why: str) -> Ended:
    assert step.look is not None
    request = ChangeRequest(
        id=f"{at.run}.{step.step}.undo{state.attempts}",
        run=at.run,
        fence=at.lease.fence,
        look=step.look,
        ground=at.replies[step.look].ground,
        operations=undo.operations,
        then=(step.look,),
    )
    body: dict[str, Json] = {**intent(request), "undo": True}
    at.record(Kind.STEP_INTENT, step.step, body)
    at.forget()
    try:
        reply = at.session.change(request)
    except Lost as lost:
        return Ended(Outcome.UNKNOWN, f"lost while taking it back: {lost.message}")
    return _judged(at, step, state, reply, why)


def _judged(at: Standing, step: PlannedStep, state: StepState, reply: ChangeReply, why: str) -> Ended:
    assert step.look is not None
    match reply.state:
        case "done":
            after = reply.after[0] if reply.after else at.session.look([step.look])[0]
            wrong = _not_back(at, step, state, after)
            return Ended(Outcome.FAILED, wrong, tail(reply)) if wrong else Ended(Outcome.CHANGED, f"undone: {why}")
        case "repeated":
            return Ended(Outcome.UNKNOWN, "the host has a receipt of taking it back already")
        case "moved":
            return Ended(Outcome.FAILED, "not taken back: somebody else changed it meanwhile")
        case other:
            return Ended(Outcome.FAILED, f"not taken back: {other}: {reply.reason}", tail(reply))


def _not_back(at: Standing, step: PlannedStep, state: StepState, now: Reply) -> str:
    """ "" when what was there before the step is there again, else what is not."""
    action = at.crew.catalogue.action(step.action, step.params)
    with sensible(action.name):
        return action.restored(action.see(Reply(rc=0, ground=state.before)), seen_of(action, now))
