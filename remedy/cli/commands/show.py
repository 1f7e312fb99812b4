"""`remedy show`: a plan or a run, as it was kept."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_records
from remedy.cli.world import World


@click.command("show", epilog=options.example("remedy show p1a2b3c4    or    remedy show r1a2b3c4"))
@click.argument("what", metavar="PLAN|RUN", shell_complete=of_records)
@click.option("--all", "whole", is_flag=True, help="Cut no list short.")
@options.as_json
@click.pass_obj
def command(world: World, what: str, whole: bool, as_json: bool) -> int:
    """Show a PLAN as it would be applied, or a RUN as it happened: who consented, what was done, what came of
    it, what is not known, and how to take it back. No host is asked.
    """
    from remedy.cli.showing import show  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        show(parts, what, whole=whole, json=as_json)
    return 0
