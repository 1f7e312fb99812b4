"""`remedy undo`: take a run back."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_runs
from remedy.cli.world import World


@click.command("undo", epilog=options.example("remedy undo r1a2b3c4"))
@click.argument("run", shell_complete=of_runs)
@options.yes
@options.break_glass
@click.option("--reason", default="", help="Why; it is kept with the consent.")
@options.as_json
@click.pass_obj
def command(world: World, run: str, yes: bool, break_glass: str, reason: str, as_json: bool) -> int:
    """Take RUN back, newest step first: looks at the hosts now, shows the plan, asks, and applies it.

    What a run did without an undo stays; the plan of a run says so before it is applied.
    """
    from remedy.cli.asking import Consent  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.undoing import undo  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    said = Consent(yes=yes, break_glass=break_glass, reason=reason)
    with Parts(world) as parts:
        return undo(parts, run, said, json=as_json)
