"""Consent in the store: approve, reject, and redeem once, each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from remedy.codec import encode
from remedy.digest import canonical
from remedy.errors import Refused, Spent
from remedy.model import Approval, Draft, Event, Json, Kind, Need, Plan
from remedy.store import rows
from remedy.store.audit import sha256
from remedy.store.connection import Cell
from remedy.store.consent import consent, demand_allowed
from remedy.store.crowd import in_hand
from remedy.store.journal import Journal, Reading, Transaction
from remedy.store.standing import accepted, all_standing, consent_with
from remedy.store.times import moment, written
from remedy.terms import CLOCK_SLACK, UNCONDITIONAL, Conditions, always_room


def approve(journal: Journal, approval: Approval) -> None:
    """Record a consent to a plan that is open, names its digest, and has not expired yet."""

    def work(tx: Transaction) -> None:
        made = _open_plan(tx, approval.plan)
        if made.body.get("digest") != approval.digest:
            raise Refused(
                f"the approval names digest {approval.digest[:12]}, plan {approval.plan} has another",
                fix=f"look at it again: remedy show {approval.plan}",
            )
        if moment(approval.expires_at) <= tx.now:
            raise Refused(f"the approval has expired already, at {approval.expires_at}", fix=_late_fix(tx))
        if tx.rows("has_approval", id=approval.id):
            raise Refused(f"approval {approval.id} is recorded already", fix="approve with a new id")
        body = rows.approved(approval)
        [event] = tx.append([Draft(kind=Kind.APPROVED, body=body, plan=approval.plan)])
        tx.rows("add_approval", id=approval.id, plan=approval.plan, event=event.seq)

    journal.write(work)


def _late_fix(tx: Transaction) -> str:
    is_ahead = tx.behind > CLOCK_SLACK
    return "the store has seen later times: remedy unlock --clock tells" if is_ahead else "check the clock"


def reject(journal: Journal, plan: str, person: str, reason: str) -> None:
    """Close a plan for good, unless it was applied already."""

    def work(tx: Transaction) -> None:
        _made(tx, plan)
        _refuse_applied(tx, plan)
        body: dict[str, Json] = {"person": person, "reason": reason}
        tx.append([Draft(kind=Kind.REJECTED, body=body, plan=plan)])

    journal.write(work)


def redeem(
    journal: Journal, plan: Plan, need: Need, person: str, run: str, conditions: Conditions
) -> tuple[Approval, ...]:
    """Create the run and use up the approvals it needs; a refusal leaves only the time it was asked."""

    def work(tx: Transaction) -> tuple[Approval, ...] | Refused:
        try:
            return _redeemed(tx, plan, need, person, run, conditions)
        except Refused as refusal:
            return refusal

    answer = journal.write(work)
    if isinstance(answer, Refused):
        raise answer
    return answer


def approvals(found: Iterable[Sequence[Cell]], accepted_seq: int) -> tuple[Approval, ...]:
    """The consents in rows of the query `approvals`; void where the store's time was set back since."""
    return tuple(replace(_approval(row), void=rows.event(row).seq < accepted_seq) for row in found)


def _approval(row: Sequence[Cell]) -> Approval:
    given = rows.event(row)
    *_, id_, used_by = row
    found = rows.approval(given, "" if used_by is None else str(used_by))
    if given.kind is not Kind.APPROVED or (found.id, found.plan) != (id_, given.plan):
        raise rows.damaged("approvals", str(id_), f"it is not the one of journal event {given.seq}")
    return found


def applied(plan: str, run: str) -> Refused:
    """The error for a plan that has its run already."""
    return Refused(f"plan {plan} was applied already, by run {run}", at=run, fix="make a new plan")


def _redeemed(
    tx: Transaction, plan: Plan, need: Need, person: str, run: str, conditions: Conditions
) -> tuple[Approval, ...]:
    _open_plan(tx, plan.id)
    _refuse_other(tx, plan)
    if need.people or conditions != UNCONDITIONAL:
        _refuse_clock(tx)
    given = approvals(tx.rows("approvals", plan=plan.id), accepted(tx))
    chosen, against = _consented(tx, plan, need, given, conditions)
    through = chosen[0].through if chosen else plan.through
    own = {a.id for a in given}
    body: dict[str, Json] = {
        "person": person,
        "playbook": plan.playbook,
        "undo_of": plan.undo_of,
        "changes_on": [h.host for h in plan.hosts if h.changes],
        "digest": plan.digest,
        "through": through,
        "approvals": [a.id for a in chosen if a.id in own],
        "standing": [a.id for a in chosen if a.id not in own],
        "approved_by": [a.person for a in chosen],
        "break_glass": [a.reason for a in chosen if a.break_glass],
        "against": f"BREAK-GLASS AGAINST: {against}" if against else "",
    }
    [event] = tx.append([Draft(kind=Kind.RUN_CREATED, body=body, plan=plan.id, run=run)])
    tx.rows("add_run", id=run, plan=plan.id, created=event.seq)
    for used in chosen:
        if used.id in own:
            tx.rows("use_approval", id=used.id, run=run)
    return tuple(replace(a, used_by=run) for a in chosen)


def _consented(
    tx: Transaction, plan: Plan, need: Need, given: Sequence[Approval], conditions: Conditions
) -> tuple[tuple[Approval, ...], str]:
    """The approvals to use up, and what they stand against: what only a broken glass overrides."""
    demand_allowed(plan, need)
    hindrance = next(hindrances(tx, plan, conditions), None)
    if hindrance is None and conditions.standing:
        return consent_with(plan, need, given, all_standing(tx.rows("standing"), accepted(tx)), tx.now), ""
    if hindrance is None:
        return consent(plan, need, given, tx.now), ""
    broken = [a for a in given if a.break_glass]
    try:
        return consent(plan, replace(need, people=max(1, need.people)), broken, tx.now), hindrance.message
    except Refused:
        raise hindrance from None


def hindrances(store: Reading, plan: Plan, conditions: Conditions) -> Iterator[Refused]:
    """What stands in the way now besides consent: the time, a budget that is spent, too many hosts in hand."""
    if closed := conditions.closed(store.now):
        yield closed
    if spent := _spent(store, plan, conditions):
        yield spent
    if crowded := _crowded(store, conditions):
        yield crowded


def _crowded(store: Reading, conditions: Conditions) -> Refused | None:
    """Why too many hosts are in hand already; nothing is read where nothing bounds them."""
    return None if conditions.crowded is always_room else conditions.crowded(in_hand(store))


def _spent(store: Reading, plan: Plan, conditions: Conditions) -> Refused | None:
    """Why a host of this plan may not be changed again so soon; None where it may."""
    for budget in conditions.budgets:
        rows_ = store.rows("runs_since", since=written(store.now - budget.within), until=written(store.now))
        past = [e for e in map(rows.event, rows_) if _changed(e, plan.playbook, budget.host)]
        if len(past) >= budget.most:
            free = moment(past[-budget.most].at) + budget.within
            return Spent(
                f"{plan.playbook} has run {len(past)} times on {budget.host} within {budget.within}, at most"
                f" {budget.most} are allowed ({budget.at}): it does not last; look for the cause",
                at=budget.at,
                fix=f"again from {free:%Y-%m-%d %H:%M:%S} UTC on; in an emergency: --break-glass REASON",
            )
    return None


def _changed(created: Event, playbook: str, host: str) -> bool:
    body = created.body
    on = body.get("changes_on", [])
    return body.get("playbook") == playbook and not body.get("undo_of") and isinstance(on, list) and host in on


def _open_plan(tx: Transaction, plan: str) -> Event:
    """The event that made a plan. Raises Refused when it was rejected or applied."""
    made = _made(tx, plan)
    for row in tx.rows("rejection", plan=plan):
        said = rows.event(row).body
        raise Refused(f"plan {plan} was rejected by {said.get('person')}: {said.get('reason')}", fix="make a new plan")
    _refuse_applied(tx, plan)
    return made


def _made(tx: Transaction, plan: str) -> Event:
    for _, *made in tx.rows("plan_document", id=plan):
        return rows.event(made)
    raise Refused(f"no plan {plan} is kept here", at=plan, fix="apply it with the home that made it, or plan again")


def _refuse_applied(tx: Transaction, plan: str) -> None:
    for (run,) in tx.rows("run_of_plan", plan=plan):
        raise applied(plan, str(run))


def _refuse_clock(tx: Transaction) -> None:
    """Raise Refused when the clock stands so far back that the age of an approval cannot be told."""
    if tx.behind > CLOCK_SLACK:
        raise Refused(
            f"this machine's clock is {tx.behind} behind the latest time the store has seen;"
            " whether an approval has expired cannot be told",
            fix="set the clock right; where it is right now and was ahead before: remedy unlock --clock",
        )


def accept_clock(journal: Journal, person: str) -> Event:
    """Take the machine's clock for right, though the store has seen a later time."""

    def work(tx: Transaction) -> Event:
        if tx.behind <= CLOCK_SLACK:
            raise Refused("this machine's clock is not behind the latest time the store has seen", fix="nothing to do")
        body: dict[str, Json] = {
            "person": person,
            "seen": written(tx.now),
            "now": written(tx.now - tx.behind),
            "says": "THE STORE'S TIME IS SET BACK; EVERY APPROVAL GIVEN BEFORE IS VOID",
        }
        return tx.set_back(Draft(kind=Kind.CLOCK_ACCEPTED, body=body))

    return journal.write(work)


def _refuse_other(tx: Transaction, plan: Plan) -> None:
    """Raise Refused unless `plan` is, to the last field but `through`, the plan kept under its id."""
    [(document, *made)] = tx.rows("plan_document", id=plan.id)
    kept = rows.plan(plan.id, str(document), rows.event(made), sha256(str(document)))
    if canonical(encode(replace(plan, through=kept.through))) != document:
        raise Refused(
            f"digest mismatch: this is not the plan that was kept as {plan.id}", at=plan.id, fix="remedy plan, again"
        )
