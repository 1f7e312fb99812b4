"""What was done is taken back as it was seen, newest first, and what cannot be is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from remedy.engine.report import exit_code
from remedy.errors import Refused, Unreachable
from remedy.hosts.fake import Fault
from remedy.model import Call, Outcome, Plan, Policy, Rule
from tests.engine.conftest import NewScene
from tests.engine.scene import Remedy, Scene, asked, drop_until, full, step


def breaking(scene: Scene, function: str = "start") -> None:
    scene.worlds["h1"].broken.add(function)


def then_fails(**more: Any) -> Remedy:
    """Two steps that can be taken back, and one that fails."""
    return Remedy(
        symptom=asked("toy.level", below=100),
        steps=[
            step("first", "toy.drop", where="/a"),
            step("second", "toy.drop", where="/b"),
            step("third", "toy.start", service="db"),
        ],
        on_failure="undo",
        **more,
    )


def backs(scene: Scene) -> list[str]:
    return [x for f, x in scene.worlds["h1"].effects if f == "back"]


def test_a_failed_step_takes_the_others_back_newest_first(new_scene: NewScene) -> None:
    scene = new_scene()
    breaking(scene)
    before = scene.worlds["h1"].picture()[0]
    state = scene.go(then_fails())
    steps = state.hosts["h1"].steps
    assert [s.undone for s in steps.values()] == [True, True, False]
    assert (steps["third"].outcome, exit_code(state)) == (Outcome.FAILED, 1)
    assert backs(scene) == ["/b/b0", "/b/b1", "/a/a0", "/a/a1", "/a/a2"]
    assert scene.worlds["h1"].picture()[0] == before


def test_on_failure_stop_takes_nothing_back(new_scene: NewScene) -> None:
    scene = new_scene()
    breaking(scene)
    remedy = then_fails()
    scene.go(replace(remedy, on_failure="stop"))
    assert backs(scene) == []


def test_only_what_was_sent_is_taken_back(new_scene: NewScene) -> None:
    scene = new_scene()
    breaking(scene)
    plan = scene.approved(then_fails())
    del scene.worlds["h1"].files["/a"]["a1"]
    state = scene.apply(plan)
    assert state.hosts["h1"].steps["first"].undone
    assert sorted(scene.worlds["h1"].files["/a"]) == ["a0", "a2"]


def test_what_was_not_brought_back_is_a_failure_and_stops_the_taking_back(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(lazy={"bring_back"}))
    breaking(scene)
    state = scene.go(then_fails())
    steps = state.hosts["h1"].steps
    assert (steps["second"].undo, steps["first"].undo) == (Outcome.FAILED, None)
    assert "not back" in steps["second"].reason


def test_an_undo_that_is_lost_is_unknown(new_scene: NewScene) -> None:
    scene = new_scene()
    breaking(scene)
    scene.machines["h1"].fail(Fault(verb="change", when="answered", nth=4))
    state = scene.go(then_fails())
    assert (state.outcome, state.is_closed, exit_code(state)) == (Outcome.UNKNOWN, False, 6)
    state = scene.resume()
    assert [s.undone for s in state.hosts["h1"].steps.values()] == [True, True, False]
    assert (state.outcome, state.is_closed) == (Outcome.FAILED, True)
    assert scene.worlds["h1"].twice() == []


@pytest.mark.parametrize("when", ["dispatched", "acting"])
def test_an_undo_that_was_cut_off_is_gone_on_with_or_unknown(new_scene: NewScene, when: Any) -> None:
    scene = new_scene()
    breaking(scene)
    scene.machines["h1"].fail(Fault(verb="change", when=when, nth=4))
    scene.go(then_fails())
    state = scene.resume()
    second = state.hosts["h1"].steps["second"]
    if when == "dispatched":  # the host has no receipt: it was never begun
        assert second.undone
        assert state.is_closed
    else:
        assert (second.undo, state.is_closed) == (Outcome.UNKNOWN, False)
    assert scene.worlds["h1"].twice() == []


def test_nothing_is_taken_back_while_something_is_unknown(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(harmful={"drop"}))
    world, drops = scene.worlds["h1"], count(1)
    plan = scene.approved(replace(then_fails(), verify=asked("toy.up", service="web")))

    def then_mute(function: str) -> None:  # what the second drop did cannot be seen
        if function == "drop" and next(drops) == 2:
            world.mute.add("files_look")

    world.before = then_mute
    state = scene.apply(plan)
    steps = state.hosts["h1"].steps
    assert (steps["first"].outcome, steps["second"].outcome) == (Outcome.CHANGED, Outcome.UNKNOWN)
    assert [s.undo for s in steps.values()] == [None, None, None]
    assert backs(scene) == []


def test_a_verification_that_is_no_worse_than_before_takes_nothing_back(new_scene: NewScene) -> None:
    scene = new_scene()
    remedy = drop_until(9, on_failure="undo")
    scene.go(replace(remedy, verify=asked("toy.up", service="db")))  # it was down before
    assert backs(scene) == []


# ---------------------------------------------------------------- as a plan of its own


def undo_of(scene: Scene, run: str) -> Plan:
    runner = scene.runner()
    state = runner.state(run)
    return scene.keep(scene.planner().undo(scene.store.plan(state.plan), state, scene.inventory))


def test_a_run_can_be_taken_back_by_a_plan_that_is_approved_like_any_other(new_scene: NewScene) -> None:
    scene = new_scene()
    before = scene.worlds["h1"].picture()
    done = scene.go(drop_until(4))
    scene.person = "second"
    plan = undo_of(scene, done.run)
    assert (plan.undo_of, plan.requester, plan.need.people) == (done.run, "second", 1)
    assert [s.step for s in plan.hosts[0].steps] == ["second", "first"]
    with pytest.raises(Refused):
        scene.apply(plan)
    scene.approve(plan)
    state = scene.apply(plan)
    assert (state.outcome, exit_code(state)) == (Outcome.CHANGED, 0)
    assert scene.worlds["h1"].picture() == before


def test_what_is_back_already_is_not_taken_back_again(new_scene: NewScene) -> None:
    scene = new_scene()
    done = scene.go(drop_until(4))
    plan = undo_of(scene, done.run)
    scene.approve(plan)
    scene.apply(plan)
    sent = scene.changes()
    again = undo_of(scene, done.run)
    assert not again.has_changes
    assert scene.apply(again).outcome is Outcome.UNCHANGED
    assert scene.changes() == sent


def test_an_undo_on_ground_that_somebody_else_moved_is_stale(new_scene: NewScene) -> None:
    scene = new_scene()
    done = scene.go(drop_until(4))
    plan = undo_of(scene, done.run)
    scene.approve(plan)
    scene.worlds["h1"].files["/a"]["new"] = "9"
    sent = scene.changes()
    assert scene.apply(plan).outcome is Outcome.REFUSED
    assert scene.changes() == sent


def test_an_undo_that_is_stale_on_one_host_is_begun_on_none(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(), h2=full())
    done = scene.go(drop_until(4))
    scene.worlds["h2"].files["/a"]["new"] = "9"
    plan = undo_of(scene, done.run)
    scene.approve(plan)
    del scene.worlds["h2"].files["/a"]["new"]
    sent = scene.changes("h1")
    state = scene.apply(plan)
    assert (state.outcome, scene.changes("h1")) == (Outcome.REFUSED, sent)
    assert "- new  9" in state.hosts["h2"].lines


def test_two_steps_of_one_directory_are_both_taken_back(new_scene: NewScene) -> None:
    scene = new_scene()
    remedy = Remedy(
        symptom=asked("toy.level", below=100),
        steps=[step("first", "toy.drop", where="/a"), step("again", "toy.drop", where="/a")],
    )
    plan = scene.approved(remedy)
    done = scene.apply(plan)
    undo = undo_of(scene, done.run)
    scene.approve(undo)
    state = scene.apply(undo)
    assert state.outcome is Outcome.CHANGED
    assert sorted(scene.worlds["h1"].files["/a"]) == ["a0", "a1", "a2"]
    assert scene.worlds["h1"].twice() == []


def test_a_lost_undo_run_is_settled_by_what_it_brings_back(new_scene: NewScene) -> None:
    scene = new_scene()
    done = scene.go(drop_until(4))
    plan = undo_of(scene, done.run)
    scene.approve(plan)
    scene.machines["h1"].fail(Fault(verb="change", when="answered"))
    lost = scene.apply(plan)
    assert lost.outcome is Outcome.UNKNOWN
    state = scene.resume(lost.run)
    assert (state.outcome, state.is_closed) == (Outcome.CHANGED, True)
    assert scene.worlds["h1"].level == 0
    assert scene.worlds["h1"].twice() == []


def test_a_run_that_is_open_or_left_nothing_is_refused(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    still_open = scene.go(drop_until(4))
    with pytest.raises(Refused, match="still open"):
        undo_of(scene, still_open.run)
    scene.resume()
    healthy = scene.go(drop_until(4))
    with pytest.raises(Refused, match="nothing that can be taken back"):
        undo_of(scene, healthy.run)


def test_a_host_that_does_not_answer_is_taken_back_later(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(), h2=full())
    done = scene.go(drop_until(4))
    scene.machines["h2"].refuses = Unreachable("no route")
    plan = undo_of(scene, done.run)
    assert [(h.host, h.unreachable, bool(h.changes)) for h in plan.hosts] == [
        ("h1", "", True),
        ("h2", "no route", False),
    ]
    scene.approve(plan)
    assert exit_code(scene.apply(plan)) == 4
    assert (scene.worlds["h1"].level, scene.worlds["h2"].level) == (0, 5)

    scene.machines["h2"].refuses = None
    rest = undo_of(scene, done.run)
    assert [(h.host, bool(h.changes)) for h in rest.hosts] == [("h1", False), ("h2", True)]
    scene.approve(rest)
    scene.apply(rest)
    assert [w.level for w in scene.worlds.values()] == [0, 0]


def test_an_undo_of_no_host_that_answers_is_not_planned(new_scene: NewScene) -> None:
    scene = new_scene()
    done = scene.go(drop_until(4))
    scene.machines["h1"].refuses = Unreachable("no route")
    with pytest.raises(Unreachable):
        undo_of(scene, done.run)


def test_the_policy_has_its_word_on_an_undo_too(new_scene: NewScene) -> None:
    scene = new_scene()
    done = scene.go(drop_until(4))
    scene.policy = Policy(rules=(Rule(never=True, at="policy.yml:1:1"),), digest="p2")
    assert undo_of(scene, done.run).need.never


def test_the_operations_of_an_undo_are_those_that_were_approved(new_scene: NewScene) -> None:
    scene = new_scene()
    done = scene.go(drop_until(4))
    plan = undo_of(scene, done.run)
    (step_,) = [s for s in plan.hosts[0].steps if s.step == "first"]
    assert step_.change is not None
    (call,) = step_.change.operations
    assert isinstance(call, Call)
    assert (call.function, call.items) == ("bring_back", ("a0\t1:0", "a1\t1:1", "a2\t1:2"))
