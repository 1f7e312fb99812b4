"""Which files of a directory are Ansible's, and in what form: told by name and by shape, the same each time.

Nothing is ever executed: a file that is a program, and one that configures a plugin, is a flaw with what to do instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from remedy.errors import Invalid
from remedy.load.documents import Document, parse_document
from remedy.load.reading import read_bytes
from remedy.load.text import shown_path
from remedy.model import Json

OWN_KEYS = frozenset(("vars", "groups", "hosts"))
ALWAYS = ("hosts", "inventory")  # of the names without a suffix
_SECTION = re.compile(rb"^\[[^\]\s:]+(?::(?:vars|children))?\][ \t]*(?:#.*)?\r?$", re.MULTILINE)
_TREE = re.compile(rb"---|[\"']?[A-Za-z0-9_.-]+[\"']?:(?:[ \t\r\n]|$)|\{")
VARIABLES = ("group_vars", "host_vars")
SUFFIXES = (".yml", ".yaml", ".json")


class Form(Enum):
    """What a file of an inventory's directory is."""

    OWN = "remedy's own"
    INI = "Ansible's, INI"
    TREE = "Ansible's, YAML"
    PROGRAM = "a program"
    PLUGIN = "an Ansible plugin's configuration"
    TOML = "TOML"
    NONE = "none of it"


ANSIBLE = frozenset((Form.INI, Form.TREE, Form.PROGRAM, Form.PLUGIN, Form.TOML))


@dataclass(frozen=True)
class Source:
    """One file, read once."""

    path: Path
    content: bytes
    form: Form
    read: Document | None = None  # as a file of remedy's own, where its form had to be told by what it holds

    @property
    def file(self) -> str:
        """As it is printed in front of a line number."""
        return shown_path(self.path)

    @property
    def document(self) -> Document:
        """It as a file of remedy's own."""
        return self.read or parse_document(self.content, self.file)


def source_of(path: Path, content: bytes | None = None) -> Source:
    """A file of an inventory's directory and what it is. Raises Invalid where it cannot be read."""
    read = read_bytes(path) if content is None else content
    document = parse_document(read, shown_path(path)) if path.suffix in SUFFIXES else None
    return Source(path, read, _form(path, read, document), document)


def candidates(directory: Path) -> list[Path]:
    """The files right in a directory that may be an inventory's, by name; none where there is no such directory."""
    try:
        found = sorted(directory.iterdir(), key=lambda p: p.name)
    except OSError:
        return []
    return [p for p in found if _may_be(p)]


def _may_be(path: Path) -> bool:
    if path.name.startswith(".") or path.name.endswith("~") or path.is_dir():
        return False
    if path.suffix in (".yml", ".yaml"):
        return path.stem != "policy"
    return path.suffix in ("", ".ini", ".json", ".toml", ".py", ".sh") and path.name != "known_hosts"


def _form(path: Path, content: bytes, document: Document | None) -> Form:
    if document is not None:
        return Form.PROGRAM if content.startswith(b"#!") else form_of_tree(document)
    if content.startswith(b"#!"):
        return Form.PROGRAM
    match path.suffix:
        case ".ini":
            return Form.INI
        case ".toml":
            return Form.TOML
        case "" if b"\0" in content[:8000] or (path.stat().st_mode & 0o100 and not _SECTION.search(content)):
            return Form.PROGRAM if path.name in ALWAYS else Form.NONE
        case "":
            return _without_suffix(path, content)
        case _:
            return Form.NONE


def _without_suffix(path: Path, content: bytes) -> Form:
    """Ansible's own order: YAML where it is groups, else INI; beside the two names, only what shows what it is."""
    first = next((w for w in map(bytes.strip, content.split(b"\n")) if w and w[:1] not in b"#;"), b"")
    if _TREE.match(first):
        form = form_of_tree(parse_document(content, path.name))
        if form is not Form.OWN:
            return form
        return Form.TREE if path.name in ALWAYS else Form.NONE
    return Form.INI if path.name in ALWAYS or _SECTION.search(content) else Form.NONE


def form_of_tree(document: Document) -> Form:
    """By its top level: remedy's own has vars, groups or hosts; Ansible's has groups: all, or all of them shaped so."""
    value = document.value
    if not isinstance(value, dict) or not value or OWN_KEYS & set(value):
        return Form.OWN
    if isinstance(value.get("plugin"), str):
        return Form.PLUGIN
    if any(isinstance(g, dict) for g in value.values()) and ("all" in value or all(map(_is_group, value.values()))):
        return Form.TREE
    return Form.OWN


def _is_group(value: Json) -> bool:
    return value is None or (isinstance(value, dict) and set(value) <= {"hosts", "children", "vars"})


def variables_of(directory: Path, kind: str, name: str) -> list[Path]:
    """The files of `group_vars/` or `host_vars/` for one name, in the order in which a later one wins."""
    for suffix in ("", *SUFFIXES):
        path = directory / kind / f"{name}{suffix}"
        if path.is_dir():
            return _within(path, 0)
        if path.exists():
            return [path]
    return []


def _within(directory: Path, depth: int) -> list[Path]:
    if depth > 10:
        raise Invalid(f"{shown_path(directory)} is nested deeper than 10 directories", at=shown_path(directory))
    found: list[Path] = []
    for path in sorted(directory.iterdir(), key=lambda p: p.name):
        if path.name.startswith(".") or path.name.endswith("~"):
            continue
        if path.is_dir() and not path.suffix:
            found += _within(path, depth + 1)
        elif path.is_file() and path.suffix in ("", *SUFFIXES):
            found.append(path)
    return found
