"""Making a plan and telling it: what `plan` and `apply` share."""

from __future__ import annotations

from dataclasses import replace

from remedy.cli.options import Target, path_of
from remedy.cli.progress import Progress
from remedy.cli.shown.faults import error_json, show_error
from remedy.cli.shown.plan_json import plan_json
from remedy.cli.shown.plan_text import next_line, plan_lines
from remedy.cli.wiring import Parts, overrides_of
from remedy.engine.plan import sealed
from remedy.engine.planner import Planner
from remedy.engine.told import untold
from remedy.load.inventory import select
from remedy.load.playbook import load_playbook
from remedy.load.resolve import resolve
from remedy.model import Plan


def make_plan(parts: Parts, playbook: str, target: Target) -> Plan:
    """Look at the hosts, plan, and keep the plan."""
    overrides = overrides_of(target.given)
    named = path_of(parts.world.cwd, playbook)
    loaded = load_playbook(named, parts.home.path, parts.catalogue)
    chosen = select(parts.inventory, target.hosts, target.groups)
    resolved = [resolve(loaded, host, overrides, parts.catalogue) for host in chosen]
    progress = Progress(parts.world, [host.name for host in chosen])
    planner = planner_of(parts, progress)
    try:
        plan = planner.plan(resolved)
    finally:
        progress.done()
    if named != playbook or "/" in playbook:
        plan = sealed(replace(plan, source=named))
    parts.store.save_plan(plan)
    return plan


def planner_of(parts: Parts, progress: Progress) -> Planner:
    """The engine's planner, with this command's person, policy and hosts."""
    return Planner(
        fleet=parts.fleet,
        catalogue=parts.catalogue,
        clock=parts.clock,
        policy=parts.policy,
        home=parts.store.home,
        requester=parts.person,
        progress=progress.host,
        own=parts.own,
    )


def tell_plan(parts: Parts, plan: Plan, *, whole: bool, as_json: bool) -> int:
    """The plan, and beside it what could not be told. Returns the exit code."""
    world, missing = parts.world, untold(plan)
    approvals = parts.store.approvals(plan.id)
    if as_json:
        document = plan_json(plan, approvals)
        world.document({**document, "error": error_json(missing)} if missing else document)
    else:
        world.out(*plan_lines(plan, world.paint(), approvals, whole=whole), *next_line(plan, world.paint()))
        if missing:
            show_error(world, missing, as_json=False)
    return missing.exit_code if missing else 0
