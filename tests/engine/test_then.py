"""What is looked at in the same request as a change: enough to go on, and nothing more."""

from __future__ import annotations

from remedy.model import Outcome, Verdict
from tests.engine.conftest import NewScene
from tests.engine.scene import Remedy, asked, step
from tests.engine.story import ladder


def apart() -> Remedy:
    """Three steps that touch three things, and a goal."""
    steps = [step(name, "toy.drop", where=f"/{name}") for name in "abc"]
    return Remedy(symptom=asked("toy.level", below=100), steps=steps, verify=asked("toy.up", service="web"))


def test_what_another_step_touches_is_left_to_its_own_request(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(apart())
    assert (state.outcome, state.verdict) == (Outcome.CHANGED, Verdict.RESOLVED)
    asked_after = [[look.args[:1] for look in change.then] for change in scene.machines["h1"].changes]
    assert asked_after == [[("/a",)], [("/b",)], [("/c",), ("web",)]]


def test_a_goal_that_holds_with_the_last_change_is_not_asked_again(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.go(apart())
    assert [s.verb for s in scene.machines["h1"].sent] == ["look", "lease", "change", "change", "change", "release"]


def test_a_later_step_on_the_same_thing_is_looked_at_again(new_scene: NewScene) -> None:
    scene = new_scene()
    remedy = apart()
    scene.worlds["h1"].files["/a/below"] = {"one": "4:1"}
    steps = [step("above", "toy.drop", where="/a"), step("below", "toy.drop", where="/a/below")]
    scene.go(Remedy(symptom=remedy.symptom, steps=steps, verify=remedy.verify))
    first = scene.machines["h1"].changes[0]
    assert [look.args for look in first.then] == [("/a",), ("/a/below",)]


def test_only_the_next_step_is_looked_at_with_a_change_and_a_later_one_at_its_turn(new_scene: NewScene) -> None:
    scene = new_scene()
    remedy = apart()
    scene.worlds["h1"].files["/a/below"] = {"one": "4:1"}
    steps = [
        step("above", "toy.drop", where="/a"),
        step("other", "toy.drop", where="/b"),
        step("below", "toy.drop", where="/a/below"),
    ]
    state = scene.go(Remedy(symptom=remedy.symptom, steps=steps, verify=remedy.verify))
    assert state.outcome is Outcome.CHANGED
    machine = scene.machines["h1"]
    assert [[look.args for look in change.then][:1] for change in machine.changes] == [
        [("/a",)],
        [("/b",)],
        [("/a/below",)],
    ]
    assert [s.verb for s in machine.sent] == ["look", "lease", "change", "change", "look", "change", "release"]
    assert [look.args for look in machine.sent[4].looks] == [("/a/below",)]


def test_a_goal_that_does_not_hold_yet_is_asked_again(new_scene: NewScene) -> None:
    scene = new_scene()
    remedy = ladder()
    goal = asked("toy.level", at_least=100, within_s=2)
    state = scene.go(Remedy(symptom=remedy.symptom, steps=remedy.steps, verify=goal))
    assert (state.outcome, state.verdict) == (Outcome.CHANGED, Verdict.INEFFECTIVE)
    verbs = [s.verb for s in scene.machines["h1"].sent]
    assert verbs.count("look") >= 2, verbs  # the plan's, and further ones until its time was over


def test_a_host_where_the_plan_has_nothing_to_do_is_not_held(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.worlds["h1"].files["/a"].clear()
    state = scene.go(Remedy(symptom=asked("toy.level", below=100), steps=[step("a", "toy.drop", where="/a")]))
    assert state.outcome is Outcome.UNCHANGED
    assert [s.verb for s in scene.machines["h1"].sent] == ["look", "look"]
    assert state.hosts["h1"].leases == 0
