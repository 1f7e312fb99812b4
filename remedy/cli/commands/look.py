"""`remedy look`: what is wrong with a host, for somebody who does not know the playbook's name."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.world import World


@click.command("look", epilog=options.example("remedy look --host prod1"))
@options.target
@click.option("-v", "--verbose", is_flag=True, help="Also what does not hold, and which playbooks do not fit and why.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, verbose: bool, as_json: bool) -> int:
    """Ask each host for every symptom of every playbook that fits it, in one request, and rank what holds: first
    what is sure and severe, each with what was seen and the command to type next. Nothing is changed.

    Ends with 0 when all could be told, whatever it is; with 4 when a host or a symptom could not; with 3 when a
    host's key was refused. A playbook that lacks a value for a host, or whose parts the host lacks, does not fit it.
    """
    target = options.demand_target(ctx)
    from remedy.cli.looking import look  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.shown.look_text import tell_looked  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415 — the command line is right by now

    world: World = ctx.obj
    with Parts(world) as parts:
        return tell_looked(world, look(parts, target), verbose=verbose, as_json=as_json)
