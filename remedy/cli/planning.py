"""Making a plan and telling it: what `plan` and `apply` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from remedy.cli.options import Target, path_of
from remedy.cli.progress import Progress
from remedy.cli.shown.faults import error_json, show_error
from remedy.cli.shown.plan_json import plan_json
from remedy.cli.shown.plan_text import next_line, plan_lines
from remedy.cli.wiring import Parts, overrides_of
from remedy.engine.plan import sealed
from remedy.engine.planner import Planner
from remedy.engine.side_by_side import plan_each
from remedy.engine.told import untold
from remedy.load.inventory import select
from remedy.load.playbook import load_playbook
from remedy.load.resolve import resolve
from remedy.load.resolved import Playbook
from remedy.model import Plan


def make_plan(parts: Parts, playbook: str, target: Target) -> Plan:
    """Look at the hosts, plan, and keep the plan."""
    (plan,) = make_plans(parts, (playbook,), target)
    return plan


def make_plans(parts: Parts, playbooks: Sequence[str], target: Target) -> tuple[Plan, ...]:
    """Look at the hosts once, plan each playbook, and keep the plans. A value of -p goes to those that declare it."""
    given = overrides_of(target.given)
    named = [path_of(parts.world.cwd, p) for p in playbooks]
    loaded = [load_playbook(n, parts.home.path, parts.catalogue) for n in named]
    chosen = select(parts.inventory, target.hosts, target.groups)
    resolved = [[resolve(one, host, _own(given, one, loaded), parts.catalogue) for host in chosen] for one in loaded]
    progress = Progress(parts.world, [host.name for host in chosen])
    try:
        plans = plan_each(planner_of(parts, progress), resolved)
    finally:
        progress.done()
    found = []
    for asked, path, plan in zip(playbooks, named, plans, strict=True):
        is_path = path != asked or "/" in asked
        found.append(sealed(replace(plan, source=path)) if is_path else plan)
        parts.store.save_plan(found[-1])
    return tuple(found)


def _own(given: Mapping[str, str], playbook: Playbook, others: Sequence[Playbook]) -> Mapping[str, str]:
    """The given values that a playbook declares; one that none of several declares stays, and is refused."""
    known = {spec.name for one in others for spec in one.params}
    declared = {spec.name for spec in playbook.params}
    return {name: value for name, value in given.items() if name in declared or name not in known}


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


def tell_plans(parts: Parts, plans: Sequence[Plan], *, whole: bool, as_json: bool) -> int:
    """Several plans, one below the other, or one list. Returns the exit code of the worst."""
    if len(plans) == 1:
        return tell_plan(parts, plans[0], whole=whole, as_json=as_json)
    world, codes = parts.world, [0]
    if as_json:
        world.document([plan_json(plan, parts.store.approvals(plan.id)) for plan in plans])
        return max([missing.exit_code for plan in plans if (missing := untold(plan))], default=0)
    for plan in plans:
        if len(codes) > 1:
            world.out("")
        codes.append(tell_plan(parts, plan, whole=whole, as_json=False))
    return max(codes)


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
