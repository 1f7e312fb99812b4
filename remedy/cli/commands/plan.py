"""`remedy plan`: look, and say exactly what would be done."""

from __future__ import annotations

from pathlib import Path

import click

from remedy.cli import options
from remedy.cli.complete import of_playbooks
from remedy.cli.world import World

PENDING = 5


@click.command("plan", epilog=options.example("remedy plan disk-full --host prod1 -p mount=/var"))
@click.argument("playbook", shell_complete=of_playbooks)
@options.target
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the plan to a file as well.")
@click.option("--all", "whole", is_flag=True, help="Show each of many hosts, and cut no list short.")
@click.option("--exit-code", is_flag=True, help="End with 5 when there are changes to make.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, playbook: str, out: Path | None, whole: bool, exit_code: bool, as_json: bool) -> int:
    """Look at the hosts and say exactly what PLAYBOOK would do there, and why. Nothing is changed.

    The plan is kept; approve and apply it by its id. Ends with 0, or with 4 when a host or its
    symptom could not be told.
    """
    target = options.demand_target(ctx)
    from remedy.cli.planning import make_plan, tell_plan  # noqa: PLC0415 — after the command line is known to be right
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    world: World = ctx.obj
    with Parts(world) as parts:
        plan = make_plan(parts, playbook, target)
        if out is not None:
            from remedy.cli.plan_file import write_plan  # noqa: PLC0415

            write_plan(plan, world.cwd / out)
        code = tell_plan(parts, plan, whole=whole, as_json=as_json)
    return PENDING if not code and exit_code and plan.has_changes else code
