"""Ansible's INI inventories: hosts line by line, [group], [group:vars] and [group:children]."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from remedy.errors import Invalid
from remedy.load.ansible.literals import value_of
from remedy.load.ansible.world import Entry, Group, World, put
from remedy.load.problems import Flaws, Place
from remedy.load.reading import text_of
from remedy.load.text import said, shown, suggestion
from remedy.model import Json

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?")
_GROUP = re.compile(r"([^:\]\s]+)\s*(?:#.*)?")
_KINDS = ("hosts", "vars", "children")


def read_ini(content: bytes, file: str, world: World) -> None:
    """Gather what an INI file says. What is wrong goes to the world's flaws; the rest is still read."""
    flaws = Flaws()
    text = text_of(content, file, flaws)
    for flaw in flaws.found:
        world.flaws.add(flaw)
    if text is not None:
        _Reader(world, file).read(text)


@dataclass
class _Reader:
    world: World
    file: str
    group: Group | None = None
    kind: str = "hosts"
    declared: set[str] = field(default_factory=set)
    early_vars: dict[str, Place] = field(default_factory=dict)
    early_children: list[tuple[str, str, Place]] = field(default_factory=list)

    def read(self, text: str) -> None:
        self.group = self.world.groups["ungrouped"]
        self.declared = set(self.world.groups)
        for number, line in enumerate(text.split("\n"), 1):
            body = line.strip()
            if body and body[0] not in ";#":
                self._line(body, line, Place(self.file, number, len(line) - len(line.lstrip()) + 1))
            if self.world.flaws.cut:
                return
        self._undeclared()

    def _line(self, body: str, line: str, place: Place) -> None:
        section = _SECTION.fullmatch(body)
        if section:
            self._section(section[1], section[2] or "hosts", place)
        elif body.startswith("[") and body.endswith("]"):
            self._flaw(place, f"{shown(body)} is no section", "wanted [group], [group:vars] or [group:children]")
        elif self.group is None:
            return  # of a section that is wrong itself
        elif self.kind == "hosts":
            self._host(body, line, place)
        elif self.kind == "vars":
            self._variable(body, place)
        else:
            self._child(body, place)

    def _section(self, name: str, kind: str, place: Place) -> None:
        if kind not in _KINDS:
            self._flaw(place, f"[{name}:{kind}] is of no known kind", "", suggestion(kind, _KINDS))
            self.group = None
            return
        self.group, self.kind = self.world.group(name, place), kind
        if self.group is None:
            return
        if kind == "vars" and name not in self.declared:
            self.early_vars.setdefault(name, place)
        if kind != "vars":
            self.declared.add(name)

    def _host(self, body: str, line: str, place: Place) -> None:
        try:
            words = shlex.split(body, comments=True)
        except ValueError as wrong:
            self._flaw(place, f"a host's line is not read to its end: {str(wrong).lower()}", "", "close the quotes")
            return
        assert self.group is not None and words
        entries = self.world.add_hosts(words[0], self.group, place)
        at = len(line) - len(line.lstrip()) + 1
        for word in words[1:]:
            name, equals, text = word.partition("=")
            at = max(line.find(f"{name}{equals}", at), at)
            here = Place(self.file, place.line, at + 1)
            if not equals:
                self._flaw(here, f"{shown(word)} is no variable", "a host's line goes on with NAME=VALUE", "")
                continue
            self._set_of_hosts(entries, name, text, here)

    def _set_of_hosts(self, entries: list[Entry], name: str, text: str, place: Place) -> None:
        value = self._value(name, text, place)
        for entry in entries:
            put(entry.vars, name, value, place, f"host {entry.name}")

    def _variable(self, body: str, place: Place) -> None:
        name, equals, text = body.partition("=")
        if not equals:
            self._flaw(place, f"{shown(body)} is no variable", "wanted NAME=VALUE")
            return
        assert self.group is not None
        name = name.strip()
        self.world.set_of_group(self.group, name, self._value(name, text.strip(), place), place)

    def _value(self, name: str, text: str, place: Place) -> Json:
        try:
            return value_of(text)
        except Invalid as wrong:
            self._flaw(place, said(name, text, named=True), wrong.message, wrong.fix)
            return ""

    def _child(self, body: str, place: Place) -> None:
        found = _GROUP.fullmatch(body)
        assert self.group is not None
        if not found:
            self._flaw(place, f"{shown(body)} is no name of a group")
        elif found[1] in self.declared:
            self.world.add_child(self.group.name, found[1], place)
        else:
            self.early_children.append((self.group.name, found[1], place))

    def _undeclared(self) -> None:
        """What was named before its group was there; a group that never came is a flaw."""
        for parent, child, place in self.early_children:
            if child in self.declared:
                self.world.add_child(parent, child, place)
            else:
                near = suggestion(child, self.declared - {"all", "ungrouped"})
                self._flaw(place, f"{shown(child)} is no group of this inventory", "", near)
        for name, place in self.early_vars.items():
            if name not in self.declared:
                near = suggestion(name, self.declared - {"ungrouped"})
                self._flaw(place, f"[{name}:vars] is for no group of this inventory", "", near)

    def _flaw(self, place: Place, message: str, rule: str = "", fix: str = "") -> None:
        self.world.flaw(place, message, rule, fix)
