"""`remedy apply`: plan, show, ask, apply, verify; or apply a plan that was approved."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.app import Misused
from remedy.cli.complete import of_targets
from remedy.cli.world import World


@click.command("apply", epilog=options.example("remedy apply disk-full --host prod1    or    remedy apply p1a2b3c4"))
@click.argument("what", metavar="PLAYBOOK|PLAN", shell_complete=of_targets)
@options.target
@options.yes
@options.break_glass
@options.standing
@click.option("--reason", default="", help="Why; it is kept with the consent.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, what: str, yes: bool, break_glass: str, standing: bool, reason: str, as_json: bool
) -> int:
    """Apply PLAYBOOK to hosts: plan, show, ask, apply, verify. Or apply a kept PLAN (id, prefix or *.json file).

    With --standing nobody is asked: a standing approval consents, or it is refused. It is never used unasked.
    Only what the plan lists is done, or less; where something else is there by then, nothing is.
    """
    world: World = ctx.obj
    target = options.target_of(ctx)
    if target.given and not target.is_named:
        raise Misused(
            "-p belongs to a playbook; a plan has its values", fix="remedy apply PLAYBOOK --host H -p ...", ctx=ctx
        )
    if standing and (yes or break_glass):
        raise Misused(
            "--standing asks nobody: it goes with neither --yes nor --break-glass", fix="leave one out", ctx=ctx
        )
    from remedy.cli.applying import apply_plan, apply_playbook  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.asking import Consent  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    said = Consent(yes=yes, break_glass=break_glass, reason=reason, standing=standing)
    with Parts(world) as parts:
        if target.is_named:
            return apply_playbook(parts, what, target, said, json=as_json)
        return apply_plan(parts, what, said, json=as_json)
