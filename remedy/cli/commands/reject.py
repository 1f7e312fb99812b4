"""`remedy reject`: nobody may apply this plan any more."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.complete import of_rejectable
from remedy.cli.world import World


@click.command("reject", epilog=options.example('remedy reject p1a2b3c4 --reason "wrong host"'))
@click.argument("plan", metavar="PLAN|APPROVAL", shell_complete=of_rejectable)
@click.option("--reason", default="", help="Why; it is kept in the journal.")
@options.as_json
@click.pass_obj
def command(world: World, plan: str, reason: str, as_json: bool) -> int:
    """Close PLAN for good: nobody may apply it any more. Or take a standing APPROVAL back."""
    from remedy.cli.lasting import means_standing, take_back  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        if means_standing(parts, plan):
            take_back(parts, plan, reason, as_json=as_json)
            return 0
        kept = parts.store.plan(plan)
        parts.store.reject(kept.id, parts.person, reason)
        if as_json:
            from remedy.cli.shown.plan_json import plan_json  # noqa: PLC0415

            world.document({**plan_json(kept, parts.store.approvals(kept.id)), "state": "rejected"})
        else:
            world.out(f"plan {kept.id} is rejected; nobody may apply it any more")
    return 0
