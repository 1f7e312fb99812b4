"""`remedy settle`: a person's word on what nothing else could tell."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_hosts, of_runs
from remedy.cli.world import World


@click.command("settle", epilog=options.example("remedy settle r1a2b3c4 old-logs --as done"))
@click.argument("run", shell_complete=of_runs)
@click.argument("step")
@click.option("--as", "what", type=click.Choice(["done", "not-done"]), required=True, help="What became of it.")
@click.option(
    "--host", default="", metavar="H", shell_complete=of_hosts, help="On which host, where there are several."
)
@options.as_json
@click.pass_obj
def command(world: World, run: str, step: str, what: str, host: str, as_json: bool) -> int:
    """Say what became of STEP of RUN, when neither the host's receipts nor its state could tell.

    Look at the host first. Your word is kept in the journal, with your name.
    """
    from remedy.cli.resuming import settle  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        return settle(parts, run, step, host, done=what == "done", json=as_json)
