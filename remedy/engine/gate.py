"""What must hold besides consent when a plan is applied: the time, and how often it ran. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from remedy.engine.calendar import wall_text
from remedy.engine.policy import Subject, fits, opens, shut, subjects_of
from remedy.errors import Closed, Refused
from remedy.model import HostPlan, Plan, Policy
from remedy.terms import Budget, Conditions, always_open

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
        standing=standing,
    )


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
