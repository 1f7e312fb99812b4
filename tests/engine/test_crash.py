"""Killed anywhere, a run is gone on with: nothing is done twice, and the end is the same or said to be unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from remedy.engine.recover import by_hand
from remedy.engine.report import RunState
from remedy.errors import Refused, StoreError
from remedy.hosts.fake import Fault
from remedy.model import Kind, Outcome
from tests.engine.between import KillAt
from tests.engine.scene import Remedy
from tests.engine.story import Story, all_let_go, intents_cover_dispatches, ladder, mixed, undone, uninterrupted, worse


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / f"home{n}" for n in range(10_000))


def demand_same_end(story: Story, expected: RunState, picture: list[Any], where: str) -> None:
    """Resume, and assert that it ends as a run does that nobody killed."""
    state = story.attempt(None)
    assert state is not None
    assert (state.outcome, state.verdict, state.is_closed) == (expected.outcome, expected.verdict, True), where
    assert (story.picture(), story.twice()) == (picture, []), where
    assert intents_cover_dispatches(story), where
    assert all_let_go(story), where
    story.scene.store.check()
    story.scene.store.close()


def sweep(places: Iterator[Path], remedy: Callable[[], Remedy], *, hosts: int = 1, stride: int = 1) -> int:
    """Kill one story after another, each at another boundary. Returns how many boundaries there are."""
    expected, picture, boundaries = uninterrupted(next(places), remedy, hosts)
    for nth in range(1, len(boundaries) + 1, stride):
        story = Story(next(places), remedy, hosts)
        assert story.attempt(KillAt(nth)) is None
        demand_same_end(story, expected, picture, f"{nth}: {boundaries[nth - 1]}")
    return len(boundaries)


@pytest.mark.parametrize("remedy", [ladder, mixed, undone, worse])
def test_fault_057_killed_at_a_boundary_it_ends_as_if_it_had_not_been(
    places: Iterator[Path], remedy: Callable[[], Remedy]
) -> None:
    assert sweep(places, remedy, stride=3) >= 22


@pytest.mark.long
@pytest.mark.parametrize("hosts", [1, 3])
@pytest.mark.parametrize("remedy", [ladder, mixed, undone, worse])
def test_fault_057_killed_at_every_boundary_it_ends_as_if_it_had_not_been(
    places: Iterator[Path], remedy: Callable[[], Remedy], hosts: int
) -> None:
    assert sweep(places, remedy, hosts=hosts) >= 22 * hosts


def test_fault_057_of_several_hosts_each_is_done_once(places: Iterator[Path]) -> None:
    sweep(places, ladder, hosts=3, stride=11)


@pytest.mark.parametrize("operations", [0, 1, 2])
@pytest.mark.parametrize("remedy", [ladder, mixed])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_fault_057_killed_within_a_change_it_ends_the_same_or_says_unknown(
    tmp_path: Path, remedy: Callable[[], Remedy], nth: int, operations: int
) -> None:
    _, picture, _ = uninterrupted(tmp_path / "whole", remedy)
    story = Story(tmp_path / "cut", remedy)
    story.scene.machines["h1"].fail(Fault(verb="change", when="acting", nth=nth, operations=operations))
    story.attempt(lambda name: None)
    state = story.attempt(None)
    assert state is not None
    if state.is_closed:
        assert story.picture() == picture
    else:
        assert state.outcome is Outcome.UNKNOWN
        assert any(s.is_open for s in state.hosts["h1"].steps.values())
    assert story.twice() == []
    story.scene.store.close()


def test_fault_057_killed_within_an_undo_it_says_unknown_until_a_person_settles_it(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", undone)
    story.scene.machines["h1"].fail(Fault(verb="change", when="acting", nth=4, operations=0))
    story.attempt(lambda name: None)
    state = story.attempt(None)
    assert state is not None
    assert (state.is_closed, state.outcome) == (False, Outcome.UNKNOWN)
    draft = by_hand(state, "h1", "second", done=False, person="oncall")
    story.scene.store.append([draft])
    state = story.attempt(None)
    assert state is not None
    assert (state.is_closed, story.twice()) == (True, [])
    assert story.scene.worlds["h1"].level == 0
    story.scene.store.close()


def test_what_cannot_be_settled_is_told_once_with_why(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    story.scene.machines["h1"].fail(Fault(verb="change", when="acting", operations=0))
    story.attempt(lambda name: None)
    story.scene.worlds["h1"].files["/a"]["a0"] = "somebody else's"
    for _ in range(2):
        state = story.attempt(None)
        assert state is not None
        assert "it was begun and cut off, and " in state.hosts["h1"].steps["first"].reason
    settled = [e.body["outcome"] for e in story.scene.store.events(run=state.run) if e.kind is Kind.STEP_SETTLED]
    assert settled == ["unknown"]
    story.scene.store.close()


def test_a_change_that_nothing_can_settle_is_settled_by_a_person_and_gone_on_with(tmp_path: Path) -> None:
    for done in (True, False):
        story = Story(tmp_path / f"home{done}", ladder)
        machine, world = story.scene.machines["h1"], story.scene.worlds["h1"]
        machine.fail(Fault(verb="change", when="acting", operations=0))
        story.attempt(lambda name: None)
        world.files["/a"]["a0"] = "somebody else's"
        state = story.attempt(None)
        assert state is not None
        assert state.outcome is Outcome.UNKNOWN
        with pytest.raises(Refused, match="not open"):
            by_hand(state, "h1", "second", done=done, person="oncall")
        story.scene.store.append([by_hand(state, "h1", "first", done=done, person="oncall")])
        state = story.attempt(None)
        assert state is not None
        assert state.is_closed
        assert state.outcome is (Outcome.CHANGED if done else Outcome.REFUSED)  # it is not what was approved
        assert ("drop", "/a/a0") not in world.effects
        story.scene.store.close()


def test_what_was_never_begun_is_not_done_when_the_symptom_has_gone(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    story.scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    story.attempt(lambda name: None)
    story.scene.worlds["h1"].level = 200
    state = story.attempt(None)
    assert state is not None
    assert "the symptom is gone" in state.hosts["h1"].steps["first"].reason
    assert (state.is_closed, story.scene.worlds["h1"].effects) == (True, [])
    story.scene.store.close()


def recoveries(places: Iterator[Path], remedy: Callable[[], Remedy], stride: int) -> None:
    expected, picture, boundaries = uninterrupted(next(places), remedy)
    for first in range(1, len(boundaries) + 1, stride):
        for later in (1, 3, 6, 9):
            story = Story(next(places), remedy)
            assert story.attempt(KillAt(first)) is None
            deaths = [story.attempt(KillAt(later)) for _ in range(10)]
            assert later > 1 or first >= len(boundaries) - 1 or deaths == [None] * 10  # the last ones find it closed
            demand_same_end(story, expected, picture, f"{first}, then {later}")


@pytest.mark.parametrize("remedy", [ladder, mixed, undone, worse])
def test_fault_058_killed_ten_times_while_recovering_it_still_ends_the_same(
    places: Iterator[Path], remedy: Callable[[], Remedy]
) -> None:
    recoveries(places, remedy, stride=13)


@pytest.mark.long
@pytest.mark.parametrize("remedy", [ladder, mixed, undone, worse])
def test_fault_058_killed_ten_times_while_recovering_from_any_death_it_still_ends_the_same(
    places: Iterator[Path], remedy: Callable[[], Remedy]
) -> None:
    recoveries(places, remedy, stride=1)


def test_fault_064_a_store_that_fails_at_any_write_leaves_no_act_without_its_intent(places: Iterator[Path]) -> None:
    expected, picture, boundaries = uninterrupted(next(places), ladder)
    writes = [n for n, name in enumerate(boundaries, 1) if name == "before append"]
    assert len(writes) >= 7
    for nth in writes[::2]:
        story, passed = Story(next(places), ladder), count(1)

        def full_disk(name: str, passed: Iterator[int] = passed, nth: int = nth) -> None:
            if next(passed) >= nth and name == "before append":
                raise StoreError("the disk is full")

        with pytest.raises(StoreError):
            story.attempt(full_disk)
        assert intents_cover_dispatches(story)
        demand_same_end(story, expected, picture, f"write {nth}")
