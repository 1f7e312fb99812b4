"""What must hold besides consent when a plan is applied: the time, and how often it ran. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from remedy.engine.calendar import wall_text
from remedy.engine.policy import Subject, fits, opens, shut, subjects_of
from remedy.errors import Busy, Closed, Refused
from remedy.model import Cap, HostPlan, Plan, Policy
from remedy.terms import Budget, Conditions, InHand, always_open, always_room

# How many runs of a playbook on a host that nobody watches may begin within what time: each waits four times as long
# as the one before, and after three within an hour somebody has to look. systemd gives up after 5 in 10 s.
BY_ITSELF = ((1, timedelta(minutes=2)), (2, timedelta(minutes=8)), (3, timedelta(hours=1)))


def conditions_of(plan: Plan, policy: Policy, *, standing: bool = False) -> Conditions:
    """What the policy demands of the moment in which this plan is applied, and of the hour before it.

    `standing`: nobody is here to look whether it helps; where the policy gives no number of runs, the built-in holds.
    """
    subjects = subjects_of(plan.playbook, plan.hosts)
    is_timed = bool(policy.windows or policy.freezes) and bool(subjects)

    def closed(now: datetime) -> Refused | None:
        return why_closed(plan.id, subjects, policy, now)

    return Conditions(
        closed=closed if is_timed else always_open,
        budgets=() if plan.undo_of else budgets_of(subjects, policy, standing=standing),
        crowded=_room_for(plan, policy) if _is_bounded(plan, policy) else always_room,
        standing=standing,
    )


def _is_bounded(plan: Plan, policy: Policy) -> bool:
    """Whether a cap says how many hosts may be in hand. Taking back is never kept waiting: it helps."""
    return not plan.undo_of and any(c.at_once is not None for c in policy.caps)


def _room_for(plan: Plan, policy: Policy) -> Callable[[Sequence[InHand]], Refused | None]:
    def crowded(others: Sequence[InHand]) -> Refused | None:
        return next((w for c in policy.caps if (w := why_crowded(plan, c, others))), None)

    return crowded


def why_crowded(plan: Plan, cap: Cap, others: Sequence[InHand]) -> Busy | None:
    """The refusal for a plan beside which more hosts than a cap allows would be in hand at one time."""
    mine = _fitting(plan, cap)
    if cap.at_once is None or not mine:
        return None
    count, whose, known = min(len(mine), plan.limits.batch), [], set(mine)
    for other in others:
        theirs = sorted((_fitting(other.plan, cap) & other.hosts) - known)
        known.update(theirs)
        count += min(len(theirs), other.at_once)
        if theirs:
            whose.append(f"{', '.join(theirs)} by run {other.run}{f', which was {other.left}' if other.left else ''}")
    if count <= cap.at_once:
        return None
    beside = f"; in hand: {'; '.join(whose)}" if whose else f"; this plan would take {count}"
    return Busy(
        f"at most {cap.at_once} of these hosts may be in hand at one time{beside}",
        at=cap.at,
        fix="see to those first (remedy show RUN), or limits.batch; in an emergency: --break-glass REASON",
    )


def _fitting(plan: Plan, cap: Cap) -> frozenset[str]:
    return frozenset(s.host for s in subjects_of(plan.playbook, plan.hosts) if fits(cap, s))


def why_closed(what: str, subjects: Sequence[Subject], policy: Policy, now: datetime) -> Closed | None:
    """The refusal for what may not be begun now: every window and freeze, and when it may be begun."""
    found = shut(subjects, policy, now)
    if not found:
        return None
    first = found[0]
    zones = [f.zone for f in policy.freezes if f.at == first.at] + [w.zone for w in policy.windows if w.at == first.at]
    says = "; ".join(f"{s.says} ({s.at})" for s in found)
    return Closed(f"{what}: {says}", at=first.at, fix=_fix(opens(subjects, policy, now), zones[0] if zones else UTC))


def _fix(when: datetime | None, zone: tzinfo) -> str:
    emergency = "in an emergency: --break-glass REASON"
    if when is None:
        return f"these windows and freezes are never open together in the next weeks: mend the policy; {emergency}"
    return f"apply it from {wall_text(when, zone)} on; {emergency}"


def budgets_of(subjects: Sequence[Subject], policy: Policy, *, standing: bool = False) -> tuple[Budget, ...]:
    """How often this playbook may change each of these hosts."""
    written = tuple(
        Budget(host=s.host, most=c.runs, within=c.within, at=c.at)
        for s in subjects
        for c in policy.caps
        if c.runs is not None and fits(c, s)
    )
    said = {b.host for b in written}
    rest = [s.host for s in subjects if standing and s.host not in said]
    return (
        *written,
        *(Budget(host=h, most=m, within=w, at="built in, for standing approvals") for h in rest for m, w in BY_ITSELF),
    )


def not_now(plan: Plan, part: HostPlan, policy: Policy, now: datetime) -> str:
    """Why a host of a run is not begun any more, though the run itself began in time; "" where it is."""
    found = shut(subjects_of(plan.playbook, [part]), policy, now)
    return "; ".join(f"{s.says} ({s.at})" for s in found)
