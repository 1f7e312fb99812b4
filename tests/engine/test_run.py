"""A plan is carried out as approved, or less; and what became of it is told as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remedy.engine.report import exit_code
from remedy.engine.told import demand_some_told
from remedy.errors import CannotTell
from remedy.model import AllOf, Kind, NotOf, Outcome, Risk, Verdict
from tests.engine.between import GatedStore
from tests.engine.conftest import NewScene
from tests.engine.scene import DROP_A, Remedy, always, asked, drop_until, full, outcomes_of, step


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
    assert outcomes_of(state) == {"first": "changed", "second": "changed"}
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
    assert outcomes_of(state) == {"first": "changed", "second": "unchanged"}
    assert "not needed" in state.hosts["h1"].steps["second"].reason
    assert (state.verdict, scene.changes()) == (Verdict.RESOLVED, 1)
    assert scene.worlds["h1"].files["/b"]


def test_an_approval_through_a_step_stops_there(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    scene.approve(plan, through="first")
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "changed", "second": "unchanged"}
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


def test_where_nothing_was_done_nothing_is_waited_for(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(always(DROP_A, verify=asked("toy.up", within_s=60, service="db")))
    scene.worlds["h1"].files["/a"].clear()
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, scene.clock.slept_s) == (Outcome.UNCHANGED, Verdict.INEFFECTIVE, 0.0)
    assert [s.verb for s in scene.machines["h1"].sent] == ["look", "lease", "look", "release"]


def test_what_healed_itself_while_it_was_looked_at_is_not_called_ineffective(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(always(DROP_A, verify=asked("toy.up", service="db")))
    world = scene.worlds["h1"]
    world.services["db"] = "down"

    def healing(function: str) -> None:
        if function == "files_look":  # the goal was asked before it
            world.files["/a"].clear()
            world.services["db"] = "up"

    world.before = healing
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.UNCHANGED, Verdict.RESOLVED, 0)


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
        demand_some_told(plan)
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


# ---------------------------------------------------------------- stopping


def test_fault_059_asked_to_stop_the_step_is_finished_and_the_run_can_be_resumed(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.stopping = lambda: scene.changes() > 0
    state = scene.go(drop_until(4))
    assert outcomes_of(state) == {"first": "changed"}
    assert (state.is_closed, exit_code(state), scene.changes()) == (False, 6, 1)
    assert scene.machines["h1"].holder is None
    scene.stopping = lambda: False
    state = scene.resume()
    assert (outcomes_of(state), exit_code(state)) == ({"first": "changed", "second": "changed"}, 0)
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


def test_a_host_with_nothing_to_do_costs_few_writes_however_many_steps_it_has(new_scene: NewScene) -> None:
    writes: list[str] = []
    for count in (1, 20):
        scene = new_scene(h1=full(level=200))
        scene.wrap_store = lambda store: GatedStore(store, writes.append)
        scene.apply(scene.plan(always(*[step(f"s{n}", "toy.drop", where="/a") for n in range(count)])))
        scene.store.close()
        assert writes.count("before append") == 3  # verified with all before it, host closed, run closed
        writes.clear()


def test_what_was_not_asked_is_not_in_the_journal_and_what_was_not_done_is(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(Remedy(steps=[DROP_A]))
    scene.worlds["h1"].files["/a"].clear()
    state = scene.apply(plan)
    assert (state.hosts["h1"].checked, outcomes_of(state)) == ((), {"first": "unchanged"})


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
