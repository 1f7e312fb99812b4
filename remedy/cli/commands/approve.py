"""`remedy approve`: a person's consent to one plan."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_plans
from remedy.cli.world import World


@click.command("approve", epilog=options.example('remedy approve p1a2b3c4 --reason "disk alarm of tonight"'))
@click.argument("plan", shell_complete=of_plans)
@click.option("--through", metavar="STEP", default="", help="Only through this step; the run stops there.")
@click.option("--reason", default="", help="Why; it is kept with the consent.")
@click.option("--ttl", metavar="TIME", default="", help="How long it lasts, such as 15m; at most what the policy says.")
@options.break_glass
@options.as_json
@click.pass_obj
def command(world: World, plan: str, through: str, reason: str, ttl: str, break_glass: str, as_json: bool) -> int:
    """Consent to PLAN (an id, a prefix of it, or its file). This is itself the answer: it asks for more only
    where the risk is high.

    The consent names the plan's digest, is used up by one run, and expires.
    """
    from remedy.cli.approving import approve  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.asking import Consent  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    said = Consent(yes=True, break_glass=break_glass, through=through, reason=reason)
    with Parts(world) as parts:
        approve(parts, plan, said, ttl, as_json=as_json)
    return 0
