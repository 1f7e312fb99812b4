"""Ansible's YAML inventories, and the variables' files of group_vars/ and host_vars/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remedy.load.ansible.dialect import read_as_ansible
from remedy.load.ansible.world import Group, Layer, World, put
from remedy.load.documents import Document
from remedy.load.problems import Place, below
from remedy.load.text import kind_of, shown, suggestion
from remedy.model import Json

SECTIONS = ("hosts", "children", "vars")
VAULT = b"$ANSIBLE_VAULT;"
DEEPEST = 30  # groups within groups; each is two levels of YAML


def read_tree(content: bytes, file: str, world: World) -> None:
    """Gather what a YAML inventory says. What is wrong goes to the world's flaws; the rest is still read."""
    document = _document(content, file, world)
    if isinstance(document.value, dict):
        reader = _Reader(world, document)
        for name, body in document.value.items():
            reader.group(name, body, below("", name))
    elif document.is_whole:
        world.flaw(document.place(""), f"the file is {kind_of(document.value)}", "wanted groups, such as all:")


def read_variables(content: bytes, file: str, world: World, layer: Layer, called: str) -> None:
    """Gather a file of variables. One that is encrypted as a whole is left out, with a note."""
    if content.startswith(VAULT):
        world.note(
            Place(file, 1, 1),
            f"is encrypted by ansible-vault and not read: what it sets for {called.removeprefix('group ')} is not seen",
            "",
            "what a playbook needs of it: {secret: ...} in a file of remedy's, or -p",
        )
        return
    document = _document(content, file, world)
    if isinstance(document.value, dict):
        for name, value in document.value.items():
            put(layer, name, value, document.key_place(below("", name)), called)
    elif document.value is not None:
        world.flaw(document.place(""), f"the file is {kind_of(document.value)}", "wanted NAME: VALUE")


def _document(content: bytes, file: str, world: World) -> Document:
    document = read_as_ansible(content, file)
    for flaw in document.flaws.found:
        world.flaws.add(flaw)
    return document


@dataclass(frozen=True)
class _Reader:
    world: World
    document: Document

    def group(self, name: str, body: Json, pointer: str, depth: int = 0) -> Group | None:
        group = self.world.group(name, self.document.key_place(pointer))
        if group is None or depth > DEEPEST:
            return None
        if not isinstance(body, dict):
            if body is not None:
                self._flaw(pointer, f"group {name} is {kind_of(body)}", "wanted hosts:, children: or vars:")
            return group
        for section in body:
            if section not in SECTIONS:
                wrong = f"group {name} has no {shown(section)}"
                near = suggestion(section, SECTIONS)
                self._flaw(below(pointer, section), wrong, "wanted hosts, children or vars", near)
        self._variables(group, self._section(body, "vars", pointer), pointer)
        for child, inner in self._section(body, "children", pointer).items():
            here = below(f"{pointer}/children", child)
            if self.group(child, inner, here, depth + 1):
                self.world.add_child(name, child, self.document.key_place(here))
        for pattern, inner in self._section(body, "hosts", pointer).items():
            self._hosts(group, pattern, inner, below(f"{pointer}/hosts", pattern))
        return group

    def _section(self, body: Mapping[str, Json], section: str, pointer: str) -> dict[str, Json]:
        found = body.get(section)
        if isinstance(found, str):  # one name stands for a mapping with it
            return {found: None}
        if found is not None and not isinstance(found, dict):
            rule = "wanted a mapping, each name with a colon: `web1:`"
            self._flaw(below(pointer, section), f"'{section}' is {kind_of(found)}", rule)
        return found if isinstance(found, dict) else {}

    def _variables(self, group: Group, found: Mapping[str, Json], pointer: str) -> None:
        for name, value in found.items():
            self.world.set_of_group(group, name, value, self.document.key_place(below(f"{pointer}/vars", name)))

    def _hosts(self, group: Group, pattern: str, body: Json, pointer: str) -> None:
        entries = self.world.add_hosts(pattern, group, self.document.key_place(pointer))
        if not isinstance(body, dict):
            if body is not None:
                self._flaw(pointer, f"{shown(pattern)} is {kind_of(body)}", "wanted variables, NAME: VALUE")
            return
        for name, value in body.items():
            place = self.document.key_place(below(pointer, name))
            for entry in entries:
                put(entry.vars, name, value, place, f"host {entry.name}")

    def _flaw(self, pointer: str, message: str, rule: str = "", fix: str = "") -> None:
        self.world.flaw(self.document.key_place(pointer), message, rule, fix)
