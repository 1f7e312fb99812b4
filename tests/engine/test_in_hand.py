"""No more hosts are in hand at one time than the policy says, whatever runs have them. Fault 93."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remedy.engine.gate import conditions_of
from remedy.errors import Busy
from remedy.hosts.fake import Fault
from remedy.model import Cap, Limits, Outcome, Verdict
from tests.engine.conftest import NewScene
from tests.engine.scene import Scene, drop_until, full
from tests.engine.test_gate import broken

ONE = (Cap(at_once=1, at="p.yml:8:5"),)


def left_open(scene: Scene, host: str) -> str:
    """A run that was stopped on this host before its second step."""
    scene.stopping = lambda: scene.changes(host) == 1
    run = scene.go(drop_until(4), host).run
    scene.stopping = lambda: False
    return run


def test_fault_093_while_a_host_is_in_hand_no_other_run_takes_the_next(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(), h2=full(), h3=full())
    scene.policy = replace(scene.policy, caps=ONE)
    run = left_open(scene, "h1")
    plan = scene.approved(drop_until(4), "h2")
    with pytest.raises(Busy, match=rf"at most 1 of these hosts .* in hand: h1 by run {run}$") as refusal:
        scene.apply(plan)
    assert (refusal.value.at, refusal.value.exit_code, scene.changes("h2")) == ("p.yml:8:5", 3, 0)
    events = list(scene.store.events())
    [told] = scene.store.hindrances(plan, conditions_of(plan, scene.policy), scene.clock.now())
    assert (str(told), list(scene.store.events())) == (str(refusal.value), events), (
        "as apply says it, and nothing is recorded"
    )
    scene.policy = replace(scene.policy, caps=(Cap(at_once=2, at="p.yml:8:5"),))
    assert scene.apply(plan).outcome is Outcome.CHANGED
    scene.policy = replace(scene.policy, caps=ONE)
    assert scene.resume(run).is_closed
    assert scene.go(drop_until(4), "h3").outcome is Outcome.CHANGED, "nothing is in hand any more"


def test_fault_093_a_host_that_a_run_did_not_help_counts_until_one_does_or_an_hour_is_over(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(a=1, b=1), h2=full(), h3=full())
    scene.policy = replace(scene.policy, caps=ONE)
    assert scene.go(drop_until(4), "h1").verdict is Verdict.INEFFECTIVE
    scene.worlds["h1"].files["/a"] = {"again": "1"}
    assert scene.go(drop_until(4), "h1").verdict is Verdict.INEFFECTIVE, "twice, and one host all the same"
    plan = scene.approved(drop_until(4), "h2")
    with pytest.raises(Busy, match=r"in hand: h1 by run r[0-9a-f]+, which was ineffective$"):
        scene.apply(plan)
    scene.worlds["h1"].files["/a"] = {f"x{n}": "1" for n in range(5)}
    assert scene.go(drop_until(4), "h1").verdict is Verdict.RESOLVED, "the very host may always be seen to"
    assert scene.apply(plan).verdict is Verdict.RESOLVED

    scene.worlds["h3"].files = {"/a": {"one": "1"}, "/b": {}}
    assert scene.go(drop_until(4), "h3").verdict is Verdict.INEFFECTIVE
    scene.worlds["h2"].level = 0
    scene.worlds["h2"].files["/a"] = {f"y{n}": "1" for n in range(5)}
    plan = scene.plan(drop_until(4), "h2")
    scene.approve(plan, ttl_s=36_000)
    with pytest.raises(Busy):
        scene.apply(plan)
    scene.clock.sleep(3600)
    assert scene.apply(plan).verdict is Verdict.RESOLVED


@pytest.mark.parametrize("hours", [0, 2])
def test_fault_093_a_host_of_which_nothing_is_known_is_in_hand_until_it_is(new_scene: NewScene, hours: int) -> None:
    scene = new_scene(h1=full(), h2=full())
    scene.policy = replace(scene.policy, caps=ONE)
    scene.machines["h1"].fail(Fault(verb="change", when="answered"))
    run = scene.go(drop_until(4), "h1").run
    plan = scene.plan(drop_until(4), "h2")
    scene.approve(plan, ttl_s=36_000)
    scene.clock.sleep(hours * 3600)  # however long ago that was
    with pytest.raises(Busy, match=f"h1 by run {run}"):
        scene.apply(plan)
    assert scene.resume(run).verdict is Verdict.RESOLVED
    assert scene.apply(plan).verdict is Verdict.RESOLVED


def test_fault_093_a_batch_is_no_larger_than_what_may_be_in_hand(new_scene: NewScene) -> None:
    scene = new_scene(h1=full(), h2=full(), h3=full())
    scene.policy = replace(scene.policy, caps=(Cap(at_once=2, at="p.yml:8:5"),))
    with pytest.raises(Busy, match=r"this plan would take 3"):
        scene.go(drop_until(4, limits=Limits(hosts=3, batch=3, max_failures=0)))
    assert scene.go(drop_until(4, limits=Limits(hosts=3, batch=2, max_failures=0))).verdict is Verdict.RESOLVED


def test_fault_093_the_bound_is_of_what_it_fits_and_taking_back_and_emergencies_do_not_wait(
    new_scene: NewScene,
) -> None:
    scene = new_scene(h1=full(), h2=full(), h3=full())
    scene.rename("h1", groups=("web",))
    scene.rename("h2", groups=("web",))
    scene.policy = replace(scene.policy, caps=(Cap(at_once=1, groups=("web",), at="p.yml:8:5"),))
    done = scene.go(drop_until(4), "h2")
    assert done.verdict is Verdict.RESOLVED
    left_open(scene, "h1")
    assert scene.go(drop_until(4), "h3").outcome is Outcome.CHANGED
    back = scene.keep(scene.planner().undo(scene.store.plan(done.plan), done, scene.inventory))
    scene.approve(back)
    assert scene.apply(back).outcome is Outcome.CHANGED, "and it is as it was: to be remedied once more"
    plan = scene.approved(drop_until(4), "h2")
    with pytest.raises(Busy):
        scene.apply(plan)
    broken(scene, plan)
    assert scene.apply(plan).outcome is Outcome.CHANGED
