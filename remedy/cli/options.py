"""Options that several commands share, said once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from remedy.cli.app import Misused
from remedy.cli.complete import of_groups, of_hosts

FC = TypeVar("FC", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
PLACE = "remedy.target"


@dataclass(frozen=True)
class Target:
    """Which hosts, and which values: `--host`, `--group` and `-p` as they were given."""

    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        return bool(self.hosts or self.groups)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    ctx.meta[f"{PLACE}.{param.name}"] = value


def target(function: FC) -> FC:
    """The options that choose hosts and values; read them with `target_of`."""
    for option in (
        click.option(
            "-p",
            "given",
            multiple=True,
            metavar="NAME=VALUE",
            expose_value=False,
            callback=_keep,
            help="A parameter's value; repeatable.",
        ),
        click.option(
            "--group",
            "groups",
            multiple=True,
            metavar="G",
            expose_value=False,
            callback=_keep,
            shell_complete=of_groups,
            help="All hosts of a group; repeatable.",
        ),
        click.option(
            "--host",
            "hosts",
            multiple=True,
            metavar="H",
            expose_value=False,
            callback=_keep,
            shell_complete=of_hosts,
            help="A host; repeatable.",
        ),
    ):
        function = option(function)
    return function


def target_of(ctx: click.Context) -> Target:
    """What was named. Without any name the target is empty."""
    return Target(*(ctx.meta.get(f"{PLACE}.{name}", ()) for name in ("hosts", "groups", "given")))


def demand_target(ctx: click.Context) -> Target:
    """What was named; a usage error where no host is: there is no implicit "all"."""
    named = target_of(ctx)
    if not named.is_named:
        raise Misused(
            "no target: name a host or a group",
            fix="--host NAME or --group NAME; remedy list hosts shows them",
            ctx=ctx,
        )
    return named


@dataclass(frozen=True)
class Terms:
    """What a standing approval covers, as it was said; `given` are the options that were typed."""

    standing: bool = False
    group: str = ""
    host: str = ""
    max_bytes: str = "0"
    max_hosts: int = 1
    max_risk: str = "medium"
    until: str = ""
    given: tuple[str, ...] = ()


def standing_terms(function: FC) -> FC:
    """The options of `--standing`; read them with `terms_of`."""
    about: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("--until", "When it ends: 30d, or 2030-01-31; at most what the policy says.", {"metavar": "T", "default": ""}),
        ("--max-risk", "The highest risk it covers.", {"type": click.Choice(["low", "medium"]), "default": "medium"}),
        ("--max-hosts", "Hosts at once, at most.", {"type": click.IntRange(1), "default": 1, "show_default": True}),
        ("--max-bytes", "Bytes at once, at most, such as 20GiB.", {"metavar": "N", "default": "0"}),
        ("--host", "Only this host.", {"metavar": "H", "default": "", "shell_complete": of_hosts}),
        ("--group", "Hosts of this group.", {"metavar": "G", "default": "", "shell_complete": of_groups}),
        ("--standing", "Consent to a playbook for a while.", {"is_flag": True}),
    )
    for name, text, more in about:
        function = click.option(name, help=text, expose_value=False, callback=_keep, **more)(function)
    return function


def terms_of(ctx: click.Context) -> Terms:
    """What was said of a standing approval."""
    names = [f.name for f in fields(Terms) if f.name != "given"]
    typed = click.core.ParameterSource.COMMANDLINE
    given = tuple("--" + n.replace("_", "-") for n in names if ctx.get_parameter_source(n) is typed)
    return Terms(**{n: ctx.meta[f"{PLACE}.{n}"] for n in names}, given=given)


standing = click.option(
    "--standing", is_flag=True, help="Use standing approvals, and ask nobody; without one that fits it is refused."
)
yes = click.option("--yes", is_flag=True, help="Consent without being asked; never to a high risk.")
break_glass = click.option(
    "--break-glass", metavar="REASON", default="", help="In an emergency: stand for every consent. It is recorded."
)


def example(text: str) -> str:
    """A command's example, as its help ends."""
    return f"Example: {text}"


def path_of(world_cwd: Path, name: str) -> str:
    """A playbook as named: a path is taken from the current directory, a name stays a name."""
    return str(world_cwd / name) if "/" in name or name.endswith((".yml", ".yaml")) else name
