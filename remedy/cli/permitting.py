"""May I? What the policy says of a plan, of something one would do, and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from remedy.cli.asking import lacking
from remedy.cli.carrying import demand_open, hosts_now
from remedy.cli.shown.explained import Explained
from remedy.cli.shown.plan_text import given_words
from remedy.cli.wiring import Parts
from remedy.codec import encode
from remedy.engine.gate import conditions_of
from remedy.engine.permission import Permission, Ruling, permission, whole
from remedy.engine.policy import BUILT_IN, Subject, subject_of, subjects_of
from remedy.errors import Refused, RemedyError
from remedy.load.inventory import select
from remedy.model import Json, Plan, PlannedStep, Policy, Risk, UndoImpossible

WIDTH = 6


def explain_policy(parts: Parts, host: str, risk: str, playbook: str) -> Explained:
    """May I do something of this risk there? Without a host: the whole policy. Raises Invalid or Refused."""
    if not host:
        return _whole(parts.policy)
    (chosen,) = select(parts.inventory, [host], [])
    risks = [Risk[risk.upper()]] if risk else list(Risk)
    now = _now(parts)
    jumps = {h.via for h in parts.inventory.hosts.values()}
    own = chosen.address.scheme == "local" or chosen.name in jumps  # by its address alone: no host is asked
    subjects = [replace(subject_of(playbook, chosen, r), own=own) for r in risks]
    answers = [(r, permission([s], parts.policy, now)) for r, s in zip(risks, subjects, strict=True)]
    body: list[str] = []
    for one, answer in answers:
        body += [f"{one.word} risk: {answer_text(answer)}", *_ruling_lines(answer.rulings), ""]
    what = f"{playbook} on {host}" if playbook else host
    title = f"may I? {what} ({chosen.environment or 'no environment'}), {now:%Y-%m-%d %H:%M} UTC"
    documents: list[Json] = [{"risk": r.word, **_json(a)} for r, a in answers]
    document: Json = {"host": host, "playbook": playbook, "at": now.isoformat(), "answers": documents}
    return Explained(title, tuple(body[:-1]), document)


def _now(parts: Parts) -> datetime:
    """The time by which the store will decide."""
    return max(parts.clock.now(), parts.store.latest())


def _whole(policy: Policy) -> Explained:
    entries = whole(policy)
    built_in = [Ruling(what="rule", at=r.at, says=s) for r, s in zip(BUILT_IN, _BUILT_IN_TEXT, strict=True)]
    lines = [*_ruling_lines(entries), *(["otherwise:"] if entries else []), *_ruling_lines(built_in)]
    ask = "ask about one host: remedy explain policy --host H [--risk high] [--playbook P]"
    document: Json = {"digest": policy.digest, "entries": [encode(r) for r in (*entries, *built_in)]}
    return Explained("the policy", (*lines, "", ask), document)


_BUILT_IN_TEXT = (
    "one person (low or medium risk)",
    "two people, one of them not the requester, and the host's name is typed (high risk, production)",
    "one person, who types the host's name (high risk)",
)


def answer_text(answer: Permission) -> str:
    """Yes, not now, or no, in a sentence."""
    if answer.may == "never":
        return "no, whoever asks"
    who = ("by itself", "with one person's consent", "with two people's consent")[min(answer.people, 2)]
    typed = ", the host's name typed" if answer.typed else ""
    if answer.may == "now":
        return f"yes, {who}{typed}"
    when = f"from {answer.opens:%Y-%m-%d %H:%M} UTC on" if answer.opens else "at no time that is near"
    return f"not now: {when}, {who}{typed}"


def _ruling_lines(rulings: Sequence[Ruling]) -> list[str]:
    """A line each; what stands in the way now is marked."""
    lines = []
    for r in rulings:
        fix = f"  -> {r.fix}" if r.fix else ""
        lines += [f"  {'!' if r.holds else ' '} {r.what:<{WIDTH}} {r.says}{fix}", f"    {'':<{WIDTH}}   {r.at}"]
    return lines


def _json(answer: Permission) -> dict[str, Json]:
    return {
        "may": answer.may,
        "says": answer_text(answer),
        "people": answer.people,
        "typed": answer.typed,
        "opens": answer.opens.isoformat() if answer.opens else None,
        "rulings": [encode(r) for r in answer.rulings],
    }


# ---------------------------------------------------------------- a plan


def explain_plan(parts: Parts, plan: Plan) -> Explained:
    """Why a plan is as risky as it is, what stands between it and being applied, and what would satisfy that."""
    subjects = subjects_of(plan.playbook, plan.hosts)
    answer = permission(subjects, parts.policy, _now(parts))
    hindrances = _hindrances(parts, plan)
    body = [
        *_risk_lines(plan),
        f"the policy: {answer_text(answer) if subjects else 'nothing is to be done, so it asks for nothing'}",
        *_ruling_lines(answer.rulings),
        *(f"  {given_words(a)}" for a in parts.store.approvals(plan.id)),
        *_standing_lines(parts, plan, subjects),
        *(f"! {kind}: {message}{f'  -> {fix}' if fix else ''}" for kind, message, fix in hindrances),
    ]
    if not hindrances:
        body.append(f"nothing stands in the way: remedy apply {plan.id}")
    document: Json = {
        "plan": plan.id,
        "needed": encode(plan.need),
        **_json(answer),
        "hindrances": [{"kind": k, "message": m, "fix": f} for k, m, f in hindrances],
    }
    return Explained(f"plan {plan.id}  {plan.playbook}", tuple(body), document)


def _hindrances(parts: Parts, plan: Plan) -> list[tuple[str, str, str]]:
    """Everything that would refuse the plan now, as `apply` would say it."""
    found: list[RemedyError] = []
    try:
        demand_open(parts, plan)
        hosts_now(parts, plan)
    except Refused as refused:
        found.append(refused)
    is_good = not found
    if is_good:
        found += parts.store.hindrances(plan, conditions_of(plan, parts.policy), _now(parts))
    missing = lacking(parts.store, plan, _now(parts)) if is_good else None
    if missing is not None:
        found.append(missing)
    return [(e.kind, e.message, e.fix) for e in found]


def _risk_lines(plan: Plan) -> list[str]:
    return [f"{h.host} {s.step}: {_why_risk(s)}" for h in plan.hosts for s in h.changes]


def _why_risk(step: PlannedStep) -> str:
    assert step.change is not None
    own = step.change.risk
    why = [f"{step.action} is of {own.word} risk"]
    if isinstance(step.change.undo, UndoImpossible):
        why.append("one up, for it cannot be undone")
    if step.risk > own and step.risk - own > len(why) - 1:
        why.append("one up, for no symptom guards it")
    return f"{step.risk.word} risk: {', '.join(why)}"


def _standing_lines(parts: Parts, plan: Plan, subjects: Sequence[Subject]) -> list[str]:
    """The standing approvals of the playbook: whether each serves, and why not."""
    if not subjects:
        return []
    from remedy.store.standing import why_not  # noqa: PLC0415 — pure; where it is used

    named = [s for s in parts.store.standing() if s.playbook == plan.playbook]
    return [
        f"  {why_not(s, plan, plan.need, _now(parts)) or f'standing approval {s.id} covers it: --standing'}"
        for s in named
    ]
