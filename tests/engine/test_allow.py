"""What is listed, less, or nothing: whatever else is there is left alone or makes the plan stale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remedy.engine.allow import Allowance, Allowed, Moved, NotNeeded, allow
from remedy.engine.plan import plan_step
from remedy.errors import CannotTell
from remedy.hosts.fake import FACTS
from remedy.model import Call, Change, PlannedStep, Reply, UndoBy
from tests.engine import toy
from tests.engine.scene import ANY_HOST, step


def reply(*items: str, root: str = "/a") -> Reply:
    return Reply(rc=0, ground=(f"root {root}", *(f"item {x}" for x in items)))


def planned(*items: str, action: str = "toy.drop", timeout_s: int = 0) -> PlannedStep:
    wanted = step("s", action, where="/a", timeout_s=timeout_s)
    return plan_step(wanted, reply(*items), FACTS, ANY_HOST, has_symptom=True, wanted=True)


def allowed(one: PlannedStep, found: Reply, *, own: bool = False, exact: bool = False) -> Allowance:
    assert one.change is not None
    return allow(one, one.change, toy.catalogue().action(one.action, one.params), found, own=own, exact=exact)


def items_of(change: Change) -> tuple[str, ...]:
    return tuple(x for o in change.operations if isinstance(o, Call) for x in o.items)


THREE = ("x\t1", "y\t2", "z\t3")


def test_the_same_ground_allows_the_approved_change_itself() -> None:
    one = planned(*THREE)
    assert allowed(one, reply(*THREE)) == Allowed(one.change, one.ground)  # type: ignore[arg-type]


def test_less_allows_only_what_is_left_with_its_own_undo() -> None:
    verdict = allowed(planned(*THREE), reply("x\t1", "z\t3"))
    assert isinstance(verdict, Allowed)
    assert items_of(verdict.change) == ("x\t1", "z\t3")
    assert isinstance(verdict.change.undo, UndoBy)
    (back,) = verdict.change.undo.operations
    assert isinstance(back, Call)
    assert back.items == ("x\t1", "z\t3")


def test_less_keeps_the_timeout_that_the_step_was_approved_with() -> None:
    verdict = allowed(planned(*THREE, timeout_s=777), reply("x\t1"))
    assert isinstance(verdict, Allowed)
    assert [o.timeout_s for o in verdict.change.operations if isinstance(o, Call)] == [777]


def test_an_operation_whose_items_are_all_gone_is_left_out() -> None:
    verdict = allowed(planned(*THREE, action="toy.burn"), reply("z\t3"))
    assert isinstance(verdict, Allowed)
    assert [o.items for o in verdict.change.operations if isinstance(o, Call)] == [("z\t3",)]


def test_a_loss_is_the_one_that_was_typed_or_the_plan_is_stale() -> None:
    one = planned(*THREE, action="toy.lose")
    same, less = allowed(one, reply(*THREE)), allowed(one, reply("x\t1"))
    assert isinstance(same, Allowed)
    assert same.change.typed == "3 files"
    assert isinstance(less, Moved)
    assert less.lines == ("- 3 files was typed", "+ 1 files is to be")


def test_nothing_left_is_not_needed() -> None:
    assert isinstance(allowed(planned(*THREE), reply()), NotNeeded)


@pytest.mark.parametrize(
    "found",
    [reply(*THREE, "w\t4"), reply("x\t1", "w\t4"), reply("x\t9", "y\t2", "z\t3"), reply(*THREE, root="/b")],
    ids=["more", "less and more", "changed", "another directory"],
)
def test_anything_else_is_moved_and_shows_both_sides(found: Reply) -> None:
    verdict = allowed(planned(*THREE), found)
    assert isinstance(verdict, Moved)
    assert any(x.startswith("+ ") for x in verdict.lines)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (reply(*THREE, "w\t4"), THREE),
        (reply("y\t2", "w\t4"), ("y\t2",)),
        (reply("x\t9", "y\t2", "w\t4"), ("y\t2",)),
    ],
    ids=["more", "less and more", "changed"],
)
def test_what_the_runs_own_steps_added_or_altered_is_left_alone(found: Reply, kept: tuple[str, ...]) -> None:
    verdict = allowed(planned(*THREE), found, own=True)
    assert isinstance(verdict, Allowed)
    assert items_of(verdict.change) == kept
    assert verdict.ground == found.ground  # the far end compares with what is there, not with what is listed
    assert verdict.of_it(found.ground) == ("root /a", *(f"item {x}" for x in kept))


def test_own_changes_do_not_excuse_another_header() -> None:
    assert isinstance(allowed(planned(*THREE), reply(*THREE, root="/b"), own=True), Moved)


def test_own_changes_of_everything_listed_leave_nothing_to_do() -> None:
    assert isinstance(allowed(planned("x\t1"), reply("x\t9", "w\t4"), own=True), NotNeeded)


def test_an_undo_allows_nothing_but_the_very_same_ground() -> None:
    one = planned(*THREE)
    for found in (reply("x\t1"), reply(), reply(*THREE, "w\t4")):
        verdict = allowed(one, found, exact=True)
        assert isinstance(verdict, Moved)
        assert verdict.lines
    assert isinstance(allowed(one, reply(*THREE), exact=True), Allowed)


def test_an_undo_on_ground_that_the_same_undo_moved_acts_as_approved() -> None:
    one = planned(*THREE)
    found = reply(*THREE, "w\t4")
    verdict = allowed(one, found, exact=True, own=True)
    assert verdict == Allowed(one.change, found.ground)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [Reply(rc=1, error="no"), Reply(rc=0, truncated=True), Reply(rc=0, ground=("x 1",))])
def test_a_look_without_an_answer_allows_nothing(bad: Reply) -> None:
    with pytest.raises(CannotTell):
        allowed(planned(*THREE), bad)


def test_an_action_that_would_now_do_something_else_is_moved() -> None:
    one = planned(*THREE)
    assert one.change is not None
    (call,) = one.change.operations
    assert isinstance(call, Call)
    other = replace(one, change=replace(one.change, operations=(replace(call, function="other"),)))
    assert isinstance(allowed(other, reply("x\t1")), Moved)
