"""Inventories: every file of a directory, remedy's own and Ansible's, merged once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from remedy.errors import Invalid, Refused
from remedy.load.ansible.files import ANSIBLE, VARIABLES, Form, Source, candidates, source_of
from remedy.load.ansible.gathered import Gathered
from remedy.load.documents import Document
from remedy.load.inventory_checks import pieces_of
from remedy.load.merging import Layered, Merge
from remedy.load.problems import Flaw, Flaws, Place, refuse
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import schema
from remedy.load.text import shown, shown_path, suggestion
from remedy.model import Host, Inventory, Sourced


def load_inventory(directory: Path) -> Layered:
    """Every host and group of a directory. Raises Invalid, whose `problems` are all that is wrong with its files."""
    read = read_directory(directory)
    if not read.files:
        name = shown_path(directory)
        raise Invalid(f"there is no inventory in {name}", at=name, fix=f"write {name}/hosts.yml, or: remedy init")
    refuse(read.flaws.problems(), shown_path(directory))
    return read.inventory


@dataclass(frozen=True, kw_only=True)
class Read:
    """A directory's inventory, which of its files that is, and everything that is wrong with them."""

    inventory: Layered
    files: tuple[Path, ...]
    flaws: Flaws


def read_directory(directory: Path, instead: Mapping[Path, bytes] | None = None) -> Read:
    """The inventory of a directory; `instead` has the contents that some of its files are to be read with."""
    return read_files(candidates(directory), directory, instead or {})


def own_files(directory: Path) -> list[Path]:
    """The files of a directory that are of remedy's own form. Raises Invalid where one cannot be read."""
    return [p for p in candidates(directory) if source_of(p).form is Form.OWN]


def read_files(paths: Sequence[Path], directory: Path, instead: Mapping[Path, bytes]) -> Read:
    """These files as one inventory, with `group_vars/` and `host_vars/` of the directory."""
    unreadable = Flaws()
    sources: list[Source] = []
    for path in paths:
        try:
            sources.append(source_of(path, instead.get(path)))
        except Invalid as wrong:
            unreadable.add(Flaw("", Place(wrong.at), wrong.message, fix=wrong.fix))
    own = [s.document for s in sources if s.form is Form.OWN]
    ansible = [s for s in sources if s.form in ANSIBLE]
    inventory, flaws = read_inventory(own, _beside(ansible, directory), unreadable)
    files = tuple(s.path for s in sources if s.form is not Form.NONE)
    return Read(inventory=inventory, files=files, flaws=flaws)


def _beside(sources: Sequence[Source], directory: Path) -> Gathered:
    """What is gathered of Ansible's files, where there are any."""
    if not sources and not any((directory / kind).exists() for kind in VARIABLES):
        return Gathered()
    from remedy.load.ansible.gathering import gather  # noqa: PLC0415 - most homes have none of it

    return gather(sources, directory)


def read_inventory(
    documents: Sequence[Document], beside: Gathered | None = None, flaws: Flaws | None = None
) -> tuple[Layered, Flaws]:
    """remedy's own documents and what was gathered of Ansible's, merged, and everything that is wrong with them."""
    pieces = [pieces_of(d) for d in documents]
    found, beside = flaws or Flaws(), beside or Gathered()
    for document in documents:
        if document.is_whole:
            hold_against(document, schema("inventory"))
        for flaw in document.flaws.found:
            found.add(flaw)
    for flaw in beside.flaws.found:
        found.add(flaw)
    return Merge(pieces, beside, found).inventory(), found


def select(inventory: Inventory, hosts: Sequence[str], groups: Sequence[str]) -> tuple[Host, ...]:
    """The named hosts and the hosts of the named groups, each once, in order.

    There is no implicit "all": naming nothing raises Invalid; a name that matches nothing raises Refused.
    """
    if not hosts and not groups:
        raise Invalid("no target: name a host or a group", fix="--host NAME or --group NAME")
    chosen: dict[str, Host] = {}
    left_out = inventory.left_out if isinstance(inventory, Layered) else {}
    for name in (*hosts, *(h for g in groups for h in inventory.groups.get(g, ()))):
        if name in left_out:
            why = left_out[name][0]
            fix = f"name other hosts, or give {name} an address: in a file of remedy's own"
            raise Refused(why.message, at=why.at, fix=fix)
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
