"""Runs that were cut off, gone on with one after another; and what a person knows of them, written down."""

from __future__ import annotations

from remedy.cli.carrying import continued, named_hosts, run_json, tell_run
from remedy.cli.wiring import Parts
from remedy.engine.recover import by_hand
from remedy.engine.report import MOST_RESUMES, HostState, RunState, exit_code, fold
from remedy.errors import Invalid, Refused
from remedy.load.text import suggestion

MANY = 1000  # open runs; more of them is not a matter for one command


def resume(parts: Parts, ref: str, *, json: bool) -> int:
    """Go on with one run, or with all that are open; one that was cut off again and again must be named.

    Returns the worst exit code.
    """
    runs = [parts.store.run(ref)] if ref else list(reversed(parts.store.runs(MANY, open_only=True)))
    states = []
    for row in runs:
        state = fold(row.id, parts.store.events(run=row.id))
        if state.needs_person and not ref:
            parts.world.err(
                f"run {row.id} was gone on with {MOST_RESUMES} times and cut off each time: it must be named now",
                f"look at it: remedy show {row.id}; then, by its name: remedy resume {row.id}",
            )
            states.append(state)
            continue
        states.append(_gone_on(parts, state, json=json))
        if states[-1].outcome is None:  # somebody asked to stop
            break
    if json:
        documents = [run_json(parts, s, parts.store.plan(s.plan)) for s in states]
        parts.world.document(documents[0] if ref else list(documents))
    elif not states:
        parts.world.out("no run is open")
    return max(map(exit_code, states), default=0)


def _gone_on(parts: Parts, state: RunState, *, json: bool) -> RunState:
    """What becomes of a run that is gone on with; a closed one is told as it is."""
    if not state.is_closed:
        hosts = named_hosts(parts, parts.store.plan(state.plan))
        return continued(parts, state.run, hosts, json=json)
    if not json:
        tell_run(parts, state, json=False)
    return state


def settle(parts: Parts, ref: str, step: str, host: str, *, done: bool, json: bool) -> int:
    """Write down a person's word on one step of a run. Raises Refused unless the step is open."""
    run = parts.store.run(ref).id
    state = fold(run, parts.store.events(run=run))
    found = _open_step(state, step, host)
    parts.store.append([by_hand(state, found.host, step, done=done, person=parts.person)])
    settled = fold(run, parts.store.events(run=run))
    if json:
        parts.world.document(run_json(parts, settled, parts.store.plan(settled.plan)))
    else:
        word = "done" if done else "not done"
        parts.world.out(f"{found.host}  {step}  {word}, by your word", f"next: remedy resume {run}")
    return 0


def _open_step(state: RunState, step: str, host: str) -> HostState:
    """The one host whose step of this name is open."""
    open_steps = {(h.host, s.step) for h in state.hosts.values() for s in h.steps.values() if s.is_open}
    names = sorted({s for _, s in open_steps})
    if not open_steps:
        raise Refused(f"run {state.run} has no step that is unknown", at=state.run, fix=f"remedy show {state.run}")
    hosts = [h for h, s in sorted(open_steps) if s == step and host in ("", h)]
    if not hosts:
        fix = suggestion(step, names)
        raise Invalid(f"step {step} of run {state.run} is not unknown{f' on {host}' if host else ''}", at=step, fix=fix)
    if len(hosts) > 1:
        raise Invalid(f"step {step} is unknown on {', '.join(hosts)}", at=step, fix=f"--host {hosts[0]}")
    return state.hosts[hosts[0]]
