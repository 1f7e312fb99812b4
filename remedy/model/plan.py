"""Checks as asked, steps as planned, the plan and whose consent it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from remedy.model.change import Change
from remedy.model.look import Judgement, Look, Reply
from remedy.model.words import Answer, Json, Risk


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One check with its typed parameters, as resolved for one host.

    `within_s` is how long it may take to hold where that matters (verify, until).
    """

    check: str
    params: Mapping[str, Json]
    look: Look
    within_s: int = 0


@dataclass(frozen=True)
class AllOf:
    """Every one of them must be ok."""

    all: tuple[CheckTree, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of them must be ok."""

    any: tuple[CheckTree, ...]


@dataclass(frozen=True)
class NotOf:
    """Ok where the inner one is not ok; what cannot be told stays so."""

    inverted: CheckTree


CheckTree: TypeAlias = "Asked | AllOf | AnyOf | NotOf"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One asked check, its reply and its judgement: what the plan showed, what the run recorded."""

    asked: Asked
    reply: Reply
    judgement: Judgement


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step of a plan on one host.

    `change` is None where nothing needs doing, and `reason` says why. `look` holds absolute
    cutoffs, so the same question can be asked again at apply; `ground` is what it answered.
    `version` is a hash of the action's own code, so an upgraded action makes the plan void.
    """

    step: str
    action: str
    params: Mapping[str, Json]
    title: str
    look: Look | None
    ground: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    change: Change | None = None
    risk: Risk = Risk.LOW
    reason: str = ""
    version: str = ""
    timeout_s: int = 0  # 0: the operations' own
    expect: tuple[str, ...] = ()  # of an undo: the ground to be back afterwards
    question: str = ""  # an `ask:` step: what a person is asked or told at apply
    question_of: str = ""  # who it is meant for


@dataclass(frozen=True, kw_only=True)
class HostPlan:
    """What would happen on one host, and why."""

    host: str
    identity: str  # what the host is: pinned key, address, login; part of the digest
    environment: str
    entry: Mapping[str, Json]  # the host's own inventory entry (secrets as references)
    params: Mapping[str, Json]  # resolved parameters (secrets as references)
    clock: int  # the host's own clock when it was looked at; evidence
    symptom: CheckTree
    until: CheckTree
    verify: CheckTree
    symptom_holds: Answer = Answer.OK
    findings: tuple[Finding, ...] = ()  # symptom first, then diagnosis
    steps: tuple[PlannedStep, ...] = ()
    unreachable: str = ""  # why the host is left out of the plan; then there is nothing else here
    left_out: str = ""  # by which kind of error: unreachable, hostkey, refused ...
    own: str = ""  # what the host is to remedy itself: where it runs, or the way to others; then a person consents
    left_out_fix: str = ""  # what to do about that
    container: str = ""  # of a container: its full id, and when it was started; no other is ever changed

    @property
    def changes(self) -> tuple[PlannedStep, ...]:
        return tuple(s for s in self.steps if s.change is not None)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far one run may reach: hosts in all, hosts at once, failures before it stops."""

    hosts: int = 1
    batch: int = 1
    max_failures: int = 0


@dataclass(frozen=True, kw_only=True)
class Need:
    """Whose consent a plan demands: people in all, of whom the requester may be one or not."""

    risk: Risk
    people: int  # 0 by itself, 1 one person, 2 a second person besides the requester
    typed: str = ""  # what must be typed at a terminal; "" where `y` or --yes will do
    never: bool = False
    rule: str = ""  # which rule says so
    losses: tuple[str, ...] = ()  # what changes demand to be typed besides, each once
    over: tuple[str, ...] = ()  # the caps that the plan passes, each with its place and by how much

    @property
    def is_forbidden(self) -> bool:
        """Whether no consent of anybody serves."""
        return self.never or bool(self.over)

    @property
    def is_typed(self) -> bool:
        """Whether something must be typed at a terminal, where `y` or --yes will not do."""
        return bool(self.typed or self.losses)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every change for every host, in order, with the observations they rest on.

    `digest` covers everything a person consents to; `id`, times, requester and evidence are
    outside. A plan is applied only by the home that made it, and only if `digest` still
    equals the hash of what it covers.
    """

    id: str
    digest: str
    home: str  # id of the home that made it
    playbook: str
    summary: str
    playbook_digest: str
    policy_digest: str
    engine: str  # version of the engine and of the far-end runner
    on_failure: Literal["stop", "undo"]
    limits: Limits
    hosts: tuple[HostPlan, ...]
    need: Need
    through: str = ""  # an approved prefix stops after this step; "" is all of it
    undo_of: str = ""  # the run that this plan takes back
    source: str = ""  # the playbook's file, where it was named by path; "" where its name finds it
    made_at: str = ""  # UTC, ISO 8601
    requester: str = ""

    @property
    def has_changes(self) -> bool:
        return any(h.changes for h in self.hosts)
