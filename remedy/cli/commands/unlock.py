"""`remedy unlock`: remove a lease that nobody holds any more."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_hosts
from remedy.cli.world import World


@click.command("unlock", epilog=options.example("remedy unlock prod1 --owner r1a2b3c4"))
@click.argument("host", shell_complete=of_hosts)
@click.option("--owner", required=True, metavar="ID", help="Whose: the owner or the run, as the refusal named it.")
@options.as_json
@click.pass_obj
def command(world: World, host: str, owner: str, as_json: bool) -> int:
    """Remove the lease on HOST that ID left behind. Only that one: another's stays, and is named.

    A lease is never broken by itself. Before you do it, be sure that its run is over: remedy resume
    settles runs of this home.
    """
    from remedy.cli.wiring import Parts  # noqa: PLC0415 — the command line is right by now
    from remedy.load.inventory import select  # noqa: PLC0415
    from remedy.model import Draft, Kind  # noqa: PLC0415

    with Parts(world) as parts:
        (chosen,) = select(parts.inventory, [host], [])
        removed = parts.fleet.session(chosen).unlock(owner)
        if removed:
            body = {"owner": owner, "person": parts.person}
            parts.store.append([Draft(kind=Kind.UNLOCKED, body=body, host=host)])
    if as_json:
        world.document({"host": host, "owner": owner, "unlocked": removed})
    else:
        world.out(f"{host}: the lease of {owner} is removed" if removed else f"{host}: nobody held a lease")
    return 0
