"""Consent that stands: given once, taken back once, each in one transaction; and for which plans it serves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from remedy.codec import encode
from remedy.errors import Refused, Unapproved
from remedy.model import Approval, Draft, Json, Kind, Need, Plan, Risk, StandingApproval
from remedy.store import rows
from remedy.store.connection import Cell
from remedy.store.consent import consent
from remedy.store.journal import Journal, Transaction
from remedy.store.times import moment


def stand(journal: Journal, approval: StandingApproval) -> None:
    """Record a consent that stands, which has not expired yet and does not cover a high risk."""

    def work(tx: Transaction) -> None:
        if approval.max_risk is Risk.HIGH:
            raise Refused("a standing approval never covers a high risk", fix="--max-risk medium")
        if moment(approval.expires_at) <= tx.now:
            raise Refused(f"the approval has expired already, at {approval.expires_at}", fix="check the clock")
        if tx.rows("standing_refs", ref=approval.id, size=len(approval.id)):
            raise Refused(f"approval {approval.id} is recorded already", fix="approve with a new id")
        body = cast("dict[str, Json]", encode(approval))
        del body["revoked"], body["void"]
        [event] = tx.append([Draft(kind=Kind.STANDING, body=body, plan=approval.id)])
        tx.rows("add_standing", id=approval.id, event=event.seq)

    journal.write(work)


def revoke(journal: Journal, id_: str, person: str, reason: str) -> StandingApproval:
    """Take it back. What runs by it already runs on."""

    def work(tx: Transaction) -> StandingApproval:
        [found] = [s for s in all_standing(tx.rows("standing"), accepted(tx)) if s.id == id_]
        if found.revoked:
            raise Refused(f"standing approval {id_} was taken back already, by {found.revoked}", at=id_)
        body: dict[str, Json] = {"id": id_, "person": person, "reason": reason}
        tx.append([Draft(kind=Kind.REVOKED, body=body, plan=id_)])
        return replace(found, revoked=_by(body))

    return journal.write(work)


def accepted(tx: Transaction) -> int:
    """The number of the last event by which the store's time was set back; 0 where there is none."""
    return accepted_in(tx.rows("clock_accepted"))


def accepted_in(found: Sequence[Sequence[Cell]]) -> int:
    """The same, from the rows of the query."""
    [(seq,)] = found
    return int(seq or 0)


def all_standing(found: Iterable[Sequence[Cell]], accepted_seq: int) -> tuple[StandingApproval, ...]:
    """The standing approvals in rows of the query `standing`. The events say all of it."""
    size = rows.EVENT_COLUMNS
    listed = []
    for row in found:
        given, id_ = rows.event(row[:size]), str(row[-1])
        taken = None if row[size] is None else rows.event(row[size : 2 * size])
        approval = rows.standing(given, _by(dict(taken.body)) if taken else "")
        named = id_ if taken is None else taken.body.get("id")
        if given.kind is not Kind.STANDING or approval.id != id_ or named != id_:
            raise rows.damaged("standing", id_, f"it is not the one of journal event {given.seq}")
        listed.append(replace(approval, void=given.seq < accepted_seq))
    return tuple(listed)


def _by(body: dict[str, Json]) -> str:
    reason = f": {body['reason']}" if body.get("reason") else ""
    return f"{body.get('person')}{reason}"


# ---------------------------------------------------------------- for which plans


def why_not(approval: StandingApproval, plan: Plan, need: Need, now: datetime) -> str:
    """Why a standing approval does not serve for a plan of its playbook; "" where it does."""
    parts = [h for h in plan.hosts if h.changes]
    size_bytes = sum(s.change.effect.size_bytes for h in parts for s in h.changes if s.change)
    outside = [h.host for h in parts if not _covers(approval, h.host, h.entry.get("groups"))]
    told = (
        (bool(approval.revoked), f"was taken back by {approval.revoked}"),
        (approval.void, "was given before the store's time was set back"),
        (moment(approval.expires_at) <= now, f"expired at {approval.expires_at}"),
        (bool(plan.undo_of), "does not cover taking a run back"),
        (approval.playbook_digest != plan.playbook_digest, "was given to the playbook as it was before it changed"),
        (bool(outside), f"does not cover {', '.join(outside)}"),
        (any(h.own for h in parts), "covers no machine that remedy runs on or reaches others through"),
        (need.risk > approval.max_risk, f"covers {approval.max_risk.word} risk, this is {need.risk.word}"),
        (bool(need.typed), "is not enough where the policy wants the host's name typed"),
        (bool(need.losses), "is not enough where a loss is to be typed"),
        (len(parts) > approval.max_hosts, f"covers {approval.max_hosts} hosts, these are {len(parts)}"),
        (size_bytes > approval.max_bytes, f"covers {approval.max_bytes:,} bytes, these are {size_bytes:,}"),
    )
    return next((f"standing approval {approval.id} {says}" for holds, says in told if holds), "")


def _covers(approval: StandingApproval, host: str, groups: Json) -> bool:
    in_group = not approval.group or (isinstance(groups, list) and approval.group in groups)
    return in_group and approval.host in ("", host)


def consent_with(
    plan: Plan, need: Need, given: Sequence[Approval], standing: Sequence[StandingApproval], now: datetime
) -> tuple[Approval, ...]:
    """What `consent` chooses from the plan's own approvals and from those that stand and serve for it.

    Raises what it raises, and beside who is still needed says why each that stands does not serve.
    """
    named = [s for s in standing if s.playbook == plan.playbook]
    serving = [_as_given(s, plan) for s in named if not why_not(s, plan, need, now)]
    try:
        return consent(plan, need, [*given, *serving], now)
    except Unapproved as lacking:
        reasons = [w for s in named if (w := why_not(s, plan, need, now))]
        said = "; ".join(reasons) or f"no standing approval of {plan.playbook} is given"
        fix = f"remedy approve --standing {plan.playbook} --group G --until T; for this once: remedy approve {plan.id}"
        raise Unapproved(f"{lacking.message}; {said}", at=lacking.at, fix=fix) from None


def _as_given(standing: StandingApproval, plan: Plan) -> Approval:
    return Approval(
        id=standing.id,
        plan=plan.id,
        digest=plan.digest,
        person=standing.person,
        at=standing.at,
        expires_at=standing.expires_at,
        reason=standing.reason,
    )
