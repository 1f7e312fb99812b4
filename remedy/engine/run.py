"""One run of one approved plan: every host looked at again, then batch after batch, to the record."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from remedy.engine.act import STALE
from remedy.engine.climb import Climb
from remedy.engine.current import demand_host
from remedy.engine.fleet import Fleet, on_all
from remedy.engine.gate import conditions_of, not_now
from remedy.engine.plan import demand_intact, machine_of
from remedy.engine.planner import ENGINE
from remedy.engine.ready import Approach, Later, NotReady
from remedy.engine.report import TURNED_AWAY, HostState, RunState, closing, fold, is_failure
from remedy.engine.standing import Crew, Halted, Standing
from remedy.errors import CannotTell, Refused, RemedyError, Stale
from remedy.model import Draft, Host, HostPlan, Json, Kind, Outcome, Plan, Verdict

T = TypeVar("T")
Met = Standing | NotReady | Later


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Carries out approved plans. `owner` is the text that the lease on a host shows."""

    crew: Crew
    fleet: Fleet
    owner: str

    def start(self, plan: Plan, hosts: Mapping[str, Host], *, standing: bool = False) -> RunState:
        """Redeem the plan's approvals, create its run and carry it out to its record.

        `standing`: nobody is here; standing approvals may be used, and it runs no oftener than is good.

        Raises Unapproved, Stale, Refused or StoreError before anything is done; afterwards
        nothing but StoreError: what happens to hosts is in the state that is returned. When
        somebody asks to stop, or something is unknown, the run stays open.
        """
        self._demand_ours(plan, hosts)
        self.fleet.demand_room(_live(plan))
        run = "r" + secrets.token_hex(4)
        conditions = conditions_of(plan, self.crew.policy, standing=standing)
        approvals = self.crew.store.redeem(plan, plan.need, self.crew.person, run, conditions)
        through = next((a.through for a in approvals if a.through), plan.through)
        return self._carry(self._approach(replace(plan, through=through), hosts, RunState(run=run)))

    def resume(self, run: str, hosts: Mapping[str, Host]) -> RunState:
        """Go on with a run that was cut off, after settling what was in flight. A closed run is left as it is."""
        state = self.state(run)
        if state.is_closed:
            return state
        plan = self.crew.store.plan(state.plan)
        demand_intact(plan)
        self.fleet.demand_room(_live(plan))
        approvals = self.crew.store.approvals(plan.id)
        through = next((a.through for a in approvals if a.used_by == run and a.through), plan.through)
        return self._carry(self._approach(replace(plan, through=through), hosts, state, is_resumed=True))

    def state(self, run: str) -> RunState:
        """What the journal says of a run."""
        return fold(run, self.crew.store.events(run=run))

    def _demand_ours(self, plan: Plan, hosts: Mapping[str, Host]) -> None:
        demand_intact(plan)
        if plan.home != self.crew.store.home:
            raise Refused(f"plan {plan.id} was made by another home, {plan.home}", fix="plan again, here")
        if plan.engine != ENGINE:
            raise Stale(f"plan {plan.id} was made by another version of the engine", fix="plan again")
        for part in plan.hosts:
            demand_host(part, hosts)

    def _approach(self, plan: Plan, hosts: Mapping[str, Host], past: RunState, *, is_resumed: bool = False) -> Approach:
        return Approach(
            crew=self.crew,
            fleet=self.fleet,
            owner=self.owner,
            run=past.run,
            plan=plan,
            hosts=hosts,
            past=past,
            is_resumed=is_resumed,
        )

    # ------------------------------------------------------------ the whole run

    def _carry(self, way: Approach) -> RunState:
        parts = [p for p in way.plan.hosts if not _past(way, p).closed]
        leads = {chain[0].host for chain in _chains(parts)}

        def ready(part: HostPlan) -> Met:
            return way.ready(part, leads=part.host in leads)

        visited: Mapping[str, Met | RemedyError] = on_all(parts, ready, lambda p: p.host)
        met: dict[str, Met] = _got(visited)
        if any(isinstance(m, NotReady) and m.reason == STALE for m in met.values()) and not _has_begun(way, met):
            met = {name: _all_stale(m) for name, m in met.items()}
        self._batches(way, parts, met)
        state = self.state(way.run)
        outcome, verdict = closing([state.hosts.get(p.host, HostState(host=p.host)) for p in way.plan.hosts])
        if outcome is Outcome.UNKNOWN:
            return state
        body: dict[str, Json] = {"outcome": str(outcome), "verdict": str(verdict)}
        closed = self.crew.record(Draft(kind=Kind.RUN_CLOSED, body=body, plan=way.plan.id, run=way.run))
        return fold(way.run, closed, state)

    def _batches(self, way: Approach, parts: Sequence[HostPlan], met: Mapping[str, Met]) -> None:
        """Batch after batch; past `max_failures` the remaining hosts are turned away untouched."""
        failures = sum(_was_failure(h, way.plan.through) for h in way.past.hosts.values() if h.closed)
        for batch in _batches(parts, met, way.plan.limits.batch):
            here = dict(met)
            if failures > way.plan.limits.max_failures:
                here = {name: _turned_away(m, failures) for name, m in met.items()}
            here |= {p.host: self._in_time(way, p, here[p.host]) for p in batch}
            chains = on_all(
                _chains(batch),
                lambda chain, here=here: sum(self._host(way, p, here[p.host]) for p in chain),  # type: ignore[misc]
                lambda chain: chain[0].host,
            )
            failures += sum(_got(chains).values())

    def _in_time(self, way: Approach, part: HostPlan, met: Met) -> Met:
        """The host, unless its change window has shut meanwhile. One that was begun is brought to its end."""
        late = not_now(way.plan, part, self.crew.policy, self.crew.clock.now())
        past = met.past if isinstance(met, Standing) else _past(way, part)
        if not late or isinstance(met, NotReady) or _has_acted(past):
            return met
        return met if self._broke_glass(way) else NotReady(Outcome.REFUSED, f"not begun: {late}")

    def _broke_glass(self, way: Approach) -> bool:
        return any(a.break_glass and a.used_by == way.run for a in self.crew.store.approvals(way.plan.id))

    # ------------------------------------------------------------ one host

    def _host(self, way: Approach, part: HostPlan, met: Met) -> bool:
        """Carry one host to its end. Whether it counts as a failure for the hosts after it."""
        if self.crew.stopping():
            way.let_go(part)
            return False
        standing = way.at_its_turn(part, met)
        if isinstance(standing, NotReady) and standing.is_recorded:
            way.let_go(part)
            return False
        try:
            closed, verdict = _climbed(standing)
        except Halted:
            way.let_go(part)
            return False
        if closed.outcome is not Outcome.UNKNOWN and not self._is_taken_over(way, standing, closed):
            way.let_go(part)
        fence: dict[str, Json] = {"fence": standing.lease.fence} if isinstance(standing, Standing) else {}
        body: dict[str, Json] = {
            "outcome": str(closed.outcome),
            "verdict": str(verdict),
            "reason": closed.reason,
            "lines": list[Json](closed.lines),
        }
        self.crew.record(
            Draft(kind=Kind.HOST_CLOSED, body={**body, **fence}, plan=way.plan.id, run=way.run, host=part.host)
        )
        climbed = isinstance(standing, Standing)
        return is_failure(closed.outcome, verdict, climbed=climbed, partial=bool(way.plan.through))

    def _is_taken_over(self, way: Approach, standing: Standing | NotReady, closed: NotReady) -> bool:
        """Whether another process resumed this run there, while this one stood still: the lease is its own."""
        if isinstance(standing, NotReady) or closed.outcome is not Outcome.REFUSED:
            return False
        return self.state(way.run).hosts[standing.host.name].fence != standing.lease.fence


def _climbed(standing: Standing | NotReady) -> tuple[NotReady, Verdict]:
    if isinstance(standing, NotReady):
        return standing, Verdict.INCONCLUSIVE
    try:
        outcome, verdict, reason = Climb(at=standing).go()
    except CannotTell as unclear:
        return NotReady(Outcome.UNCHANGED, unclear.message), Verdict.INCONCLUSIVE
    return NotReady(outcome, reason), verdict


# ---------------------------------------------------------------- who goes when


def _batches(parts: Sequence[HostPlan], met: Mapping[str, Met], size: int) -> Iterator[list[HostPlan]]:
    """A canary alone, then batches. The canary is the first host where something is to be done."""
    ready = [p for p in parts if p.changes and isinstance(met[p.host], Standing)]
    canary = (ready or list(parts))[:1]
    others = [p for p in parts if p not in canary]
    if canary:
        yield canary
    for start in range(0, len(others), max(1, size)):
        yield others[start : start + max(1, size)]


def _live(plan: Plan) -> int:
    """How many hosts of a plan are turned to."""
    return sum(not p.unreachable for p in plan.hosts)


def _chains(parts: Sequence[HostPlan]) -> list[list[HostPlan]]:
    """Hosts that share a pinned key, or are one container, are taken for one machine and go one after another."""
    chains: dict[str, list[HostPlan]] = {}
    for part in parts:
        chains.setdefault(machine_of(part), []).append(part)
    return list(chains.values())


def _turned_away(met: Met, failures: int) -> Met:
    """A host that nothing was done to yet is left untouched; one in the middle is brought to its end."""
    if isinstance(met, NotReady) or (isinstance(met, Standing) and _has_acted(met.past)):
        return met
    failed = "1 host" if failures == 1 else f"{failures} hosts"
    return NotReady(Outcome.REFUSED, f"{TURNED_AWAY}{failed} failed before this one")


def _all_stale(met: Met) -> Met:
    """One stale host makes the whole plan stale."""
    return met if isinstance(met, NotReady) else NotReady(Outcome.REFUSED, "the plan is stale on another host")


def _has_begun(way: Approach, met: Mapping[str, Met]) -> bool:
    """Whether the run has done something on any host, by all that is known now."""
    settled = {name: m.past for name, m in met.items() if isinstance(m, Standing)}
    return any(_has_acted(h) for h in {**way.past.hosts, **settled}.values())


def _has_acted(host: HostState) -> bool:
    return any(s.acted for s in host.steps.values())


def _past(way: Approach, part: HostPlan) -> HostState:
    return way.past.hosts.get(part.host, HostState(host=part.host))


def _was_failure(host: HostState, through: str) -> bool:
    outcome, verdict = host.outcome or Outcome.UNKNOWN, host.verdict or Verdict.INCONCLUSIVE
    return is_failure(outcome, verdict, climbed=bool(host.steps), partial=bool(through))


def _got(met: Mapping[str, T | RemedyError]) -> dict[str, T]:
    """What every host gave. An error here is the store's or a bug: nothing may go on."""
    got: dict[str, T] = {}
    for name, one in met.items():
        if isinstance(one, RemedyError):
            raise one
        got[name] = one
    return got
