"""Whose consent a plan needs: computed from its risk and where it runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from remedy.model import Change, HostPlan, Need, Policy, Risk, Rule, UndoImpossible

PRODUCTION = "production"

BUILT_IN = (
    Rule(risk=(Risk.LOW, Risk.MEDIUM), people=1, at="built in"),
    Rule(risk=(Risk.HIGH,), environments=(PRODUCTION,), people=2, typed=True, at="built in"),
    Rule(risk=(Risk.HIGH,), people=1, typed=True, at="built in"),
)


def risk_of(change: Change, *, has_symptom: bool) -> Risk:
    """The risk of one change: its action's, one up without undo, one up when no symptom guards it."""
    risk = change.risk
    if isinstance(change.undo, UndoImpossible):
        risk = risk.raised()
    return risk if has_symptom else risk.raised()


def need_of(playbook: str, hosts: Sequence[HostPlan], policy: Policy) -> Need:
    """What it takes to apply: the strictest need of any host. Without a change, nothing."""
    needs = [_need_of_host(playbook, h, policy) for h in hosts if h.changes]
    if not needs:
        return Need(risk=Risk.LOW, people=0, rule="nothing to do")
    strictest = max(needs, key=lambda n: (n.never, n.people, bool(n.typed), n.risk))
    typed = " ".join(n.typed for n in needs if n.typed)
    return Need(
        risk=max(n.risk for n in needs),
        people=strictest.people,
        typed=typed,
        never=strictest.never,
        rule=strictest.rule,
    )


def _need_of_host(playbook: str, host: HostPlan, policy: Policy) -> Need:
    risk = max(s.risk for s in host.changes)
    for rule in (*policy.rules, *BUILT_IN):
        if _applies(rule, playbook, host, risk):
            return Need(
                risk=risk,
                people=rule.people,
                never=rule.never,
                typed=host.host if rule.typed else "",
                rule=rule.at,
            )
    raise AssertionError("the built-in rules cover every risk")


def _applies(rule: Rule, playbook: str, host: HostPlan, risk: Risk) -> bool:
    return (
        (not rule.risk or risk in rule.risk)
        and (not rule.environments or host.environment in rule.environments)
        and (not rule.playbooks or playbook in rule.playbooks)
    )
