"""An Ansible inventory written in remedy's own form: the same hosts, groups and values, and remarks on the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from remedy.errors import Invalid
from remedy.load.ansible.files import ANSIBLE, Form, Source, candidates, source_of
from remedy.load.ansible.gathering import gather
from remedy.load.inventory import read_inventory
from remedy.load.merging import Layered
from remedy.load.problems import refuse
from remedy.load.text import shown_path
from remedy.load.writing import VARIABLE, Line, Page, can_be_written
from remedy.model import Host, Json, SecretRef, Sourced

MOST_REMARKS = 20  # of one host; more say nothing new


def sources_at(path: Path) -> tuple[list[Source], Path]:
    """Ansible's files at a path, and the directory that their group_vars/ and host_vars/ are in. Raises Invalid."""
    if not path.exists():
        raise Invalid(f"there is no {shown_path(path)}", at=shown_path(path))
    if path.is_dir():
        found = [s for s in map(source_of, candidates(path)) if s.form in ANSIBLE]
        if not found:
            name = shown_path(path)
            raise Invalid(f"{name} has no inventory of Ansible's", at=name, fix="name the inventory's own file")
        return found, path
    return [_as_inventory(path)], path.parent


def _as_inventory(path: Path) -> Source:
    """The file, which is an inventory whatever it is called."""
    source = source_of(path)
    if source.form in ANSIBLE:
        return source
    if source.form is Form.OWN:
        raise Invalid(f"{source.file} is no inventory of Ansible's", at=source.file, fix="wanted groups, such as all:")
    called = source_of(path.with_name("hosts"), source.content)
    return Source(path, source.content, called.form if called.form in ANSIBLE else Form.INI)


def read_ansible(path: Path) -> Layered:
    """The inventory at a path. Raises Invalid with every problem."""
    sources, directory = sources_at(path)
    inventory, flaws = read_inventory([], gather(sources, directory))
    refuse(flaws.problems(), shown_path(path))
    return inventory


@dataclass(frozen=True)
class Converted:
    """The page, and what it does not hold: remarks with their places."""

    page: Page
    remarks: tuple[str, ...]


def converted(inventory: Layered, origin: str) -> Converted:
    """The inventory as a page of remedy's own. Values that many hosts share stand at their group, or once for all."""
    hosts = {n: h for n, h in inventory.hosts.items() if can_be_written(n)}
    groups = {
        n: [h for h in members if h in hosts]
        for n, members in inventory.groups.items()
        if n not in ("all", "ungrouped") and can_be_written(n)
    }
    places = _Places(hosts, {n: m for n, m in groups.items() if m})
    of_all, of_groups, of_hosts = places.settle()
    lost = tuple(_lost(inventory))
    lines = [Line(host=h, vars=of_hosts[n], remarks=_remarks(h)) for n, h in hosts.items()]
    head = (f"From the Ansible inventory {origin}, by remedy init; what could not be carried over is said.", *lost)
    shown: dict[str, tuple[Sequence[str], Mapping[str, Json | SecretRef]]] = {
        n: (members, of_groups[n]) for n, members in places.groups.items()
    }
    remarks = (*lost, *(f"{line.host.name}: {r}" for line in lines for r in line.remarks))
    return Converted(Page(head=head, vars=of_all, groups=shown, hosts=lines), remarks)


def _lost(inventory: Layered) -> Iterator[str]:
    for problems in inventory.left_out.values():
        for problem in problems:
            yield f"{problem.at} {problem.message}"
    for note in inventory.notes:
        yield f"{note.at} {note.message}"
    for name, host in inventory.hosts.items():
        if not can_be_written(name):
            yield f"{host.at} {name} is left out: names begin with a letter or a digit here"


def _remarks(host: Host) -> tuple[str, ...]:
    found = [
        f"{name} is not carried over: it {value.unread or 'is no name of a parameter'} ({value.at})"
        for name, value in host.vars.items()
        if not _is_for_ansible(name) and not _carries(name, value)
    ]
    more = [f"and {len(found) - MOST_REMARKS} more"] if len(found) > MOST_REMARKS else []
    return (*found[:MOST_REMARKS], *more)


def _is_for_ansible(name: str) -> bool:
    return name.startswith(("ansible_", "remedy_"))


def _carries(name: str, value: Sourced) -> bool:
    return not value.unread and VARIABLE.fullmatch(name) is not None


Values = dict[str, "Json | SecretRef"]


@dataclass(frozen=True)
class _Places:
    """Where each value is best written: once for all, at a group all of whose hosts have it, or at the host."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, list[str]]

    def settle(self) -> tuple[Values, dict[str, Values], dict[str, Values]]:
        of_all: Values = {}
        of_groups: dict[str, Values] = {n: {} for n in self.groups}
        of_hosts: dict[str, Values] = {n: {} for n in self.hosts}
        for name in dict.fromkeys(k for h in self.hosts.values() for k, v in h.vars.items() if self._wanted(k, v)):
            values = {n: h.vars[name].value for n, h in self.hosts.items() if name in h.vars and self._has(h, name)}
            if len(values) == len(self.hosts) > 1 and _are_one(list(values.values())):
                of_all[name] = next(iter(values.values()))
                continue
            waiting = set(values)
            for group, members in sorted(self.groups.items(), key=lambda g: -len(g[1])):
                mine = [values[m] for m in members if m in values]
                if len(mine) == len(members) > 1 and waiting & set(members) and _are_one(mine):
                    of_groups[group][name] = mine[0]
                    waiting -= set(members)
            for host in self.hosts:
                if host in waiting:
                    of_hosts[host][name] = values[host]
        return of_all, of_groups, of_hosts

    def _wanted(self, name: str, value: Sourced) -> bool:
        return not _is_for_ansible(name) and _carries(name, value)

    def _has(self, host: Host, name: str) -> bool:
        return self._wanted(name, host.vars[name])


def _are_one(values: Sequence[object]) -> bool:
    return all(type(v) is type(values[0]) and v == values[0] for v in values)
