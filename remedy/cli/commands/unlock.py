"""`remedy unlock`: remove a lease that nobody holds any more, or take a clock for right that was ahead."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.app import Misused
from remedy.cli.complete import of_hosts
from remedy.cli.world import World


@click.command("unlock", epilog=options.example("remedy unlock prod1 --owner r1a2b3c4    or    remedy unlock --clock"))
@click.argument("host", required=False, default="", shell_complete=of_hosts)
@click.option("--owner", default="", metavar="ID", help="Whose: the owner or the run, as the refusal named it.")
@click.option("--clock", is_flag=True, help="This machine's clock is right; it was ahead before.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, host: str, owner: str, clock: bool, as_json: bool) -> int:
    """Remove the lease on HOST that ID left behind. Only that one: another's stays, and is named.

    A lease is never broken by itself. Before you do it, be sure that its run is over: remedy resume
    settles runs of this home.

    With --clock: the store never counts a time that is earlier than the latest it has seen, so that no expired
    approval comes back. Where this machine's clock was ahead and is right now, say so: you are asked for today's
    date, and every approval given before is void.
    """
    if clock == bool(host or owner):
        raise Misused("unlock takes a HOST with its --owner, or --clock", fix="remedy unlock HOST --owner ID", ctx=ctx)
    if host and not owner:
        raise Misused("unlock HOST wants the owner that the refusal named", fix=f"remedy unlock {host} --owner ID")
    from remedy.cli.unlocking import accept_clock, unlock  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    world: World = ctx.obj
    with Parts(world) as parts:
        if clock:
            accept_clock(parts, as_json=as_json)
        else:
            unlock(parts, host, owner, as_json=as_json)
    return 0
