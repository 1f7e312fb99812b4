"""One approved change on one host: compared, sent once, judged by its effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from remedy.actions.action import Action
from remedy.actions.catalogue import version_of
from remedy.codec import encode
from remedy.engine import verify
from remedy.engine.allow import Allowed, Moved, NotNeeded, allow
from remedy.engine.ground import overlaps
from remedy.engine.plan import seen_of
from remedy.engine.sense import sensible
from remedy.engine.standing import Ended, Standing, intent, tail
from remedy.errors import CannotTell, Lost, Refused, RemedyError
from remedy.model import Change, Json, Kind, Look, Outcome, PlannedStep, Reply, UndoBy
from remedy.ports import ChangeReply, ChangeRequest

ATTEMPTS = 3  # sends of one change whose ground moved by this run's own earlier steps
POLL_S = 0.5  # between looks for an effect that needs time to settle
STALE = "stale: what is there is not what was approved"


def carry_out(at: Standing, step: PlannedStep, approved: Change, touched: tuple[str, ...]) -> Ended:
    """Do what is still allowed of an approved change, and say how it ended. Raises CannotTell.

    `touched` is what earlier steps of this run may have made different. Raises Lost and Unreachable
    only while nothing is in flight.
    """
    assert step.look is not None
    action = at.crew.catalogue.action(step.action, step.params)
    if version_of(action.family()) != step.version:
        return Ended(Outcome.REFUSED, f"stale: {step.action} is not the one that the plan was made with")
    own = overlaps(approved.touches, touched)
    first = _attempts(at, step)
    for attempt in range(first, first + ATTEMPTS):
        allowed = allow(step, approved, action, at.reply(step.look), own=own, exact=bool(at.plan.undo_of))
        if isinstance(allowed, NotNeeded):
            return Ended(Outcome.UNCHANGED, allowed.reason)
        if isinstance(allowed, Moved):
            return Ended(Outcome.REFUSED, STALE, allowed.lines)
        reply = _send(at, step, approved, allowed, attempt)
        if reply is None:
            return Ended(Outcome.UNKNOWN, "the connection was lost after the change was sent")
        if reply.state != "moved":
            return _judge(at, step, action, allowed, reply)
        at.record(Kind.STEP_SETTLED, step.step, {"outcome": "", "reason": "the ground moved: nothing was done"})
        at.look([step.look])
    return Ended(Outcome.REFUSED, f"the ground moved {ATTEMPTS} times while it was being acted upon")


def _attempts(at: Standing, step: PlannedStep) -> int:
    state = at.past.steps.get(step.step)
    return state.attempts if state else 0


def _send(at: Standing, step: PlannedStep, approved: Change, allowed: Allowed, attempt: int) -> ChangeReply | None:
    """The reply, or None when it was lost. The intent is durable before anything is sent."""
    then = _then(at, step)
    request = ChangeRequest(
        id=f"{at.run}.{step.step}.{attempt}",
        run=at.run,
        fence=at.lease.fence,
        look=step.look,
        ground=allowed.ground,
        operations=allowed.change.operations,
        then=then,
    )
    undo = allowed.change.undo
    is_other = isinstance(undo, UndoBy) and undo != approved.undo
    back: dict[str, Json] = {"back": encode(undo)} if is_other else {}
    at.record(Kind.STEP_INTENT, step.step, {**intent(request), **back})
    try:
        reply = at.session.change(request)
    except Lost:
        return None
    if reply.state in ("done", "failed"):
        at.forget((*then, *_altered(step, _following(at, step))))  # what was seen before the act says nothing now
        at.replies.update(zip(then, reply.after, strict=False))
    return reply


def _then(at: Standing, step: PlannedStep) -> tuple[Look, ...]:
    """What to look at right after a change: its own effect, the ladder's end, and the next step if it may have changed.

    After the last change also the goal. A later step is looked at when its turn comes.
    """
    assert step.look is not None
    following = _following(at, step)
    looks = [step.look, *verify.looks_of(at.part.until), *_altered(step, following[:1])]
    looks += [] if following else verify.looks_of(verify.goal_of(at.part))
    return tuple(dict.fromkeys(looks))


def _following(at: Standing, step: PlannedStep) -> list[PlannedStep]:
    """The later steps that change something."""
    return [s for s in at.part.steps[at.part.steps.index(step) + 1 :] if s.look is not None and s.change]


def _altered(step: PlannedStep, others: list[PlannedStep]) -> list[Look]:
    """The looks of those whose ground this step's change may have made different."""
    assert step.change is not None
    touched = step.change.touches
    return [s.look for s in others if s.look and s.change and _may_differ(touched, s.change.touches)]


def _may_differ(touched: tuple[str, ...], touches: tuple[str, ...]) -> bool:
    """Whether a change may have made another one's ground different; one that does not say what it touches may."""
    return not touched or not touches or overlaps(touches, touched)


def _judge(at: Standing, step: PlannedStep, action: Action[Any], sent: Allowed, reply: ChangeReply) -> Ended:
    assert step.look is not None
    match reply.state:
        case "failed":
            where = (
                f"operation {reply.failed_at + 1} of {len(sent.change.operations)}: " if reply.failed_at >= 0 else ""
            )
            return Ended(Outcome.FAILED, where + (reply.reason or f"ended with {reply.rc}"), tail(reply))
        case "fenced":
            return Ended(Outcome.REFUSED, reply.reason or "another run holds this host now")
        case "repeated":
            return Ended(Outcome.UNKNOWN, "the host has a receipt of this change already")
        case _:
            pass
    try:
        wrong = _effect(at, step, action, sent)
    except RemedyError as error:
        return Ended(Outcome.UNKNOWN, f"done by the host's word, but its effect cannot be seen: {error.message}")
    if wrong:
        return Ended(Outcome.FAILED, f"done, but {wrong}", tail(reply))
    return Ended(Outcome.CHANGED, sent.change.effect.says, tail(reply))


def _effect(at: Standing, step: PlannedStep, action: Action[Any], sent: Allowed) -> str:
    """ "" once the effect is seen, else what is wrong when its time to settle is over.

    Raises CannotTell when what is there cannot be told even then.
    """
    deadline = at.crew.clock.monotonic_s() + sent.change.settle_s
    while True:
        try:
            wrong = _not_yet(at, step, action, sent)
        except CannotTell:
            if at.crew.clock.monotonic_s() + POLL_S > deadline:
                raise
            wrong = "it cannot be told yet"
        if not wrong or at.crew.clock.monotonic_s() + POLL_S > deadline:
            return wrong
        at.crew.clock.sleep(POLL_S)
        at.look(_then(at, step))


def _not_yet(at: Standing, step: PlannedStep, action: Action[Any], sent: Allowed) -> str:
    assert step.look is not None
    after = at.reply(step.look)
    with sensible(action.name):
        if at.plan.undo_of:
            return action.restored(action.see(Reply(rc=0, ground=step.expect)), seen_of(action, after))
        before = action.see(Reply(rc=0, ground=sent.of_it(sent.ground), evidence=sent.evidence))
        seen = seen_of(action, replace(after, ground=sent.of_it(after.ground)))
        try:
            return action.verify(before, seen)
        except Refused as refusal:
            return refusal.message
