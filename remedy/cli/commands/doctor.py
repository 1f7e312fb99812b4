"""`remedy doctor`: what is missing here."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.world import World


@click.command("doctor", epilog=options.example("remedy -C /srv/remedy doctor"))
@options.as_json
@click.pass_obj
def command(world: World, as_json: bool) -> int:
    """Say what is missing here, and how to get it: Python and libraries, the home, its files, the journal, keys.

    No host is asked. Ends with 1 when something must be seen to.
    """
    from remedy.cli.doctoring import examine, tell  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        return tell(world, examine(parts), as_json=as_json)
