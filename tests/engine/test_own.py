"""Remedy's own store, keys, rules and process are never touched, however its own machine is reached. Fault 95."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remedy.engine.own import ENGINE, HERE, JUMP, NEAR, Own, demand_apart, is_here, place_of
from remedy.engine.policy import need_of
from remedy.errors import Forbidden
from remedy.hosts.fake import FACTS
from remedy.model import (
    Address,
    Call,
    Change,
    Effect,
    Host,
    Operation,
    PlannedStep,
    Policy,
    Put,
    Risk,
    Rule,
    UndoBy,
    UndoUnnecessary,
)
from tests.engine.conftest import NewScene
from tests.engine.scene import drop_until

OWN = Own(
    machine="fake",
    paths=("/home/oncall/ops/.remedy", "/home/oncall/.ssh/remedy", "/home/oncall/ops/inventory"),
    units=("remedy.service",),
    process=4711,
    jumps=frozenset({"gate"}),
    real=lambda path: path.replace("/link", "/home/oncall"),
)
LOOPBACK = Host(name="me", address=Address(scheme="ssh", name="127.0.0.1"))
ELSEWHERE = replace(FACTS, machine="another")


def steps(*operations: Operation, touches: tuple[str, ...] = (), back: tuple[Operation, ...] = ()) -> list[PlannedStep]:
    undo = UndoBy(says="back", operations=back) if back else UndoUnnecessary(says="-")
    change = Change(title="t", operations=operations, effect=Effect(says=""), undo=undo, risk=Risk.LOW, touches=touches)
    return [PlannedStep(step="s", action="a", params={}, title="", look=None, change=change)]


def prune(root: str, *names: str) -> list[PlannedStep]:
    items = tuple(f"{n}\t65024:12:5:1" for n in names)
    return steps(Call(family="files", function="files_prune", args=(root,), items=items), touches=(f"path:{root}",))


@pytest.mark.parametrize(
    "touching",
    [
        prune("/home/oncall/ops", ".remedy/remedy.db"),
        prune("/home", "oncall/ops/log/old", "oncall/.ssh/remedy"),
        prune("/home/oncall/ops/.remedy"),
        prune("/link/ops", ".remedy/head"),
        prune("/home/oncall/ops/log/..", ".remedy/head"),
        steps(Put(path="/home/oncall/ops/inventory/policy.yml", content=("rules: []",))),
        steps(Put(path="/link/ops/inventory/policy.yml", content=("rules: []",))),
        steps(Call(family="f", function="remove", args=("/home/oncall/ops/.remedy",))),
        steps(Call(family="f", function="run", args=("rm -rf /home/oncall/.ssh/remedy",))),
        steps(Call(family="f", function="x"), back=(Put(path="/home/oncall/.ssh/remedy", content=()),)),
        steps(Call(family="service", function="restart", args=("remedy.service",)), touches=("unit:remedy.service",)),
        steps(Call(family="process_end", function="process_end", args=("10", "b")), touches=("process:4711",)),
    ],
)
def test_fault_095_what_is_remedys_own_is_never_touched(touching: list[PlannedStep]) -> None:
    with pytest.raises(Forbidden, match=HERE):
        demand_apart(OWN, LOOPBACK, FACTS, touching)
    demand_apart(OWN, LOOPBACK, ELSEWHERE, touching)


BOX = "c0ffee" + "0" * 58
OTHER = "d0ffee" + "0" * 58


@pytest.mark.parametrize(
    "touching",
    [
        steps(Call(family="compose", function="compose_restart", args=(BOX, "ops/remedy/1", "up"))),
        steps(Call(family="compose_scale", function="compose_scale_remove", items=(f"remedy/2\t{BOX}",))),
        steps(Call(family="compose_up", function="compose_up_make", args=("ops",)), touches=(f"container:{BOX}",)),
        steps(Call(family="f", function="x"), back=(Call(family="compose", function="compose_stop", args=(BOX,)),)),
    ],
    ids=["restart", "scale", "made anew", "undo"],
)
def test_fault_095_its_own_container_is_not_touched_by_its_engines_host(touching: list[PlannedStep]) -> None:
    ours = replace(OWN, container=BOX)
    with pytest.raises(Forbidden, match=r"me is where remedy's own container runs, .* would touch container c0ffee0"):
        demand_apart(ours, LOOPBACK, ELSEWHERE, touching)
    demand_apart(replace(OWN, container=OTHER), LOOPBACK, ELSEWHERE, touching)
    demand_apart(OWN, LOOPBACK, ELSEWHERE, touching)


@pytest.mark.parametrize(
    "harmless",
    [
        prune("/home", "oncall/ops/log/old", "oncall/ops/.remedy-old/x", "oncall/.ssh/remedy.pub"),
        prune("/", "var/log/a"),
        prune("/var/log", "a", "b"),
        steps(Put(path="/home/oncall/ops/notes", content=("x",))),
        steps(Call(family="service", function="restart", args=("nginx.service",)), touches=("unit:nginx.service",)),
        steps(Call(family="process_end", function="process_end", args=("10", "b")), touches=("process:471",)),
    ],
)
def test_what_lies_beside_it_is_a_hosts_like_any_other(harmless: list[PlannedStep]) -> None:
    demand_apart(OWN, LOOPBACK, FACTS, harmless)


def test_fault_095_the_own_machine_is_known_by_any_address_and_a_container_is_another() -> None:
    local, container = Address(scheme="local"), Address(scheme="docker", name="web")
    assert is_here(OWN, LOOPBACK, FACTS)
    assert is_here(Own(), replace(LOOPBACK, address=local), ELSEWHERE)
    assert not is_here(OWN, LOOPBACK, ELSEWHERE)
    assert not is_here(OWN, replace(LOOPBACK, address=container), FACTS)
    ours = replace(OWN, container="a" * 64)
    box = replace(LOOPBACK, address=container)
    assert is_here(ours, box, replace(FACTS, container=f"{'a' * 64} 2030-01-01T00:00:00Z"))
    assert not is_here(ours, box, replace(FACTS, container=f"{'b' * 64} 2030-01-01T00:00:00Z"))
    assert not is_here(ours, box, FACTS)
    assert not is_here(Own(), LOOPBACK, replace(FACTS, machine="")), "two unknown ids are not one machine"
    assert place_of(OWN, replace(LOOPBACK, name="gate"), ELSEWHERE) == JUMP


def test_fault_095_on_its_own_machine_nothing_is_done_by_itself(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.policy = Policy(rules=(Rule(risk=(Risk.LOW, Risk.MEDIUM), people=0, at="p.yml:1:1"),), digest="p1")
    assert scene.plan(drop_until(4)).need.people == 0
    planner = replace(scene.planner(), own=OWN)
    plan = planner.plan([drop_until(4).on(scene.inventory["h1"])])
    assert (plan.hosts[0].own, plan.need.people) == (HERE, 1)
    assert need_of(plan.playbook, plan.hosts, scene.policy).people == 1


def test_fault_095_on_the_way_to_other_hosts_nothing_is_done_by_itself(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.policy = Policy(rules=(Rule(risk=(Risk.LOW, Risk.MEDIUM), people=0, at="p.yml:1:1"),), digest="p1")
    planner = replace(scene.planner(), own=Own(jumps=frozenset({"h1"})))
    plan = planner.plan([drop_until(4).on(scene.inventory["h1"])])
    assert (plan.hosts[0].own, plan.need.people) == (JUMP, 1)


@pytest.mark.parametrize("unit", ["docker", "docker.service", "docker.socket", "containerd.service", "podman.service"])
def test_fault_095_an_engine_that_may_be_its_own_is_restarted_by_nobody_who_does_not_type_it(unit: str) -> None:
    boxed = replace(OWN, container=BOX)
    restarting = steps(Call(family="service", function="restart", args=(unit,)), touches=(f"unit:{unit}",))
    assert place_of(boxed, LOOPBACK, ELSEWHERE, restarting) == ENGINE
    assert place_of(OWN, LOOPBACK, ELSEWHERE, restarting) == "", "no container, or another machine's engine"
    other = steps(
        Call(family="service", function="restart", args=("dockerd-log",)), touches=("unit:docker-log.service",)
    )
    assert place_of(boxed, LOOPBACK, ELSEWHERE, other) == ""


def test_fault_095_around_its_own_files_the_hosts_name_is_typed(new_scene: NewScene) -> None:
    scene = new_scene()
    near, far = replace(OWN, paths=("/a/ops/.remedy",)), replace(OWN, paths=("/elsewhere/.remedy",))
    for own, typed, place in ((near, "h1", NEAR), (far, "", HERE)):
        plan = replace(scene.planner(), own=own).plan([drop_until(4).on(scene.inventory["h1"])])
        assert (plan.need.typed, plan.hosts[0].own) == (typed, place)
    here = plan.hosts[0]
    assert need_of(plan.playbook, [replace(here, own=ENGINE)], scene.policy).typed == "h1"


def test_fault_095_a_step_that_would_touch_it_makes_no_plan(new_scene: NewScene) -> None:
    scene = new_scene()
    planner = replace(scene.planner(), own=replace(OWN, paths=("/a",)))
    with pytest.raises(Forbidden, match="step first"):
        planner.plan([drop_until(4).on(scene.inventory["h1"])])
    assert scene.changes() == 0
