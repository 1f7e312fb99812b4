"""`remedy drill`: break what a playbook is for, let it remedy that, and put all back."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.app import Misused
from remedy.cli.complete import of_playbooks
from remedy.cli.world import World


@click.command("drill", epilog=options.example("remedy drill service-down --host test1"))
@click.argument("playbook", required=False, default="", shell_complete=of_playbooks)
@options.target
@click.option("--restore", is_flag=True, help="Put back what a drill that was cut off left broken.")
@options.yes
@options.break_glass
@options.as_json
@click.pass_context
def command(ctx: click.Context, playbook: str, restore: bool, yes: bool, break_glass: str, as_json: bool) -> int:
    """Break on purpose what PLAYBOOK is for, wait for its symptom, apply it, and put all back.

    Only on a host that the inventory marks as `drillable`, never in production, and only while nothing is
    wrong there. One consent covers breaking, remedying and putting back; what the policy asks for beyond a y
    is asked for each.

    Ends with 0 only when the symptom came, the playbook resolved it, a second apply changed nothing, and all
    is put back.
    """
    world: World = ctx.obj
    target = options.demand_target(ctx)
    if bool(playbook) == restore:
        raise Misused("name a playbook, or --restore", fix="remedy drill PLAYBOOK --host H", ctx=ctx)
    from remedy.cli.asking import Consent  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.drilling import drill  # noqa: PLC0415
    from remedy.cli.restoring import restore_host  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    said = Consent(yes=yes, break_glass=break_glass)
    with Parts(world) as parts:
        if restore:
            return restore_host(parts, target, said, json=as_json)
        return drill(parts, playbook, target, said, json=as_json)
