"""Trees of checks: what cannot be told never becomes a yes or a no."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from remedy.engine import checks, verify
from remedy.model import AllOf, Answer, AnyOf, Asked, CheckTree, Finding, HostPlan, Judgement, Look, NotOf, Reply
from tests.engine import toy
from tests.engine.scene import NOTHING, asked

OK, NOT_OK, UNTOLD = Answer.OK, Answer.NOT_OK, Answer.CANNOT_TELL
ALL_OF_TWO = {
    (OK, OK): OK,
    (OK, NOT_OK): NOT_OK,
    (OK, UNTOLD): UNTOLD,
    (NOT_OK, NOT_OK): NOT_OK,
    (NOT_OK, UNTOLD): NOT_OK,
    (UNTOLD, UNTOLD): UNTOLD,
}
ANY_OF_TWO = {
    (OK, OK): OK,
    (OK, NOT_OK): OK,
    (OK, UNTOLD): OK,
    (NOT_OK, NOT_OK): NOT_OK,
    (NOT_OK, UNTOLD): UNTOLD,
    (UNTOLD, UNTOLD): UNTOLD,
}


def one(name: str) -> Asked:
    return Asked(check=name, params={}, look=Look(family="f", function=name))


def found(*answers: Answer) -> tuple[tuple[Asked, ...], list[Finding]]:
    members = tuple(one(f"c{n}") for n in range(len(answers)))
    findings = [
        Finding(asked=a, reply=Reply(rc=0), judgement=Judgement(answer=x, says=""))
        for a, x in zip(members, answers, strict=True)
    ]
    return members, findings


@pytest.mark.parametrize("answers", product(Answer, repeat=2))
def test_all_and_any_of_two(answers: tuple[Answer, Answer]) -> None:
    members, findings = found(*answers)
    key = answers if answers in ALL_OF_TWO else answers[::-1]
    assert checks.answer(AllOf(members), findings) is ALL_OF_TWO[key]
    assert checks.answer(AnyOf(members), findings) is ANY_OF_TWO[key]


@pytest.mark.parametrize(("inner", "outer"), [(OK, NOT_OK), (NOT_OK, OK), (UNTOLD, UNTOLD)])
def test_not_turns_yes_and_no_and_leaves_the_rest(inner: Answer, outer: Answer) -> None:
    (member,), findings = found(inner)
    assert checks.answer(NotOf(member), findings) is outer
    assert checks.answer(NotOf(NotOf(member)), findings) is inner


def test_nothing_asked_is_ok_and_known_to_be_empty() -> None:
    assert checks.answer(NOTHING, []) is OK
    assert checks.is_empty(AllOf((AnyOf(()), NotOf(NOTHING))))
    assert not checks.is_empty(NotOf(one("c")))


def test_a_check_without_a_finding_cannot_be_told() -> None:
    assert checks.answer(NotOf(one("c")), []) is UNTOLD


@pytest.mark.parametrize(
    "reply", [Reply(rc=1, error="no"), Reply(rc=124), Reply(rc=3, error="no df"), Reply(rc=0, truncated=True)]
)
def test_a_look_that_was_not_answered_cannot_be_told_and_says_why(reply: Reply) -> None:
    finding = checks.find(asked("toy.level", below=3), reply, toy.catalogue())
    assert finding.judgement.answer is UNTOLD
    assert finding.judgement.says.startswith("toy.level: ")


def test_an_answer_without_sense_cannot_be_told() -> None:
    finding = checks.find(asked("toy.level", below=3), Reply(rc=0, ground=("other 1",)), toy.catalogue())
    assert finding.judgement.answer is UNTOLD


def test_two_checks_that_share_a_look_are_judged_each_by_itself() -> None:
    below, at_least = asked("toy.level", below=3), asked("toy.level", at_least=3)
    assert below.look == at_least.look
    replies = {below.look: Reply(rc=0, ground=("band below",), evidence=("level 1",))}
    trees: list[tuple[CheckTree, Answer]] = [
        (AllOf((below, at_least)), NOT_OK),
        (AllOf((at_least, below)), NOT_OK),
        (AllOf((below, NotOf(at_least))), OK),
        (AnyOf((at_least, below)), OK),
    ]
    for tree, expected in trees:
        assert verify.tell(tree, replies, toy.catalogue()).answer is expected


# ---------------------------------------------------------------- worse


def told(tree: CheckTree, answers: dict[str, Answer]) -> verify.Told:
    findings = tuple(
        Finding(asked=a, reply=Reply(rc=0), judgement=Judgement(answer=answers[a.check], says=a.check))
        for a in checks.asked_in(tree)
    )
    return verify.Told(checks.answer(tree, findings), findings)


BOTH = AllOf((one("a"), one("b")))


@pytest.mark.parametrize(
    ("tree", "before", "after", "expected"),
    [
        (BOTH, {"a": OK, "b": NOT_OK}, {"a": NOT_OK, "b": NOT_OK}, True),
        (BOTH, {"a": OK, "b": NOT_OK}, {"a": NOT_OK, "b": OK}, True),
        (BOTH, {"a": OK, "b": NOT_OK}, {"a": OK, "b": NOT_OK}, False),
        (BOTH, {"a": NOT_OK, "b": NOT_OK}, {"a": OK, "b": NOT_OK}, False),
        (BOTH, {"a": OK, "b": NOT_OK}, {"a": UNTOLD, "b": NOT_OK}, False),
        (BOTH, {"a": UNTOLD, "b": NOT_OK}, {"a": NOT_OK, "b": NOT_OK}, False),
        (NotOf(one("a")), {"a": OK}, {"a": NOT_OK}, False),
        (NotOf(one("a")), {"a": NOT_OK}, {"a": OK}, True),
        (AnyOf((one("a"), one("b"))), {"a": OK, "b": NOT_OK}, {"a": NOT_OK, "b": OK}, False),
        (NOTHING, {}, {}, False),
    ],
)
def test_worse_is_a_check_that_was_as_wanted_and_is_not_any_more(
    tree: CheckTree, before: dict[str, Answer], after: dict[str, Answer], expected: bool
) -> None:
    held = verify.held(tree, told(tree, before))
    assert verify.is_worse(tree, held, told(tree, after)) is expected


def test_the_goal_is_verify_else_that_the_symptom_is_gone() -> None:
    part = HostPlan(
        host="h",
        identity="",
        environment="",
        entry={},
        params={},
        clock=0,
        symptom=one("s"),
        until=NOTHING,
        verify=BOTH,
    )
    assert verify.goal_of(part) == BOTH
    bare = replace(part, verify=NOTHING)
    assert verify.goal_of(bare) == NotOf(one("s"))
    assert verify.goal_of(replace(bare, symptom=NOTHING)) == NOTHING
