"""Timers on the host: a change that must not outlive its reason is put back there, even if remedy is gone by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from remedy.actions.action import Check, Verb, fields_of, unescaped
from remedy.actions.params import Text, param
from remedy.actions.words import count_of, day_text, span_text
from remedy.errors import CannotTell
from remedy.model import Answer, Call, Change, Functions, Host, Judgement, Look, Reply, UndoBy


def for_a_while(change: Change, key: str, after_s: int) -> Change:
    """The same change, put back by the host itself `after_s` seconds later.

    Its undo must be operations; those that are calls of plain values are what the timer does, and an undo
    of the change disarms it. The timer is armed before anything is changed: cut off in between,
    it puts back what was never changed, which every undo bears. `key` names the thing that is changed
    (`compose:shop/worker`): a thing has one timer, and whoever changes it for good calls `disarm`.
    """
    assert isinstance(change.undo, UndoBy), "what cannot be put back cannot be put back by a timer"
    back = [o for o in change.undo.operations if isinstance(o, Call)]
    says = f"put back {span_text(after_s)} later by the host itself, whether remedy is there or not: {change.undo.says}"
    return replace(
        change,
        operations=(_arm(key, after_s, change.undo.says, back), *change.operations),
        undo=replace(change.undo, operations=(*change.undo.operations, disarm(key))),
        lines=(*change.lines, says),
        touches=(*change.touches, f"timer:{key}"),
    )


def disarm(key: str) -> Call:
    """The operation after which no timer of this key is armed; where there is none it does nothing."""
    return Call(family="timer", function="timer_disarm", args=(key,))


def _arm(key: str, after_s: int, what: str, back: Sequence[Call]) -> Call:
    families = dict.fromkeys(call.family for call in back)
    return Call(
        family="timer",
        function="timer_arm",
        args=(key, str(after_s), what.replace("\n", " "), _framed(back), *(Functions(functions=f) for f in families)),
    )


def _framed(calls: Sequence[Call]) -> str:
    """Calls as the timer reads them: a line for each argument, further lines of it, and the function."""
    lines: list[str] = []
    for call in calls:
        for argument in call.args:
            assert isinstance(argument, str), "a timer keeps no secret, and waits for no result"
            first, *more = argument.split("\n")
            lines += [f"={first}", *(f"+{line}" for line in more)]
        assert not call.items, "a timer hands on no items"
        lines.append(f"go {call.function}")
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, kw_only=True)
class Armed(Check):
    """See that a timer on the host will put something back, and is not late.

    Changes that are made for a while (`for:`) leave such a timer, named by what they change.
    """

    name = "timer.armed"
    example = "{key: compose:shop/worker}"

    key: Text = param("What it will put back, as the plan names it")

    def look(self, host: Host) -> Look:
        return self.ask("timer_look", self.key)

    def judge(self, reply: Reply) -> Judgement:
        state = fields_of(reply.ground).get("timer")
        said = fields_of(reply.evidence)
        if state == "none":
            return Judgement(answer=Answer.NOT_OK, says=f"no timer puts back {self.key}")
        if state not in ("armed", "overdue", "failed") or not {"due", "what"} <= set(said):
            raise CannotTell(f"the host's answer on the timer of {self.key} makes no sense")
        due, what = f"{day_text(count_of(said, 'due'))} UTC", unescaped(said["what"])
        if state == "armed":
            return Judgement(answer=Answer.OK, says=f"{self.key} is put back at {due}: {what}")
        failed = "failed" if state == "failed" else "did not run"
        return Judgement(answer=Answer.NOT_OK, says=f"the timer that puts back {self.key} at {due} {failed}: {what}")


VERBS: tuple[type[Verb], ...] = (Armed,)
