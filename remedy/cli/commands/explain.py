"""`remedy explain`: what a word means."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.app import Misused
from remedy.cli.complete import of_hosts, of_playbooks
from remedy.cli.world import World


@click.command(
    "explain",
    epilog=options.example("remedy explain files.prune    or    explain PLAN    or    explain policy --host prod1"),
)
@click.argument("words", nargs=-1, required=True, metavar="WORD|PLAN|policy|HOST VAR")
@click.option("--host", metavar="H", default="", shell_complete=of_hosts, help="Of `policy`: may I, on this host?")
@click.option("--risk", type=click.Choice(["low", "medium", "high"]), default=None, help="Of `policy`: only this risk.")
@click.option("--playbook", metavar="P", default="", shell_complete=of_playbooks, help="Of `policy`: with this one.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, words: tuple[str, ...], host: str, risk: str | None, playbook: str, as_json: bool
) -> int:
    """Explain an action or a check (files.prune), a playbook (disk-full), a variable of a host (prod1 log_dir: the
    file and line it comes from), a kind of error (stale) or an exit code (3).

    Of a plan: why its risk is what it is, what stands between it and being applied, which line of the policy says
    so, and what would satisfy it. `policy` alone shows all of the policy; with --host it answers: may I?
    """
    asked = bool(host or risk or playbook)
    if asked and (words != ("policy",) or not host):
        raise Misused("these options ask about the policy on one host", fix="remedy explain policy --host H", ctx=ctx)
    world: World = ctx.obj
    from remedy.cli.explaining import explain  # noqa: PLC0415 — the command line is right by now
    from remedy.cli.permitting import explain_policy  # noqa: PLC0415
    from remedy.cli.wiring import Parts  # noqa: PLC0415

    with Parts(world) as parts:
        is_policy = words == ("policy",)
        explained = explain_policy(parts, host, risk or "", playbook) if is_policy else explain(parts, words)
    if as_json:
        world.document(explained.document)
    else:
        world.out(*explained.lines(world.paint()))
    return 0
