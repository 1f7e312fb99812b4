"""Grounds: the same, less, or something else; operations: part of what was approved, or not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.engine.ground import Different, Less, Same, compare, is_less, overlaps
from remedy.model import Await, Call, Change, Effect, Look, Put, Result, Risk, UndoUnnecessary

HEAD = ("root 1:2", "band below")


def ground(*items: str) -> tuple[str, ...]:
    return (*HEAD, *(f"item {x}" for x in items))


def test_the_same_text_is_the_same() -> None:
    assert compare(ground("a\t1", "b\t2"), ground("a\t1", "b\t2")) == Same()


def test_members_that_are_gone_are_less() -> None:
    assert compare(ground("a\t1", "b\t2", "c\t3"), ground("b\t2")) == Less(("a", "c"))


def test_the_order_of_members_does_not_count() -> None:
    assert compare(ground("a\t1", "b\t2"), ground("b\t2", "a\t1")) == Less(())


def test_a_new_member_is_different_and_is_shown() -> None:
    assert compare(ground("a\t1"), ground("a\t1", "b\t2")) == Different(("+ b  2",), only_more=True)


def test_a_member_in_another_state_is_different_on_both_sides() -> None:
    assert compare(ground("a\t1"), ground("a\t9")) == Different(("- a  1", "+ a  9"))


def test_another_header_is_different_even_when_members_are_gone() -> None:
    found = ("root 1:3", "band below", "item a\t1")
    assert compare(ground("a\t1", "b\t2"), found) == Different(("- root 1:2", "+ root 1:3"))


@pytest.mark.parametrize("found", [HEAD[::-1], (*HEAD, HEAD[0]), (HEAD[0],)], ids=["order", "repeated", "missing"])
def test_a_header_that_differs_in_any_way_is_different_and_says_how(found: tuple[str, ...]) -> None:
    relation = compare(HEAD, found)
    assert isinstance(relation, Different)
    assert relation.lines


def test_an_answer_that_names_a_member_twice_is_never_less() -> None:
    assert isinstance(compare(ground("a\t1"), ground("a\t9", "a\t1")), Different)


names = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=4)
sets = st.dictionaries(names, st.sampled_from("12"), max_size=5)


def as_ground(items: dict[str, str]) -> tuple[str, ...]:
    return ground(*(f"{k}\t{v}" for k, v in items.items()))


@given(sets, sets)
def test_less_means_a_subset_and_different_means_none(planned: dict[str, str], found: dict[str, str]) -> None:
    relation = compare(as_ground(planned), as_ground(found))
    is_subset = found.items() <= planned.items()
    assert isinstance(relation, Same | Less) == is_subset
    if isinstance(relation, Less):
        assert set(relation.gone) == planned.keys() - found.keys()


# ---------------------------------------------------------------- operations

CALL = Call(family="f", function="drop", args=("/a",), items=("x", "y", "z"), timeout_s=5)
PUT = Put(path="/etc/x", content=("one",))
WAIT = Await(look=Look(family="f", function="is"), expect="up", within_s=3)


def change(*operations: Call | Put | Await) -> Change:
    return Change(
        title="t", operations=operations, effect=Effect(says=""), undo=UndoUnnecessary(says=""), risk=Risk.LOW
    )


LESS = [
    (CALL, PUT, WAIT),
    (CALL,),
    (PUT,),
    (CALL, WAIT),
    (replace(CALL, items=("x",)), PUT),
    (replace(CALL, items=("z", "x")),),
]
NOT_LESS = [
    (replace(CALL, items=("x", "w")),),
    (replace(CALL, items=()),),
    (replace(CALL, items=("x", "x")),),
    (replace(CALL, args=("/b",)),),
    (replace(CALL, function="burn"),),
    (replace(CALL, family="g"),),
    (replace(CALL, always=True),),
    (replace(CALL, timeout_s=6),),
    (replace(CALL, result=Result(name="n", bound="digits")),),
    (replace(PUT, content=("two",)),),
    (replace(PUT, mode="0777"),),
    (replace(WAIT, expect="down"),),
    (PUT, CALL),
    (CALL, CALL),
    (CALL, PUT, WAIT, PUT),
]


@pytest.mark.parametrize("wanted", LESS)
def test_the_same_or_fewer_operations_are_less(wanted: tuple[Call | Put | Await, ...]) -> None:
    assert is_less(change(CALL, PUT, WAIT), change(*wanted))


@pytest.mark.parametrize("wanted", NOT_LESS)
def test_anything_that_was_not_approved_is_not_less(wanted: tuple[Call | Put | Await, ...]) -> None:
    assert not is_less(change(CALL, PUT, WAIT), change(*wanted))


# ---------------------------------------------------------------- overlaps


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("path:/var/log", "path:/var/log", True),
        ("path:/var/log", "path:/var/log/app", True),
        ("path:/var/log/app", "path:/var/log", True),
        ("path:/var/log", "path:/var/log2", False),
        ("path:/", "path:/var", True),
        ("path:/var/log/", "path:/var/log", True),
        ("unit:web.service", "unit:web.service", True),
        ("unit:web", "unit:web2", False),
        ("unit:/a", "path:/a", False),
    ],
)
def test_two_steps_overlap_when_one_holds_what_the_other_touches(one: str, other: str, expected: bool) -> None:
    assert overlaps((one,), (other,)) is expected
    assert overlaps((other,), (one,)) is expected
    assert overlaps((), (other,)) is False
