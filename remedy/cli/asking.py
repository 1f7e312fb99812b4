"""Consent at a terminal. Without one nothing is asked: it is refused, with what to type instead."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from remedy.cli.shown.text import visible
from remedy.cli.world import World
from remedy.errors import Refused, Unapproved
from remedy.model import Approval, Need, Plan, Risk
from remedy.ports import Store


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What was said on the command line in place of an answer."""

    yes: bool = False
    break_glass: str = ""
    through: str = ""
    reason: str = ""
    standing: bool = False


def prompt(world: World, question: str) -> str:
    """One line from the terminal, without its end. Raises Refused at end of input."""
    world.stderr.write(question)
    world.stderr.flush()
    line = world.stdin.readline()
    if not line:
        world.err("")
        raise Refused("no answer was given")
    return line.rstrip("\r\n")


def demand_consent(world: World, plan: Plan, said: Consent, *, sufficient: bool = False) -> None:
    """Return when the person consents to this plan as its risk demands. Raises Refused or Unapproved.

    `sufficient`: the command itself is the answer (`approve`), unless something must be typed.
    """
    from remedy.store.consent import demand_allowed  # noqa: PLC0415 — pure; where it is used

    need = plan.need
    demand_allowed(plan, need)
    if said.break_glass:
        return
    if need.is_typed:
        _demand_typed(world, plan)
    elif sufficient or (said.yes and need.risk is not Risk.HIGH):
        return
    else:
        _demand_y(world, plan, said)


MOST_NAMES = 3  # to be typed; of more hosts, their number is


def typed_words(need: Need) -> dict[str, str]:
    """What must be typed, and why: the hosts' names, or how many where they are many; then every loss."""
    names = need.typed.split()
    hosts = need.typed if len(names) <= MOST_NAMES else f"{len(names)} hosts"
    of_hosts = {visible(hosts): f"Risk {need.risk.word}."} if hosts else {}
    return of_hosts | {visible(loss): "This is lost." for loss in need.losses}


def _demand_typed(world: World, plan: Plan) -> None:
    wanted = typed_words(plan.need)
    if not world.has_person:
        why = "would lose something" if plan.need.losses else f"has a {plan.need.risk.word} risk"
        raise Unapproved(
            f"plan {plan.id} {why}: {' and '.join(wanted)} must be typed at a terminal; --yes does not cover it",
            at=plan.id,
            fix=f"at a terminal: remedy approve {plan.id}; in an emergency: --break-glass REASON",
        )
    for words, why in wanted.items():
        typed = prompt(world, f"{why} Type {words} to consent: ")
        if typed.strip() != words:
            raise Unapproved(f"not approved: {words} was not typed", at=plan.id, fix=f"remedy apply {plan.id}")


def _demand_y(world: World, plan: Plan, said: Consent) -> None:
    if not world.has_person:
        covered = "--yes, or " if plan.need.risk is not Risk.HIGH else ""
        why = "--yes does not cover a high risk" if said.yes else "nobody is here to ask"
        raise Unapproved(
            f"plan {plan.id} is not approved: {why}",
            at=plan.id,
            fix=f"{covered}remedy approve {plan.id} and then remedy apply {plan.id}",
        )
    if prompt(world, "Apply this plan? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Unapproved(f"plan {plan.id} was not approved", at=plan.id, fix=f"remedy apply {plan.id}")


def approval_of(plan: Plan, person: str, now: datetime, ttl_s: int, said: Consent) -> Approval:
    """The consent of a person to this very plan, until `ttl_s` from now."""
    reason = f"BREAK-GLASS: {said.break_glass}" if said.break_glass else said.reason
    return Approval(
        id="a" + secrets.token_hex(4),
        plan=plan.id,
        digest=plan.digest,
        person=person,
        at=now.isoformat(timespec="microseconds"),
        expires_at=(now + timedelta(seconds=ttl_s)).isoformat(timespec="microseconds"),
        through=said.through,
        reason=reason,
        break_glass=bool(said.break_glass),
    )


def lacking(store: Store, plan: Plan, now: datetime) -> Refused | None:
    """Why the plan's approvals do not suffice; None when they do."""
    from remedy.store.consent import consent  # noqa: PLC0415 — pure; where it is used

    try:
        consent(plan, plan.need, store.approvals(plan.id), now)
    except Refused as refused:
        return refused
    return None


def standing_consent(store: Store, plan: Plan, now: datetime) -> tuple[Approval, ...]:
    """What consents to this plan without anybody being asked. Raises Unapproved, saying why none that stands does."""
    from remedy.store.standing import consent_with  # noqa: PLC0415 — pure; where it is used

    return consent_with(plan, plan.need, store.approvals(plan.id), store.standing(), max(now, store.latest()))
