"""All actions and checks by name: a value that is passed, not a global that is filled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from remedy.actions.action import Action, Check, Verb
from remedy.actions.families import FAMILIES, ROOMS, SHELL_FILES
from remedy.errors import Invalid
from remedy.model import Json

V = TypeVar("V", bound=Verb)


@dataclass(frozen=True)
class Catalogue:
    """The actions and checks that a playbook may name."""

    actions: Mapping[str, type[Action[Any]]]
    checks: Mapping[str, type[Check]]

    def action(self, name: str, params: Mapping[str, Json]) -> Action[Any]:
        """Raises Invalid for an unknown name or a wrong parameter."""
        return _known(self.actions, name, "action").of(params)

    def check(self, name: str, params: Mapping[str, Json]) -> Check:
        """Raises Invalid for an unknown name or a wrong parameter."""
        return _known(self.checks, name, "check").of(params)


def _known(known: Mapping[str, type[V]], name: str, what: str) -> type[V]:
    if name not in known:
        raise Invalid(f"no {what} is called {name}", fix=f"one of: {', '.join(known)}")
    return known[name]


@dataclass(frozen=True)
class _OnDemand(Mapping[str, type[V]]):
    """Verbs by name, each family imported when one of its verbs is asked for: a validate needs few of them."""

    family_of: Mapping[str, str]

    def __getitem__(self, name: str) -> type[V]:
        verbs: tuple[type[V], ...] = import_module(module_of(self.family_of[name])).VERBS
        return next(v for v in verbs if v.name == name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.family_of)

    def __len__(self) -> int:
        return len(self.family_of)


def shipped() -> Catalogue:
    """Every action and check of remedy."""
    return Catalogue(
        actions=_OnDemand[Action[Any]]({name: family for family, (names, _) in FAMILIES.items() for name in names}),
        checks=_OnDemand[Check]({name: family for family, (_, names) in FAMILIES.items() for name in names}),
    )


def room_of(family: str) -> str:
    """The room in which a family lives: a folder of remedy/actions. Raises Invalid for a family that is not shipped."""
    for room, families in ROOMS.items():
        if family in families:
            return room
    raise Invalid(f"no family of actions is called {family}")


def module_of(family: str) -> str:
    """The name of a family's module."""
    return f"remedy.actions.{room_of(family)}.{family}"


@cache
def shell_of(family: str) -> bytes:
    """A family's shell functions, or those that all share (`common`). Raises Invalid for one that is not shipped."""
    if family == "common":
        return _beside("common.sh")
    own = f"{room_of(family)}/{family}"
    return b"".join(_beside(f"{path}.sh") for path in SHELL_FILES.get(family, (own,)))


@cache
def version_of(family: str) -> str:
    """A hash of a family's own code; a plan made with another one is void."""
    code = _beside(f"{room_of(family)}/{family}.py")
    return hashlib.sha256(b"\0".join((code, shell_of(family), shell_of("common")))).hexdigest()[:16]


def _beside(path: str) -> bytes:
    """A file that is shipped beside the actions."""
    from importlib import resources  # noqa: PLC0415 — costs a validate more than all else of this file

    return resources.files("remedy.actions").joinpath(path).read_bytes()
