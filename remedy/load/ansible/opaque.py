"""Values of Ansible's that remedy carries and does not use: where one is wanted, it is refused with the reason."""

from __future__ import annotations

import re
from typing import Self

from remedy.load.text import is_secretive
from remedy.model import Json, Sourced

TEMPLATE = "is a template, and remedy evaluates nothing from an inventory"
ENCRYPTED = "is encrypted by ansible-vault, which remedy does not open"
PASSWORD = "is a password, and remedy logs in and works by keys alone"  # noqa: S105 - a sentence
_TEMPLATE = re.compile(r"\{[{%#]")


class Opaque(str):
    """Text that a file holds and whose meaning is in doubt, with the reason."""

    __slots__ = ("why",)
    why: str

    @classmethod
    def of(cls, text: str, why: str) -> Self:
        made = cls(text)
        made.why = why
        return made


def sourced(name: str, value: Json, at: str, layer: str) -> Sourced:
    """A variable as the inventory has it; where it cannot be a parameter's value, `unread` says why."""
    if name.startswith("ansible_") and is_secretive(name) and isinstance(value, str) and "file" not in name:
        return Sourced(value="", at=at, layer=layer, unread=PASSWORD)
    if isinstance(value, dict) and set(value) == {"secret"}:  # remedy's own form, which Ansible carries as well
        return _referred(value, at, layer)
    return Sourced(value=value, at=at, layer=layer, unread=doubt(value))


def _referred(value: dict[str, Json], at: str, layer: str) -> Sourced:
    from remedy.errors import Invalid  # noqa: PLC0415 - seldom
    from remedy.load.inventory_checks import secret_of  # noqa: PLC0415 - seldom

    try:
        return Sourced(value=secret_of(value["secret"]), at=at, layer=layer)
    except Invalid as wrong:
        return Sourced(value="", at=at, layer=layer, unread=f"is no reference to a secret: {wrong.message}")


def doubt(value: Json) -> str:
    """Why a value cannot be a parameter's, or ""."""
    match value:
        case None:
            return "is nothing"
        case Opaque():
            return value.why
        case str():
            return TEMPLATE if _TEMPLATE.search(value) else ""
        case list():
            return next((why for why in map(_doubt_of_member, value) if why), "")
        case dict():
            return "is a mapping; wanted text, a number, true, false or a list of them"
        case _:
            return ""


def _doubt_of_member(value: Json) -> str:
    if isinstance(value, list | dict) or value is None:
        return "holds more than text, numbers, true and false"
    return doubt(value)
