"""Inventories: every file of a directory, merged once. Values: all < group < host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from remedy.errors import Invalid, Refused
from remedy.load.documents import Document, read_document
from remedy.load.find import inventory_files
from remedy.load.inventory_checks import Entry, Group, Pieces, pieces_of
from remedy.load.problems import Flaw, Flaws, Place, refuse
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import schema
from remedy.load.text import shown, shown_path, suggestion
from remedy.model import Host, Inventory, Sourced


@dataclass(frozen=True, kw_only=True)
class Layered(Inventory):
    """An inventory that still knows the values which lost against a nearer layer, nearest first."""

    lost: Mapping[str, Mapping[str, tuple[Sourced, ...]]] = field(default_factory=dict)


def load_inventory(directory: Path) -> Layered:
    """Every host and group of a directory. Raises Invalid, whose `problems` are all that is wrong with its files."""
    paths = inventory_files(directory)
    if not paths:
        name = shown_path(directory)
        raise Invalid(f"there is no inventory in {name}", at=name, fix=f"write {name}/hosts.yml")
    inventory, flaws = read_inventory([read_document(p) for p in paths])
    refuse(flaws.problems(), shown_path(directory))
    return inventory


def read_inventory(documents: Sequence[Document]) -> tuple[Layered, Flaws]:
    """The documents merged, and everything that is wrong with them."""
    pieces = [pieces_of(d) for d in documents]
    flaws = Flaws()
    for document in documents:
        if document.is_whole:
            hold_against(document, schema("inventory"))
        for flaw in document.flaws.found:
            flaws.add(flaw)
    merged = _Merge(pieces, flaws)
    return merged.inventory(), flaws


@dataclass(frozen=True)
class _Merge:
    pieces: Sequence[Pieces]
    flaws: Flaws

    def inventory(self) -> Layered:
        everyone = self._variables(p.vars for p in self.pieces)
        entries = self._entries()
        groups = self._groups(entries)
        by_group = {n: self._variables(g.vars for g in parts) for n, parts in groups.items()}
        members = {n: tuple(dict.fromkeys(h for g in parts for h, _ in g.hosts)) for n, parts in groups.items()}
        belongs = _belongs(members)
        merged = {n: self._host(e, everyone, belongs.get(n, []), by_group) for n, e in entries.items()}
        self._reached_through(entries)
        return Layered(
            hosts={n: host for n, (host, _) in merged.items()},
            groups=members,
            lost={n: lost for n, (_, lost) in merged.items()},
        )

    def _variables(self, layers: Iterable[Mapping[str, Sourced]]) -> dict[str, Sourced]:
        found: dict[str, Sourced] = {}
        for name, value in ((n, v) for layer in layers for n, v in layer.items()):
            first = found.setdefault(name, value)
            if first is not value:
                self._flaw(value.at, f"'{name}' is set twice for {value.layer}, first at {first.at}", "remove one")
        return found

    def _entries(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in (e for p in self.pieces for e in p.entries):
            first = found.setdefault(entry.host.name, entry)
            if first is not entry:
                twice = f"the host {entry.host.name} is here twice, first at {first.place}"
                self._flaw(entry.place, twice, "remove one")
        return found

    def _groups(self, entries: Mapping[str, Entry]) -> dict[str, list[Group]]:
        found: dict[str, list[Group]] = {}
        for group in (g for p in self.pieces for g in p.groups):
            found.setdefault(group.name, []).append(group)
            for name, place in group.hosts:
                if name not in entries:
                    near = suggestion(name, entries)
                    self._flaw(place, f"group {group.name} names {shown(name)}, and no host is called so", near)
        return found

    def _host(
        self,
        entry: Entry,
        everyone: Mapping[str, Sourced],
        groups: Sequence[str],
        by_group: Mapping[str, Mapping[str, Sourced]],
    ) -> tuple[Host, dict[str, tuple[Sourced, ...]]]:
        of_groups = [by_group[n] for n in groups]
        self._agree(entry.host.name, of_groups)
        layers = [entry.host.vars, *of_groups, everyone]
        values: dict[str, list[Sourced]] = {}
        for layer in layers:
            for key, value in layer.items():
                values.setdefault(key, []).append(value)
        host = replace(entry.host, groups=tuple(groups), vars={k: v[0] for k, v in values.items()})
        return host, {k: tuple(v[1:]) for k, v in values.items()}

    def _agree(self, host: str, by_group: Sequence[Mapping[str, Sourced]]) -> None:
        first: dict[str, Sourced] = {}
        for name, value in ((n, v) for layer in by_group for n, v in layer.items()):
            other = first.setdefault(name, value)
            if other.value != value.value:
                message = f"{host} gets '{name}' from {value.layer} and another value from {other.layer} at {other.at}"
                self._flaw(value.at, message, f"set it for the host {host}, or in one group")

    def _reached_through(self, entries: Mapping[str, Entry]) -> None:
        for name, entry in entries.items():
            path, via = [name], entry.host.via
            while via and via in entries and via not in path:
                path.append(via)
                via = entries[via].host.via
            if via in path:
                self._flaw(entry.via_place, f"{name} is reached through itself: {' -> '.join((*path, via))}", "")
            elif via and len(path) == 1:
                near = suggestion(via, entries)
                self._flaw(entry.via_place, f"'via' is {shown(via)}, and no host is called so", near)
            elif len(path) > 1 and not _leads(entries[path[1]].host, entry.host):
                leads = "a host over SSH is reached through hosts over SSH only"
                self._flaw(entry.via_place, f"{path[1]} does not lead to {name}: {leads}", "")

    def _flaw(self, at: str | Place, message: str, fix: str) -> None:
        place = at if isinstance(at, Place) else _place_of(at)
        self.flaws.add(Flaw("", place, message, fix=fix))


def _leads(way: Host, to: Host) -> bool:
    """Whether a host can be reached through another: to a container leads any host where docker can be called."""
    return to.address.scheme == "docker" or (way.address.scheme == to.address.scheme == "ssh")


def _belongs(members: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The groups of each host, in the order of the files."""
    found: dict[str, list[str]] = {}
    for group, hosts in members.items():
        for host in hosts:
            found.setdefault(host, []).append(group)
    return found


def _place_of(at: str) -> Place:
    file, line, column = at.rsplit(":", 2)
    return Place(file, int(line), int(column))


def select(inventory: Inventory, hosts: Sequence[str], groups: Sequence[str]) -> tuple[Host, ...]:
    """The named hosts and the hosts of the named groups, each once, in order.

    There is no implicit "all": naming nothing raises Invalid; a name that matches nothing raises Refused.
    """
    if not hosts and not groups:
        raise Invalid("no target: name a host or a group", fix="--host NAME or --group NAME")
    chosen: dict[str, Host] = {}
    for name in hosts:
        if name not in inventory.hosts:
            raise _matched_none(f"no host is called {shown(name)}", suggestion(name, inventory.hosts))
        chosen[name] = inventory.hosts[name]
    for name in groups:
        if name not in inventory.groups:
            raise _matched_none(f"no group is called {shown(name)}", suggestion(name, inventory.groups))
        if not inventory.groups[name]:
            raise _matched_none(f"group {name} has no hosts", "add hosts to it")
        chosen |= {h: inventory.hosts[h] for h in inventory.groups[name]}
    return tuple(chosen.values())


def _matched_none(why: str, fix: str) -> Refused:
    return Refused(f"the selector matched 0 hosts: {why}", fix=fix)


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Where a value comes from, and the layers it won against, nearest first."""

    value: Sourced
    lost: tuple[Sourced, ...]


def explain(inventory: Layered, host: str, var: str) -> Explained:
    """Where a host's variable comes from. Raises Refused for an unknown host, Invalid for an unknown variable."""
    (found,) = select(inventory, [host], [])
    if var not in found.vars:
        raise Invalid(f"{host} has no variable {shown(var)}", at=found.at, fix=suggestion(var, found.vars))
    return Explained(value=found.vars[var], lost=inventory.lost.get(host, {}).get(var, ()))
