"""`remedy plan`: look, and say exactly what would be done."""

from __future__ import annotations

from pathlib import Path

import click

from remedy.cli import options
from remedy.cli.complete import of_playbooks
from remedy.cli.world import World

PENDING = 5


@click.command("plan", epilog=options.example("remedy plan disk-full --host prod1 -p mount=/var"))
@click.argument("playbooks", nargs=-1, required=True, metavar="PLAYBOOK...", shell_complete=of_playbooks)
@options.target
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan to a file as well.")
@click.option("--all", "whole", is_flag=True, help="Show each of many hosts, and cut no list short.")
@click.option("--exit-code", is_flag=True, help="End with 5 when there are changes to make.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, playbooks: tuple[str, ...], out: Path | None, whole: bool, exit_code: bool, as_json: bool
) -> int:
    """Look at the hosts and say exactly what each PLAYBOOK would do there, and why. Nothing is changed.

    Several playbooks are asked about in one conversation; each has a plan of its own. A plan is kept;
    approve and apply it by its id. Ends with 0, or with 4 when a host or its symptom could not be told.
    """
    target = options.demand_target(ctx)
    if out is not None and len(playbooks) > 1:
        raise click.UsageError("--out takes one plan: name one playbook")
    from remedy.cli.planning import make_plans, tell_plans  # noqa: PLC0415 — the command line is known to be right
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    world: World = ctx.obj
    with Parts(world) as parts:
        plans = make_plans(parts, playbooks, target)
        if out is not None:
            from remedy.cli.plan_file import write_plan  # noqa: PLC0415

            write_plan(plans[0], world.cwd / out)
        code = tell_plans(parts, plans, whole=whole, as_json=as_json)
    return PENDING if not code and exit_code and any(plan.has_changes for plan in plans) else code
