"""Look at every host, once, and say exactly what would be done."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from remedy.actions.catalogue import Catalogue
from remedy.engine import ages, checks
from remedy.engine.current import demand_machine
from remedy.engine.fleet import Fleet
from remedy.engine.own import Own, demand_apart, place_of
from remedy.engine.plan import entry_of, identity_of, observations, plan_step, sealed, seen_of
from remedy.engine.policy import demand_caps, need_of
from remedy.engine.report import RunState
from remedy.engine.told import part_of, undo_left_out
from remedy.engine.undo import undo_part, undo_plan, undo_step, undoable
from remedy.errors import Invalid, Refused, RemedyError
from remedy.load.resolved import Resolved, Step
from remedy.model import (
    Answer,
    Asked,
    Finding,
    Host,
    HostPlan,
    Json,
    Limits,
    Look,
    Plan,
    PlannedStep,
    Policy,
    Reply,
    SecretRef,
)
from remedy.ports import Clock

H = TypeVar("H")

Answered: TypeAlias = Mapping[
    str, Mapping[Look, Reply] | RemedyError
]  # by host: answers there are already, or why none
NOT_ASKED = Reply(rc=1)  # of a step that is left out whatever the host is like
ENGINE = "1"  # grows when the meaning of a plan changes; older plans are then void


@dataclass(frozen=True, kw_only=True)
class Planner:
    """All that planning needs of the world. `progress` is told (host, what is done now, or how it ended)."""

    fleet: Fleet
    catalogue: Catalogue
    clock: Clock
    policy: Policy
    home: str
    requester: str
    progress: Callable[[str, str], None]
    own: Own = field(default_factory=Own)
    asked: Answered = field(default_factory=dict)

    def plan(self, resolved: Sequence[Resolved]) -> Plan:
        """The plan of one playbook on these hosts.

        Of several hosts, one that cannot be planned for (it is not reached, its key is another, it
        lacks what a step needs, its answer makes no sense) is left out and in the plan as such; the
        only one, if it was reached, raises why. Raises Refused when the playbook's or the policy's
        caps are passed.
        """
        if not resolved:
            raise Invalid("no host is named", fix="name one with --host, or a group with --group")
        playbook = resolved[0].playbook
        _demand_within(len(resolved), playbook.limits, self.policy)
        demand_caps(playbook.name, [r.host for r in resolved], self.policy)
        visited = self._visited(resolved, self._host, lambda r: r.host.name)
        hosts = tuple(part_of(r.host, visited[r.host.name], alone=len(resolved) == 1) for r in resolved)
        return sealed(
            Plan(
                id=_new_id(),
                digest="",
                home=self.home,
                playbook=playbook.name,
                summary=playbook.summary,
                playbook_digest=playbook.digest,
                policy_digest=self.policy.digest,
                engine=ENGINE,
                on_failure=playbook.on_failure,
                limits=playbook.limits,
                hosts=hosts,
                need=need_of(playbook.name, hosts, self.policy),
                made_at=self.clock.now().isoformat(timespec="seconds"),
                requester=self.requester,
            )
        )

    def undo(self, plan: Plan, state: RunState, hosts: Mapping[str, Host]) -> Plan:
        """The plan that takes a run back on these hosts.

        Of several hosts, one that does not answer is left out and in the plan as such: the run can be
        taken back there later. Raises Refused when the run is open or left nothing that can be taken
        back, and why nothing is known of the only host.
        """
        steps = undoable(plan, state)
        parts = [p for p in plan.hosts if p.host in steps]
        if not parts:
            raise Refused(f"run {state.run} left nothing that can be taken back", at=state.run)

        def back(part: HostPlan) -> HostPlan:
            return self._undo_host(demand_machine(part, hosts, restarted=True), part, steps[part.host], state)

        visited = self._visited(parts, back, lambda p: p.host)
        undone = tuple(undo_left_out(p, visited[p.host], alone=len(parts) == 1) for p in parts)
        made_at = self.clock.now().isoformat(timespec="seconds")
        undoing = undo_plan(plan, state, undone, self.policy, identifier=_new_id(), made_at=made_at)
        return sealed(replace(undoing, requester=self.requester))

    def _undo_host(self, host: Host, part: HostPlan, steps: tuple[PlannedStep, ...], state: RunState) -> HostPlan:
        looks = list(dict.fromkeys(s.look for s in steps if s.look is not None))
        session = self.fleet.session(host)
        answers = dict(zip(looks, session.look(looks), strict=True))
        past = state.hosts[part.host].steps
        back = [
            undo_step(s, past[s.step], self.catalogue.action(s.action, s.params), answers[s.look])
            for s in steps
            if s.look is not None
        ]
        demand_apart(self.own, host, session.facts, back)
        own = place_of(self.own, host, session.facts, back)
        here = replace(part, entry=entry_of(host), container=session.facts.container, own=own)
        return undo_part(here, tuple(back))

    def _visited(
        self, hosts: Sequence[H], visit: Callable[[H], HostPlan], name: Callable[[H], str]
    ) -> Mapping[str, HostPlan | RemedyError]:
        """Every host's part, or what was met there; each is told of when it is known."""

        def told(host: H) -> HostPlan:
            try:
                part = visit(host)
            except RemedyError as error:
                self.progress(name(host), error.kind)
                raise
            self.progress(name(host), "seen")
            return part

        return self.fleet.look_at_all(hosts, told, name)

    def ask(self, host: Host, questions: Sequence[Look]) -> Mapping[Look, Reply]:
        """Every answer of the host, in one request. Raises what connecting raises."""
        self.progress(host.name, "connecting")
        session = self.fleet.session(host)
        self.progress(host.name, "looking")
        return dict(zip(questions, session.look(questions), strict=True))

    def _host(self, resolved: Resolved) -> HostPlan:
        host = resolved.host
        answers = self.asked.get(host.name) or self.ask(host, questions_of(resolved))
        if isinstance(answers, RemedyError):
            raise answers
        session = self.fleet.session(host)
        part = _host_plan(
            resolved, answers, session.facts.now, self.catalogue, _planned(resolved, answers, session.facts)
        )
        demand_apart(self.own, host, session.facts, part.steps)
        ages.demand_told(resolved, part.steps, session.facts.now - int(self.clock.now().timestamp()))
        return replace(part, container=session.facts.container, own=place_of(self.own, host, session.facts, part.steps))


def _new_id() -> str:
    return "p" + secrets.token_hex(4)


def questions_of(resolved: Resolved) -> list[Look]:
    """Every look of the playbook on this host, each asked once."""
    asked = [*checks.asked_in(resolved.symptom), *resolved.diagnose]
    asked += checks.asked_in(resolved.until)
    looks = [a.look for a in asked]
    looks += [s.action.look(resolved.host) for s in resolved.steps if s.action is not None and not s.is_left_out]
    return list(dict.fromkeys(looks))


def _planned(resolved: Resolved, answers: Mapping[Look, Reply], facts: Any) -> Callable[[], tuple[PlannedStep, ...]]:
    """The steps, planned only when they are wanted: a symptom that does not hold needs none."""

    def steps() -> tuple[PlannedStep, ...]:
        seen = _seen(resolved, answers)
        planned = []
        for step in resolved.steps:
            wanted = step.when is None or step.when(seen)
            if step.action is None:
                planned.append(_question(step, wanted=wanted))
                continue
            reply = NOT_ASKED if step.is_left_out else answers[step.action.look(resolved.host)]
            guarded = not checks.is_empty(resolved.symptom)
            planned.append(plan_step(step, reply, facts, resolved.host, has_symptom=guarded, wanted=wanted))
        return tuple(planned)

    return steps


def _seen(resolved: Resolved, answers: Mapping[Look, Reply]) -> dict[str, Json]:
    """What each step's look saw, for `when`; a look that was not answered is left out."""
    if not any(s.when for s in resolved.steps):
        return {}
    seen = {}
    for step in resolved.steps:
        reply = answers.get(step.action.look(resolved.host)) if step.action and not step.is_left_out else None
        if reply is not None and step.action is not None and reply.answered:
            seen[step.id] = seen_of(step.action, reply)
    return observations(seen)


def _question(step: Step, *, wanted: bool) -> PlannedStep:
    assert step.ask is not None
    return PlannedStep(
        step=step.id,
        action="ask",
        params={},
        title=step.title or step.ask.text.splitlines()[0],
        look=None,
        question=step.ask.text if wanted else "",
        question_of=step.ask.of,
        reason="" if wanted else f"when: {step.when_text}",
    )


def _host_plan(
    resolved: Resolved,
    answers: Mapping[Look, Reply],
    now: int,
    catalogue: Catalogue,
    steps: Callable[[], tuple[PlannedStep, ...]],
) -> HostPlan:
    found = [checks.find(a, answers[a.look], catalogue) for a in _all_asked(resolved)]
    holds = checks.answer(resolved.symptom, found)
    host = resolved.host
    return HostPlan(
        host=host.name,
        identity=identity_of(host),
        environment=host.environment,
        entry=entry_of(host),
        params={k: {"secret": v.secret} if isinstance(v, SecretRef) else v for k, v in resolved.params.items()},
        clock=now,
        symptom=checks.pinned(resolved.symptom, now),
        until=checks.pinned(resolved.until, now),
        verify=checks.pinned(resolved.verify, now),
        symptom_holds=holds,
        findings=tuple(_pinned(f, now) for f in found),
        steps=steps() if holds is Answer.OK else _idle(resolved, holds),
    )


def _all_asked(resolved: Resolved) -> list[Asked]:
    return [*checks.asked_in(resolved.symptom), *resolved.diagnose]


def _pinned(finding: Finding, now: int) -> Finding:
    asked = finding.asked
    absolute = Asked(check=asked.check, params=asked.params, look=asked.look.pinned(now), within_s=asked.within_s)
    return Finding(asked=absolute, reply=finding.reply, judgement=finding.judgement)


def _idle(resolved: Resolved, holds: Answer) -> tuple[PlannedStep, ...]:
    """The steps of a playbook whose symptom does not hold, or cannot be told."""
    why = "the symptom does not hold" if holds is Answer.NOT_OK else "whether the symptom holds cannot be told"
    return tuple(
        PlannedStep(
            step=s.id,
            action=s.action.name if s.action else "ask",
            params=s.params,
            title=s.title or why,
            look=None,
            reason=why,
        )
        for s in resolved.steps
    )


def _demand_within(count: int, limits: Limits, policy: Policy) -> None:
    most = min(limits.hosts, policy.max_hosts or limits.hosts)
    if count > most:
        which = "the policy's max_hosts" if most < limits.hosts else "the playbook's limits.hosts"
        raise Refused(f"{count} hosts are more than {which} of {most}", fix="name fewer hosts, or raise the limit")
