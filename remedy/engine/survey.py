"""What is wrong with a host, of all that the playbooks know: every symptom answered and ranked. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from remedy.actions.catalogue import Catalogue
from remedy.engine import checks, verify
from remedy.errors import RemedyError
from remedy.load.resolved import Resolved
from remedy.model import Answer, Asked, Finding, Judgement, Look, Reply

LOOK_S = 10  # of any one look here: who asks is awake at night, and one that hangs is told as such
LACKS_RC = 3  # a look's code for a host that lacks what it needs; common.sh
STATE = "host.state"
CERTAINTY = (Answer.OK, Answer.CANNOT_TELL, Answer.NOT_OK)


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """One playbook's symptom on this host. `answer` ok means that it holds."""

    playbook: str
    severity: str  # P1 ... , "" where the playbook gives none
    summary: str
    answer: Answer
    findings: tuple[Finding, ...]

    @property
    def says(self) -> list[str]:
        """What the answer rests on, a sentence for each check; no more than matter."""
        unclear = [f.judgement.says for f in self.findings if f.judgement.answer is Answer.CANNOT_TELL]
        everything = [f.judgement.says for f in self.findings]
        return list(dict.fromkeys(unclear if self.answer is Answer.CANNOT_TELL and unclear else everything))


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """A playbook that says nothing of this host, and why."""

    playbook: str
    why: str
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All that one request told of a host; `symptoms` begin with what matters most."""

    host: str
    symptoms: tuple[Symptom, ...]
    unfit: tuple[Unfit, ...] = ()
    state: Judgement | None = None

    def that(self, answer: Answer) -> tuple[Symptom, ...]:
        """The symptoms with this answer."""
        return tuple(s for s in self.symptoms if s.answer is answer)


def questions(fitting: Sequence[Resolved], state: Asked | None) -> list[Look]:
    """Every look of every symptom, each once whoever asks it, none with more than its share of time."""
    asked = [a for r in fitting for a in checks.asked_in(r.symptom)]
    asked += [state] if state else []
    return list(dict.fromkeys(_bounded(a.look) for a in asked))


def _bounded(look: Look) -> Look:
    return replace(look, timeout_s=min(look.timeout_s, LOOK_S))


def survey(
    host: str,
    fitting: Sequence[Resolved],
    unfit: Sequence[Unfit],
    replies: Mapping[Look, Reply],
    catalogue: Catalogue,
    state: Asked | None = None,
) -> Survey:
    """The symptoms as these replies answer them, ranked; what the host lacks the parts for does not fit it."""
    told = [_told(r, replies, catalogue) for r in fitting]
    lacking = [t for t in told if isinstance(t, Unfit)]
    symptoms = sorted((t for t in told if isinstance(t, Symptom)), key=rank)
    judged = checks.find(state, replies[_bounded(state.look)], catalogue).judgement if state else None
    known = judged if judged and judged.answer is Answer.OK else None
    return Survey(host=host, symptoms=tuple(symptoms), unfit=(*unfit, *lacking), state=known)


def rank(symptom: Symptom) -> tuple[int, bool, str, str]:
    """What holds before what cannot be told; then the severest, and what has no severity last."""
    return CERTAINTY.index(symptom.answer), not symptom.severity, symptom.severity, symptom.playbook


def _told(resolved: Resolved, replies: Mapping[Look, Reply], catalogue: Catalogue) -> Symptom | Unfit:
    own = {a.look: replies[_bounded(a.look)] for a in checks.asked_in(resolved.symptom)}
    told = verify.tell(resolved.symptom, own, catalogue)
    name = resolved.playbook.name
    if told.answer is Answer.CANNOT_TELL and (lacks := next(_lacking(told.findings), "")):
        return Unfit(playbook=name, why=lacks)
    return Symptom(
        playbook=name,
        severity=resolved.playbook.severity,
        summary=resolved.playbook.summary,
        answer=told.answer,
        findings=told.findings,
    )


def _lacking(findings: Sequence[Finding]) -> Iterator[str]:
    return (f.reply.error.strip() or "the host lacks it" for f in findings if f.reply.rc == LACKS_RC)


def unfit_of(playbook: str, error: RemedyError) -> Unfit:
    """A playbook that cannot be made one with this host, by the error that was met."""
    return Unfit(playbook=playbook, why=error.message, fix=error.fix)


def is_told(surveys: Sequence[Survey]) -> bool:
    """Whether every symptom of these hosts could be answered."""
    return not any(s.that(Answer.CANNOT_TELL) for s in surveys)
