"""An approval names one digest, is used once, and ends; a plan is void when what it rests on is another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from remedy.engine.plan import sealed
from remedy.engine.report import RunState
from remedy.errors import Refused, RemedyError, Stale, Unapproved
from remedy.model import Address, Outcome, Plan, Policy, Rule
from tests.engine.conftest import NewScene
from tests.engine.scene import Remedy, Scene, asked, drop_until, full, step


def burn() -> Remedy:
    """A playbook of high risk: nothing brings it back."""
    return Remedy(symptom=asked("toy.level", below=2), steps=[step("burn", "toy.burn", where="/a")])


def test_without_an_approval_nothing_is_done(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    sent = len(scene.machines["h1"].sent)
    with pytest.raises(Unapproved):
        scene.apply(plan)
    assert len(scene.machines["h1"].sent) == sent


def test_fault_034_of_a_hundred_applies_at_once_one_runs(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))

    def attempt(_: int) -> RunState | RemedyError:
        try:
            return scene.apply(plan)
        except RemedyError as error:
            return error

    with ThreadPoolExecutor(max_workers=100) as pool:
        met = list(pool.map(attempt, range(100)))
    (state,) = [m for m in met if isinstance(m, RunState)]
    assert state.outcome is Outcome.CHANGED
    assert all(isinstance(m, Refused) for m in met if m is not state)
    assert (len(scene.store.runs()), scene.worlds["h1"].twice(), scene.changes()) == (1, [], 2)


def test_fault_034_a_plan_is_applied_once(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.apply(plan)
    with pytest.raises(Refused, match="applied already"):
        scene.apply(plan)


def test_fault_034_an_approval_serves_no_other_plan(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.approved(drop_until(4))
    other = scene.plan(drop_until(4))
    with pytest.raises(Unapproved):
        scene.apply(other)


def test_fault_035_an_approval_that_expired_a_second_ago_is_refused(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    scene.approve(plan, ttl_s=60)
    scene.clock.sleep(61)
    with pytest.raises(Refused, match="no longer valid"):
        scene.apply(plan)
    assert scene.changes() == 0


def test_fault_035_a_clock_set_back_revives_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    scene.approve(plan, ttl_s=60)
    scene.clock.sleep(61)
    scene.approve(scene.plan(drop_until(4)))  # the store has seen this time
    scene.clock.at -= timedelta(days=1)
    with pytest.raises(Refused, match="clock"):
        scene.apply(plan)
    assert scene.changes() == 0


def test_fault_036_high_risk_in_production_takes_a_second_person(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.rename("h1", environment="production")
    plan = scene.plan(burn())
    assert (plan.need.people, plan.need.typed) == (2, "h1")
    scene.approve(plan, "oncall")
    with pytest.raises(Unapproved):
        scene.apply(plan)
    with pytest.raises(Refused):
        scene.approve(plan, "oncall")
    with pytest.raises(Unapproved):
        scene.apply(plan)
    assert scene.changes() == 0
    scene.approve(plan, "second")
    assert scene.apply(plan).outcome is Outcome.CHANGED


def test_a_plan_that_the_policy_forbids_is_never_applied(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.policy = Policy(rules=(Rule(never=True, at="policy.yml:1:1"),))
    plan = scene.plan(drop_until(4))
    scene.approve(plan)
    with pytest.raises(Refused, match="forbidden"):
        scene.apply(plan)
    assert scene.changes() == 0


def test_what_the_policy_lets_through_by_itself_needs_nobody(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.policy = Policy(rules=(Rule(people=0, at="policy.yml:1:1"),))
    assert scene.apply(scene.plan(drop_until(4))).outcome is Outcome.CHANGED


def test_a_rejected_plan_is_not_applied(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.store.reject(plan.id, "second", "not today")
    with pytest.raises(Refused, match="rejected by second"):
        scene.apply(plan)


# ---------------------------------------------------------------- void plans


def refused(scene: Scene, plan: Plan, reason: str) -> None:
    """Assert that a plan is refused for this reason without a connection."""
    connections = scene.machines["h1"].connections
    with pytest.raises(Refused, match=reason):
        scene.apply(plan)
    assert scene.machines["h1"].connections == connections
    assert scene.store.runs() == ()


def test_fault_033_a_plan_altered_after_it_was_made_is_refused_without_a_connection(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    part = plan.hosts[0]
    altered = replace(plan, hosts=(replace(part, steps=part.steps[::-1]),))
    refused(scene, altered, "digest mismatch")
    refused(scene, sealed(altered), "digest mismatch")  # sealed anew: it is not the one that is kept
    refused(scene, replace(plan, summary="something nicer"), "digest mismatch")
    shown = replace(part.steps[0], evidence=("nothing to see",))
    refused(scene, replace(plan, hosts=(replace(part, steps=(shown, part.steps[1])),)), "digest mismatch")


def test_fault_040_a_host_that_is_another_machine_now_is_refused_without_a_connection(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.rename("h1", host_key=("another key",))
    refused(scene, plan, "another machine")


@pytest.mark.parametrize(
    "changes",
    [
        {"address": Address(scheme="ssh", name="elsewhere", user="root")},
        {"address": Address(scheme="ssh", name="h1", user="mallory")},
        {"become": True},
        {"via": "jump"},
        {"environment": "production"},
        {"quarantine": "/mnt/q"},
    ],
    ids=lambda c: next(iter(c)),
)
def test_fault_040_a_host_whose_entry_changed_is_refused(new_scene: NewScene, changes: dict[str, object]) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    scene.rename("h1", **changes)
    refused(scene, plan, f"its entry in the inventory has changed: {next(iter(changes))}")


def test_a_host_that_left_the_inventory_is_refused(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    del scene.inventory["h1"]
    refused(scene, plan, "no longer in the inventory")


def test_fault_041_a_plan_of_another_home_is_refused(new_scene: NewScene, tmp_path: Path) -> None:
    scene = new_scene()
    plan = scene.approved(drop_until(4))
    (tmp_path / "other").mkdir(mode=0o700)
    other = Scene(tmp_path / "other", {"h1": full()})
    try:
        refused(other, plan, "another home")
        with pytest.raises(Refused):
            other.keep(plan)
        refused(other, sealed(replace(plan, home=other.store.home)), "no plan")
    finally:
        other.store.close()


def test_fault_042_a_plan_of_another_engine_is_refused(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.keep(sealed(replace(scene.plan(drop_until(4)), id="p0", engine="0")))
    scene.approve(plan)
    refused(scene, plan, "another version of the engine")


def test_fault_042_an_action_that_was_upgraded_since_does_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    plan = scene.plan(drop_until(4))
    part = plan.hosts[0]
    older = tuple(replace(s, version="older") for s in part.steps)
    plan = scene.keep(sealed(replace(plan, id="p0", hosts=(replace(part, steps=older),))))
    scene.approve(plan)
    state = scene.apply(plan)
    assert (state.outcome, scene.changes()) == (Outcome.REFUSED, 0)
    assert "not the one that the plan was made with" in state.hosts["h1"].steps["first"].reason


def test_fault_024_the_playbook_and_the_policy_are_in_the_digest(new_scene: NewScene) -> None:
    plan = new_scene().plan(drop_until(4))
    for changed in (replace(plan, playbook_digest="d2"), replace(plan, policy_digest="p2")):
        assert sealed(changed).digest != plan.digest
        with pytest.raises(Stale, match="digest mismatch"):
            new_scene().runner().start(changed, {})
