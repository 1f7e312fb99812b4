"""A plan is carried out as approved, or less; and what became of it is told as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remedy.engine.planner import demand_told
from remedy.engine.report import RunState, exit_code
from remedy.errors import CannotTell, Invalid, Refused
from remedy.hosts.fake import Fault
from remedy.model import AllOf, Kind, NotOf, Outcome, PlannedStep, Risk, Verdict
from tests.engine.conftest import NewScene
from tests.engine.scene import Remedy, asked, drop_until, full, question, step

DROP_A = step("first", "toy.drop", where="/a")
DROP_B = step("second", "toy.drop", where="/b")


def outcomes(state: RunState, host: str = "h1") -> dict[str, str]:
    return {s.step: str(s.outcome) for s in state.hosts[host].steps.values()}


def always(*steps: Any, **more: Any) -> Remedy:
    """A playbook whose symptom is that the level is below a hundred, and that never ends well."""
    return Remedy(symptom=asked("toy.level", below=100), steps=steps, **more)


def test_a_healthy_host_is_planned_and_applied_without_a_change_request(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(level=10))
    plan = scene.plan(drop_until(2))
    assert not plan.has_changes
    assert plan.need.people == 0
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.UNCHANGED, Verdict.RESOLVED, 0)
    assert state.is_closed
    assert scene.changes() == 0


def test_a_full_host_is_changed_and_resolved_and_a_second_apply_changes_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(drop_until(4))
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.RESOLVED, 0)
    assert outcomes(state) == {"first": "changed", "second": "changed"}
    assert (scene.worlds["h1"].level, scene.changes()) == (5, 2)
    again = scene.go(drop_until(4))
    assert (again.outcome, exit_code(again)) == (Outcome.UNCHANGED, 0)
    assert scene.changes() == 2
    assert scene.machines["h1"].holder is None


def test_planning_alone_sends_nothing_but_looks(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.plan(drop_until(4))
    assert [s.verb for s in scene.machines["h1"].sent] == ["look"]


def test_a_check_of_the_diagnosis_does_not_answer_for_the_symptom(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))  # its diagnosis asks the same look for the opposite
    assert [str(f.judgement.answer) for f in plan.hosts[0].findings] == ["ok", "not ok"]
    assert plan.has_changes


def test_the_ladder_stops_climbing_as_soon_as_it_may(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(drop_until(3))
    assert outcomes(state) == {"first": "changed", "second": "unchanged"}
    assert "not needed" in state.hosts["h1"].steps["second"].reason
    assert (state.verdict, scene.changes()) == (Verdict.RESOLVED, 1)
    assert scene.worlds["h1"].files["/b"]


def test_an_approval_through_a_step_stops_there(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    scene.approve(plan, through="first")
    state = scene.apply(plan)
    assert outcomes(state) == {"first": "changed", "second": "unchanged"}
    assert state.hosts["h1"].steps["second"].reason == "approved only through step first"
    assert (state.outcome, state.verdict, scene.changes()) == (Outcome.CHANGED, Verdict.INEFFECTIVE, 1)


def test_an_approval_through_a_step_that_is_not_there_approves_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    scene.approve(plan, through="frist")
    scene.apply(plan)
    assert scene.changes() == 0


def test_an_effect_that_was_too_small_is_ineffective_and_undoes_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(drop_until(9, on_failure="undo"))
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.INEFFECTIVE, 1)
    assert scene.worlds["h1"].level == 5


def test_a_check_that_comes_to_hold_within_its_time_is_waited_for(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]

    def slowly(function: str) -> None:
        world.services["db"] = "up" if scene.clock.slept_s >= 2 else "down"

    world.before = slowly
    state = scene.go(always(DROP_A, verify=asked("toy.up", within_s=5, service="db")))
    assert (state.verdict, scene.clock.slept_s) == (Verdict.RESOLVED, 2.0)


# ---------------------------------------------------------------- the symptom


def test_a_symptom_that_is_gone_at_apply_leaves_nothing_to_do(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].level = 50
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.UNCHANGED, Verdict.RESOLVED, 0)
    assert "the symptom is gone" in state.hosts["h1"].steps["first"].reason
    assert scene.changes() == 0


def test_a_symptom_that_is_gone_makes_nothing_stale(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].level = 50
    scene.worlds["h1"].files["/a"]["new"] = "9"
    assert scene.apply(plan).outcome is Outcome.UNCHANGED


def test_a_symptom_that_cannot_be_told_is_never_nothing_to_do(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(mute={"level_look"}))
    plan = scene.plan(drop_until(4))
    assert not plan.has_changes
    with pytest.raises(CannotTell):
        demand_told(plan)
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.UNCHANGED, Verdict.INCONCLUSIVE, 4)


def test_a_symptom_that_can_no_longer_be_told_at_apply_stops_before_anything_is_done(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].mute.add("level_look")
    state = scene.apply(plan)
    assert (exit_code(state), scene.changes()) == (4, 0)


def test_a_verification_that_cannot_be_told_is_inconclusive(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(always(DROP_A, verify=asked("toy.up", service="web")))
    world.before = lambda function: world.mute.add("service_look") if function == "drop" else None
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.INCONCLUSIVE, 4)


def test_without_verify_the_goal_is_that_the_symptom_is_gone(new_scene: NewScene) -> None:
    remedy = Remedy(symptom=NotOf(asked("toy.up", service="db")), steps=[step("s", "toy.start", service="db")])
    scene = new_scene()
    state = scene.go(replace(remedy, on_failure="undo"))
    assert (state.outcome, state.verdict) == (Outcome.CHANGED, Verdict.RESOLVED)
    assert scene.worlds["h1"].services["db"] == "up"


def test_a_playbook_without_a_symptom_acts_and_its_risk_is_raised(new_scene: NewScene) -> None:
    scene = new_scene()
    guarded = scene.plan(always(DROP_A))
    unguarded = scene.plan(Remedy(steps=[DROP_A]))
    assert (guarded.need.risk, unguarded.need.risk) == (Risk.MEDIUM, Risk.HIGH)


# ---------------------------------------------------------------- drift


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
    assert outcomes(state) == {"first": "changed", "second": "changed"}
    assert sorted(scene.worlds["h1"].effects) == [("drop", x) for x in ("/a/a0", "/a/a2", "/b/b0", "/b/b1")]


def test_everything_gone_is_already_right(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(always(DROP_A, DROP_B))
    scene.worlds["h1"].files["/a"].clear()
    state = scene.apply(plan)
    assert outcomes(state) == {"first": "unchanged", "second": "changed"}
    assert scene.changes() == 1


def test_a_later_step_leaves_alone_what_an_earlier_one_made(new_scene: NewScene) -> None:
    scene = new_scene()
    grow = step("grow", "toy.grow", where="/a")
    state = scene.go(always(grow, DROP_A))
    assert outcomes(state) == {"grow": "changed", "first": "changed"}
    assert sorted(scene.worlds["h1"].files["/a"]) == ["a0.old", "a1.old", "a2.old"]


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
    assert outcomes(state) == {"first": "refused", "second": "unchanged"}
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
    assert outcomes(state) == {"first": "changed"}
    assert sorted(world.effects) == [("drop", "/a/a1"), ("drop", "/a/a2")]
    assert scene.changes() == 2


# ---------------------------------------------------------------- effects


def test_an_operation_that_ends_well_without_its_effect_has_failed(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(lazy={"drop"}))
    state = scene.go(drop_until(4))
    assert outcomes(state) == {"first": "failed", "second": "unchanged"}
    assert "done, but" in state.hosts["h1"].steps["first"].reason
    assert exit_code(state) == 1


def test_a_failed_operation_stops_the_steps_after_it_and_shows_what_it_printed(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(broken={"drop"}))
    state = scene.go(drop_until(4))
    assert outcomes(state) == {"first": "failed", "second": "unchanged"}
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
    assert (outcomes(state), scene.clock.slept_s) == ({"s": "changed"}, 3.0)


def test_an_effect_that_does_not_come_in_its_time_is_a_failure(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(lazy={"start"}))
    state = scene.go(always(step("s", "toy.start", service="db", settle=5)))
    assert (outcomes(state), scene.clock.slept_s) == ({"s": "failed"}, 5.0)


def test_an_effect_that_cannot_be_seen_is_unknown(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(drop_until(4))
    world.before = lambda function: world.mute.add("files_look") if function == "drop" else None
    state = scene.apply(plan)
    assert outcomes(state) == {"first": "unknown", "second": "unchanged"}
    assert (exit_code(state), state.is_closed) == (6, False)


def test_a_look_that_fails_before_the_act_refuses_the_step(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.worlds["h1"].mute.add("files_look")
    state = scene.apply(plan)
    assert (scene.changes(), exit_code(state)) == (0, 4)


# ---------------------------------------------------------------- lost and unreachable


@pytest.mark.parametrize("when", ["dispatched", "answered", "acting"])
def test_fault_048_a_lost_reply_is_unknown_and_stops_the_host(new_scene: NewScene, when: Any) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when=when))
    state = scene.go(drop_until(4))
    assert outcomes(state) == {"first": "unknown", "second": "unchanged"}
    assert (state.outcome, exit_code(state), state.is_closed) == (Outcome.UNKNOWN, 6, False)
    assert scene.machines["h1"].holder is not None  # nobody may build on it
    assert scene.store.runs(open_only=True)


@pytest.mark.parametrize(
    ("when", "operations", "first"),
    [("dispatched", 0, "changed"), ("answered", 0, "changed"), ("acting", 0, "changed"), ("acting", 1, "changed")],
)
def test_a_lost_reply_is_settled_by_resume_and_the_rest_is_done_once(
    new_scene: NewScene, when: Any, operations: int, first: str
) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when=when, operations=operations))
    scene.go(drop_until(4))
    state = scene.resume()
    assert outcomes(state) == {"first": first, "second": "changed"}
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.RESOLVED, 0)
    assert (scene.worlds["h1"].twice(), scene.worlds["h1"].level) == ([], 5)
    assert scene.machines["h1"].holder is None
    assert not scene.store.runs(open_only=True)


def test_nothing_sent_is_unreachable_and_closes_the_host(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when="unsent"))
    state = scene.go(drop_until(4))
    assert outcomes(state) == {"first": "unreachable", "second": "unchanged"}
    assert (exit_code(state), scene.worlds["h1"].effects) == (4, [])
    assert scene.machines["h1"].holder is None  # given back over a new connection


def test_a_connection_that_ends_at_a_look_is_no_unknown(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(always(DROP_A))
    looks = iter(range(100))

    def intrude(function: str) -> None:
        if function == "files_look" and next(looks) == 1:
            del world.files["/a"]["a0"]
            scene.machines["h1"].fail(Fault(verb="look", when="dispatched"))

    world.before = intrude
    state = scene.apply(plan)
    assert outcomes(state) == {"first": "unreachable"}
    assert (state.is_closed, world.effects) == (True, [])


def test_a_verification_that_cannot_be_asked_is_inconclusive_and_the_change_stands(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="look", when="dispatched", nth=2))
    state = scene.go(drop_until(4))
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.INCONCLUSIVE, 4)
    assert state.is_closed


def test_fault_060_a_host_that_another_run_holds_is_refused_and_left_alone(new_scene: NewScene) -> None:
    scene = new_scene()
    one, two = scene.approved(drop_until(4)), scene.approved(drop_until(4))
    scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    held = scene.apply(one)
    assert held.outcome is Outcome.UNKNOWN
    state = scene.apply(two)
    assert (state.outcome, exit_code(state)) == (Outcome.REFUSED, 3)
    assert "ada@desk" in state.hosts["h1"].reason
    assert scene.machines["h1"].holder is not None
    assert scene.resume(held.run).outcome is Outcome.CHANGED


# ---------------------------------------------------------------- questions


def test_a_question_without_a_terminal_is_refused_and_nothing_after_it_is_done(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(always(question("sure", "Is the backup there?"), DROP_A))
    assert outcomes(state) == {"sure": "refused", "first": "unchanged"}
    assert (exit_code(state), scene.changes()) == (3, 0)


def test_an_answer_is_recorded_with_its_person(new_scene: NewScene) -> None:
    scene = new_scene()
    asked_of: list[PlannedStep] = []

    def answer(host: str, one: PlannedStep) -> str:
        asked_of.append(one)
        return "yes, since noon"

    scene.answer = answer
    state = scene.go(always(question("sure", "Is the backup there?"), DROP_A))
    assert state.hosts["h1"].steps["sure"].reason == "answered by ada: yes, since noon"
    assert [(s.question, s.question_of) for s in asked_of] == [("Is the backup there?", "the owner")]
    assert outcomes(state)["first"] == "changed"


def test_a_question_is_not_asked_again_when_the_run_is_resumed(new_scene: NewScene) -> None:
    scene = new_scene()
    asked_of: list[str] = []

    def answer(host: str, one: PlannedStep) -> str:
        asked_of.append(host)
        return "yes"

    scene.answer = answer
    scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    scene.go(always(question("sure", "Sure?"), DROP_A))
    scene.resume()
    assert asked_of == ["h1"]


# ---------------------------------------------------------------- planning


def test_a_step_that_is_not_wanted_is_planned_as_nothing_with_the_reason(new_scene: NewScene) -> None:
    scene = new_scene()
    seen: list[Any] = []

    def when(observed: Any) -> bool:
        seen.append(observed)
        return False

    plan = scene.plan(always(step("s", "toy.drop", when=when, where="/a")))
    (one,) = plan.hosts[0].steps
    assert (one.change, one.reason) == (None, "when: wanted")
    assert seen == [{"s": {"root": "/a", "files": {"a0": "1:0", "a1": "1:1", "a2": "1:2"}}}]


def test_ages_are_made_absolute_when_the_plan_is_made(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(always(step("s", "toy.start", service="db", since=60)))
    look = plan.hosts[0].steps[0].look
    assert look is not None
    assert look.args == ("db", str(1_700_000_000 - 60))


def test_a_host_that_lacks_what_a_step_needs_refuses_the_plan(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].functions = {"level_look": scene.machines["h1"].functions["level_look"]}
    with pytest.raises(Refused, match="no such function"):
        scene.plan(always(DROP_A))


def test_an_actions_own_cap_refuses_the_plan(new_scene: NewScene) -> None:
    with pytest.raises(Refused, match="more than 2 files"):
        new_scene().plan(always(step("s", "toy.drop", where="/a", most=2)))


def test_fault_016_no_host_is_an_error(new_scene: NewScene) -> None:
    with pytest.raises(Invalid, match="no host"):
        new_scene().planner().plan([])


def test_a_lost_look_while_planning_is_unreachable_and_never_unknown(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="look", when="dispatched"))
    plan = scene.plan(drop_until(4))
    assert plan.hosts[0].unreachable
    state = scene.apply(plan)
    assert (state.outcome, exit_code(state)) == (Outcome.UNREACHABLE, 4)


# ---------------------------------------------------------------- stopping


def test_fault_059_asked_to_stop_the_step_is_finished_and_the_run_can_be_resumed(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.stopping = lambda: scene.changes() > 0
    state = scene.go(drop_until(4))
    assert outcomes(state) == {"first": "changed"}
    assert (state.is_closed, exit_code(state), scene.changes()) == (False, 6, 1)
    assert scene.machines["h1"].holder is None
    scene.stopping = lambda: False
    state = scene.resume()
    assert (outcomes(state), exit_code(state)) == ({"first": "changed", "second": "changed"}, 0)
    assert scene.worlds["h1"].twice() == []


# ---------------------------------------------------------------- the record


def test_every_act_is_in_the_journal_before_it_is_sent(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    known: list[bool] = []

    def look_it_up(function: str) -> None:
        if function == "drop":
            events = list(scene.store.events(run=scene.the_run()))
            known.append(events[-1].kind is Kind.STEP_INTENT)

    plan = scene.approved(drop_until(4))
    world.before = look_it_up
    scene.apply(plan)
    assert known == [True, True]


def test_symptom_goal_and_verification_are_in_the_journal(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(drop_until(4))
    checked = [(what, answer) for what, answer, _ in state.hosts["h1"].checked]
    assert checked == [("before", "not ok"), ("symptom", "ok"), ("verify", "ok")]


def test_a_closed_run_is_left_as_it_is_by_resume(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(drop_until(4))
    before = len(list(scene.store.events()))
    assert scene.resume() == state
    assert len(list(scene.store.events())) == before


def test_a_plan_rests_on_all_its_checks_together(new_scene: NewScene) -> None:
    scene = new_scene()
    remedy = Remedy(symptom=AllOf((asked("toy.level", below=4), NotOf(asked("toy.up", service="web")))), steps=[DROP_A])
    assert not scene.plan(remedy).has_changes
    scene.worlds["h1"].services["web"] = "down"
    assert scene.plan(remedy).has_changes
