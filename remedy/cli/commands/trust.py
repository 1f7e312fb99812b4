"""`remedy trust`: pin a host's key."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_hosts
from remedy.cli.world import World


@click.command("trust", epilog=options.example("remedy trust prod1"))
@click.argument("host", shell_complete=of_hosts)
@click.option(
    "--fingerprint", metavar="SHA256:...", default="", help="The host's own; pins without asking if it is so."
)
@options.as_json
@click.pass_obj
def command(world: World, host: str, fingerprint: str, as_json: bool) -> int:
    """Fetch HOST's key without logging in, show its fingerprint, ask, and pin it in the inventory.

    Compare it with what the host itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
    A pinned key is never replaced. Without a terminal, --fingerprint is the answer.
    """
    from remedy.cli.trusting import trust  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        trust(parts, host, fingerprint, as_json=as_json)
    return 0
