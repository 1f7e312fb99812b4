"""A plan says what would be done, and looks are all it sends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remedy.engine.report import exit_code
from remedy.engine.side_by_side import plan_each
from remedy.errors import Invalid, Refused
from remedy.hosts.fake import Fault
from remedy.model import Outcome
from tests.engine.conftest import NewScene
from tests.engine.scene import DROP_A, always, drop_until, full, step


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


@pytest.mark.parametrize("is_fixed", [True, False])
def test_a_step_that_is_not_wanted_whatever_is_seen_is_not_even_looked_at(new_scene: NewScene, is_fixed: bool) -> None:
    scene = new_scene()
    unwanted = replace(step("s", "toy.drop", when=lambda _: False, where="/a"), when_is_fixed=is_fixed)
    plan = scene.plan(always(unwanted))
    asked = [look for sent in scene.machines["h1"].sent for look in sent.looks]
    (one,) = plan.hosts[0].steps
    assert (one.change, one.reason) == (None, "when: wanted")
    assert (one.look in asked, bool(one.ground)) == (not is_fixed, not is_fixed)


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


def test_several_playbooks_are_asked_about_in_one_request_and_planned_as_alone(new_scene: NewScene) -> None:
    scene = new_scene()
    remedies = (always(DROP_A), drop_until(2), always(step("s", "toy.start", service="db", since=60)))
    host = scene.inventory["h1"]
    together = plan_each(scene.planner(), [[remedy.on(host)] for remedy in remedies])
    assert len(scene.machines["h1"].sent) == 1
    assert [plan.digest for plan in together] == [scene.plan(remedy, "h1").digest for remedy in remedies]


def test_a_host_that_is_not_reached_is_tried_once_for_all_playbooks(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(), h2=full())
    scene.machines["h2"].fail(Fault(verb="look", when="unsent"))
    both = [scene.inventory["h1"], scene.inventory["h2"]]
    plans = plan_each(scene.planner(), [[always(DROP_A).on(h) for h in both]] * 3)
    assert [plan.hosts[1].left_out for plan in plans] == ["unreachable"] * 3  # it would answer a second time
