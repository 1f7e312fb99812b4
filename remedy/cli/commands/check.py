"""`remedy check`: a playbook's symptom and verification, and nothing else."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_playbooks
from remedy.cli.world import World


@click.command("check", epilog=options.example("remedy check disk-full --host prod1"))
@click.argument("playbook", shell_complete=of_playbooks)
@options.target
@options.as_json
@click.pass_context
def command(ctx: click.Context, playbook: str, as_json: bool) -> int:
    """Ask whether PLAYBOOK's symptom holds on the hosts, and whether what it verifies does. Nothing is changed.

    Ends with 0 when all is well, with 1 when it is not, with 4 when it cannot be told.
    """
    target = options.demand_target(ctx)
    from remedy.cli.checking import check, tell_checked  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    world: World = ctx.obj
    with Parts(world) as parts:
        return tell_checked(world, playbook, check(parts, playbook, target), as_json=as_json)
