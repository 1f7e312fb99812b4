"""`remedy resume`: go on with what was cut off."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_runs
from remedy.cli.world import World


@click.command("resume", epilog=options.example("remedy resume r1a2b3c4"))
@click.argument("run", required=False, default="", shell_complete=of_runs)
@options.as_json
@click.pass_obj
def command(world: World, run: str, as_json: bool) -> int:
    """Go on with RUN, or with every run that is still open.

    What was in flight is settled first, by the host's own receipts or by looking; what cannot be
    settled stays unknown. With --json a named RUN is one object, all of them are an array.
    """
    from remedy.cli.resuming import resume  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        return resume(parts, run, json=as_json)
