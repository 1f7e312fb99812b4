"""From what was seen to what would be done: the pure half of planning, and the plan's digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from remedy.actions.action import Action
from remedy.actions.catalogue import version_of
from remedy.codec import encode
from remedy.digest import digest
from remedy.engine.policy import risk_of
from remedy.engine.sense import sensible
from remedy.errors import CannotTell, Refused, Stale
from remedy.load.resolved import Step
from remedy.model import Change, Facts, Host, HostPlan, Json, Plan, PlannedStep, Reply


def identity_of(host: Host) -> str:
    """What this host is, for the digest: its pinned keys, else its address and login; of a container, its engine."""
    if host.address.scheme == "docker":
        return " ".join(filter(None, (str(host.address), host.via and f"via {host.via}", host.engine)))
    return " ".join(sorted(host.host_key)) or str(host.address)


def machine_of(part: HostPlan) -> str:
    """What two hosts of a plan share when they are one: a pinned key, or a container's id."""
    return part.container.partition(" ")[0] or part.identity


def entry_of(host: Host) -> dict[str, Json]:
    """The host's own entry: how it is reached and what it is, without its variables."""
    entry = cast("dict[str, Json]", encode(replace(host, vars={}, at="")))
    del entry["vars"], entry["at"], entry["container"]
    _drop_empty(entry, "drillable")
    return entry


def covered(plan: Plan) -> Json:
    """Everything a person consents to. Ids, times, evidence and what is shown of it are outside."""
    whole = cast("dict[str, Any]", encode(plan))
    for name in ("id", "digest", "made_at", "requester"):
        del whole[name]
    for host in whole["hosts"]:
        del host["clock"]
        host["findings"] = [{"asked": f["asked"], "ground": f["reply"]["ground"]} for f in host["findings"]]
        for step in host["steps"]:
            del step["evidence"]
            if step["change"]:
                del step["change"]["lines"], step["change"]["effect"]
                _drop_empty(step["change"], "typed")
    _drop_empty(whole["need"], "losses")
    return cast(Json, whole)


def _drop_empty(fields: dict[str, Any], name: str) -> None:
    """Leave out what plans had no word for at first, so that those made then keep their digest."""
    if not fields[name]:
        del fields[name]


def sealed(plan: Plan) -> Plan:
    """The same plan with the digest of what it covers."""
    return replace(plan, digest=digest(covered(plan)))


def demand_intact(plan: Plan) -> None:
    """Raise Stale unless the digest is the hash of what the plan says."""
    if digest(covered(plan)) != plan.digest:
        raise Stale(f"plan {plan.id}: digest mismatch: this is not the plan that was made", fix="plan again")


def seen_of(action: Action[Any], reply: Reply) -> Any:
    """The observation in a reply. Raises CannotTell for a look that was not answered."""
    if not reply.answered:
        why = reply.error.strip() or (
            "the answer was too long" if reply.truncated else f"the look ended with {reply.rc}"
        )
        raise CannotTell(f"{action.name}: {why}")
    with sensible(action.name):
        return action.see(reply)


def plan_step(step: Step, reply: Reply, facts: Facts, host: Host, *, has_symptom: bool, wanted: bool) -> PlannedStep:
    """One step as planned on what was seen. A host that lacks what it needs refuses the plan.

    Raises Refused (rc 3: something is missing; or the action's own caps) and CannotTell.
    """
    assert step.action is not None
    action = step.action
    blank = PlannedStep(
        step=step.id,
        action=action.name,
        params=step.params,
        title=step.title,
        look=action.look(host).pinned(facts.now),
        ground=reply.ground,
        evidence=reply.evidence,
        version=version_of(action.family()),
        timeout_s=step.timeout_s,
    )
    if not wanted:
        return replace(blank, reason=f"when: {step.when_text}")
    if reply.rc == 3:  # the far end's word for: the host lacks something
        raise Refused(f"{host.name}: step {step.id} ({action.name}): {reply.error.strip()}")
    seen = seen_of(action, reply)
    with sensible(action.name):
        change = action.plan(seen)
        reason = "" if change else action.unchanged(seen)
    if change is None:
        return replace(blank, reason=reason, title=step.title or reason)
    return replace(
        blank,
        change=timed(change, step.timeout_s),
        title=step.title or change.title,
        risk=risk_of(change, has_symptom=has_symptom),
    )


def timed(change: Change, timeout_s: int) -> Change:
    """The change with a step's own timeout on its calls, where one is written."""
    if not timeout_s:
        return change
    longer = tuple(replace(o, timeout_s=timeout_s) if o.do != "await" else o for o in change.operations)
    return replace(change, operations=longer)


def without_changes(host: HostPlan, reason: str) -> HostPlan:
    """The same host with nothing to do, and why."""
    steps = tuple(replace(s, change=None, reason=reason) for s in host.steps)
    return replace(host, steps=steps)


def observations(steps: Mapping[str, Any]) -> dict[str, Json]:
    """What was seen, as `when` may read it: step id to the fields of its observation."""
    return {name: encode(seen) for name, seen in steps.items()}
