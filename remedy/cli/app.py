"""The commands by name, each loaded only when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

COMMANDS: Mapping[str, str] = {
    "look": "Ask hosts for every symptom that the playbooks know, and say what to type next",
    "plan": "Look at hosts and say exactly what would be done",
    "apply": "Plan, show, ask, apply, verify; or apply an approved plan",
    "approve": "Consent to a plan",
    "reject": "Close a plan: nobody may apply it any more",
    "check": "Ask a playbook's symptom and verification, and nothing else",
    "undo": "Take a run back",
    "drill": "Break on purpose what a playbook is for, let it remedy that, and put all back",
    "resume": "Go on with runs that were cut off",
    "settle": "Say what became of a step that nothing else could tell",
    "unlock": "Remove a lease that nobody holds any more",
    "trust": "Pin a host's key, after showing its fingerprint",
    "show": "Show a plan or a run",
    "list": "List plans, runs, hosts, actions, playbooks, schedules or approvals",
    "explain": "Explain an action, a variable, a refusal or an exit code",
    "validate": "Find every mistake in playbooks, inventory and policy; no host is touched",
    "init": "Make a home to start with; also from an Ansible inventory or ~/.ssh/config",
    "doctor": "Say what is missing here, and how to get it",
    "demo": "Try remedy on an embedded host: no root, no Docker",
    "completion": "Print the completion script of a shell",
}


class Commands(click.Group):
    """A group whose commands are modules of `remedy.cli.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"remedy.cli.commands.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """All commands with a line each, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise Misused(f"there is no command {args[0]}", fix=_meant(args[0]), ctx=ctx)
        return super().resolve_command(ctx, args)


class Misused(click.UsageError):
    """A command line that means nothing, and what to type instead."""

    def __init__(self, message: str, *, fix: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.fix = fix


def _meant(word: str) -> str:
    from remedy.load.text import suggestion  # noqa: PLC0415 — only for a wrong command

    said = suggestion(word, COMMANDS)
    return said if said.startswith("did you mean") else "remedy --help lists the commands"


def make_app() -> click.Group:
    """The whole command line."""
    return Commands(
        name="remedy",
        callback=_set_home,
        params=[
            click.Option(["-C", "asked_home"], metavar="DIR", help="The home; else $REMEDY_HOME, else this directory."),
            click.Option(["--version", "-V", "version"], is_flag=True, help="Print the version and exit."),
        ],
        help="Runbooks that look, say what they would do, and act only on what was approved.",
        epilog="A first try: remedy demo",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        invoke_without_command=True,
    )


@click.pass_context
def _set_home(ctx: click.Context, asked_home: str | None, *, version: bool) -> Any:
    if version:
        from remedy import __version__  # noqa: PLC0415 — rare

        ctx.obj.out(f"remedy {__version__}")
        ctx.exit(0)
    if asked_home is not None:
        ctx.obj = ctx.obj.at_home(asked_home)
    if ctx.invoked_subcommand is None:
        ctx.obj.out(ctx.get_help())
        ctx.exit(2)
