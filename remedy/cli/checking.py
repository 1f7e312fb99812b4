"""A playbook's symptom and verification on hosts, side by side; nothing is planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from remedy.cli.options import Target, path_of
from remedy.cli.progress import Progress
from remedy.cli.shown.text import Paint, counted, visible
from remedy.cli.wiring import Parts, overrides_of
from remedy.cli.world import World
from remedy.codec import encode
from remedy.engine import checks, verify
from remedy.engine.told import its_own, untold_error
from remedy.errors import RemedyError
from remedy.load.inventory import select
from remedy.load.playbook import load_playbook
from remedy.load.resolve import resolve
from remedy.load.resolved import Resolved
from remedy.model import Answer, Json


@dataclass(frozen=True)
class Checked:
    """What one host said; `why` is the error where it said nothing."""

    symptom: verify.Told
    goal: verify.Told
    has_symptom: bool = True
    why: RemedyError | None = None

    @property
    def word(self) -> str:
        """The answer in a word, or the kind of error that stands in its place."""
        return self.why.kind if self.why else str(self.answer)

    @property
    def answer(self) -> Answer:
        """Ok: nothing is wrong. Without a symptom only the verification tells."""
        sick = _inverted(self.symptom.answer) if self.has_symptom else Answer.OK
        for answer in (Answer.NOT_OK, Answer.CANNOT_TELL):
            if answer in (sick, self.goal.answer):
                return answer
        return Answer.OK


def _inverted(answer: Answer) -> Answer:
    """A symptom that holds is not ok."""
    return {Answer.OK: Answer.NOT_OK, Answer.NOT_OK: Answer.OK}.get(answer, answer)


def check(parts: Parts, playbook: str, target: Target) -> dict[str, Checked]:
    """What every host says."""
    loaded = load_playbook(path_of(parts.world.cwd, playbook), parts.home.path, parts.catalogue)
    chosen = select(parts.inventory, target.hosts, target.groups)
    overrides = overrides_of(target.given)
    resolved = [resolve(loaded, host, overrides, parts.catalogue) for host in chosen]
    progress = Progress(parts.world, [host.name for host in chosen])
    try:
        visited = parts.fleet.look_at_all(resolved, lambda r: _ask(parts, r, progress), lambda r: r.host.name)
    finally:
        progress.done()
    return {name: _or_left_out(met, alone=len(visited) == 1) for name, met in visited.items()}


def _ask(parts: Parts, resolved: Resolved, progress: Progress) -> Checked:
    """What one host says, told to `progress` meanwhile."""
    name = resolved.host.name
    progress.host(name, "looking")
    try:
        checked = _asked(parts, resolved)
    except RemedyError as error:
        progress.host(name, error.kind)
        raise
    progress.host(name, "seen")
    return checked


def _asked(parts: Parts, resolved: Resolved) -> Checked:
    looks = [*verify.looks_of(resolved.symptom), *verify.looks_of(resolved.verify)]
    looks = list(dict.fromkeys(looks))
    replies = dict(zip(looks, parts.fleet.session(resolved.host).look(looks), strict=True)) if looks else {}
    return Checked(
        symptom=verify.tell(resolved.symptom, replies, parts.catalogue),
        goal=verify.tell(resolved.verify, replies, parts.catalogue),
        has_symptom=not checks.is_empty(resolved.symptom),
    )


def _or_left_out(met: Checked | RemedyError, *, alone: bool) -> Checked:
    if isinstance(met, Checked):
        return met
    nothing = verify.Told(Answer.CANNOT_TELL, ())
    return Checked(nothing, nothing, why=its_own(met, alone=alone))


def tell_checked(world: World, playbook: str, checked: Mapping[str, Checked], *, as_json: bool) -> int:
    """Print what every host said. Returns the exit code: 0 well, 1 not, 3 refused, 4 cannot tell."""
    if as_json:
        hosts: dict[str, Json] = {name: _json(c) for name, c in checked.items()}
        world.document({"playbook": playbook, "hosts": hosts})
    else:
        paint = world.paint()
        world.out(*(line for name, c in checked.items() for line in _lines(name, c, paint)), *_sum(checked, paint))
    return _code(checked)


def _code(checked: Mapping[str, Checked]) -> int:
    """The worst of all: not well, then not reached, then refused, then not told."""
    if any(c.answer is Answer.NOT_OK for c in checked.values()):
        return 1
    why = untold_error({name: c.why for name, c in checked.items() if c.why}, len(checked))
    if why:
        return why.exit_code
    return 4 if any(c.answer is Answer.CANNOT_TELL for c in checked.values()) else 0


def _sum(checked: Mapping[str, Checked], paint: Paint) -> list[str]:
    """All hosts in one line, where there are several."""
    if len(checked) == 1:
        return []
    words = Counter(c.word for c in checked.values())
    said = ", ".join(f"{count} {word}" for word, count in words.most_common())
    return [paint.bold(f"{counted(len(checked), 'host')}: {said}")]


def _json(checked: Checked) -> Json:
    return {
        "answer": str(checked.answer),
        "unreachable": checked.why.message if checked.why else "",
        "left_out": checked.why.kind if checked.why else "",
        "fix": checked.why.fix if checked.why else "",
        "symptom": _told_json(checked.symptom),
        "verify": _told_json(checked.goal),
    }


def _told_json(told: verify.Told) -> Json:
    findings: list[Json] = [
        {
            "check": f.asked.check,
            "answer": str(f.judgement.answer),
            "says": f.judgement.says,
            "facts": encode(f.judgement.facts),
        }
        for f in told.findings
    ]
    return {"answer": str(told.answer), "findings": findings}


def _lines(name: str, checked: Checked, paint: Paint) -> list[str]:
    if checked.why:
        fix = [f"  fix: {visible(checked.why.fix)}"] if checked.why.fix else []
        return [f"{paint.bold(name)}  {paint.red(checked.why.kind)}  {visible(checked.why.message)}", *fix]
    styles = {Answer.OK: paint.green, Answer.NOT_OK: paint.red, Answer.CANNOT_TELL: paint.yellow}
    lines = [f"{paint.bold(name)}  {styles[checked.answer](str(checked.answer))}"]
    if checked.has_symptom:
        word = {Answer.OK: "holds", Answer.NOT_OK: "does not hold"}.get(checked.symptom.answer, "cannot be told")
        lines.append(f"  symptom  {word}: {_says(checked.symptom)}")
    if checked.goal.findings:
        lines.append(f"  verify   {checked.goal.answer}: {_says(checked.goal)}")
    return lines


def _says(told: verify.Told) -> str:
    return "; ".join(visible(s) for s in told.says)
