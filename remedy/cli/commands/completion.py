"""`remedy completion`: the script that makes a shell complete our words."""

from __future__ import annotations

import click

from remedy.cli import options
from remedy.cli.world import World

VARIABLE = "_REMEDY_COMPLETE"


@click.command("completion", epilog=options.example('eval "$(remedy completion bash)"'))
@click.argument("shell", type=click.Choice(["bash", "zsh"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of SHELL: commands, options, and the names of hosts, groups, playbooks, plans and
    runs of the home.

    bash: add eval "$(remedy completion bash)" to ~/.bashrc. zsh: the same with zsh in ~/.zshrc.
    """
    from click.shell_completion import BashComplete, ShellComplete, ZshComplete  # noqa: PLC0415 — where it is used

    kinds: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete}
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    completer = kinds[shell](root.command, {}, "remedy", VARIABLE)
    world: World = ctx.obj
    world.out(completer.source_template % completer.source_vars())  # source() starts a bash to ask its version
    return 0
