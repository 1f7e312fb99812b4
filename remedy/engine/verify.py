"""Ask until it holds or its time is over; and what that says of the run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from remedy.actions.catalogue import Catalogue
from remedy.codec import encode
from remedy.digest import digest
from remedy.engine import checks
from remedy.model import Answer, Asked, CheckTree, Finding, HostPlan, Look, NotOf, Reply, Verdict
from remedy.ports import Clock, Session

POLL_S = 1.0  # between two looks of a check that may still come to hold


@dataclass(frozen=True)
class Told:
    """The answer of a tree and the findings it rests on."""

    answer: Answer
    findings: tuple[Finding, ...]
    unanswered: str = ""  # why nothing could be asked

    @property
    def says(self) -> list[str]:
        return [self.unanswered] if self.unanswered else [f.judgement.says for f in self.findings]


def tell(tree: CheckTree, replies: Mapping[Look, Reply], catalogue: Catalogue) -> Told:
    """The tree's answer from replies that are already there."""
    found = tuple(checks.find(a, replies[a.look], catalogue) for a in checks.asked_in(tree))
    return Told(checks.answer(tree, found), found)


def ask(tree: CheckTree, session: Session, catalogue: Catalogue) -> Told:
    """The tree's answer now, in one request."""
    looks = looks_of(tree)
    replies = dict(zip(looks, session.look(looks), strict=True)) if looks else {}
    return tell(tree, replies, catalogue)


def ask_within(
    tree: CheckTree, session: Session, catalogue: Catalogue, clock: Clock, ends: Callable[[], bool] = lambda: False
) -> Told:
    """The tree's answer, asked again until it is ok, the longest `within` of its checks is over, or `ends` says so."""
    within_s = max((a.within_s for a in checks.asked_in(tree)), default=0)
    deadline = clock.monotonic_s() + within_s
    while True:
        told = ask(tree, session, catalogue)
        if told.answer is Answer.OK or clock.monotonic_s() + POLL_S > deadline or ends():
            return told
        clock.sleep(POLL_S)


def looks_of(tree: CheckTree) -> list[Look]:
    """Every look of the tree, once."""
    return list(dict.fromkeys(a.look for a in checks.asked_in(tree)))


def goal_of(host: HostPlan) -> CheckTree:
    """What must hold afterwards: `verify`, else that the symptom is gone."""
    if not checks.is_empty(host.verify):
        return host.verify
    return host.verify if checks.is_empty(host.symptom) else NotOf(host.symptom)


def verdict_of(told: Told) -> Verdict:
    """What the goal's answer says of the run."""
    return {
        Answer.OK: Verdict.RESOLVED,
        Answer.NOT_OK: Verdict.INEFFECTIVE,
        Answer.CANNOT_TELL: Verdict.INCONCLUSIVE,
    }[told.answer]


def held(tree: CheckTree, told: Told) -> tuple[str, ...]:
    """The checks of the tree that are as it wants them, each by its digest."""
    return tuple(_name(a) for a, upright in checks.leaves(tree) if _as_wanted(a, upright, told) is Answer.OK)


def is_worse(tree: CheckTree, before: Collection[str], after: Told) -> bool:
    """Whether the goal is missed, and a check that was as wanted (`held`, before) is so no longer."""
    if after.answer is Answer.OK:
        return False
    return any(
        _name(a) in before and _as_wanted(a, upright, after) is Answer.NOT_OK for a, upright in checks.leaves(tree)
    )


def _as_wanted(asked: Asked, upright: bool, told: Told) -> Answer:
    found = checks.answer_of(asked, told.findings)
    return found if upright else checks.inverse(found)


def _name(asked: Asked) -> str:
    return digest(encode(asked))
