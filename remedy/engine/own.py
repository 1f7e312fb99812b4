"""What is remedy's own on the machine that it runs on: its store, its keys, its rules, its process. Pure.

That machine may be a host like any other; what is remedy's own there is never touched, by no consent.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from remedy.errors import Forbidden
from remedy.model import Argument, Call, Change, Facts, Host, Operation, PlannedStep, Put, UndoBy

HERE = "the machine that remedy runs on"
NEAR = f"{HERE}, and a step works in a directory around remedy's own files"
ENGINE = "perhaps the machine whose engine runs remedy's own container, and a step restarts an engine there"
JUMP = "the machine through which other hosts are reached"
ENGINES = frozenset({"containerd", "docker", "podman", "snap.docker.dockerd"})  # as systemd's units, of whatever type


def as_written(path: str) -> str:
    """A path as it stands, for where nothing can be asked."""
    return path


@dataclass(frozen=True, kw_only=True)
class Own:
    """What is known of the controller. `real` resolves the links of a path on its own disk."""

    machine: str = ""  # its stable id; "" where it has none
    container: str = ""  # the full id of the container that remedy runs in; "" outside of any
    paths: tuple[str, ...] = ()  # store, private keys, inventory and playbooks: absolute, links resolved
    units: tuple[str, ...] = ()  # that this very process runs in
    process: int = 0  # its number; 0 where it is not known
    jumps: frozenset[str] = frozenset()  # the names of hosts that others are reached through
    real: Callable[[str], str] = field(default=as_written, compare=False)


def is_here(own: Own, host: Host, facts: Facts) -> bool:
    """Whether this host is the machine that remedy runs on, by whatever name. No container is, but its own."""
    if host.address.scheme == "docker":
        return bool(own.container) and facts.container.startswith(own.container)
    if host.address.scheme == "local" and not host.via:
        return True
    return bool(own.machine) and facts.machine == own.machine


def place_of(own: Own, host: Host, facts: Facts, steps: Iterable[PlannedStep] = ()) -> str:
    """What this host is to remedy itself; "" where it is nothing special."""
    if is_here(own, host, facts):
        return NEAR if any(_is_around(own, s.change) for s in steps if s.change) else HERE
    if own.container and any(_restarts_an_engine(s.change) for s in steps if s.change):
        return ENGINE  # a container does not know on which machine it is
    return JUMP if host.name in own.jumps else ""


def demand_apart(own: Own, host: Host, facts: Facts, steps: Iterable[PlannedStep]) -> None:
    """Raise Forbidden where a step, or its undo, would touch what is remedy's own: here, or the container around it."""
    here = is_here(own, host, facts)
    for step in steps:
        if step.change is None:
            continue
        touched = _own_container(own, step.change) or (here and _own_thing(own, step.change))
        if touched:
            where = HERE if here else "where remedy's own container runs"
            raise Forbidden(
                f"{host.name} is {where}, and step {step.step} ({step.action}) would touch {touched}, remedy's own",
                at=host.name,
                fix="take it out of what the step names, or do this by hand",
            )


def _own_container(own: Own, change: Change) -> str:
    """The container that remedy runs in, where a change names it, whatever engine's host it is for."""
    if not own.container:
        return ""
    back = change.undo.operations if isinstance(change.undo, UndoBy) else ()
    calls = [o for o in (*change.operations, *back) if isinstance(o, Call)]
    words = [str(word) for call in calls for word in (*call.args, *call.items)]
    is_named = f"container:{own.container}" in change.touches or any(own.container in word for word in words)
    return f"container {own.container[:12]}" if is_named else ""


def _own_thing(own: Own, change: Change) -> str:
    """The first thing of remedy's own that a change would touch; "" where there is none."""
    for unit in own.units:
        if f"unit:{unit}" in change.touches:
            return unit
    if own.process and f"process:{own.process}" in change.touches:
        return f"process {own.process}"
    back = change.undo.operations if isinstance(change.undo, UndoBy) else ()
    roots = [t.removeprefix("path:") for t in change.touches if t.startswith("path:")]
    for operation in (*change.operations, *back):
        for path in _paths(operation, roots):
            if mine := _owned(own, path):
                return mine
    for root in roots:  # a place that lies within: nothing there is anybody else's
        if mine := _owned(own, root):
            return mine
    return ""


def _restarts_an_engine(change: Change) -> bool:
    units = [t.removeprefix("unit:") for t in change.touches if t.startswith("unit:")]
    return any(unit in ENGINES or unit.rpartition(".")[0] in ENGINES for unit in units)


def _is_around(own: Own, change: Change) -> bool:
    """Whether a change works in a directory that own things lie below; it leaves them alone, by its list."""
    roots = {t.removeprefix("path:") for t in change.touches if t.startswith("path:")}
    names = {n.rstrip("/") for r in roots for n in (posixpath.normpath(r), own.real(r))}
    return any(path.startswith(f"{name}/") for name in names for path in own.paths)


def _paths(operation: Operation, roots: Iterable[str]) -> Iterator[str]:
    """The absolute paths that an operation names: its arguments, and its objects below what the change touches."""
    match operation:
        case Put():
            yield operation.path
        case Call():
            yield from _absolute(operation.args)
            for item in operation.items:
                name = item.partition("\t")[0]
                yield from [name] if name.startswith("/") else (posixpath.join(r, name) for r in roots)
        case _:
            return


def _absolute(args: Iterable[Argument]) -> Iterator[str]:
    for arg in args:
        if isinstance(arg, str):
            yield from (word for word in arg.split() if word.startswith("/"))


def _owned(own: Own, path: str) -> str:
    """The own path that this one is, or lies within; by any name."""
    names = {posixpath.normpath(path), own.real(path)}
    return next((o for o in own.paths if any(n == o or n.startswith(f"{o}/") for n in names)), "")
