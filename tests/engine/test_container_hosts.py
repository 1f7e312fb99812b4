"""A plan is bound to one container: its id, and until something was done in it its start. Fault 56."""

from __future__ import annotations

from dataclasses import replace

from remedy.engine.current import demand_machine
from remedy.engine.plan import identity_of, machine_of
from remedy.model import Address, AllOf, Host, HostPlan

BOX = Host(name="box", address=Address(scheme="docker", name="web"))
ID, OTHER = "a" * 64, "b" * 64


def part(host: Host, container: str = "") -> HostPlan:
    nothing = AllOf(())
    return HostPlan(
        host=host.name,
        identity=identity_of(host),
        environment="",
        entry={},
        params={},
        clock=0,
        symptom=nothing,
        until=nothing,
        verify=nothing,
        container=container,
    )


def test_fault_056_who_connects_for_a_plan_demands_its_container() -> None:
    planned = part(BOX, f"{ID} 2030-01-01T00:00:00Z")
    assert demand_machine(planned, {"box": BOX}).container == f"{ID} 2030-01-01T00:00:00Z"
    assert demand_machine(planned, {"box": BOX}, restarted=True).container == ID


def test_fault_018_one_container_by_many_names_is_one_machine() -> None:
    through = replace(BOX, name="other", via="there", address=Address(scheme="docker", name=ID))
    same = {machine_of(part(BOX, f"{ID} x")), machine_of(part(through, f"{ID} x"))}
    assert same == {ID}
    assert machine_of(part(BOX, f"{OTHER} x")) not in same


def test_the_same_name_in_two_engines_is_not_one_identity() -> None:
    ways = [BOX, replace(BOX, via="a"), replace(BOX, via="b"), replace(BOX, engine="unix:///run/other.sock")]
    assert len({identity_of(h) for h in ways}) == len(ways)
