"""`remedy list`: what is there."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.world import World

WHAT = ("plans", "runs", "hosts", "actions", "playbooks", "schedules", "approvals")


@click.command("list", epilog=options.example("remedy list runs --open"))
@click.argument("what", type=click.Choice(WHAT))
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Plans or runs at most.")
@click.option("--open", "open_only", is_flag=True, help="Only open runs, plans not applied, approvals that stand.")
@options.as_json
@click.pass_obj
def command(world: World, what: str, limit: int, open_only: bool, as_json: bool) -> int:
    """List plans, runs, hosts, actions and checks, playbooks, schedules, or standing approvals. No host is asked."""
    from remedy.cli.listing import rows_of  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.shown.text import columns  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        listed = rows_of(parts, what, limit, open_only=open_only)
    if as_json:
        world.document(listed.documents)
    elif listed.rows:
        world.out(*columns(listed.rows, listed.head, world.paint()))
    else:
        world.out(f"no {what}")
    return 0
