"""Ansible's files read in Ansible's order, with the folders of variables beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from remedy.errors import Invalid
from remedy.load.ansible.connection import Way, way_to
from remedy.load.ansible.files import SUFFIXES, VARIABLES, Form, Source, variables_of
from remedy.load.ansible.gathered import Gathered
from remedy.load.ansible.ini import read_ini
from remedy.load.ansible.tree import read_tree, read_variables
from remedy.load.ansible.world import Entry, Layer, World, layer_of, new_world
from remedy.load.problems import Place, place_of
from remedy.load.reading import read_bytes
from remedy.load.text import shown_path, suggestion
from remedy.model import Sourced

_FLATTEN = "ansible-inventory -i {} --list --export --yaml --output hosts.yml, and put that here instead"


def gather(sources: Sequence[Source], directory: Path) -> Gathered:
    """Read these files in order, and `group_vars/` and `host_vars/` of the directory. Wrong things are in `flaws`."""
    world = new_world()
    for source in sources:
        _read(source, world)
    if not sources:
        _unused(directory, world)
        return Gathered(notes=world.notes)
    world.settle()
    of_groups, of_hosts = (set(map(_stem, _listed(directory / kind))) for kind in VARIABLES)
    for group in world.groups.values():
        if group.name in of_groups:
            _variables(directory, "group_vars", group.name, world, group.file_vars, layer_of(group.name))
    for host in world.hosts.values():
        if host.name in of_hosts:
            _variables(directory, "host_vars", host.name, world, host.file_vars, f"host {host.name}")
    _strangers(directory, world)
    layers = _layers(world)
    ways = {name: _way(world, world.hosts[name], layer) for name, layer in layers.items()}
    groups = {name: world.members(name) for name in world.groups}
    return Gathered(ways=ways, layers=layers, groups=groups, flaws=world.flaws, notes=world.notes)


def _read(source: Source, world: World) -> None:
    place = Place(source.file, 1, 1)
    match source.form:
        case Form.INI:
            read_ini(source.content, source.file, world)
        case Form.TREE:
            read_tree(source.content, source.file, world)
        case Form.PROGRAM:
            what = "is a program (an Ansible dynamic inventory), and remedy runs none"
            world.flaw(place, what, "an inventory is read, never executed", _FLATTEN.format(source.path.name))
        case Form.PLUGIN:
            what = "is the configuration of an Ansible inventory plugin, and remedy runs none"
            world.flaw(place, what, "an inventory is read, never executed", _FLATTEN.format(source.path.name))
        case Form.TOML:
            fix = _FLATTEN.format(source.path.name)
            world.flaw(place, "is TOML", "of Ansible's forms, INI, YAML and JSON are read", fix)
        case _:
            return


def _variables(directory: Path, kind: str, name: str, world: World, layer: Layer, called: str) -> None:
    try:
        for path in variables_of(directory, kind, name):
            read_variables(read_bytes(path), shown_path(path), world, layer, called)
    except Invalid as wrong:
        world.flaw(Place(wrong.at or shown_path(directory / kind)), wrong.message, "", wrong.fix)
    except OSError as wrong:
        world.flaw(Place(shown_path(directory / kind / name)), f"cannot be read: {wrong.strerror}")


def _listed(directory: Path) -> list[str]:
    try:
        return sorted(p.name for p in directory.iterdir() if not p.name.startswith(".") and not p.name.endswith("~"))
    except OSError:
        return []


def _stem(name: str) -> str:
    """The name of a group or host that a file of variables is called after."""
    return next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)


def _strangers(directory: Path, world: World) -> None:
    """Note the files of variables that are nobody's: most often a name that was misspelled."""
    for kind, names in zip(VARIABLES, (list(world.groups), list(world.hosts)), strict=True):
        known = set(names)
        for name in _listed(directory / kind):
            stem = _stem(name)
            if stem not in known:
                what = "group" if kind == "group_vars" else "host"
                place = Place(shown_path(directory / kind / name), 1, 1)
                near = suggestion(stem, known)
                fix = near if near.startswith("did") else ""
                world.note(place, f"is not read: no {what} of Ansible's is called {stem}", "", fix)


def _unused(directory: Path, world: World) -> None:
    for kind in VARIABLES:
        if (directory / kind).is_dir():
            place = Place(shown_path(directory / kind), 1, 1)
            world.note(place, "is not read: it belongs to an inventory of Ansible's, and none is beside it")


def _layers(world: World) -> dict[str, Layer]:
    """Each host's variables: host_vars/, its own in the inventory, group_vars/, its groups' in the inventory."""
    of_groups: dict[tuple[str, ...], list[Layer]] = {}
    found: dict[str, Layer] = {}
    everyone = world.groups["all"]
    for host in world.hosts.values():
        key = tuple(sorted(host.groups))
        if key not in of_groups:
            groups = world.groups_of(host)
            of_groups[key] = [
                *(g.file_vars for g in groups),
                everyone.file_vars,
                *(g.vars for g in groups),
                everyone.vars,
            ]
        whole: dict[str, list[Sourced]] = {}
        for layer in (host.file_vars, host.vars, *of_groups[key]):
            for name, values in layer.items():
                whole.setdefault(name, []).extend(values)
        found[host.name] = whole
    return found


def _way(world: World, host: Entry, layer: Layer) -> Way:
    groups = tuple(sorted(g.name for g in world.groups_of(host) if g.name != "ungrouped"))
    way = way_to(host.name, str(host.place), {n: values[0] for n, values in layer.items()}, groups)
    for at, message, rule, fix in way.wrong:
        world.flaw(place_of(at), message, rule, fix)
    if way.unchecked_at:
        message = "asks for host keys not to be checked; remedy always checks them"
        world.note(place_of(way.unchecked_at), message, "", "remedy trust HOST, or remedy_known_hosts: FILE")
    return way
