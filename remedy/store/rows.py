"""Rows to nouns and back. What is read is verified: a changed bit is a StoreError that names its row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from remedy.codec import decode, encode
from remedy.digest import canonical
from remedy.errors import Invalid, StoreError
from remedy.model import Approval, Event, Json, Kind, Plan, StandingApproval
from remedy.ports import PlanRow, RunRow
from remedy.store.chain import RESTORE, broken, verify
from remedy.store.connection import Cell

T = TypeVar("T")
EVENT_COLUMNS = 10


def event(row: Sequence[Cell]) -> Event:
    """The event in the first columns of a row, if it is what was written."""
    seq, *texts = row[:EVENT_COLUMNS]
    at, kind, plan, run, host, step, body, before, hash_ = map(str, texts)
    try:
        return verify(
            Event(
                seq=int(cast(int, seq)),
                at=at,
                kind=Kind(kind),
                body=cast(dict[str, Json], _parsed(body, dict)),
                plan=plan,
                run=run,
                host=host,
                step=step,
                before=before,
                hash=hash_,
            )
        )
    except (ValueError, TypeError, RecursionError):
        raise broken(cast(int, seq), "it cannot be read") from None


def cells(event: Event) -> dict[str, Cell]:
    """The columns of an event."""
    return {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind.value,
        "plan": event.plan,
        "run": event.run,
        "host": event.host,
        "step": event.step,
        "body": canonical(encode(event.body)),
        "before": event.before,
        "hash": event.hash,
    }


def planned(plan: Plan, document_sha256: str) -> dict[str, Json]:
    """The body of the event that records a plan: its line in a list, and the hash of its document."""
    risk = max((s.risk for h in plan.hosts for s in h.changes), default=plan.need.risk)
    undoing: dict[str, Json] = {"undo_of": plan.undo_of} if plan.undo_of else {}
    return {
        **undoing,
        "digest": plan.digest,
        "document_sha256": document_sha256,
        "playbook": plan.playbook,
        "hosts": [h.host for h in plan.hosts],
        "changes": sum(len(h.changes) for h in plan.hosts),
        "risk": risk.word,
        "made_at": plan.made_at,
        "requester": plan.requester,
    }


def plan_row(made: Event, *, rejected: bool, applied: bool) -> PlanRow:
    """A plan as a list shows it."""
    entries = {k: v for k, v in made.body.items() if k != "document_sha256"}
    state = "applied" if applied else "rejected" if rejected else "open"
    return _record(PlanRow, {**entries, "id": made.plan, "state": state}, made)


def run_row(created: Event, made: Event, closed: Event | None) -> RunRow:
    """A run as a list shows it: a fold of the events that created it, made its plan and closed it."""
    entries: dict[str, Json] = {
        "id": created.run,
        "plan": created.plan,
        "playbook": made.body.get("playbook"),
        "hosts": made.body.get("hosts"),
        "undo_of": made.body.get("undo_of", ""),
        "person": created.body.get("person"),
        "created_at": created.at,
    }
    if closed is not None:
        entries["closed_at"] = closed.at
        entries["verdict"] = closed.body.get("verdict", "")
        entries["outcome"] = closed.body.get("outcome", "")
    return _record(RunRow, entries, created)


def approval(given: Event, used_by: str) -> Approval:
    """A consent, as the event that recorded it tells it."""
    return _record(Approval, {**given.body, "used_by": used_by}, given)


def standing(given: Event, revoked: str) -> StandingApproval:
    """A consent that stands, as the event that recorded it tells it."""
    return _record(StandingApproval, {**given.body, "revoked": revoked}, given)


def approved(approval: Approval) -> dict[str, Json]:
    """The body of the event that records a consent."""
    body = cast(dict[str, Json], encode(approval))
    del body["used_by"], body["void"]
    return body


def plan(id_: str, document: str, made: Event, sha256: str) -> Plan:
    """The plan in a stored document, whose hash `sha256` must be what the journal says."""
    if made.kind is not Kind.PLANNED or made.plan != id_ or made.body.get("document_sha256") != sha256:
        raise damaged("plans", id_, "its document is not what was written")
    try:
        found = decode(Plan, _parsed(document, dict))
    except (ValueError, RecursionError, Invalid) as error:
        raise damaged("plans", id_, "its document cannot be read") from error
    if found.id != id_ or found.digest != made.body.get("digest"):
        raise damaged("plans", id_, "its document is another plan's")
    return found


def damaged(table: str, id_: str, why: str) -> StoreError:
    """The error for a row that is not what was written."""
    return StoreError(f"{table} row {id_} cannot be trusted: {why}", at=f"{table}.id={id_}", fix=RESTORE)


def _record(kind: type[T], entries: Mapping[str, Json], source: Event) -> T:
    try:
        return decode(kind, dict(entries))
    except Invalid as error:
        raise broken(source.seq, "its body is not what such an event holds") from error


def _parsed(text: str, kind: type) -> Json:
    value = json.loads(text)
    if not isinstance(value, kind):
        raise ValueError(f"not {kind.__name__}")
    return cast(Json, value)
