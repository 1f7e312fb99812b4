"""`remedy show`: a plan or a run, as it was kept."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_records
from remedy.cli.world import World


@click.command("show", epilog=options.example("remedy show p1a2b3c4    or    remedy show r1a2b3c4"))
@click.argument("what", metavar="PLAN|RUN", shell_complete=of_records)
@click.option("--all", "whole", is_flag=True, help="Cut no list short.")
@click.option("--as-shell", "by_hand", is_flag=True, help="The commands a person would type by hand instead.")
@options.as_json
@click.pass_obj
def command(world: World, what: str, whole: bool, by_hand: bool, as_json: bool) -> int:
    """Show a PLAN as it would be applied, or a RUN as it happened: who consented, what was done, what came of
    it, what is not known, and how to take it back. No host is asked.

    With --as-shell: for the same effect without remedy, a script for each host, and what remedy does beyond it.
    """
    from remedy.cli.showing import show, show_by_hand  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        if by_hand:
            show_by_hand(parts, what, json=as_json)
        else:
            show(parts, what, whole=whole, json=as_json)
    return 0
