"""Before anything is done on a host: lease it, settle what was in flight, look again, compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from remedy.engine import verify
from remedy.engine.act import STALE
from remedy.engine.allow import Moved, allow
from remedy.engine.current import demand_machine
from remedy.engine.fleet import Fleet
from remedy.engine.recover import recover
from remedy.engine.report import HostState, RunState, fold
from remedy.engine.standing import Crew, Standing
from remedy.engine.told import why_left_out
from remedy.errors import Bug, Busy, CannotTell, Lost, RemedyError, Stale, StoreError, Unreachable
from remedy.model import Answer, Draft, Host, HostPlan, Json, Kind, Look, Outcome, Plan, Reply
from remedy.ports import Lease, Session

RESUME_WAIT_S = 120  # how long a run waits for its own earlier runner on a host to end
UNHELD = 0  # the fence of a host that is only looked at; the first lease of any host has a higher one
FRESH_S = 30.0  # a host that was looked at longer ago is looked at again when its turn comes


@dataclass(frozen=True)
class NotReady:
    """A host that is closed before anything is done to it, or whose end the journal holds already."""

    outcome: Outcome
    reason: str
    lines: tuple[str, ...] = ()
    is_recorded: bool = False


@dataclass(frozen=True)
class Later:
    """A host that is leased only when its turn comes: it is one machine with another of the plan, or all is to stop."""


@dataclass(frozen=True, kw_only=True)
class Approach:
    """How the hosts of one run are got ready. Used by many threads, each on its own host."""

    crew: Crew
    fleet: Fleet
    owner: str
    run: str
    plan: Plan
    hosts: Mapping[str, Host]
    past: RunState
    is_resumed: bool

    def ready(self, part: HostPlan, *, leads: bool) -> Standing | NotReady | Later:
        """The host leased and looked at; one that does not lead its machine is only looked at.

        Once somebody asked to stop, no further host is turned to.
        """
        if self.crew.stopping():
            return Later()
        try:
            return self._leased(part) if leads else self._looked_at(part)
        except RemedyError as error:
            return self._not_ready(part, error)

    def at_its_turn(self, part: HostPlan, met: Standing | NotReady | Later) -> Standing | NotReady:
        """The same, as it is now: what was seen too long ago is looked at again."""
        try:
            match met:
                case Later():
                    return self._leased(part)
                case Standing() if self.crew.clock.monotonic_s() - met.seen_at > FRESH_S:
                    return self._refreshed(part, met)
                case _:
                    return met
        except RemedyError as error:
            return self._not_ready(part, error)

    def let_go(self, part: HostPlan) -> None:
        """Give the lease back; over a new connection where the old one has ended."""
        if part.host not in self.hosts or not self._is_to_hold(part) or self.fleet.opened(part.host) is None:
            return
        host = self.hosts[part.host]
        try:
            self._release(replace(host, container=part.container.partition(" ")[0]))
        except RemedyError:  # it is another host now, or cannot be had: the lease says who left it
            self.fleet.drop(host.name)

    def _release(self, host: Host) -> None:
        try:
            self.fleet.session(host).release(self.run)
        except (Lost, Unreachable):
            self.fleet.drop(host.name)
            self.fleet.session(host).release(self.run)

    # ------------------------------------------------------------ leased and looked at

    def _leased(self, part: HostPlan) -> Standing | NotReady:
        if left_out := why_left_out(part):
            raise left_out
        host = demand_machine(part, self.hosts, restarted=_has_acted(self.past.hosts.get(part.host)))
        looks = questions(part)
        session, lease, answers = self._lease(host, looks) if self._is_to_hold(part) else self._seen(host, looks)
        if lease.fence != UNHELD:
            body: dict[str, Json] = {"fence": lease.fence}
            self.crew.record(Draft(kind=Kind.HOST_LEASED, body=body, plan=self.plan.id, run=self.run, host=host.name))
        past = self._past(part)
        if past.closed:  # another process went on with the run meanwhile
            return NotReady(past.outcome or Outcome.UNKNOWN, past.reason, is_recorded=True)
        standing = Standing(
            crew=self.crew,
            plan=self.plan,
            run=self.run,
            host=host,
            part=part,
            session=session,
            lease=lease,
            past=past,
            replies=dict(zip(looks, answers, strict=True)),
            seen_at=self.crew.clock.monotonic_s(),
        )
        return self._compared(recover(standing))

    def _lease(self, host: Host, looks: list[Look]) -> tuple[Session, Lease, tuple[Reply, ...]]:
        wait_s = RESUME_WAIT_S if self.is_resumed else 0
        if self.fleet.opened(host.name) is not None:
            try:
                session = self.fleet.session(host)
                return session, *session.lease(self.run, self.owner, looks, wait_s)
            except (Lost, Unreachable):  # it was open for long, and ended; a lease it took is the run's own
                self.fleet.drop(host.name)
                wait_s = RESUME_WAIT_S
        session = self.fleet.session(host)
        return session, *session.lease(self.run, self.owner, looks, wait_s)

    def _is_to_hold(self, part: HostPlan) -> bool:
        """Whether this run may do anything there: where the plan has nothing to do, nobody is to be kept out."""
        return self.is_resumed or any(s.change or s.question for s in part.steps)

    def _seen(self, host: Host, looks: list[Look]) -> tuple[Session, Lease, tuple[Reply, ...]]:
        """The same without a lease."""
        try:
            session = self.fleet.session(host)
            return session, Lease(run=self.run, fence=UNHELD), session.look(looks)
        except (Lost, Unreachable):
            if self.fleet.opened(host.name) is None:
                raise
            self.fleet.drop(host.name)
        session = self.fleet.session(host)
        return session, Lease(run=self.run, fence=UNHELD), session.look(looks)

    def _past(self, part: HostPlan) -> HostState:
        """What the journal says of the host; read under the lease, for who held it before may have written on."""
        state = fold(self.run, self.crew.store.events(run=self.run)) if self.is_resumed else self.past
        return state.hosts.get(part.host, HostState(host=part.host))

    def _refreshed(self, part: HostPlan, standing: Standing) -> Standing | NotReady:
        try:
            standing.look(questions(part))
        except (Lost, Unreachable):
            self.fleet.drop(part.host)
            return self._leased(part)
        return self._compared(standing)

    def _looked_at(self, part: HostPlan) -> NotReady | Later:
        if left_out := why_left_out(part):
            raise left_out
        host = demand_machine(part, self.hosts)
        if not self.is_resumed:
            looks = questions(part)
            replies = dict(zip(looks, self.fleet.session(host).look(looks), strict=True))
            lines = moved(self.crew, self.plan, part, replies)
            if lines:
                return NotReady(Outcome.REFUSED, STALE, lines)
        return Later()

    def _compared(self, standing: Standing) -> Standing | NotReady:
        if any(s.acted for s in standing.past.steps.values()):
            return standing
        lines = moved(self.crew, self.plan, standing.part, standing.replies)
        return NotReady(Outcome.REFUSED, STALE, lines) if lines else standing

    # ------------------------------------------------------------ what went wrong

    def _not_ready(self, part: HostPlan, error: RemedyError) -> NotReady:
        """An error met while getting ready closes only its host; one that was acted upon stays open."""
        past = self.past.hosts.get(part.host)
        acted = _has_acted(past)
        match error:
            case StoreError() | Bug():
                raise error
            case Stale() if past is None or not any(s.is_open for s in past.steps.values()):
                return NotReady(Outcome.REFUSED, error.message)
            case _ if acted or (self.is_resumed and isinstance(error, Busy)):
                return NotReady(Outcome.UNKNOWN, error.message)
            case CannotTell():
                return NotReady(Outcome.UNCHANGED, error.message)
            case Unreachable() | Lost():
                return NotReady(Outcome.UNREACHABLE, error.message)
            case _:
                return NotReady(Outcome.REFUSED, error.message)


def _has_acted(past: HostState | None) -> bool:
    return past is not None and any(s.acted for s in past.steps.values())


def questions(part: HostPlan) -> list[Look]:
    """All that is looked at again before anything is done: symptom, ladder, goal, every step with a change."""
    looks = [*verify.looks_of(part.symptom), *verify.looks_of(part.until), *verify.looks_of(verify.goal_of(part))]
    looks += [s.look for s in part.changes if s.look is not None]
    return list(dict.fromkeys(looks))


def moved(crew: Crew, plan: Plan, part: HostPlan, replies: Mapping[Look, Reply]) -> tuple[str, ...]:
    """Both observations of the first step whose ground is another now; of none, nothing.

    To be asked before the run has done anything there: nothing that differs is its own doing.
    Where the symptom is not there, nothing is to be done and so nothing is stale.
    """
    if verify.tell(part.symptom, replies, crew.catalogue).answer is not Answer.OK:
        return ()
    for step in part.changes:
        assert step.change is not None and step.look is not None
        action = crew.catalogue.action(step.action, step.params)
        exact = bool(plan.undo_of)
        allowed = allow(step, step.change, action, replies[step.look], own=False, exact=exact)
        if isinstance(allowed, Moved):
            return (f"step {step.step}:", *allowed.lines)
    return ()
