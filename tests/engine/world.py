"""A small world for the engine: hosts that are dictionaries.

A toy host has directories of files (name to state), services that are up or down, and a level that
rises by one with each file that goes. Every effect is noted in `effects`, so that a test can count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from remedy.hosts.fake import FakeHost


def _nothing(function: str) -> None:
    """Happens before each function, unless a test says what does."""


@dataclass
class World:
    """What a toy host is made of.

    `mute` functions do not answer; `lazy` ones do nothing and say 0; `broken` ones act and then
    fail; `harmful` ones act and take every service down; `healing` ones act and bring them up.
    """

    files: dict[str, dict[str, str]] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=dict)
    level: int = 0
    effects: list[tuple[str, str]] = field(default_factory=list)
    mute: set[str] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    harmful: set[str] = field(default_factory=set)
    healing: set[str] = field(default_factory=set)
    before: Callable[[str], None] = _nothing

    def twice(self) -> list[tuple[str, str]]:
        """The effects that were had more than once."""
        return sorted({e for e in self.effects if self.effects.count(e) > 1})

    def picture(self) -> tuple[Any, ...]:
        """What is to be compared of two worlds."""
        return {k: dict(v) for k, v in self.files.items()}, dict(self.services), self.level


Words = tuple[str, ...]


def host_of(world: World) -> FakeHost:
    """A machine that is this world."""
    functions = {
        "files_look": _files_look,
        "service_look": _service_look,
        "level_look": _level_look,
        "drop": _drop,
        "bring_back": _bring_back,
        "grow": _grow,
        "shift": _shift,
        "start": _start,
    }

    def bound(name: str) -> Callable[[Words, Words], tuple[int, str]]:
        def call(args: Words, items: Words) -> tuple[int, str]:
            world.before(name)
            if name in world.mute:
                return 1, f"{name} does not answer"
            for names, state in ((world.harmful, "down"), (world.healing, "up")):
                if name in names:
                    world.services.update(dict.fromkeys(world.services, state))
            text = "" if name in world.lazy else functions[name](world, args, items)
            return (9, text) if name in world.broken else (0, text)

        return call

    return FakeHost({name: bound(name) for name in functions})


def _files_look(world: World, args: Words, items: Words) -> str:
    files = world.files.get(args[0], {})
    lines = [f"item {k}\t{v}" for k, v in files.items()]
    return "\n".join([f"root {args[0]}", *lines, "--", f"count {len(files)}"]) + "\n"


def _service_look(world: World, args: Words, items: Words) -> str:
    return f"state {world.services[args[0]]}\n"


def _level_look(world: World, args: Words, items: Words) -> str:
    band = "below" if world.level < int(args[0]) else "at-least"
    return f"band {band}\n--\nlevel {world.level}\n"


def _drop(world: World, args: Words, items: Words) -> str:
    for item in items:
        name, _, state = item.rpartition("\t")
        if world.files[args[0]].get(name) == state:
            del world.files[args[0]][name]
            world.level += 1
            world.effects.append(("drop", f"{args[0]}/{name}"))
    return f"dropped {len(items)}\n"


def _bring_back(world: World, args: Words, items: Words) -> str:
    for item in items:
        name, _, state = item.rpartition("\t")
        if name not in world.files[args[0]]:
            world.files[args[0]][name] = state
            world.level -= 1
            world.effects.append(("back", f"{args[0]}/{name}"))
    return ""


def _grow(world: World, args: Words, items: Words) -> str:
    for item in items:
        name, _, state = item.rpartition("\t")
        world.files[args[0]][f"{name}.old"] = state
        world.effects.append(("grow", f"{args[0]}/{name}"))
    return ""


def _shift(world: World, args: Words, items: Words) -> str:
    for item in items:
        name, _, _ = item.rpartition("\t")
        world.files[args[0]][f"1-{name}"] = world.files[args[0]].pop(name)
        world.effects.append(("shift", f"{args[0]}/{name}"))
    return ""


def _start(world: World, args: Words, items: Words) -> str:
    world.services[args[0]] = "up"
    world.effects.append(("start", args[0]))
    return ""
