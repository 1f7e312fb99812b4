"""What Ansible's files say of groups and hosts, gathered in the order in which Ansible reads them."""

from __future__ import annotations

from dataclasses import dataclass, field

from remedy.errors import Invalid
from remedy.load.ansible.opaque import sourced
from remedy.load.ansible.patterns import MOST_GROUPS, MOST_HOSTS, expand, is_name
from remedy.load.problems import Flaw, Flaws, Place
from remedy.load.text import shown
from remedy.model import Json, Sourced

Layer = dict[str, list[Sourced]]  # of each name the values that were set, the one that holds first
PRIORITY = "ansible_group_priority"


@dataclass(eq=False)
class Group:
    """A group while it is being gathered."""

    name: str
    place: Place
    priority: int = 1
    depth: int = 0
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Place] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    vars: Layer = field(default_factory=dict)  # the inventory's own
    file_vars: Layer = field(default_factory=dict)  # of group_vars/


@dataclass(eq=False)
class Entry:
    """A host while it is being gathered; `groups` are those that name it themselves."""

    name: str
    place: Place
    groups: dict[str, None] = field(default_factory=dict)
    vars: Layer = field(default_factory=dict)
    file_vars: Layer = field(default_factory=dict)  # of host_vars/


@dataclass(eq=False)
class World:
    """Every group and host. `all` and `ungrouped` are always there."""

    flaws: Flaws
    notes: Flaws
    groups: dict[str, Group] = field(default_factory=dict)
    hosts: dict[str, Entry] = field(default_factory=dict)

    def group(self, name: str, place: Place) -> Group | None:
        """The group of this name, made where it is new; None, and a flaw, where it cannot be called so."""
        if name not in self.groups:
            if not is_name(name):
                rule = "wanted letters, digits, dots, dashes and underscores"
                self.flaw(place, f"{shown(name)} is no name of a group", rule)
                return None
            if len(self.groups) >= MOST_GROUPS:
                self.flaw(place, f"there are more than {MOST_GROUPS} groups")
                return None
            self.groups[name] = Group(name, place)
        return self.groups[name]

    def add_hosts(self, pattern: str, group: Group, place: Place) -> list[Entry]:
        """The hosts that a pattern names, now members of the group, with the port that it gives."""
        try:
            named = expand(pattern)
        except Invalid as wrong:
            self.flaw(place, f"{shown(pattern)} names no host", wrong.message, wrong.fix)
            return []
        if len(self.hosts) + len(named.names) > MOST_HOSTS:
            self.flaw(place, f"there are more than {MOST_HOSTS} hosts", "", "split the inventory")
            return []
        known = set(self.hosts)
        entries = [self.add_host(n, group.name, place) for n in named.names]
        for entry in entries:
            if named.port is not None and entry.name not in known:  # Ansible takes it for a new host only
                put(entry.vars, "ansible_port", named.port, place, f"host {entry.name}")
        return entries

    def add_host(self, name: str, group: str, place: Place) -> Entry:
        """The host, now a member of the group."""
        entry = self.hosts.setdefault(name, Entry(name, place))
        entry.groups[group] = None
        self.groups[group].hosts[name] = None
        return entry

    def add_child(self, parent: str, child: str, place: Place) -> None:
        """Put a group below another; a ring of groups is a flaw."""
        if parent == child or parent in self._below(child):
            self.flaw(place, f"{shown(child)} below {shown(parent)} makes a ring of groups", "remove one of them")
            return
        self.groups[parent].children.setdefault(child, place)
        self.groups[child].parents[parent] = None

    def _below(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for child in self.groups[waiting.pop()].children:
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found

    def set_of_group(self, group: Group, name: str, value: Json, place: Place) -> None:
        """A variable that the inventory itself sets for a group."""
        if name != PRIORITY:
            put(group.vars, name, value, place, layer_of(group.name))
        elif isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 10):
            group.priority = int(value)
        else:
            self.flaw(place, f"{PRIORITY} is {shown(value)}", "wanted a number")

    def flaw(self, place: Place, message: str, rule: str = "", fix: str = "") -> None:
        """Something wrong."""
        self.flaws.add(Flaw("", place, message, rule, fix))

    def note(self, place: Place, message: str, rule: str = "", fix: str = "") -> None:
        """Something that a person should know, and that stops nothing."""
        self.notes.add(Flaw("", place, message, rule, fix))

    # ------------------------------------------------------------ once everything is read

    def settle(self) -> None:
        """Give every group its parents up to `all` and its depth, and the hosts of no group to `ungrouped`."""
        for group in self.groups.values():
            if group.name != "all" and not group.parents:
                group.parents["all"] = None
                self.groups["all"].children.setdefault(group.name, group.place)
        self._deepen()
        for host in self.hosts.values():
            is_grouped = bool(set(host.groups) - {"all", "ungrouped"})
            if not is_grouped:
                self.add_host(host.name, "ungrouped", host.place)
            elif "ungrouped" in host.groups:
                del host.groups["ungrouped"], self.groups["ungrouped"].hosts[host.name]

    def _deepen(self) -> None:
        """The depth of a group is the longest way to it from `all`."""
        waiting = {n: len(g.parents) for n, g in self.groups.items()}
        ready = [n for n, count in waiting.items() if count == 0]
        while ready:
            group = self.groups[ready.pop()]
            for name in group.children:
                child = self.groups[name]
                child.depth = max(child.depth, group.depth + 1)
                waiting[name] -= 1
                if waiting[name] == 0:
                    ready.append(name)

    def members(self, name: str) -> tuple[str, ...]:
        """The hosts of a group and of all groups below it, each once."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            group = self.groups[waiting.pop()]
            if group.name not in seen:
                seen.add(group.name)
                found |= group.hosts
                waiting.extend(reversed(group.children))
        return tuple(found)

    def groups_of(self, host: Entry) -> list[Group]:
        """All groups of a host but `all`, the one that wins first: depth, then priority, then name."""
        found: set[str] = set()
        waiting = list(host.groups)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.groups[name].parents)
        chosen = [self.groups[n] for n in found - {"all"}]
        return sorted(chosen, key=lambda g: (g.depth, g.priority, g.name), reverse=True)


def new_world() -> World:
    """An empty one."""
    world = World(Flaws(), Flaws())
    nowhere = Place("")
    for name in ("all", "ungrouped"):
        world.groups[name] = Group(name, nowhere)
    world.add_child("all", "ungrouped", nowhere)
    return world


def layer_of(group: str) -> str:
    """What a group's variables are called where they are explained."""
    return "all" if group == "all" else f"group {group}"


def put(layer: Layer, name: str, value: Json, place: Place, called: str) -> None:
    """Set a variable; what it was before is kept behind it."""
    layer.setdefault(name, []).insert(0, sourced(name, value, str(place), called))
