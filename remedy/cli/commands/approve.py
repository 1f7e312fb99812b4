"""`remedy approve`: a person's consent to one plan, or to a playbook for a while."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.app import Misused
from remedy.cli.complete import of_targets
from remedy.cli.world import World


@click.command(
    "approve",
    epilog=options.example(
        'remedy approve p1a2b3c4 --reason "disk alarm of tonight"    or'
        "    remedy approve --standing disk-full --group web --max-bytes 20GiB --until 30d"
    ),
)
@click.argument("what", metavar="PLAN|PLAYBOOK", shell_complete=of_targets)
@click.option("--through", metavar="STEP", default="", help="Only through this step; the run stops there.")
@click.option("--reason", default="", help="Why; it is kept with the consent.")
@click.option("--ttl", metavar="TIME", default="", help="How long it lasts, such as 15m; at most what the policy says.")
@options.break_glass
@options.standing_terms
@options.as_json
@click.pass_context
def command(ctx: click.Context, what: str, through: str, reason: str, ttl: str, break_glass: str, as_json: bool) -> int:
    """Consent to PLAN (an id, a prefix of it, or its file). This is itself the answer: it asks for more only
    where the risk is high. The consent names the plan's digest, is used up by one run, and expires.

    With --standing: consent to PLAYBOOK as it is now, for the hosts of a group, up to what is said, as often
    as a schedule, an alert or apply --standing asks, until a day. Never to a high risk. It is void when the
    playbook changes; remedy list approvals shows it, remedy reject takes it back.
    """
    world: World = ctx.obj
    terms = options.terms_of(ctx)
    if terms.given and not terms.standing:
        raise Misused(f"{terms.given[0]} belongs to --standing", fix="remedy approve --standing PLAYBOOK ...", ctx=ctx)
    if terms.standing and (through or ttl or break_glass):
        raise Misused("--standing goes with none of --through, --ttl, --break-glass", fix="--until says how long")
    from remedy.cli.approving import approve  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.asking import Consent  # noqa: PLC0415
    from remedy.cli.lasting import approve_standing  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        if terms.standing:
            approve_standing(parts, what, terms, reason, as_json=as_json)
        else:
            said = Consent(yes=True, break_glass=break_glass, through=through, reason=reason)
            approve(parts, what, said, ttl, as_json=as_json)
    return 0
