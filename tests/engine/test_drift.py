"""What is there is not what was approved, or the act had no effect: refused, less, or failed."""

from __future__ import annotations

import pytest

from remedy.engine.report import exit_code
from remedy.model import Outcome
from tests.engine.conftest import NewScene
from tests.engine.scene import DROP_A, DROP_B, always, drop_until, full, outcomes_of, step


def test_fault_039_a_set_that_grew_makes_the_plan_stale_and_nothing_is_sent(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].files["/a"]["new"] = "9"
    state = scene.apply(plan)
    assert (state.outcome, exit_code(state), scene.changes()) == (Outcome.REFUSED, 3, 0)
    assert state.hosts["h1"].lines == ("step first:", "+ new  9")
    assert scene.machines["h1"].holder is None


def test_fault_039_both_observations_of_something_that_differs_are_recorded(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].files["/b"]["b1"] = "changed"
    state = scene.apply(plan)
    assert state.hosts["h1"].lines == ("step second:", "- b1  2:1", "+ b1  changed")
    assert scene.changes() == 0


def test_fault_039_growth_of_what_two_steps_share_is_stale_before_the_first_acts(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(always(DROP_A, step("grow", "toy.grow", where="/a")))
    scene.worlds["h1"].files["/a"]["new"] = "9"
    assert scene.apply(plan).outcome is Outcome.REFUSED
    assert scene.changes() == 0


def test_fault_080_less_than_listed_is_done_and_no_more(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    del scene.worlds["h1"].files["/a"]["a1"]
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "changed", "second": "changed"}
    assert sorted(scene.worlds["h1"].effects) == [("drop", x) for x in ("/a/a0", "/a/a2", "/b/b0", "/b/b1")]


def test_everything_gone_is_already_right(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(always(DROP_A, DROP_B))
    scene.worlds["h1"].files["/a"].clear()
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "unchanged", "second": "changed"}
    assert scene.changes() == 1


def test_a_later_step_leaves_alone_what_an_earlier_one_made(new_scene: NewScene) -> None:
    scene = new_scene()
    grow = step("grow", "toy.grow", where="/a")
    state = scene.go(always(grow, DROP_A))
    assert outcomes_of(state) == {"grow": "changed", "first": "changed"}
    assert sorted(scene.worlds["h1"].files["/a"]) == ["a0.old", "a1.old", "a2.old"]


@pytest.mark.parametrize(("action", "left"), [("toy.drop-by-id", []), ("toy.drop", ["1-a0", "1-a1", "1-a2"])])
def test_what_an_earlier_step_renamed_is_still_what_was_listed_where_its_state_tells_it_apart(
    new_scene: NewScene, action: str, left: list[str]
) -> None:
    scene = new_scene()
    state = scene.go(always(step("shift", "toy.shift", where="/a"), step("drop", action, where="/a")))
    assert outcomes_of(state) == {"shift": "changed", "drop": "unchanged" if left else "changed"}
    assert sorted(scene.worlds["h1"].files["/a"]) == left


def test_what_an_earlier_step_renamed_is_taken_back_under_its_new_name(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(broken={"start"}))
    drop = step("drop", "toy.drop-by-id", where="/a")
    steps = [step("shift", "toy.shift", where="/a"), drop, step("up", "toy.start", service="db")]
    state = scene.go(always(*steps, on_failure="undo"))
    assert state.hosts["h1"].steps["drop"].undone
    assert sorted(scene.worlds["h1"].files["/a"]) == ["1-a0", "1-a1", "1-a2"]


def test_what_somebody_else_renamed_makes_the_plan_stale(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(always(step("drop", "toy.drop-by-id", where="/a")))
    files = scene.worlds["h1"].files["/a"]
    files["other"] = files.pop("a0")
    assert scene.apply(plan).outcome is Outcome.REFUSED
    assert scene.changes() == 0


def test_ground_that_moves_between_the_look_and_the_act_is_refused_by_the_host(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(always(DROP_A, DROP_B))
    looks = iter(range(100))

    def intrude(function: str) -> None:  # the second look at /a is the far end's own, in the change request
        if function == "files_look" and next(looks) == 2:
            world.files["/a"]["new"] = "9"

    world.before = intrude
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "refused", "second": "unchanged"}
    assert (world.effects, exit_code(state)) == ([], 3)
    assert state.hosts["h1"].steps["first"].lines == ("+ new  9",)


def test_ground_that_shrinks_between_the_look_and_the_act_is_looked_at_again(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(always(DROP_A))
    looks = iter(range(100))

    def intrude(function: str) -> None:
        if function == "files_look" and next(looks) == 1:
            del world.files["/a"]["a0"]

    world.before = intrude
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "changed"}
    assert state.hosts["h1"].steps["first"].before == ("root /a", "item a1\t1:1", "item a2\t1:2")
    assert sorted(world.effects) == [("drop", "/a/a1"), ("drop", "/a/a2")]
    assert scene.changes() == 2


# ---------------------------------------------------------------- effects


def test_an_operation_that_ends_well_without_its_effect_has_failed(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(lazy={"drop"}))
    state = scene.go(drop_until(4))
    assert outcomes_of(state) == {"first": "failed", "second": "unchanged"}
    assert "done, but" in state.hosts["h1"].steps["first"].reason
    assert exit_code(state) == 1


def test_a_failed_operation_stops_the_steps_after_it_and_shows_what_it_printed(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(broken={"drop"}))
    state = scene.go(drop_until(4))
    assert outcomes_of(state) == {"first": "failed", "second": "unchanged"}
    assert state.hosts["h1"].steps["first"].lines == ("dropped 3",)
    assert state.hosts["h1"].steps["second"].reason == "stopped: step first failed"
    assert (scene.changes(), exit_code(state)) == (1, 1)


def test_an_effect_that_needs_time_is_waited_for(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    world.lazy.add("start")

    def slowly(function: str) -> None:
        if scene.clock.slept_s >= 3:
            world.services["db"] = "up"

    world.before = slowly
    state = scene.go(always(step("s", "toy.start", service="db", settle=5)))
    assert (outcomes_of(state), scene.clock.slept_s) == ({"s": "changed"}, 3.0)


def test_an_effect_that_does_not_come_in_its_time_is_a_failure(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(lazy={"start"}))
    state = scene.go(always(step("s", "toy.start", service="db", settle=5)))
    assert (outcomes_of(state), scene.clock.slept_s) == ({"s": "failed"}, 5.0)


def test_an_effect_that_cannot_be_seen_is_unknown(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(drop_until(4))
    world.before = lambda function: world.mute.add("files_look") if function == "drop" else None
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "unknown", "second": "unchanged"}
    assert (exit_code(state), state.is_closed) == (6, False)


def test_a_look_that_fails_before_the_act_refuses_the_step(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].mute.add("files_look")
    state = scene.apply(plan)
    assert (scene.changes(), exit_code(state)) == (0, 4)
