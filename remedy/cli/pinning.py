"""One line added to an inventory file, if that can be done without touching anything else."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from remedy.errors import Invalid
from remedy.load.ansible.files import candidates
from remedy.load.inventory import own_files, read_files
from remedy.load.merging import Layered
from remedy.load.writing import Line, entry_of
from remedy.model import Host

TRUSTED = "trusted.yml"
_HEAD = "# Keys that `remedy trust` pinned, of hosts whose entries are elsewhere.\nhosts:\n"


def pin(directory: Path, inventory: Layered, host: Host, key: str) -> str:
    """Add `host_key` to the host's entry; returns the file, or "" where it must be done by hand.

    A host of Ansible's gets an entry in trusted.yml, and so does a jump host that only ssh's arguments
    name. It is done only when the inventory with the line differs from the one without in nothing but
    this host's key.
    """
    for path in own_files(directory):
        before = path.read_text("utf-8")
        after = _with_line(before, host.name, f"host_key: {key}")
        if after and _differs_only_in_key(directory, path, after, inventory, host, key):
            _write(path, after)
            return str(path)
    path = directory / TRUSTED
    before = path.read_text("utf-8") if path.exists() else _HEAD
    whole = Line(host=replace(host, host_key=(key,)))
    for entry in ([f"  {host.name}:", f"    host_key: {key}"], list(entry_of(whole))):
        after = before.replace("\nhosts:\n", "\n".join(("\nhosts:", *entry, "")), 1)
        if after != before and _differs_only_in_key(directory, path, after, inventory, host, key):
            _write(path, after)
            return str(path)
    return ""


def _with_line(text: str, name: str, line: str) -> str:
    """The text with a line put first into the block of `name:`, where there is exactly one such block."""
    lines = text.splitlines(keepends=True)
    heads = [n for n, found in enumerate(lines) if re.fullmatch(rf"[ ]+{re.escape(name)}:[ ]*(#.*)?\r?\n", found)]
    if len(heads) != 1 or heads[0] + 1 >= len(lines):
        return ""
    first = lines[heads[0] + 1]
    indent = first[: len(first) - len(first.lstrip(" "))]
    if len(indent) <= len(lines[heads[0]]) - len(lines[heads[0]].lstrip(" ")):
        return ""
    end = "\r\n" if lines[heads[0]].endswith("\r\n") else "\n"
    lines.insert(heads[0] + 1, f"{indent}{line}{end}")
    return "".join(lines)


def _differs_only_in_key(directory: Path, path: Path, after: str, inventory: Layered, host: Host, key: str) -> bool:
    try:
        read = read_files(sorted({*candidates(directory), path}), directory, {path: after.encode()})
    except Invalid:
        return False
    if read.flaws.found:
        return False
    found = read.inventory
    wanted = {**inventory.hosts, host.name: replace(host, host_key=(key,))}
    return found.groups == inventory.groups and _unplaced(found.hosts) == _unplaced(wanted)


def _unplaced(hosts: object) -> object:
    """Hosts without the places their values were written at: a new line moves those below it."""
    assert isinstance(hosts, dict)
    return {
        name: replace(h, at="", vars={k: replace(v, at="") for k, v in h.vars.items()}) for name, h in hosts.items()
    }


def _write(path: Path, text: str) -> None:
    """Put the new text in the file's place, whole, with the file's own mode."""
    draft = path.with_name(f".{path.name}.new")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
