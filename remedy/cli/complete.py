"""What a shell may complete: names from the home, never an error, never a host that is asked."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from remedy.errors import RemedyError

if TYPE_CHECKING:
    from remedy.cli.wiring import Parts


def of_hosts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 — click's signature
    return _starting(incomplete, lambda parts: parts.inventory.hosts, ctx)


def of_groups(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 — click's signature
    return _starting(incomplete, lambda parts: parts.inventory.groups, ctx)


def of_playbooks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 — click's signature
    return _starting(incomplete, _playbooks, ctx)


def of_plans(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 — click's signature
    return _starting(incomplete, lambda parts: [r.id for r in parts.store.plans() if r.state == "open"], ctx)


def of_runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 — click's signature
    return _starting(incomplete, lambda parts: [r.id for r in parts.store.runs()], ctx)


def of_records(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Plans and runs."""
    return [*of_plans(ctx, param, incomplete), *of_runs(ctx, param, incomplete)]


def of_rejectable(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Open plans, and approvals that stand."""
    standing = _starting(incomplete, lambda parts: [s.id for s in parts.store.standing() if not s.revoked], ctx)
    return [*of_plans(ctx, param, incomplete), *standing]


def of_targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Playbooks and open plans: what can be applied."""
    return [*of_playbooks(ctx, param, incomplete), *of_plans(ctx, param, incomplete)]


def _playbooks(parts: Parts) -> Iterable[str]:
    from remedy.load.find import playbook_names  # noqa: PLC0415 — where it is used

    return playbook_names(parts.home.path)


def _starting(incomplete: str, names: object, ctx: click.Context) -> list[str]:
    from remedy.cli.wiring import Parts  # noqa: PLC0415 — where it is used
    from remedy.cli.world import World  # noqa: PLC0415 — where it is used

    assert callable(names)
    root = ctx.find_root()
    world = root.obj if isinstance(root.obj, World) else World()
    asked = root.params.get("asked_home")
    with suppress(RemedyError), Parts(world.at_home(asked) if asked else world) as parts:
        return [n for n in names(parts) if n.startswith(incomplete)]
    return []
