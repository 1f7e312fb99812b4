"""`remedy explain`: what a word means."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.world import World


@click.command(
    "explain", epilog=options.example("remedy explain files.prune    or    explain prod1 log_dir    or    explain 3")
)
@click.argument("words", nargs=-1, required=True, metavar="WORD|HOST VAR")
@options.as_json
@click.pass_obj
def command(world: World, words: tuple[str, ...], as_json: bool) -> int:
    """Explain an action or a check (files.prune), a playbook (disk-full), a variable of a host (prod1 log_dir: the
    file and line it comes from), a refusal (stale) or an exit code (3).
    """
    from remedy.cli.explaining import explain  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        explained = explain(parts, words)
    if as_json:
        world.document(explained.document)
    else:
        world.out(*explained.lines(world.paint()))
    return 0
