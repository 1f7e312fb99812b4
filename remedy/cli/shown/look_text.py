"""What `remedy look` prints: hosts in general, what is wrong with them, and the next command to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import cast

from remedy.actions.words import day_text, span_text
from remedy.cli.looking import RECENT, Looked, Looking
from remedy.cli.shown.text import Paint, counted, visible
from remedy.cli.world import World
from remedy.codec import encode
from remedy.engine.survey import Survey, Symptom, is_told
from remedy.engine.told import named, untold_error
from remedy.model import Answer, Json
from remedy.ports import RunRow

WORDS = {Answer.OK: "holds", Answer.CANNOT_TELL: "cannot tell", Answer.NOT_OK: "does not hold"}


def tell_looked(world: World, looking: Looking, *, verbose: bool, as_json: bool) -> int:
    """Print it. Returns the exit code: 0 when all could be told, else what kept it from being told."""
    if as_json:
        world.document(_json(looking))
    else:
        paint = world.paint()
        shown, quiet = _parted(looking, verbose=verbose)
        blocks = [list(_host_lines(looking, h, paint, verbose=verbose)) for h in shown]
        world.out(*_joined(blocks), *_sum(looking, quiet, paint))
        if looking.unrecorded:
            world.err(paint.yellow(f"no runs are shown: the record cannot be read: {visible(looking.unrecorded)}"))
    return _code(looking)


def _code(looking: Looking) -> int:
    why = untold_error({h.host.name: h.why for h in looking.hosts if h.why}, len(looking.hosts))
    if why:
        return why.exit_code
    return 0 if is_told([h.survey for h in looking.hosts if h.survey]) else 4


def _parted(looking: Looking, *, verbose: bool) -> tuple[list[Looked], list[Looked]]:
    """The hosts to be shown one by one, the worst first; and of several, those of which one line says all."""
    worst_first = sorted(looking.hosts, key=_urgency)
    if len(looking.hosts) == 1 or verbose:
        return worst_first, []
    return [h for h in worst_first if not _is_quiet(h)], [h for h in worst_first if _is_quiet(h)]


def _urgency(looked: Looked) -> tuple[int, bool, str]:
    """What holds by severity, then who said nothing, then what cannot be told, then the rest."""
    if looked.survey is None:
        return 1, False, ""
    first = next(iter(looked.survey.symptoms), None)
    if first is None:
        return 3, True, ""
    place = {Answer.OK: 0, Answer.CANNOT_TELL: 2, Answer.NOT_OK: 4}[first.answer]
    return place, not first.severity, first.severity


def _is_quiet(looked: Looked) -> bool:
    """Well, and nobody is at work there."""
    survey = looked.survey
    is_well = survey is not None and bool(survey.symptoms) and not survey.that(Answer.OK) and is_told([survey])
    return is_well and not looked.open_runs and not lease_of(looked) and not _is_late(survey)


def _is_late(survey: Survey | None) -> bool:
    """Whether a timer of the host should have put something back, and has not."""
    timers = survey.state.facts.get("timers", []) if survey and survey.state else []
    return any(t["state"] != "armed" for t in cast("list[dict[str, Json]]", timers))


def _joined(blocks: Iterable[list[str]]) -> list[str]:
    """Blocks with an empty line between them."""
    lines: list[str] = []
    for block in blocks:
        lines += ["", *block] if lines else block
    return lines


# ---------------------------------------------------------------- one host


def _host_lines(looking: Looking, looked: Looked, paint: Paint, *, verbose: bool) -> Iterator[str]:
    host = looked.host
    environment = f"  {visible(host.environment)}" if host.environment else ""
    yield paint.bold(visible(host.name)) + paint.dim(f"  {visible(host.way)}{environment}")
    if looked.survey is None:
        kind, message = (looked.why.kind, looked.why.message) if looked.why else ("unreachable", "no answer")
        yield f"  {paint.red(kind)}  {visible(message)}"
        if looked.why and looked.why.fix:
            yield paint.dim(f"  fix: {visible(looked.why.fix)}")
        yield from _run_lines(looking, looked, paint)
        return
    survey = looked.survey
    if survey.state:
        yield paint.dim(f"  {visible(survey.state.says)}")
        yield from _timer_lines(survey.state.facts, paint)
    yield from _run_lines(looking, looked, paint)
    told = survey.symptoms if verbose else (*survey.that(Answer.OK), *survey.that(Answer.CANNOT_TELL))
    names = [s.playbook for s in told] + [u.playbook for u in survey.unfit if verbose]
    width = max((len(visible(name)) for name in names), default=0)
    for symptom in told:
        yield from _symptom_lines(looking, symptom, host.name, paint, width)
    if verbose:
        yield from (
            paint.dim(f"      {'does not fit':<13}  {visible(u.playbook).ljust(width)}  {visible(u.why)}")
            for u in survey.unfit
        )
    yield _host_sum(survey, host.name, paint, verbose=verbose)


def _symptom_lines(looking: Looking, symptom: Symptom, host: str, paint: Paint, width: int) -> Iterator[str]:
    style = {Answer.OK: paint.red, Answer.CANNOT_TELL: paint.yellow, Answer.NOT_OK: paint.green}[symptom.answer]
    word = style(f"{WORDS[symptom.answer]:<13}")
    says = "; ".join(visible(s) for s in symptom.says)
    yield f"  {symptom.severity or '--':<2}  {word}  {paint.bold(visible(symptom.playbook).ljust(width))}  {says}"
    if symptom.answer is Answer.OK:
        yield f"      {paint.dim('next:')} {looking.next_command(symptom, host)}"


def _host_sum(survey: Survey, host: str, paint: Paint, *, verbose: bool) -> str:
    asked, left = len(survey.symptoms), len(survey.unfit)
    holds, unclear = len(survey.that(Answer.OK)), len(survey.that(Answer.CANNOT_TELL))
    more = "" if verbose or not left else f" ({counted(left, 'does', 'do')} not fit it: -v)"
    if not asked:
        return paint.yellow(f"  no playbook fits {visible(host)}{more}")
    if not holds and not unclear:
        known = f"{counted(asked, 'playbook')} {'knows' if asked == 1 else 'know'}"
        return paint.green(f"  nothing of what {known} holds on {visible(host)}") + more
    unsure = f", {unclear} cannot be told" if unclear else ""
    return f"  {holds} of {counted(asked, 'symptom')} {'holds' if holds == 1 else 'hold'}{unsure}{more}"


# ---------------------------------------------------------------- the record


def _run_lines(looking: Looking, looked: Looked, paint: Paint) -> Iterator[str]:
    """Who holds the host, runs of ours that are not closed, and the last ones that are."""
    lease = lease_of(looked)
    ours = {r.id for r in looked.open_runs}
    if lease and lease["run"] not in ours:
        since = f"{day_text(int(str(lease['since'])))} UTC"
        yield paint.yellow(f"  held by {visible(str(lease['owner']))}, run {visible(str(lease['run']))}, since {since}")
    for run in looked.open_runs:
        holds = " and holds the host" if lease and lease["run"] == run.id else ""
        yield paint.yellow(f"  run {run.id} ({visible(run.playbook)}) is open{holds}: it is at work, or was cut off")
        yield f"      {paint.dim('next:')} {looking.command('resume', run.id)}"
    for run in [r for r in looked.runs if r.closed_at][:RECENT]:
        yield paint.dim(f"  {_ago(run, looking.now)}  run {run.id}  {visible(run.playbook)}: {_came_of(run)}")


def _timer_lines(facts: Mapping[str, Json], paint: Paint) -> Iterator[str]:
    """What the host itself will put back; and what it should have, and has not."""
    for timer in cast("list[dict[str, Json]]", facts.get("timers", [])):
        at = f"{day_text(cast('int', timer['due']))} UTC"
        what = visible(f"{timer['key']}: {timer['what']}")
        if timer["state"] == "armed":
            yield paint.dim(f"  its timer puts back at {at}  {what}")
        else:
            came = "failed" if timer["state"] == "failed" else "did not run"
            yield paint.red(f"  its timer of {at} {came}  {what}")


def lease_of(looked: Looked) -> Mapping[str, Json] | None:
    """The lease as the host told it: run, since (its own clock), owner."""
    facts = looked.survey.state.facts if looked.survey and looked.survey.state else {}
    return cast("Mapping[str, Json] | None", facts.get("lease"))


def _came_of(run: RunRow) -> str:
    return ", ".join(word for word in (run.outcome, run.verdict) if word) or "closed"


def _ago(run: RunRow, now: datetime) -> str:
    passed_s = (now - datetime.fromisoformat(run.closed_at)).total_seconds()
    return f"{span_text(int(passed_s))} ago"


# ---------------------------------------------------------------- all hosts


def _sum(looking: Looking, quiet: list[Looked], paint: Paint) -> list[str]:
    """All hosts in one line, where there are several, after those of which nothing else is said."""
    if len(looking.hosts) == 1:
        return []
    said = named([visible(h.host.name) for h in quiet])
    lines = ["", paint.green(f"nothing of what the playbooks know holds on {said}")] if quiet else []
    sick = sum(1 for h in looking.hosts if h.survey and h.survey.that(Answer.OK))
    well = sum(1 for h in looking.hosts if h.survey and not h.survey.that(Answer.OK) and is_told([h.survey]))
    words = [f"{sick} with a symptom that holds", f"{well} well", f"{len(looking.hosts) - sick - well} not told"]
    return [*lines, "", paint.bold(f"{counted(len(looking.hosts), 'host')}: {', '.join(words)}")]


# ---------------------------------------------------------------- for scripts


def _json(looking: Looking) -> Json:
    return {
        "playbooks": looking.playbooks,
        "record": looking.unrecorded,
        "hosts": {h.host.name: _host_json(looking, h) for h in looking.hosts},
    }


def _host_json(looking: Looking, looked: Looked) -> Json:
    survey = looked.survey
    return {
        "address": str(looked.host.address),
        "environment": looked.host.environment,
        "unreachable": looked.why.message if looked.why else "",
        "left_out": looked.why.kind if looked.why else "",
        "state": encode(survey.state.facts) if survey and survey.state else {},
        "symptoms": [_symptom_json(looking, s, looked.host.name) for s in survey.symptoms] if survey else [],
        "unfit": [encode(u) for u in survey.unfit] if survey else [],
        "open_runs": [encode(r) for r in looked.open_runs],
        "recent_runs": [encode(r) for r in looked.runs if r.closed_at][:RECENT],
    }


def _symptom_json(looking: Looking, symptom: Symptom, host: str) -> Json:
    return {
        "playbook": symptom.playbook,
        "severity": symptom.severity,
        "summary": symptom.summary,
        "answer": WORDS[symptom.answer],
        "says": [*symptom.says],
        "findings": [
            {
                "check": f.asked.check,
                "answer": str(f.judgement.answer),
                "says": f.judgement.says,
                "facts": encode(f.judgement.facts),
            }
            for f in symptom.findings
        ],
        "next": looking.next_command(symptom, host) if symptom.answer is Answer.OK else "",
    }
