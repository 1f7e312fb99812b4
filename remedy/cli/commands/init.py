"""`remedy init`: a home to start with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from remedy.cli import options
from remedy.cli.app import Misused
from remedy.cli.world import World

if TYPE_CHECKING:
    from remedy.cli.borrowing import Borrowed

CONFIG, KNOWN = "~/.ssh/config", "~/.ssh/known_hosts"


@click.command(
    "init", epilog=options.example("remedy init ops --from-ansible ../ansible/inventories/production --link")
)
@click.argument("directory", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option(
    "--from-ansible",
    "ansible",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="With an Ansible inventory: its file or directory.",
)
@click.option("--link", is_flag=True, help="Use the Ansible inventory where it is, in place of converting it.")
@click.option(
    "--from-ssh-config",
    "config",
    metavar="[FILE]",
    is_flag=False,
    flag_value=CONFIG,
    help=f"With the hosts of an ssh configuration; {CONFIG} unless named.",
)
@click.option(
    "--known-hosts",
    "known",
    metavar="[FILE]",
    is_flag=False,
    flag_value=KNOWN,
    help=f"Pin the keys that ssh already knows, and show their fingerprints; {KNOWN} unless named.",
)
@options.as_json
@click.pass_context
def command(
    ctx: click.Context,
    directory: Path | None,
    ansible: Path | None,
    config: str | None,
    known: str | None,
    link: bool,
    as_json: bool,
) -> int:
    """Make a home to start with, in DIR or here: an example playbook, an inventory, a policy, .gitignore.

    No file is ever overwritten, so it can be run again. Nothing of an inventory or a configuration is executed: what
    would be is named, and left out. No host is asked.
    """
    if ansible and config:
        raise Misused("--from-ansible and --from-ssh-config exclude each other", fix="name one", ctx=ctx)
    if link and not ansible:
        raise Misused("--link is for --from-ansible", fix="--from-ansible PATH --link", ctx=ctx)
    if known and (link or not (ansible or config)):
        raise Misused(
            "--known-hosts pins keys in an inventory that is written",
            fix="with --from-ssh-config, or with --from-ansible and without --link",
            ctx=ctx,
        )
    from remedy.cli.founding import begin, tell  # noqa: PLC0415 — the command line is right by now

    world: World = ctx.obj
    tell(world, begin(world, _home(world, directory), _borrowed(world, ansible, config, known, link)), as_json=as_json)
    return 0


def _home(world: World, directory: Path | None) -> Path:
    named = str(directory) if directory else world.asked_home or world.environ.get("REMEDY_HOME", "")
    return _path(world, named) if named else world.cwd


def _path(world: World, text: str) -> Path:
    """A path as it was typed, or as a default has it: from the current directory, ~ as the environment says."""
    home = world.environ.get("HOME", "")
    return (world.cwd / (f"{home}{text[1:]}" if home and text.startswith("~/") else text)).absolute()


def _borrowed(world: World, ansible: Path | None, config: str | None, known: str | None, link: bool) -> Borrowed | None:
    if not ansible and not config:
        return None
    from remedy.cli.borrowing import from_ansible, from_ssh_config, with_keys  # noqa: PLC0415 — where it is used

    if ansible:
        found = from_ansible(_path(world, str(ansible)), link=link)
    else:
        found = from_ssh_config(_path(world, str(config)))
    return with_keys(found, _path(world, known)) if known else found
