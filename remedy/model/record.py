"""Approvals and the events of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from remedy.model.words import Json


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


class Kind(StrEnum):
    """The kinds of events in the journal."""

    PLANNED = "planned"
    APPROVED = "approved"
    REJECTED = "rejected"
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
