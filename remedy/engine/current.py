"""Whether a host still is the one that was planned for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from remedy.engine.plan import entry_of, identity_of
from remedy.errors import Stale
from remedy.model import Host, HostPlan


def demand_machine(part: HostPlan, hosts: Mapping[str, Host], *, restarted: bool = False) -> Host:
    """The host of a part of a plan. Raises Stale where the inventory has none, or names another machine.

    A container is bound to the one that was planned for: whoever connects to it refuses another. Where it may
    have been `restarted` meanwhile, its id alone counts.
    """
    host = hosts.get(part.host)
    if host is None:
        raise Stale(f"{part.host} is no longer in the inventory", at=part.host, fix="plan again")
    if identity_of(host) != part.identity:
        raise Stale(f"{part.host} is another machine now: its key or address differs", at=part.host, fix="plan again")
    return replace(host, container=part.container.partition(" ")[0] if restarted else part.container)


def demand_host(part: HostPlan, hosts: Mapping[str, Host]) -> Host:
    """The same, and its own entry is what it was: nothing but the approved login, path and elevation is used."""
    host = demand_machine(part, hosts)
    was, now = part.entry, entry_of(host)
    if was != now:
        changed = ", ".join(k for k in {**was, **now} if was.get(k) != now.get(k))
        raise Stale(f"{part.host}: its entry in the inventory has changed: {changed}", at=part.host, fix="plan again")
    return host
