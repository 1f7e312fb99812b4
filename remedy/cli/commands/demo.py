"""`remedy demo`: everything, on an embedded host."""

from __future__ import annotations

import click

from remedy.cli import options


@click.command("demo", epilog=options.example("remedy demo --yes"))
@options.yes
@click.option("--keep", is_flag=True, help="Hold the host, once the story is told, until Enter is pressed.")
def command(yes: bool, keep: bool) -> int:
    """Try remedy on this machine, without root and without Docker: a host of its own with a disk that is really full.

    Shows the plan, asks, applies, verifies, applies again, shows the record, and cleans up.
    """
    from remedy.demo import main  # noqa: PLC0415 — where it is used

    return main(assume_yes=yes, keep=keep)
