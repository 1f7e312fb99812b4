"""Whose consent a plan has, and whose it still lacks: a decision without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from remedy.errors import Forbidden, Refused, Unapproved
from remedy.model import Approval, Need, Plan
from remedy.store.times import moment


def consent(plan: Plan, need: Need, approvals: Sequence[Approval], now: datetime) -> tuple[Approval, ...]:
    """The approvals that this plan uses up, chosen from all it was given.

    They name its digest, have not expired, were not used, and all consent to the same rungs.
    Two people means: somebody besides the requester, and one more, who may be the requester;
    a break-glass approval stands for both. Raises Unapproved, saying who is still needed, or Refused.
    """
    demand_allowed(plan, need)
    if need.people == 0:
        return ()
    fitting = [a for a in approvals if a.digest == plan.digest and a.plan == plan.id and not a.used_by and not a.void]
    live = [a for a in fitting if moment(a.expires_at) > now]
    for group in _groups(plan, live):
        if chosen := _enough(group, need.people, plan.requester):
            return chosen
    for group in _groups(plan, fitting):
        if chosen := _enough(group, need.people, plan.requester):
            raise _expired(plan, [a for a in chosen if a not in live])
    raise _lacking(plan, need, live, [a for a in fitting if a not in live])


def demand_allowed(plan: Plan, need: Need) -> None:
    """Raise Forbidden where nobody's consent serves, with the rule or the caps that say so."""
    fix = f"remedy explain {plan.id}"
    if need.never:
        raise Forbidden(f"plan {plan.id} is forbidden by the policy: {need.rule} says never", at=need.rule, fix=fix)
    if need.over:
        first, *more = need.over
        at, _, says = first.partition(": ")
        others = f"; and {'; '.join(more)}" if more else ""
        message = f"plan {plan.id} is forbidden by the policy: it passes a cap: {says}{others}"
        raise Forbidden(message, at=at, fix=f"name fewer hosts, or raise the cap; {fix}")


def _groups(plan: Plan, approvals: Iterable[Approval]) -> list[list[Approval]]:
    """Approvals by the step they reach through, consent to all of it first; never mixed."""
    groups: dict[str, list[Approval]] = {plan.through: []}
    for approval in approvals:
        groups.setdefault(approval.through, []).append(approval)
    return [groups[plan.through]] if plan.through else list(groups.values())


def _enough(group: Sequence[Approval], people: int, requester: str) -> tuple[Approval, ...]:
    """One approval each of as many persons as are needed; empty when there are not enough."""
    by_person: dict[str, Approval] = {}
    for approval in sorted(group, key=lambda a: a.break_glass):
        by_person.setdefault(approval.person, approval)
    own = [a for a in by_person.values() if a.person == requester]
    others = [a for a in by_person.values() if a.person != requester]
    chosen = (own + others)[:people]
    if len(chosen) == people:
        return tuple(chosen)
    return tuple(a for a in group if a.break_glass)[:1]


def _expired(plan: Plan, late: Sequence[Approval]) -> Refused:
    when = "; ".join(f"that of {a.person} expired at {a.expires_at}" for a in late)
    return Refused(f"the approval of plan {plan.id} is no longer valid: {when}", fix=f"remedy approve {plan.id}")


def _lacking(plan: Plan, need: Need, live: Sequence[Approval], late: Sequence[Approval]) -> Unapproved:
    rule = f" ({need.rule})" if need.rule else ""
    group = max(_groups(plan, live), key=lambda g: len({a.person for a in g}))
    given = sorted({a.person for a in group})
    said = f"consented so far: {', '.join(given)}" if given else "nobody has consented so far"
    notes = [f"consented only through step {a.through}: {a.person}" for a in live if a not in group]
    notes += [f"expired at {a.expires_at}: {a.person}" for a in late]
    text = (
        f"plan {plan.id}, risk {need.risk.word}, needs {_count(need.people)}{rule}; {said};"
        f" still needed: {_still(plan, need.people, given)}"
    )
    return Unapproved("; ".join([text, *notes]), at=plan.id, fix=_fix(plan, need.people))


def _still(plan: Plan, people: int, given: Sequence[str]) -> str:
    if people == 1:
        return "one person's approval"
    if not given:
        return f"{plan.requester or 'the requester'}, and {_others(people - 1)} (or {_others(people)})"
    if plan.requester in given:
        return f"{_others(people - len(given))} than {', '.join(given)}"
    return f"{plan.requester or 'the requester'}, or another person than {', '.join(given)}"


def _others(number: int) -> str:
    return "one other person" if number == 1 else f"{number} other people"


def _count(people: int) -> str:
    return "one person" if people == 1 else f"{people} people, one of them not the requester"


def _fix(plan: Plan, people: int) -> str:
    approve = f"remedy approve {plan.id}"
    return approve if people == 1 else f"they run: {approve}; in an emergency: --break-glass REASON"
