"""Consent to a plan that was made before, by whoever types it."""

from __future__ import annotations

from remedy.actions.kinds import KINDS
from remedy.cli.asking import Consent, approval_of, demand_consent, lacking
from remedy.cli.carrying import demand_open, plan_ref, show_plan
from remedy.cli.shown.plan_json import plan_json
from remedy.cli.shown.plan_text import given_words
from remedy.cli.wiring import Parts
from remedy.engine.told import demand_some_told
from remedy.errors import Invalid, Refused
from remedy.load.text import suggestion
from remedy.model import Plan


def approve(parts: Parts, ref: str, said: Consent, ttl: str, *, as_json: bool) -> None:
    """Show the plan, ask where its risk is high, record the consent, and say what is still lacking."""
    plan = plan_ref(parts, ref)
    _demand_step(plan, said.through)
    ttl_s = _ttl_s(ttl, parts.policy.approval_s)
    demand_open(parts, plan)
    demand_some_told(plan)
    show_plan(parts, plan, as_json=as_json)
    demand_consent(parts.world, plan, said, sufficient=True)
    approval = approval_of(plan, parts.person, parts.clock.now(), ttl_s, said)
    parts.store.approve(approval)
    given = parts.store.approvals(plan.id)
    missing = lacking(parts.store, plan, parts.clock.now())
    if as_json:
        parts.world.document(plan_json(plan, given))
        return
    parts.world.out(given_words(approval))
    parts.world.out(f"still lacking: {missing.message}" if missing else f"next: remedy apply {plan.id}")


def _demand_step(plan: Plan, through: str) -> None:
    """Raise Invalid unless `through` is empty or a step of the plan."""
    steps = list(dict.fromkeys(s.step for h in plan.hosts for s in h.steps))
    if through and through not in steps:
        raise Invalid(f"plan {plan.id} has no step {through}", at="--through", fix=suggestion(through, steps))


def _ttl_s(ttl: str, longest_s: int) -> int:
    """The seconds that a consent lasts: as asked, but never longer than the policy lets it."""
    if not ttl:
        return longest_s
    try:
        wanted_s = KINDS["duration"].parse(ttl)
    except Invalid as wrong:
        raise Invalid(f"--ttl: {wrong.message}", at="--ttl", fix="for example --ttl 15m") from None
    if not isinstance(wanted_s, int) or not 0 < wanted_s <= longest_s:
        raise Refused(f"--ttl: an approval lasts at most {longest_s} s here", at="--ttl", fix=f"--ttl {longest_s}s")
    return wanted_s
