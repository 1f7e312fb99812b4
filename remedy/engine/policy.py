"""What the policy says of a plan: whose consent, whether it is within the caps, whether it is the time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from remedy.engine.calendar import Shut, begins_next, shut_by
from remedy.engine.own import ENGINE, NEAR
from remedy.errors import Forbidden
from remedy.model import Call, Cap, Change, Host, HostPlan, Need, Policy, Put, Risk, Rule, Scope, UndoImpossible
from remedy.model.policy import PRODUCTION

BUILT_IN = (
    Rule(risk=(Risk.LOW, Risk.MEDIUM), people=1, at="built in"),
    Rule(risk=(Risk.HIGH,), environments=(PRODUCTION,), people=2, typed=True, at="built in"),
    Rule(risk=(Risk.HIGH,), people=1, typed=True, at="built in"),
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One host of a plan as the policy sees it. `risk` is None as long as nothing was looked at."""

    host: str
    playbook: str
    environment: str = ""
    groups: tuple[str, ...] = ()
    risk: Risk | None = None
    size_bytes: int = 0
    files: int = 0
    losses: tuple[str, ...] = ()  # what the changes demand to be typed
    own: bool = False  # remedy runs there, or reaches others through it
    near: bool = False  # and its own files lie below what is worked on, or its own engine may be meant


def risk_of(change: Change, *, has_symptom: bool) -> Risk:
    """The risk of one change: its action's, one up without undo, one up when no symptom guards it."""
    risk = change.risk
    if isinstance(change.undo, UndoImpossible):
        risk = risk.raised()
    return risk if has_symptom else risk.raised()


# ---------------------------------------------------------------- what is spoken of


def subjects_of(playbook: str, hosts: Iterable[HostPlan]) -> list[Subject]:
    """The hosts of a plan on which something would be done."""
    return [_subject(playbook, h) for h in hosts if h.changes]


def subject_of(playbook: str, host: Host, risk: Risk | None = None) -> Subject:
    """A host before it was looked at, or as if something of this risk were to be done there."""
    return Subject(host=host.name, playbook=playbook, environment=host.environment, groups=host.groups, risk=risk)


def _subject(playbook: str, host: HostPlan) -> Subject:
    changes = [s.change for s in host.changes if s.change]
    groups = host.entry.get("groups", [])
    return Subject(
        host=host.host,
        playbook=playbook,
        environment=host.environment,
        groups=tuple(map(str, groups)) if isinstance(groups, list) else (),
        risk=max(s.risk for s in host.changes),
        size_bytes=sum(c.effect.size_bytes for c in changes),
        files=sum(map(files_of, changes)),
        losses=tuple(dict.fromkeys(c.typed for c in changes if c.typed)),
        own=bool(host.own),
        near=host.own in (NEAR, ENGINE),
    )


def files_of(change: Change) -> int:
    """How many objects a change acts upon, by its operations or by what it says, whichever is more."""
    listed = sum(len(o.items) for o in change.operations if isinstance(o, Call))
    written = sum(isinstance(o, Put) for o in change.operations)
    return max(listed + written, change.effect.measures.get("files", 0))


def fits(scope: Scope, subject: Subject) -> bool:
    """Whether an entry of the policy speaks of this host."""
    return (
        (not scope.risk or subject.risk in scope.risk)
        and (not scope.environments or subject.environment in scope.environments)
        and (not scope.groups or bool(set(scope.groups) & set(subject.groups)))
        and (not scope.playbooks or subject.playbook in scope.playbooks)
    )


# ---------------------------------------------------------------- whose consent


def need_of(playbook: str, hosts: Sequence[HostPlan], policy: Policy) -> Need:
    """What it takes to apply: the strictest need of any host, within the caps. Without a change, nothing."""
    subjects = subjects_of(playbook, hosts)
    if not subjects:
        return Need(risk=Risk.LOW, people=0, rule="nothing to do")
    needs = [need_of_one(s, policy) for s in subjects]
    strictest = max(needs, key=lambda n: (n.never, n.people, n.is_typed, n.risk))
    return Need(
        risk=max(n.risk for n in needs),
        people=max(n.people for n in needs),
        typed=" ".join(n.typed for n in needs if n.typed),
        losses=tuple(dict.fromkeys(said for n in needs for said in n.losses)),
        never=strictest.never,
        rule=strictest.rule,
        over=caps_passed(subjects, policy),
    )


def need_of_one(subject: Subject, policy: Policy) -> Need:
    """What one host demands: of the rules that fit it the strictest; where none does, of the built-in ones.

    Something of high risk is never done by itself, whatever a rule says; nor is anything on remedy's own machine,
    and where its own files are around, the host's name is typed. A loss that a change wants typed takes a person too.
    """
    assert subject.risk is not None
    rules = rules_for(subject, policy)
    people = max(r.people for r in rules)
    never = any(r.never for r in rules)
    typed = any(r.typed for r in rules)
    deciding = [next(r for r in rules if r.never)] if never else [next(r for r in rules if r.people == people)]
    if typed and not never and not deciding[0].typed:
        deciding.append(next(r for r in rules if r.typed))
    return Need(
        risk=subject.risk,
        people=max(people, 1) if subject.risk is Risk.HIGH or subject.own or subject.losses else people,
        never=never,
        typed=subject.host if typed or subject.near else "",
        losses=subject.losses,
        rule="; ".join(r.at for r in deciding),
    )


def rules_for(subject: Subject, policy: Policy) -> list[Rule]:
    """The rules that decide over this host: those of the policy that fit, else the built-in ones."""
    written = [r for r in policy.rules if fits(r, subject)]
    return written or [r for r in BUILT_IN if fits(r, subject)]


# ---------------------------------------------------------------- how much


def caps_passed(subjects: Sequence[Subject], policy: Policy) -> tuple[str, ...]:
    """Every cap that these hosts pass together: which, by how much, and where it is written."""
    return tuple(said for cap in policy.caps for said in _passed(cap, [s for s in subjects if fits(cap, s)]))


def demand_caps(playbook: str, hosts: Iterable[Host], policy: Policy) -> None:
    """Raise Forbidden where these hosts are more than a cap allows, whatever would be found on them."""
    passed = caps_passed([subject_of(playbook, h) for h in hosts], policy)
    if passed:
        at, _, says = passed[0].partition(": ")
        raise Forbidden(f"a cap of the policy is passed: {says}", at=at, fix="name fewer hosts, or raise the cap")


def most_hosts(cap: Cap) -> int | None:
    """How many hosts a cap lets one plan reach. A share of an inventory that nobody counted is one host."""
    return cap.hosts if cap.host_parts is None else (1 if cap.hosts is None else cap.hosts)


def _passed(cap: Cap, fitting: Sequence[Subject]) -> list[str]:
    measured = (
        ("host", len(fitting), most_hosts(cap)),
        ("byte", sum(s.size_bytes for s in fitting), cap.size_bytes),
        ("file", sum(s.files for s in fitting), cap.files),
    )
    return [_by_how_much(cap, unit, found, most) for unit, found, most in measured if most is not None and found > most]


def _by_how_much(cap: Cap, unit: str, found: int, most: int) -> str:
    units = unit if most == 1 else f"{unit}s"
    return f"{cap.at}: at most {most:,} {units}{_of(cap)}; this is {found:,}, {found - most:,} too many"


def _of(cap: Cap) -> str:
    words = scope_text(cap)
    return f" of {words}" if words else ""


def scope_text(scope: Scope) -> str:
    """What an entry speaks of, in words; "" where it speaks of everything."""
    parts = [
        (" or ".join(r.word for r in scope.risk) + " risk") if scope.risk else "",
        " or ".join(scope.environments),
        ("group " + " or ".join(scope.groups)) if scope.groups else "",
        ("playbook " + " or ".join(scope.playbooks)) if scope.playbooks else "",
    ]
    return ", ".join(p for p in parts if p)


# ---------------------------------------------------------------- when


def shut(subjects: Sequence[Subject], policy: Policy, now: datetime) -> tuple[Shut, ...]:
    """Every freeze and window that keeps these hosts from being begun now."""
    windows = [w for w in policy.windows if any(fits(w, s) for s in subjects)]
    freezes = [f for f in policy.freezes if any(fits(f, s) for s in subjects)]
    return shut_by(windows, freezes, now)


def opens(subjects: Sequence[Subject], policy: Policy, now: datetime) -> datetime | None:
    """When all of these hosts may be begun, at the earliest."""
    windows = [w for w in policy.windows if any(fits(w, s) for s in subjects)]
    freezes = [f for f in policy.freezes if any(fits(f, s) for s in subjects)]
    return begins_next(windows, freezes, now)
