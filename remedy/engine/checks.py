"""Trees of checks: what they ask, and what the answers come to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remedy.actions.catalogue import Catalogue
from remedy.engine.sense import sensible
from remedy.errors import CannotTell
from remedy.model import AllOf, Answer, AnyOf, Asked, CheckTree, Finding, Judgement, NotOf, Reply


def asked_in(tree: CheckTree) -> Iterator[Asked]:
    """Every asked check of the tree, in order."""
    return (asked for asked, _ in leaves(tree))


def leaves(tree: CheckTree, upright: bool = True) -> Iterator[tuple[Asked, bool]]:
    """Every asked check, and whether the tree wants it ok (True) or not ok."""
    match tree:
        case Asked():
            yield tree, upright
        case AllOf(all=members) | AnyOf(any=members):
            for member in members:
                yield from leaves(member, upright)
        case NotOf(inverted=inner):
            yield from leaves(inner, not upright)


def is_empty(tree: CheckTree) -> bool:
    """Whether nothing is asked at all."""
    return next(asked_in(tree), None) is None


def find(asked: Asked, reply: Reply, catalogue: Catalogue) -> Finding:
    """The judgement on one reply. What was not answered cannot be told."""
    return Finding(asked=asked, reply=reply, judgement=_judge(asked, reply, catalogue))


def _judge(asked: Asked, reply: Reply, catalogue: Catalogue) -> Judgement:
    if not reply.answered:
        why = reply.error.strip() or (
            "the answer was too long" if reply.truncated else f"the look ended with {reply.rc}"
        )
        return Judgement(answer=Answer.CANNOT_TELL, says=f"{asked.check}: {why}")
    try:
        with sensible("what it was told"):
            return catalogue.check(asked.check, asked.params).judge(reply)
    except CannotTell as unclear:
        return Judgement(answer=Answer.CANNOT_TELL, says=f"{asked.check}: {unclear.message}")


def answer(tree: CheckTree, found: Sequence[Finding]) -> Answer:
    """What the findings come to. An empty tree is ok; what cannot be told never becomes a yes or a no."""
    match tree:
        case Asked():
            return answer_of(tree, found)
        case AllOf(all=members):
            return _all([answer(m, found) for m in members])
        case AnyOf(any=members):
            return inverse(_all([inverse(answer(m, found)) for m in members]))
        case NotOf(inverted=inner):
            return inverse(answer(inner, found))


def answer_of(asked: Asked, found: Sequence[Finding]) -> Answer:
    """The answer to one check. Checks that share a look may differ in what they make of it."""
    return next((f.judgement.answer for f in found if f.asked == asked), Answer.CANNOT_TELL)


def _all(answers: list[Answer]) -> Answer:
    if Answer.NOT_OK in answers:
        return Answer.NOT_OK
    return Answer.CANNOT_TELL if Answer.CANNOT_TELL in answers else Answer.OK


def inverse(one: Answer) -> Answer:
    """The opposite; what cannot be told stays so."""
    return {Answer.OK: Answer.NOT_OK, Answer.NOT_OK: Answer.OK}.get(one, one)


def pinned(tree: CheckTree, now: int) -> CheckTree:
    """The same tree with every age in its looks made absolute."""
    match tree:
        case Asked():
            return Asked(check=tree.check, params=tree.params, look=tree.look.pinned(now), within_s=tree.within_s)
        case AllOf(all=members):
            return AllOf(tuple(pinned(m, now) for m in members))
        case AnyOf(any=members):
            return AnyOf(tuple(pinned(m, now) for m in members))
        case NotOf(inverted=inner):
            return NotOf(pinned(inner, now))
