"""Which entry of the policy says what about something one would do, and what would satisfy it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from remedy.engine.calendar import is_within, next_open, next_shut, span_text, wall_text
from remedy.engine.policy import (
    Subject,
    caps_passed,
    fits,
    most_hosts,
    need_of_one,
    opens,
    rules_for,
    scope_text,
)
from remedy.model import Cap, Freeze, Policy, Rule, Window

SOON = timedelta(days=14)  # a freeze that begins within it is told beforehand


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """One entry of the policy, or a built-in rule, and whether it stands in the way now."""

    what: Literal["rule", "window", "freeze", "cap"]
    at: str
    says: str
    holds: bool = False  # it stands in the way now
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """The answer to "may I?": `never`, `later` (from `opens` on, None where no time is near) or `now`."""

    may: Literal["now", "later", "never"]
    people: int
    typed: bool
    opens: datetime | None
    rulings: tuple[Ruling, ...]


def permission(subjects: Sequence[Subject], policy: Policy, now: datetime) -> Permission:
    """What the policy says about doing something on these hosts, whose risks are known."""
    needs = [need_of_one(s, policy) for s in subjects]
    rulings = (
        *_rules(subjects, policy),
        *(_window(w, now) for w in policy.windows if _fits_any(w, subjects)),
        *(f for z in policy.freezes if _fits_any(z, subjects) for f in _freeze(z, now)),
        *(_cap(c, subjects) for c in policy.caps if _fits_any(c, subjects)),
    )
    begins = opens(subjects, policy, now)
    is_forbidden = any(n.never for n in needs) or any(r.holds for r in rulings if r.what == "cap")
    return Permission(
        may="never" if is_forbidden else "now" if begins == now else "later",
        people=max((n.people for n in needs), default=0),
        typed=any(n.typed for n in needs),
        opens=begins,
        rulings=rulings,
    )


def _fits_any(scope: Rule | Window | Freeze | Cap, subjects: Sequence[Subject]) -> bool:
    return any(fits(scope, s) for s in subjects)


def _rules(subjects: Sequence[Subject], policy: Policy) -> list[Ruling]:
    """Every rule that fits, each once: of the file where one fits, else built in."""
    found = {id(r): r for s in subjects for r in rules_for(s, policy)}
    return [
        Ruling(what="rule", at=r.at, says=rule_text(r), holds=r.never, fix="change the policy" if r.never else _whom(r))
        for r in found.values()
    ]


def rule_text(rule: Rule) -> str:
    """A rule in words."""
    who = (
        "never"
        if rule.never
        else ("by itself", "one person", "two people, one of them not the requester")[min(rule.people, 2)]
    )
    typed = ", who types the host's name" if rule.typed and not rule.never else ""
    of = scope_text(rule)
    return f"{who}{typed}{f' ({of})' if of else ''}"


def _whom(rule: Rule) -> str:
    if rule.people == 0 and not rule.typed:
        return ""
    return "remedy approve PLAN, each of them" if rule.people > 1 else "y, or remedy approve PLAN"


def window_text(window: Window) -> str:
    """A window in words."""
    of = scope_text(window)
    spans = "; ".join(map(span_text, window.spans))
    return f"{window.name}: open {spans} {window.zone}{f' ({of})' if of else ''}"


def _window(window: Window, now: datetime) -> Ruling:
    if is_within(window.spans, window.zone, now):
        ends = next_shut(window, now)
        until = f"until {wall_text(ends, window.zone)}" if ends else "always"
        return Ruling(what="window", at=window.at, says=f"{window_text(window)}; open {until}")
    begins = next_open(window, now)
    when = f"opens {wall_text(begins, window.zone)}" if begins else "never opens"
    return Ruling(what="window", at=window.at, says=f"{window_text(window)}; shut", holds=True, fix=when)


def freeze_text(freeze: Freeze) -> str:
    """A freeze in words."""
    of = scope_text(freeze)
    ends = f"{wall_text(freeze.since, freeze.zone)} until {wall_text(freeze.until, freeze.zone)}"
    return f"{freeze.name}: {ends}{f' ({of})' if of else ''}: {freeze.reason}"


def _freeze(freeze: Freeze, now: datetime) -> list[Ruling]:
    if freeze.until <= now or freeze.since > now + SOON:
        return []
    holds = freeze.since <= now
    fix = f"ends {wall_text(freeze.until, freeze.zone)}" if holds else ""
    return [Ruling(what="freeze", at=freeze.at, says=freeze_text(freeze), holds=holds, fix=fix)]


def cap_text(cap: Cap) -> str:
    """A cap in words."""
    most = most_hosts(cap)
    share = "" if cap.host_parts is None else f" ({cap.host_parts / 100:g}% of the inventory's)"
    parts = [
        "" if most is None else f"{most:,} host{'' if most == 1 else 's'}{share}",
        "" if cap.size_bytes is None else f"{cap.size_bytes:,} bytes",
        "" if cap.files is None else f"{cap.files:,} files",
        "" if cap.runs is None else f"{cap.runs} runs per hour of one playbook on one host",
        "" if cap.at_once is None else f"{cap.at_once} host{'' if cap.at_once == 1 else 's'} in hand at one time",
    ]
    of = scope_text(cap)
    return f"at most {', '.join(p for p in parts if p)}{f' ({of})' if of else ''}"


def _cap(cap: Cap, subjects: Sequence[Subject]) -> Ruling:
    passed = caps_passed(subjects, Policy(caps=(cap,)))
    by = "; ".join(p.partition("; ")[2] for p in passed)
    says = f"{cap_text(cap)}{f': {by}' if by else ''}"
    fix = "name fewer hosts, or raise the cap" if passed else ""
    return Ruling(what="cap", at=cap.at, says=says, holds=bool(passed), fix=fix)


def whole(policy: Policy) -> tuple[Ruling, ...]:
    """Every entry of the policy, in words."""
    return (
        *(Ruling(what="rule", at=r.at, says=rule_text(r)) for r in policy.rules),
        *(Ruling(what="window", at=w.at, says=window_text(w)) for w in policy.windows),
        *(Ruling(what="freeze", at=f.at, says=freeze_text(f)) for f in policy.freezes),
        *(Ruling(what="cap", at=c.at, says=cap_text(c)) for c in policy.caps),
    )
