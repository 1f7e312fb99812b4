"""The two ways to apply: a playbook, planned now; a plan, made before."""

from __future__ import annotations

from remedy.cli.asking import Consent, lacking
from remedy.cli.carrying import consent, demand_open, hosts_now, named_hosts, plan_ref, run_plan, show_plan
from remedy.cli.options import Target
from remedy.cli.planning import make_plan
from remedy.cli.wiring import Parts
from remedy.engine.told import demand_some_told
from remedy.errors import Invalid
from remedy.load.find import playbook_names
from remedy.load.text import suggestion
from remedy.model import Plan


def apply_playbook(parts: Parts, playbook: str, target: Target, said: Consent, *, json: bool) -> int:
    """Plan, show, ask, apply, verify. Returns the run's exit code."""
    plan = make_plan(parts, playbook, target)
    parts.fleet.demand_room(len(plan.hosts))
    show_plan(parts, plan, as_json=json)
    demand_some_told(plan)
    consent(parts, plan, said)
    return run_plan(parts, plan, named_hosts(parts, plan), json=json, standing=said.standing)


def apply_plan(parts: Parts, ref: str, said: Consent, *, json: bool) -> int:
    """Apply a kept plan, if all it rests on is as it was. What it lacks of consent is asked for."""
    plan = _kept(parts, ref)
    demand_open(parts, plan)
    demand_some_told(plan)
    hosts = hosts_now(parts, plan)
    if lacking(parts.store, plan, parts.clock.now()):
        show_plan(parts, plan, as_json=json)
    consent(parts, plan, said)
    return run_plan(parts, plan, hosts, json=json, standing=said.standing)


def _kept(parts: Parts, ref: str) -> Plan:
    """The plan; someone who names a playbook without a host is told so."""
    try:
        return plan_ref(parts, ref)
    except Invalid as unknown:
        names = playbook_names(parts.home.path)
        if ref in names or ref.endswith((".yml", ".yaml")):
            raise Invalid(
                f"{ref} is a playbook: name the host to apply it to", at=ref, fix=f"remedy apply {ref} --host NAME"
            ) from None
        said = suggestion(ref, names)
        fix = said if said.startswith("did you mean") else unknown.fix
        raise Invalid(unknown.message, at=unknown.at, fix=fix) from None
