"""From a plan that is consented to, to the run's record and its exit code: what apply, undo and resume share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from remedy.cli.asking import Consent, approval_of, demand_consent, lacking, standing_consent
from remedy.cli.progress import Progress
from remedy.cli.shown.plan_text import given_words, plan_lines
from remedy.cli.shown.verdict import verdict_lines
from remedy.cli.stopping import Stopping
from remedy.cli.wiring import Parts
from remedy.engine.basis import Now, demand_current
from remedy.engine.gate import conditions_of
from remedy.engine.report import RunState, as_json, exit_code
from remedy.engine.run import Runner
from remedy.engine.standing import Crew
from remedy.errors import Invalid, Refused
from remedy.load.playbook import load_playbook
from remedy.model import Host, Json, Kind, Plan


def show_plan(parts: Parts, plan: Plan, *, as_json: bool) -> None:
    """The plan for the person who is asked; beside standard output where that holds a document."""
    lines = plan_lines(plan, parts.world.paint(aside=as_json), parts.store.approvals(plan.id))
    parts.world.tell([*lines, ""], aside=as_json)


def consent(parts: Parts, plan: Plan, said: Consent) -> None:
    """Record the requester's consent, unless what was given suffices. Raises Refused or Unapproved."""
    given = [a for a in parts.store.approvals(plan.id) if not a.used_by]
    hindrance = conditions_of(plan, parts.policy).closed(parts.clock.now())
    if hindrance and not said.break_glass and not any(a.break_glass for a in given):
        raise hindrance
    if said.standing:
        used = standing_consent(parts.store, plan, parts.clock.now())
        parts.world.err(*(f"consent: {given_words(a)} ({a.id})" for a in used))
        return
    missing = lacking(parts.store, plan, parts.clock.now())
    if missing is None and (not said.break_glass or any(a.break_glass for a in given)):
        return
    has_mine = any(a.person == parts.person for a in given)
    if missing and plan.need.people > 1 and has_mine and not said.break_glass:
        raise missing
    demand_consent(parts.world, plan, said)
    ttl_s = parts.policy.approval_s
    parts.store.approve(approval_of(plan, parts.person, parts.clock.now(), ttl_s, said))


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a run is carried out where it is not one that somebody asked for by its name.

    `unasked` is answered to a playbook's questions where nobody is here. `closing` is why a run is only brought to
    its end.
    """

    unasked: str = ""
    closing: str = ""


PLAIN = Manner()


def run_plan(parts: Parts, plan: Plan, hosts: Mapping[str, Host], *, json: bool, standing: bool = False) -> int:
    """Carry out a plan and tell its record. Returns the exit code."""
    state = _carried(
        parts,
        [p.host for p in plan.hosts],
        lambda runner: runner.start(plan, hosts, standing=standing),
        lambda s: tell_run(parts, s, json=json),
    )
    return exit_code(state)


def carried_out(parts: Parts, plan: Plan, *, json: bool, manner: Manner = PLAIN) -> RunState:
    """Carry out a plan. Returns what became of it, told already unless `json`."""
    hosts = named_hosts(parts, plan)
    tell = _teller(parts, json=json)
    return _carried(parts, [p.host for p in plan.hosts], lambda runner: runner.start(plan, hosts), tell, manner)


def continued(parts: Parts, run: str, hosts: Mapping[str, Host], *, json: bool, manner: Manner = PLAIN) -> RunState:
    """Go on with a run that was cut off. Returns what became of it, told already unless `json`."""
    tell = _teller(parts, json=json)
    return _carried(parts, list(hosts), lambda runner: runner.resume(run, hosts), tell, manner)


def _teller(parts: Parts, *, json: bool) -> Callable[[RunState], None]:
    """What tells a run's record, unless a document will."""

    def tell(state: RunState) -> None:
        if not json:
            tell_run(parts, state, json=False)

    return tell


def runner_of(parts: Parts, progress: Progress, stopping: Callable[[], bool], manner: Manner = PLAIN) -> Runner:
    """The engine's runner, with this command's person, store and hosts."""
    crew = Crew(
        store=parts.store,
        catalogue=parts.catalogue,
        clock=parts.clock,
        person=parts.person,
        policy=parts.policy,
        watch=progress.event,
        answer=lambda host, step: (
            manner.unasked if manner.unasked and not parts.world.has_person else progress.ask(host, step, parts.person)
        ),
        stopping=stopping,
        closing=manner.closing,
    )
    return Runner(crew=crew, fleet=parts.fleet, owner=parts.owner)


def _carried(
    parts: Parts,
    names: Sequence[str],
    go: Callable[[Runner], RunState],
    tell: Callable[[RunState], None],
    manner: Manner = PLAIN,
) -> RunState:
    """What the engine returns, with progress shown and signals heeded until it is told."""
    progress = Progress(parts.world, names, keep=True)
    with Stopping(progress.notice) as stopping:
        try:
            state = go(runner_of(parts, progress, stopping.asked, manner))
        finally:
            progress.done()
        tell(state)
    return state


def tell_run(parts: Parts, state: RunState, *, json: bool) -> None:
    """The run as its record has it, for a script or for a person."""
    plan = parts.store.plan(state.plan)
    if json:
        parts.world.document(run_json(parts, state, plan))
    else:
        parts.world.out(*verdict_lines(state, plan, parts.world.paint(), parts.store.undos(state.run)))


def run_json(parts: Parts, state: RunState, plan: Plan) -> dict[str, Json]:
    """The run as `--json` prints it, its hosts as the plan has them; its shape is part of the contract."""
    hosts = {p.host: state.hosts[p.host] for p in plan.hosts if p.host in state.hosts}
    document = as_json(replace(state, hosts={**hosts, **state.hosts}))
    undos: list[Json] = [row.id for row in parts.store.undos(state.run)]
    return {**document, "playbook": plan.playbook, "undo_of": plan.undo_of, "undos": undos}


def hosts_now(parts: Parts, plan: Plan) -> dict[str, Host]:
    """The plan's hosts, once everything it was made from is seen to be as it was. Raises Stale or Refused."""
    digest = "" if plan.undo_of else _playbook_digest(parts, plan)
    now = Now(
        home=parts.store.home,
        playbook_digest=digest,
        policy_digest=parts.policy.digest,
        hosts=parts.inventory.hosts,
        catalogue=parts.catalogue,
    )
    return demand_current(plan, now)


def _playbook_digest(parts: Parts, plan: Plan) -> str:
    """The digest of the playbook that the plan was made from, as it is now; "" where it cannot be loaded."""
    try:
        return load_playbook(plan.source or plan.playbook, parts.home.path, parts.catalogue).digest
    except (Invalid, Refused):
        return ""


def demand_open(parts: Parts, plan: Plan) -> None:
    """Raise Refused for a plan that was rejected or applied already, before anybody is asked about it."""
    for event in parts.store.events(plan=plan.id):
        if event.kind is Kind.REJECTED:
            raise Refused(f"plan {plan.id} was rejected by {event.body.get('person')}", at=plan.id, fix="plan again")
        if event.kind is Kind.RUN_CREATED:
            raise Refused(f"plan {plan.id} was applied already, by run {event.run}", at=event.run, fix="plan again")


def named_hosts(parts: Parts, plan: Plan) -> dict[str, Host]:
    """The plan's hosts as the inventory has them; those it no longer has are left out."""
    known = parts.inventory.hosts
    return {p.host: known[p.host] for p in plan.hosts if p.host in known}


def plan_ref(parts: Parts, ref: str) -> Plan:
    """The plan that an id, a prefix or a *.json file means, as the store has it. Raises Invalid or Refused."""
    if not ref.endswith(".json"):
        return parts.store.plan(ref)
    from remedy.cli.plan_file import kept_plan  # noqa: PLC0415 — only for a file

    return kept_plan(parts.store, parts.world.cwd / ref)
