"""A run taken back: planned on what is there now, shown, consented to, carried out."""

from __future__ import annotations

from remedy.cli.asking import Consent
from remedy.cli.carrying import consent, named_hosts, run_plan, show_plan
from remedy.cli.planning import planner_of
from remedy.cli.progress import Progress
from remedy.cli.wiring import Parts
from remedy.engine.report import fold
from remedy.engine.told import demand_some_told
from remedy.model import Plan


def undo(parts: Parts, ref: str, said: Consent, *, json: bool) -> int:
    """Take a run back. Returns the exit code of the run that does it."""
    plan = undo_of(parts, parts.store.run(ref).id)
    show_plan(parts, plan, as_json=json)
    demand_some_told(plan)
    consent(parts, plan, said)
    return run_plan(parts, plan, named_hosts(parts, plan), json=json)


def undo_of(parts: Parts, run: str) -> Plan:
    """The plan that takes a run back, kept. Raises Refused where there is nothing to take back."""
    state = fold(run, parts.store.events(run=run))
    done = parts.store.plan(state.plan)
    progress = Progress(parts.world, [p.host for p in done.hosts])
    planner = planner_of(parts, progress)
    try:
        plan = planner.undo(done, state, named_hosts(parts, done))
    finally:
        progress.done()
    parts.store.save_plan(plan)
    return plan
