"""Many hosts: canary, batches, failures that stop the rest, names that are one machine."""

from __future__ import annotations

from itertools import pairwise
from time import sleep

import pytest

from remedy.engine.ready import FRESH_S
from remedy.engine.report import RunState, exit_code
from remedy.errors import HostKeyRefused, Refused, Unreachable
from remedy.hosts.fake import Fault
from remedy.model import Kind, Limits, Outcome, Policy, Verdict
from tests.engine.conftest import NewScene
from tests.engine.scene import Remedy, Scene, asked, drop_until, full, step
from tests.engine.world import World


def fleet(new_scene: NewScene, count: int, **broken: World) -> Scene:
    """A scene of hosts h1, h2 ...; those named in `broken` are as given."""
    return new_scene(**{f"h{n}": broken.get(f"h{n}", full()) for n in range(1, count + 1)})


def limits(batch: int = 1, max_failures: int = 0) -> Limits:
    return Limits(hosts=100, batch=batch, max_failures=max_failures)


def touched(scene: Scene) -> list[str]:
    return [name for name in scene.machines if scene.changes(name)]


def outcomes(state: RunState) -> list[str]:
    return [str(h.outcome) for _, h in sorted(state.hosts.items())]


def test_every_host_is_done_and_let_go(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 7)
    state = scene.go(drop_until(4, limits=limits(batch=3)))
    assert (state.outcome, state.verdict) == (Outcome.CHANGED, Verdict.RESOLVED)
    assert [w.level for w in scene.worlds.values()] == [5] * 7
    assert all(m.holder is None for m in scene.machines.values())


def test_one_stale_host_makes_the_whole_plan_stale_and_nothing_is_sent_anywhere(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    plan = scene.approved(drop_until(4, limits=limits(batch=3)))
    scene.worlds["h3"].files["/a"]["new"] = "9"
    state = scene.apply(plan)
    assert outcomes(state) == ["refused"] * 3
    assert (touched(scene), exit_code(state)) == ([], 3)
    assert state.hosts["h3"].lines == ("step first:", "+ new  9")
    assert state.hosts["h1"].reason == "the plan is stale on another host"
    assert all(m.holder is None for m in scene.machines.values())


def test_fault_094_a_failing_canary_is_the_only_host_that_is_touched(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 10, h1=full(broken={"drop"}))
    state = scene.go(drop_until(4, limits=limits(batch=5)))
    assert touched(scene) == ["h1"]
    assert outcomes(state) == ["failed", *["refused"] * 9]
    assert "1 host failed" in state.hosts["h2"].reason
    assert all(m.holder is None for m in scene.machines.values())


def test_fault_094_a_failure_stops_the_batches_after_its_own(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 10, h3=full(broken={"drop"}))
    scene.go(drop_until(4, limits=limits(batch=3)))
    assert touched(scene) == ["h1", "h2", "h3", "h4"]


def test_fault_094_of_a_hundred_hosts_of_which_the_third_fails_a_canary_and_a_batch_are_touched(
    new_scene: NewScene,
) -> None:
    scene = fleet(new_scene, 100, h3=full(broken={"drop"}))
    state = scene.go(drop_until(4, limits=limits(batch=10)))
    assert touched(scene) == [f"h{n}" for n in range(1, 12)]
    assert sum(h.outcome is Outcome.REFUSED for h in state.hosts.values()) == 89


def test_fault_094_a_batch_begins_when_every_host_of_the_one_before_was_verified(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 10)
    scene.go(drop_until(4, limits=limits(batch=4)))
    first_act, verified = {}, {}
    for at, event in enumerate(scene.seen):
        if event.kind is Kind.STEP_INTENT:
            first_act.setdefault(event.host, at)
        if event.kind is Kind.CHECKED and event.body["what"] == "verify":
            verified[event.host] = at
    batches = [["h1"], ["h2", "h3", "h4", "h5"], ["h6", "h7", "h8", "h9"], ["h10"]]
    for before, after in pairwise(batches):
        assert max(verified[h] for h in before) < min(first_act[h] for h in after), (before, after)


def test_fault_094_max_failures_are_tolerated_and_no_more(new_scene: NewScene) -> None:
    broken = {f"h{n}": full(broken={"drop"}) for n in (1, 2, 3)}
    scene = fleet(new_scene, 6, **broken)
    scene.go(drop_until(4, limits=limits(max_failures=1)))
    assert touched(scene) == ["h1", "h2"]


def test_fault_092_a_host_that_is_not_helped_stops_the_rest(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3, h1=full(a=1, b=1))
    state = scene.go(drop_until(4))
    assert state.hosts["h1"].verdict is Verdict.INEFFECTIVE
    assert touched(scene) == ["h1"]


def test_fault_092_a_host_that_comes_out_worse_is_taken_back_and_no_other_is_touched(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3, h1=full(harmful={"drop"}))
    remedy = Remedy(
        symptom=asked("toy.level", below=4),
        steps=[step("first", "toy.drop", where="/a")],
        verify=asked("toy.up", service="web"),
        on_failure="undo",
        limits=limits(),
    )
    state = scene.go(remedy)
    assert state.hosts["h1"].steps["first"].undone
    assert sorted(scene.worlds["h1"].files["/a"]) == ["a0", "a1", "a2"]
    assert (touched(scene), exit_code(state)) == (["h1"], 3)


def test_the_canary_is_a_host_where_something_is_to_be_done(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 6, h1=full(level=50), h2=full(broken={"drop"}))
    scene.go(drop_until(4, limits=limits(batch=10)))
    assert touched(scene) == ["h2"]


def test_an_unreachable_host_stops_only_itself(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    scene.machines["h1"].refuses = Unreachable("no route")
    plan = scene.approved(drop_until(4))
    assert plan.hosts[0].unreachable == "no route"
    state = scene.apply(plan)
    assert outcomes(state) == ["unreachable", "changed", "changed"]
    assert exit_code(state) == 4


def test_a_host_that_is_unreachable_only_at_apply_stops_only_itself(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    plan = scene.approved(drop_until(4))
    scene.machines["h2"].refuses = Unreachable("no route")
    state = scene.apply(plan)
    assert outcomes(state) == ["changed", "unreachable", "changed"]


def test_a_host_key_that_is_refused_at_apply_stops_only_itself(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    plan = scene.approved(drop_until(4))
    scene.machines["h1"].refuses = HostKeyRefused("another key")
    state = scene.apply(plan)
    assert outcomes(state) == ["refused", "changed", "changed"]
    assert exit_code(state) == 3


def test_an_unknown_host_stops_the_rest(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    state = scene.go(drop_until(4))
    assert outcomes(state) == ["unknown", "refused", "refused"]
    assert (state.is_closed, exit_code(state)) == (False, 6)
    state = scene.resume()
    assert outcomes(state) == ["changed", "refused", "refused"]
    assert state.is_closed


def test_fault_094_failures_before_a_crash_count_after_it(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 4, h1=full(broken={"drop"}))
    scene.stopping = lambda: any(e.kind is Kind.HOST_CLOSED for e in scene.store.events())
    state = scene.go(drop_until(4))
    assert not state.is_closed
    scene.stopping = lambda: False
    state = scene.resume()
    assert outcomes(state) == ["failed", "refused", "refused", "refused"]
    assert touched(scene) == ["h1"]


# ---------------------------------------------------------------- one machine, two names


def test_fault_018_names_that_share_a_key_go_one_after_another(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 4)
    scene.machines["h3"] = scene.machines["h2"]
    scene.rename("h3", host_key=scene.inventory["h2"].host_key)
    world, inside = scene.worlds["h2"], set()

    def watch(function: str) -> None:
        if function == "drop":
            sleep(0.05)  # another one that is let in meanwhile would show
            holder = scene.machines["h2"].holder
            inside.add(holder.fence if holder else 0)

    world.before = watch
    state = scene.go(drop_until(4, limits=limits(batch=10)))
    assert outcomes(state) == ["changed", "changed", "unchanged", "changed"]
    assert (world.twice(), world.level, inside) == ([], 5, {1})
    assert scene.machines["h2"].holder is None


def test_fault_018_the_second_name_is_compared_before_the_first_is_touched(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 2)
    scene.machines["h2"] = scene.machines["h1"]
    scene.rename("h2", host_key=scene.inventory["h1"].host_key)
    plan = scene.approved(drop_until(4, limits=limits(batch=10)))
    scene.worlds["h1"].files["/b"]["new"] = "9"
    scene.apply(plan)
    assert touched(scene) == []


# ---------------------------------------------------------------- long runs


def test_a_host_that_was_looked_at_long_ago_is_looked_at_again(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 2)
    plan = scene.approved(drop_until(4))

    def slow(function: str) -> None:
        if function == "drop":
            scene.clock.sleep(FRESH_S)
            scene.worlds["h2"].level = 50  # it got well by itself

    scene.worlds["h1"].before = slow
    state = scene.apply(plan)
    assert outcomes(state) == ["changed", "unchanged"]
    assert touched(scene) == ["h1"]


def test_a_host_that_changed_while_the_others_had_their_turn_is_refused_alone(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    plan = scene.approved(drop_until(4))

    def slow(function: str) -> None:
        if function == "drop":
            scene.clock.sleep(FRESH_S)
            scene.worlds["h2"].files["/a"]["new"] = "9"

    scene.worlds["h1"].before = slow
    state = scene.apply(plan)
    assert outcomes(state) == ["changed", "refused", "changed"]
    assert state.hosts["h2"].lines == ("step first:", "+ new  9")


def test_a_connection_that_ended_while_it_waited_is_opened_again(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 2)
    plan = scene.approved(drop_until(4))

    def slow(function: str) -> None:
        if function == "drop":
            scene.clock.sleep(FRESH_S)

    scene.worlds["h1"].before = slow
    scene.machines["h2"].fail(Fault(verb="look", when="unsent"))
    state = scene.apply(plan)
    assert outcomes(state) == ["changed", "changed"]
    assert scene.machines["h2"].connections == 3  # planned, leased, leased again


# ---------------------------------------------------------------- limits


def test_fault_017_more_hosts_than_the_playbook_or_the_policy_allows_are_refused(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 3)
    with pytest.raises(Refused, match=r"limits\.hosts of 2"):
        scene.plan(drop_until(4, limits=Limits(hosts=2)))
    scene.policy = Policy(max_hosts=1)
    with pytest.raises(Refused, match="max_hosts of 1"):
        scene.plan(drop_until(4))
