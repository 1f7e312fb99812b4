"""Approvals and the events of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from remedy.model.words import Json, Risk


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A person's consent to one digest, once, until it expires."""

    id: str
    plan: str
    digest: str
    person: str
    at: str
    expires_at: str
    through: str = ""
    reason: str = ""
    used_by: str = ""  # the run that redeemed it
    break_glass: bool = False
    void: bool = False  # given before the store's time was set back: nobody can tell whether it has expired


@dataclass(frozen=True, kw_only=True)
class StandingApproval:
    """A person's consent to a playbook as it was then, within caps, as often as it is asked, until it expires.

    Of `group` and `host`, what is named must fit. `through` is not for it: it is all of the playbook or nothing.
    """

    id: str
    playbook: str
    playbook_digest: str
    person: str
    at: str
    expires_at: str
    group: str = ""
    host: str = ""
    max_bytes: int = 0  # of one plan, freed, moved or written
    max_hosts: int = 1  # of one plan, on which something would be done
    max_risk: Risk = Risk.MEDIUM
    reason: str = ""
    revoked: str = ""  # who took it back and why; "" while it stands
    void: bool = False  # as of an approval


class Kind(StrEnum):
    """The kinds of events in the journal."""

    PLANNED = "planned"
    APPROVED = "approved"
    REJECTED = "rejected"
    STANDING = "standing.approved"
    REVOKED = "standing.revoked"
    CLOCK_ACCEPTED = "clock.accepted"
    RUN_CREATED = "run.created"
    HOST_LEASED = "host.leased"
    STEP_INTENT = "step.intent"
    STEP_RESULT = "step.result"
    STEP_SETTLED = "step.settled"
    CHECKED = "checked"  # symptom, until or verify, answered during a run
    HOST_CLOSED = "host.closed"
    RUN_CLOSED = "run.closed"
    UNLOCKED = "host.unlocked"
    TRUSTED = "host.trusted"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An event about to be appended."""

    kind: Kind
    body: Mapping[str, Json]
    plan: str = ""
    run: str = ""
    host: str = ""
    step: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One appended record. `hash` covers the record and the hash before it."""

    seq: int
    at: str
    kind: Kind
    body: Mapping[str, Json]
    plan: str = ""
    run: str = ""
    host: str = ""
    step: str = ""
    before: str = ""
    hash: str = ""
