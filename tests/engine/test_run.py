"""A plan is carried out as approved, or less; and what became of it is told as it is."""

from __future__ import annotations

from remedy.engine.report import exit_code
from remedy.model import Outcome, Verdict
from tests.engine.conftest import NewScene
from tests.engine.scene import drop_until, full


def test_a_healthy_host_is_planned_and_applied_without_a_change_request(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(level=10))
    plan = scene.plan(drop_until(2))
    assert not plan.has_changes
    assert plan.need.people == 0
    state = scene.apply(plan)
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.UNCHANGED, Verdict.RESOLVED, 0)
    assert scene.changes() == 0


def test_a_full_host_is_changed_and_resolved_and_a_second_apply_changes_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(drop_until(4))
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.RESOLVED, 0)
    assert [s.outcome for s in state.hosts["h1"].steps.values()] == [Outcome.CHANGED, Outcome.CHANGED]
    assert scene.worlds["h1"].level == 5
    assert scene.changes() == 2
    again = scene.go(drop_until(4))
    assert (again.outcome, exit_code(again)) == (Outcome.UNCHANGED, 0)
    assert scene.changes() == 2
    assert scene.machines["h1"].holder is None
