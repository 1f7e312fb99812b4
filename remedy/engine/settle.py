"""What became of a change whose reply was lost: told by the host's receipt, else by looking. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from remedy.actions.action import Action
from remedy.engine.ground import Less, Same, compare
from remedy.engine.plan import seen_of
from remedy.engine.sense import sensible
from remedy.errors import CannotTell, Refused
from remedy.model import Outcome, Reply
from remedy.ports import DEADLINE_RC, Receipt

Ground = tuple[str, ...] | None


@dataclass(frozen=True)
class Settled:
    """`outcome` None means: it was not done, and may be done now."""

    outcome: Outcome | None
    reason: str
    begun: bool = False  # it was cut off half-way, so something was done


def settle(
    action: Action[Any], sent_on: tuple[str, ...], receipt: Receipt | None, reply: Reply, *, expect: Ground = None
) -> Settled:
    """Settle one dispatched change. `sent_on` is the ground that it was sent with.

    Nothing but the host's own word counts: without a receipt nothing was begun; an ended one
    says how; one that was begun and never ended is told by what is there now, or stays unknown.
    `expect` is what an undo brings back; then that, and not the action's effect, is looked for.
    """
    if receipt is None:
        return Settled(None, "the host never began it")
    if receipt.rc not in (None, 0):
        how = "was killed, or did not end in its time" if receipt.rc == DEADLINE_RC else f"ended with {receipt.rc}"
        return Settled(Outcome.FAILED, f"the host's receipt says that it {how}")
    return _by_looking(action, sent_on, reply, expect, ended=receipt.rc == 0)


def _by_looking(action: Action[Any], sent_on: tuple[str, ...], reply: Reply, expect: Ground, *, ended: bool) -> Settled:
    how = "the host's receipt says done" if ended else "begun, and looking again shows it done"
    try:
        wrong = _wrong(action, sent_on, reply, expect)
    except (CannotTell, Refused) as unclear:
        return Settled(Outcome.UNKNOWN, f"it was begun; {unclear.message}")
    if not wrong:
        return Settled(Outcome.CHANGED, how)
    if ended:
        return Settled(Outcome.FAILED, f"the host's receipt says done, but {wrong}")
    if isinstance(compare(sent_on, reply.ground), Same | Less):
        return Settled(None, "begun and cut off; what is left is what was approved", begun=True)
    return Settled(Outcome.UNKNOWN, f"it was begun and cut off, and {wrong}")


def _wrong(action: Action[Any], sent_on: tuple[str, ...], reply: Reply, expect: Ground) -> str:
    seen = seen_of(action, reply)
    with sensible(action.name):
        if expect is not None:
            return action.restored(action.see(Reply(rc=0, ground=expect)), seen)
        return action.verify(action.see(Reply(rc=0, ground=sent_on)), seen)
