"""Several playbooks planned on the same hosts: every question of all of them in one request a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from remedy.engine.planner import Planner, questions_of
from remedy.load.resolved import Resolved
from remedy.model import Host, Look, Plan, Reply


def plan_each(planner: Planner, playbooks: Sequence[Sequence[Resolved]]) -> tuple[Plan, ...]:
    """A plan of each playbook, all made on what each host said once; a host that is not reached is tried once.

    Raises what `Planner.plan` raises for any of them.
    """
    if len(playbooks) == 1:
        return (planner.plan(playbooks[0]),)
    hosts: dict[str, Host] = {}
    wanted: dict[str, dict[Look, None]] = {}
    for resolved in (r for hosts_of_one in playbooks for r in hosts_of_one):
        hosts[resolved.host.name] = resolved.host
        wanted.setdefault(resolved.host.name, {}).update(dict.fromkeys(questions_of(resolved)))

    def ask(host: Host) -> Mapping[Look, Reply]:
        return planner.ask(host, list(wanted[host.name]))

    asked = planner.fleet.look_at_all(list(hosts.values()), ask, lambda h: h.name)
    return tuple(replace(planner, asked=asked).plan(one) for one in playbooks)
