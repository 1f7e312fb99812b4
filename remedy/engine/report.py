"""The journal folded: what became of a run, of its hosts and of their steps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from remedy.codec import decode
from remedy.model import Event, Json, Kind, Outcome, UndoBy, Verdict, worst

MOST_RESUMES = 3  # of a run on one host, before a person must name it: what ends it each time may be the run itself
ACTED = (Outcome.CHANGED, Outcome.FAILED, Outcome.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class StepState:
    """One step of a run. `outcome` is None until its result is recorded; `in_flight` names an open change."""

    step: str
    outcome: Outcome | None = None
    reason: str = ""
    in_flight: str = ""
    attempts: int = 0
    acted: bool = False  # an operation was dispatched and nothing says that it was not done
    held: bool = False  # left out because an earlier step ended the climb; a resumed run tries it again
    undoing: str = ""  # names an open undo
    undo: Outcome | None = None  # how taking it back ended; None: it was not taken back
    ground: tuple[str, ...] = ()  # what the last intent rested on
    before: tuple[str, ...] = ()  # what was there before anything of this step was done
    back: UndoBy | None = None  # what takes it back, where that is not what the plan says
    lines: tuple[str, ...] = ()  # both sides of a stale ground, or the tail of the output

    @property
    def undone(self) -> bool:
        return self.undo is Outcome.CHANGED

    @property
    def is_open(self) -> bool:
        """Whether something was sent whose end is not known."""
        return bool(self.in_flight or self.undoing) or Outcome.UNKNOWN in (self.outcome, self.undo)


@dataclass(frozen=True, kw_only=True)
class HostState:
    """One host of a run."""

    host: str
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    reason: str = ""
    fence: int = 0
    leases: int = 0  # how often a runner began here, or went on
    closed: bool = False
    lines: tuple[str, ...] = ()  # both observations, where the plan was stale
    held: tuple[str, ...] | None = None  # which checks of the goal were as wanted before the first act
    steps: Mapping[str, StepState] = field(default_factory=dict)
    checked: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # (what, answer, says)


@dataclass(frozen=True, kw_only=True)
class RunState:
    """A run as the journal tells it."""

    run: str
    plan: str = ""
    playbook: str = ""
    person: str = ""
    started_at: str = ""
    closed_at: str = ""
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    hosts: Mapping[str, HostState] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        return bool(self.closed_at)

    @property
    def needs_person(self) -> bool:
        """Whether it was gone on with so often, and cut off each time, that nothing goes on with it unasked."""
        return not self.is_closed and any(h.leases > MOST_RESUMES and not h.closed for h in self.hosts.values())


def fold(run: str, events: Iterable[Event], before: RunState | None = None) -> RunState:
    """The state of a run after these events, which must be its own, in order. A closed run is closed.

    `before` is what earlier events came to.
    """
    state = before or RunState(run=run)
    for event in events:
        if not state.is_closed:
            state = _apply(state, event)
    return state


def _apply(state: RunState, event: Event) -> RunState:
    body = event.body
    match event.kind:
        case Kind.RUN_CREATED:
            return replace(
                state,
                plan=event.plan,
                playbook=_text(body, "playbook"),
                person=_text(body, "person"),
                started_at=event.at,
            )
        case Kind.RUN_CLOSED:
            outcome = Outcome(_text(body, "outcome"))
            verdict = Verdict(_text(body, "verdict"))
            open_still = outcome is Outcome.UNKNOWN  # until it is settled
            return replace(state, outcome=outcome, verdict=verdict, closed_at="" if open_still else event.at)
        case _ if event.host:
            host = state.hosts.get(event.host, HostState(host=event.host))
            return _with_host(state, _of_host(host, event))
        case _:
            return state


def _with_host(state: RunState, host: HostState) -> RunState:
    """The run with this host; one that is unknown makes an open run so."""
    hosts = {**state.hosts, host.host: host}
    is_unknown = any(h.outcome is Outcome.UNKNOWN for h in hosts.values())
    outcome, verdict = (Outcome.UNKNOWN, Verdict.INCONCLUSIVE) if is_unknown else (None, None)
    return replace(state, hosts=hosts, outcome=outcome, verdict=verdict)


def _of_host(host: HostState, event: Event) -> HostState:
    """The host after the event; what a runner says whose lease another has taken over counts for nothing.

    Not "a smaller fence": a host that was restarted may count from one again.
    """
    is_late = event.kind is not Kind.HOST_LEASED and event.body.get("fence", host.fence) != host.fence
    return host if is_late else _apply_host(host, event)


def _apply_host(host: HostState, event: Event) -> HostState:
    body = event.body
    match event.kind:
        case Kind.HOST_LEASED:
            return replace(host, fence=cast(int, body["fence"]), leases=host.leases + 1)
        case Kind.CHECKED:
            says = _texts(body, "says")
            held = host.held if host.held is not None or "held" not in body else _texts(body, "held")
            return replace(host, held=held, checked=(*host.checked, (_text(body, "what"), _text(body, "answer"), says)))
        case Kind.HOST_CLOSED:
            outcome = Outcome(_text(body, "outcome"))
            return replace(
                host,
                outcome=outcome,
                verdict=Verdict(_text(body, "verdict")),
                reason=_text(body, "reason"),
                lines=_texts(body, "lines"),
                closed=outcome is not Outcome.UNKNOWN,
            )
        case Kind.STEP_INTENT | Kind.STEP_RESULT | Kind.STEP_SETTLED:
            step = host.steps.get(event.step, StepState(step=event.step))
            return replace(host, steps={**host.steps, event.step: _apply_step(step, event)})
        case _:
            return host


def _apply_step(step: StepState, event: Event) -> StepState:
    body = event.body
    if event.kind is Kind.STEP_INTENT:
        return _sent(step, body)
    outcome = Outcome(_text(body, "outcome")) if body.get("outcome") else None  # "": it was not done
    if body.get("undo"):
        undoing = step.undoing if outcome is Outcome.UNKNOWN else ""
        return replace(step, undoing=undoing, undo=outcome, reason=_text(body, "reason"))
    return replace(
        step,
        outcome=outcome,
        reason=_text(body, "reason"),
        acted=step.acted and (outcome in ACTED or bool(body.get("begun"))),
        held=bool(body.get("held")),
        in_flight=step.in_flight if outcome is Outcome.UNKNOWN else "",
        lines=_texts(body, "lines"),
    )


def _sent(step: StepState, body: Mapping[str, Json]) -> StepState:
    attempts = step.attempts + 1
    ground = _texts(body, "ground")
    if body.get("undo"):
        return replace(step, undoing=_text(body, "id"), attempts=attempts)
    sent = replace(step, in_flight=_text(body, "id"), attempts=attempts, ground=ground, acted=True)
    if step.acted:  # an earlier attempt was cut off half-way: what was there before it is what counts
        return sent
    return replace(sent, before=ground, back=decode(UndoBy, body["back"]) if body.get("back") else None)


def _text(body: Mapping[str, Json], name: str) -> str:
    return cast(str, body.get(name, ""))


def _texts(body: Mapping[str, Json], name: str) -> tuple[str, ...]:
    return tuple(cast("list[str]", body.get(name, [])))


def closing(hosts: Iterable[HostState]) -> tuple[Outcome, Verdict]:
    """The outcome and verdict of a run: the worst outcome, and the least good verdict."""
    closed = list(hosts)
    order = [Verdict.INCONCLUSIVE, Verdict.INEFFECTIVE, Verdict.RECURRED, Verdict.RESOLVED]
    verdicts = [h.verdict or Verdict.INCONCLUSIVE for h in closed]
    verdict = min(verdicts, key=order.index, default=Verdict.RESOLVED)
    return worst([h.outcome or Outcome.UNKNOWN for h in closed]), verdict


def is_failure(outcome: Outcome, verdict: Verdict, *, climbed: bool, partial: bool) -> bool:
    """Whether a host's end counts against `max_failures`: what was done there went wrong, or did not help.

    A host that nothing was begun on stops only itself. A `partial` approval need not resolve anything.
    """
    match outcome:
        case Outcome.UNKNOWN | Outcome.FAILED:
            return True
        case Outcome.UNREACHABLE | Outcome.REFUSED:
            return climbed
        case Outcome.CHANGED:
            return verdict is not Verdict.RESOLVED and not partial
        case Outcome.UNCHANGED:
            return False


TURNED_AWAY = "stopped: "  # the reason of a host that was not begun because others had failed begins so


def is_turned_away(host: HostState) -> bool:
    """Whether nothing was begun there because too many hosts before it had failed."""
    return host.outcome is Outcome.REFUSED and host.reason.startswith(TURNED_AWAY) and not host.steps


def exit_code(state: RunState) -> int:
    """The command line's code for a run: truth over green. An open run is unknown."""
    codes = {Outcome.UNKNOWN: 6, Outcome.FAILED: 1, Outcome.UNREACHABLE: 4, Outcome.REFUSED: 3}
    if state.outcome is None:
        return 6
    if state.outcome in codes:
        return codes[state.outcome]
    return {Verdict.RESOLVED: 0, Verdict.INCONCLUSIVE: 4}.get(state.verdict or Verdict.INCONCLUSIVE, 1)


def as_json(state: RunState) -> dict[str, Json]:
    """The run as `--json` prints it; its shape is part of the contract."""
    return {
        "run": state.run,
        "plan": state.plan,
        "playbook": state.playbook,
        "verdict": str(state.verdict or Verdict.INCONCLUSIVE),
        "outcome": str(state.outcome or Outcome.UNKNOWN),
        "hosts": {name: _host_json(h) for name, h in state.hosts.items()},
    }


def _host_json(host: HostState) -> dict[str, Json]:
    steps: list[Json] = [
        {
            "step": s.step,
            "outcome": str(s.outcome or ""),
            "reason": s.reason,
            "undone": s.undone,
            "lines": list[Json](s.lines),
        }
        for s in host.steps.values()
    ]
    return {
        "outcome": str(host.outcome or ""),
        "verdict": str(host.verdict or ""),
        "reason": host.reason,
        "lines": list[Json](host.lines),
        "steps": steps,
    }
