"""Whether what a plan was made from is still so: home, engine, playbook, policy, actions, hosts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remedy.actions.catalogue import Catalogue, version_of
from remedy.engine.current import demand_host
from remedy.engine.planner import ENGINE
from remedy.errors import Refused, Stale
from remedy.model import Host, HostPlan, Plan


@dataclass(frozen=True, kw_only=True)
class Now:
    """What is so now. The playbook's digest is "" where it can no longer be loaded."""

    home: str
    playbook_digest: str
    policy_digest: str
    hosts: Mapping[str, Host]
    catalogue: Catalogue


def demand_current(plan: Plan, now: Now) -> dict[str, Host]:
    """The plan's hosts as the inventory has them. Raises Stale, naming what differs (faults 24, 40, 41, 42).

    A plan that takes a run back rests on that run, so its playbook may have moved on.
    """
    if plan.home != now.home:
        raise Refused(f"plan {plan.id} was made by the home {plan.home}, this is {now.home}", fix="plan again, here")
    if plan.engine != ENGINE:
        raise _stale(plan, f"it was made by engine {plan.engine}, this is {ENGINE}")
    if not plan.undo_of and plan.playbook_digest != now.playbook_digest:
        raise _stale(plan, f"the playbook {plan.playbook} has changed since")
    if plan.policy_digest != now.policy_digest:
        raise _stale(plan, "the policy has changed since")
    for part in plan.hosts:
        _demand_same_actions(plan, part, now.catalogue)
    return {p.host: demand_host(p, now.hosts) for p in plan.hosts}


def _demand_same_actions(plan: Plan, part: HostPlan, catalogue: Catalogue) -> None:
    for step in part.changes:
        action = catalogue.actions.get(step.action)
        if action is None or version_of(action.family()) != step.version:
            raise _stale(plan, f"step {step.step}: the action {step.action} has changed since")


def _stale(plan: Plan, why: str) -> Stale:
    return Stale(f"plan {plan.id} is stale: {why}", at=plan.id, fix="plan again")
