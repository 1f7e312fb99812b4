"""A plan is applied when it is the time, and no oftener than it may be. Faults 91 and 42."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from remedy.errors import Closed, Forbidden, Refused, Spent
from remedy.model import Approval, Cap, Freeze, Limits, Outcome, Plan, Policy, Risk, Rule, Span, Window
from tests.engine.conftest import NewScene
from tests.engine.scene import DROP_A, START, Remedy, Scene, always, drop_until, full

DAILY = tuple(range(7))
AFTERNOON = Window(
    name="afternoon", zone=START.tzinfo, spans=(Span(days=DAILY, begins_min=12 * 60, ends_min=17 * 60),), at="p.yml:4:5"
)  # type: ignore[arg-type]  # START has a zone
HOUR = timedelta(hours=1)


def timed(scene: Scene, **more: object) -> None:
    scene.policy = replace(scene.policy, windows=(AFTERNOON,), **more)  # type: ignore[arg-type]  # fields of Policy


def broken(scene: Scene, plan: Plan, *, ttl_s: int = 36_000) -> Approval:
    approval = Approval(
        id=f"glass-{plan.id}",
        plan=plan.id,
        digest=plan.digest,
        person="oncall",
        at=scene.clock.now().isoformat(),
        expires_at=(scene.clock.now() + timedelta(seconds=ttl_s)).isoformat(),
        reason="BREAK-GLASS: it burns",
        break_glass=True,
    )
    scene.store.approve(approval)
    return approval


def test_a_plan_approved_inside_the_window_is_refused_outside(new_scene: NewScene) -> None:
    scene = new_scene()
    timed(scene)
    plan = scene.plan(drop_until(4))
    scene.approve(plan, ttl_s=36_000)
    scene.clock.at += 6 * HOUR
    with pytest.raises(Closed, match="the change window afternoon is shut; it opens wed 2030-01-02 12:00") as refusal:
        scene.apply(plan)
    assert refusal.value.at == "p.yml:4:5"
    assert "apply it from wed 2030-01-02 12:00 UTC on" in refusal.value.fix
    assert scene.changes() == 0
    assert scene.store.runs() == ()

    scene.clock.at = START + 24 * HOUR
    scene.approve(scene.plan(drop_until(4)))  # another plan's: this one's has expired
    with pytest.raises(Refused, match="no longer valid"):
        scene.apply(plan)


def test_inside_the_window_it_is_applied_and_a_window_for_others_keeps_nothing(new_scene: NewScene) -> None:
    scene = new_scene()
    elsewhere = replace(AFTERNOON, environments=("elsewhere",), spans=(Span(days=(0,), begins_min=0, ends_min=1),))
    scene.policy = replace(scene.policy, windows=(AFTERNOON, elsewhere))
    assert scene.go(drop_until(4)).outcome is Outcome.CHANGED


def test_a_clock_that_is_set_back_opens_no_window(new_scene: NewScene) -> None:
    scene = new_scene()
    timed(scene, rules=(Rule(risk=(Risk.LOW, Risk.MEDIUM), people=0, at="p.yml:1:1"),))
    scene.clock.at += 6 * HOUR
    plan = scene.plan(drop_until(4))
    with pytest.raises(Closed):
        scene.apply(plan)
    scene.clock.at = START + HOUR
    with pytest.raises(Refused, match="clock"):
        scene.apply(plan)
    assert scene.changes() == 0


def test_what_does_nothing_is_not_kept_waiting(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.clock.at += 6 * HOUR
    timed(scene)
    assert scene.go(drop_until(0)).outcome is Outcome.UNCHANGED


def test_a_freeze_refuses_and_gives_its_reason(new_scene: NewScene) -> None:
    scene = new_scene()
    freeze = Freeze(
        name="sale", since=START - HOUR, until=START + HOUR, zone=AFTERNOON.zone, reason="we sell", at="p.yml:9:5"
    )
    scene.policy = replace(scene.policy, freezes=(freeze,))
    plan = scene.approved(drop_until(4))
    with pytest.raises(Closed, match=r"the freeze sale holds until .* 13:00 UTC: we sell \(p.yml:9:5\)"):
        scene.apply(plan)
    scene.clock.at += HOUR - timedelta(seconds=1)
    with pytest.raises(Closed):
        scene.apply(plan)


def test_a_broken_glass_opens_a_window_and_is_in_the_journal_in_capitals(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.clock.at += 6 * HOUR
    timed(scene)
    plan = scene.approved(drop_until(4))
    with pytest.raises(Closed):
        scene.apply(plan)
    broken(scene, plan)
    state = scene.apply(plan)
    assert state.outcome is Outcome.CHANGED
    (created,) = [e for e in scene.store.events(run=state.run) if e.kind == "run.created"]
    assert created.body["approvals"] == [f"glass-{plan.id}"], "the glass, not the plain consent that would have served"
    assert str(created.body["against"]).startswith("BREAK-GLASS AGAINST: ")
    assert "afternoon" in str(created.body["against"])


def test_a_broken_glass_never_overrides_never_nor_a_cap(new_scene: NewScene) -> None:
    for policy in (
        Policy(rules=(Rule(never=True, at="p.yml:1:1"),), digest="p1"),
        Policy(caps=(Cap(files=1, at="p.yml:2:2"),), digest="p1"),
    ):
        scene = new_scene()
        scene.policy = policy
        plan = scene.plan(drop_until(4))
        broken(scene, plan)
        with pytest.raises(Forbidden) as refusal:
            scene.apply(plan)
        assert refusal.value.at in ("p.yml:1:1", "p.yml:2:2")
        assert scene.changes() == 0
        scene.store.close()


def three_hosts(new_scene: NewScene) -> Scene:
    return new_scene(h1=full(), h2=full(), h3=full())


@pytest.mark.parametrize("glass", [False, True])
def test_when_the_window_shuts_no_further_batch_begins_and_no_host_is_left_half_way(
    new_scene: NewScene, glass: bool
) -> None:
    scene = three_hosts(new_scene)
    timed(scene)
    plan = scene.approved(replace(drop_until(4), limits=Limits(hosts=3, batch=1)))
    if glass:
        scene.clock.at += 6 * HOUR
        broken(scene, plan)

    def dusk(function: str) -> None:
        if function == "drop":
            scene.clock.at = START + 6 * HOUR

    scene.worlds["h1"].before = dusk
    state = scene.apply(plan)
    assert state.is_closed
    assert scene.changes("h1") == 2, "both steps of the host that was begun"
    assert state.hosts["h1"].outcome is Outcome.CHANGED
    if glass:
        assert (scene.changes("h2"), scene.changes("h3")) == (2, 2)
        return
    assert (scene.changes("h2"), scene.changes("h3")) == (0, 0)
    assert state.hosts["h2"].outcome is Outcome.REFUSED
    assert "not begun: the change window afternoon is shut" in state.hosts["h3"].reason


def test_a_run_that_was_cut_off_in_its_window_is_brought_to_its_end_outside(new_scene: NewScene) -> None:
    scene = three_hosts(new_scene)
    timed(scene)
    plan = scene.approved(replace(drop_until(4), limits=Limits(hosts=3, batch=1)))
    asked = [0]

    def after_the_first_step() -> bool:
        asked[0] += 1
        return scene.changes("h1") == 1

    scene.stopping = after_the_first_step
    state = scene.apply(plan)
    assert not state.is_closed
    scene.stopping = lambda: False
    scene.clock.at += 6 * HOUR
    state = scene.resume(state.run)
    assert scene.changes("h1") == 2
    assert state.hosts["h1"].outcome is Outcome.CHANGED
    assert (scene.changes("h2"), scene.changes("h3")) == (0, 0)


# ---------------------------------------------------------------- how often


def again(scene: Scene, remedy: Remedy) -> None:
    """One run that has something to do."""
    scene.worlds["h1"].files["/a"] = {f"a{scene.clock.slept_s}": "1:1"}
    scene.go(remedy)
    scene.clock.sleep(60)


def test_fault_091_the_fourth_run_within_an_hour_is_refused_until_the_first_is_an_hour_old(
    new_scene: NewScene,
) -> None:
    scene = new_scene()
    scene.policy = replace(scene.policy, caps=(Cap(runs=3, at="p.yml:7:5"),))
    remedy = always(DROP_A)
    for _ in range(3):
        again(scene, remedy)
    with pytest.raises(Spent, match=r"has run 3 times on h1 .*p.yml:7:5.*look for the cause") as refusal:
        again(scene, remedy)
    assert refusal.value.fix.startswith("again from 2030-01-01 13:00:00 UTC on")
    assert scene.changes() == 3
    plan = next(p for p in scene.store.plans() if p.state == "open")
    broken(scene, scene.store.plan(plan.id))
    assert scene.apply(scene.store.plan(plan.id)).outcome is Outcome.CHANGED
    scene.clock.sleep(3600)
    again(scene, remedy)


def test_runs_that_changed_nothing_or_another_host_are_not_counted(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(), h2=full())
    scene.policy = replace(scene.policy, caps=(Cap(runs=1, at="p.yml:7:5"),))
    for _ in range(3):
        scene.go(drop_until(0))
    scene.go(always(DROP_A), "h2")
    assert scene.go(always(DROP_A), "h1").outcome is Outcome.CHANGED


# ---------------------------------------------------------------- how much


def test_fault_017_more_hosts_than_a_cap_allows_are_refused_before_any_is_asked(new_scene: NewScene) -> None:
    scene = three_hosts(new_scene)
    scene.policy = Policy(caps=(Cap(hosts=2, at="p.yml:3:3"),), digest="p1")
    with pytest.raises(Forbidden, match="at most 2 hosts; this is 3, 1 too many") as refusal:
        scene.plan(drop_until(4))
    assert refusal.value.at == "p.yml:3:3"
    assert scene.machines["h1"].connections == 0


def test_fault_017_a_cap_for_a_risk_makes_a_plan_that_nobody_can_approve(new_scene: NewScene) -> None:
    scene = three_hosts(new_scene)
    risk = scene.plan(drop_until(4)).need.risk
    scene.policy = Policy(caps=(Cap(risk=(risk,), hosts=1, at="p.yml:3:3"),), digest="p1")
    plan = scene.plan(drop_until(4))
    assert plan.need.over == (f"p.yml:3:3: at most 1 host of {risk.word} risk; this is 3, 2 too many",)
    scene.approve(plan)
    with pytest.raises(Forbidden, match="it passes a cap: at most 1 host"):
        scene.apply(plan)
    others = tuple(r for r in Risk if r is not risk)
    scene.policy = Policy(caps=(Cap(risk=others, hosts=1),), digest="p1")
    assert scene.plan(drop_until(4)).need.over == ()
