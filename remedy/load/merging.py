"""remedy's own files and Ansible's made one inventory. Values: all < group < host; at one level remedy's own win."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from remedy.errors import Problem
from remedy.load.ansible.gathered import Gathered
from remedy.load.inventory_checks import Entry, Group, Pieces
from remedy.load.problems import Flaw, Flaws, Place, place_of
from remedy.load.text import shown, suggestion
from remedy.model import Host, Inventory, Sourced

Lost = Mapping[str, tuple[Sourced, ...]]


@dataclass(frozen=True, kw_only=True)
class Layered(Inventory):
    """An inventory that still knows the values which lost against a nearer layer, nearest first.

    `left_out` are hosts of Ansible's that remedy cannot reach, with the reasons; groups still name them.
    `notes` are what a person should know of the files and what stops nothing.
    """

    lost: Mapping[str, Lost] = field(default_factory=dict)
    left_out: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Merge:
    """The pieces of remedy's own files, and what was gathered from Ansible's."""

    pieces: Sequence[Pieces]
    beside: Gathered
    flaws: Flaws

    def inventory(self) -> Layered:
        """All of it as one. What does not fit together goes to `flaws`."""
        everyone = self._variables(p.vars for p in self.pieces)
        entries = self._entries()
        groups = self._groups(entries)
        by_group = {n: self._variables(g.vars for g in parts) for n, parts in groups.items()}
        own = {n: tuple(dict.fromkeys(h for g in parts for h, _ in g.hosts)) for n, parts in groups.items()}
        members = {n: tuple(dict.fromkeys((*own.get(n, ()), *self.beside.groups.get(n, ())))) for n in self._names(own)}
        belongs = _belongs({n: members[n] for n in own})
        merged = {
            n: self._values(n, entries.get(n), everyone, belongs.get(n, []), by_group)
            for n in dict.fromkeys((*entries, *self.beside.ways))
        }
        left_out = self._left_out(entries)
        hosts = {n: self._host(n, entries.get(n), belongs.get(n, []), merged[n]) for n in merged if n not in left_out}
        if self.beside.ways:
            from remedy.load.ansible.through import Routes  # noqa: PLC0415 - most homes have none of Ansible's

            hosts |= Routes(hosts, self.beside.ways, entries).added()
        self._reached_through(hosts, entries, left_out)
        return Layered(
            hosts=hosts,
            groups=members,
            lost={n: {k: tuple(v[1:]) for k, v in values.items()} for n, values in merged.items()},
            left_out=left_out,
            notes=self.beside.notes.problems(),
        )

    def _names(self, own: Mapping[str, object]) -> Iterable[str]:
        return dict.fromkeys((*own, *self.beside.groups))

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
            name = entry.host.name
            first = found.setdefault(name, entry)
            if first is not entry:
                self._flaw(entry.place, f"the host {name} is here twice, first at {first.place}", "remove one")
            if "address" not in entry.given and name not in self.beside.ways and entry.is_mapping:
                rule = "ssh://USER@NAME:PORT, docker://CONTAINER or local://"
                self.flaws.add(Flaw("", entry.place, f"'{name}' lacks 'address'", rule, "add address:"))
        return found

    def _groups(self, entries: Mapping[str, Entry]) -> dict[str, list[Group]]:
        found: dict[str, list[Group]] = {}
        known = {**entries, **self.beside.ways}
        for group in (g for p in self.pieces for g in p.groups):
            found.setdefault(group.name, []).append(group)
            for name, place in group.hosts:
                if name not in known:
                    near = suggestion(name, known)
                    self._flaw(place, f"group {group.name} names {shown(name)}, and no host is called so", near)
        return found

    def _values(
        self,
        name: str,
        entry: Entry | None,
        everyone: Mapping[str, Sourced],
        groups: Sequence[str],
        by_group: Mapping[str, Mapping[str, Sourced]],
    ) -> dict[str, list[Sourced]]:
        """Every value of every variable, nearest first."""
        of_groups = [by_group[n] for n in groups]
        self._agree(name, of_groups)
        values: dict[str, list[Sourced]] = {k: list(v) for k, v in self.beside.layers.get(name, {}).items()}
        own = [entry.host.vars if entry else {}, *of_groups, everyone]
        if not values:
            for layer in own:
                for key, value in layer.items():
                    values.setdefault(key, []).append(value)
            return values
        for key in dict.fromkeys(k for layer in own for k in layer):
            values[key] = _between([layer[key] for layer in own if key in layer], values.get(key, []))
        return values

    def _host(self, name: str, entry: Entry | None, groups: Sequence[str], values: dict[str, list[Sourced]]) -> Host:
        chosen = {k: v[0] for k, v in values.items()}
        way = self.beside.ways.get(name)
        if way is None:
            assert entry is not None
            return replace(entry.host, groups=tuple(groups), vars=chosen)
        both = tuple(dict.fromkeys((*groups, *way.host.groups)))
        if entry is None:
            return replace(way.host, groups=both, vars=chosen)
        given = {k: getattr(entry.host, k) for k in entry.given & _FIELDS}
        return replace(way.host, groups=both, vars=chosen, **given)

    def _left_out(self, entries: Mapping[str, Entry]) -> dict[str, tuple[Problem, ...]]:
        """Hosts that remedy cannot reach as Ansible does; an address of remedy's own is another way to them."""
        return {
            name: tuple(Flaw("", place_of(at), f"{name} is left out: {why}").problem() for at, why in way.left_out)
            for name, way in self.beside.ways.items()
            if way.left_out and not (name in entries and "address" in entries[name].given)
        }

    def _agree(self, host: str, by_group: Sequence[Mapping[str, Sourced]]) -> None:
        first: dict[str, Sourced] = {}
        for name, value in ((n, v) for layer in by_group for n, v in layer.items()):
            other = first.setdefault(name, value)
            if other.value != value.value:
                message = f"{host} gets '{name}' from {value.layer} and another value from {other.layer} at {other.at}"
                self._flaw(value.at, message, f"set it for the host {host}, or in one group")

    def _reached_through(
        self, hosts: Mapping[str, Host], entries: Mapping[str, Entry], left_out: Mapping[str, object]
    ) -> None:
        for name, host in hosts.items():
            place = entries[name].via_place if name in entries and "via" in entries[name].given else place_of(host.at)
            path, via = [name], host.via
            while via and via in hosts and via not in path:
                path.append(via)
                via = hosts[via].via
            if via in path:
                self._flaw(place, f"{name} is reached through itself: {' -> '.join((*path, via))}", "")
            elif via and len(path) == 1 and via in left_out:
                self._flaw(place, f"'via' is {shown(via)}, which remedy cannot reach", "write its address: here")
            elif via and len(path) == 1:
                near = suggestion(via, hosts)
                self._flaw(place, f"'via' is {shown(via)}, and no host is called so", near)
            elif len(path) > 1 and not _leads(hosts[path[1]], host):
                leads = "a host over SSH is reached through hosts over SSH only"
                self._flaw(place, f"{path[1]} does not lead to {name}: {leads}", "")

    def _flaw(self, at: str | Place, message: str, fix: str) -> None:
        self.flaws.add(Flaw("", at if isinstance(at, Place) else place_of(at), message, fix=fix))


_FIELDS = frozenset(
    (
        "address",
        "identity",
        "host_key",
        "known_hosts",
        "become",
        "via",
        "engine",
        "environment",
        "drillable",
        "quarantine",
    )
)


def _leads(way: Host, to: Host) -> bool:
    """Whether a host can be reached through another: to a container leads any host where docker can be called."""
    return to.address.scheme == "docker" or (way.address.scheme == to.address.scheme == "ssh")


def _between(own: Sequence[Sourced], beside: Sequence[Sourced]) -> list[Sourced]:
    """Ansible's values in Ansible's order, and each of remedy's own before those of its level."""
    waiting, found = list(own), list[Sourced]()
    for value in beside:
        while waiting and _level(waiting[0]) <= _level(value):
            found.append(waiting.pop(0))
        found.append(value)
    return found + waiting


def _level(value: Sourced) -> int:
    return 2 if value.layer == "all" else 1 if value.layer.startswith("group ") else 0


def _belongs(members: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The groups of each host, in the order of the files."""
    found: dict[str, list[str]] = {}
    for group, hosts in members.items():
        for host in hosts:
            found.setdefault(host, []).append(group)
    return found
