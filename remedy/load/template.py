"""A checked template and its rendering. What it consists of is decided in `templates` and `expressions`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from remedy.errors import Invalid
from remedy.model import Json, SecretRef

LARGEST_TEXT = 65_536  # characters; as much as a text parameter takes
LARGEST_NUMBER = 2**63 - 1

Value: TypeAlias = "Json | SecretRef"


@dataclass(frozen=True)
class Template:
    """A checked text with expressions in it. `names` are what it reads, `seen` the step ids of `seen.ID`."""

    text: str
    parts: tuple[str | Expression, ...]
    names: frozenset[str]
    seen: frozenset[str]

    @property
    def is_literal(self) -> bool:
        return not any(isinstance(p, Expression) for p in self.parts)

    def render(self, values: Mapping[str, Value]) -> Value:
        """The value: of its own type where the template is one `{{ }}`, else text.

        Rendered once: what a value holds is never read as a template. Raises Invalid.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].value(values)
        text = "".join(p if isinstance(p, str) else text_of(p.value(values)) for p in self.parts)
        return bounded(text)

    def pieces(self, values: Mapping[str, Value]) -> list[str | SecretRef]:
        """Text and the secrets that stand in it, in order: for what may be made of both. Raises Invalid."""
        found: list[str | SecretRef] = []
        for part in self.parts:
            value = part if isinstance(part, str) else part.value(values)
            piece = value if isinstance(value, SecretRef) else text_of(value)
            if found and isinstance(found[-1], str) and isinstance(piece, str):
                found[-1] += piece
            else:
                found.append(piece)
        bounded("".join(p for p in found if isinstance(p, str)))
        return found


@dataclass(frozen=True)
class Expression:
    """What stands between `{{` and `}}`. A bare name needs no evaluation."""

    name: str
    compiled: Callable[[Mapping[str, Value]], Value] | None

    def value(self, values: Mapping[str, Value]) -> Value:
        if self.compiled is None:
            if self.name not in values:
                raise Invalid(f"'{self.name}' is not defined")
            return values[self.name]
        return self.compiled(values)


def step_of(name: str, steps: Mapping[str, object] | frozenset[str]) -> str | None:
    """The step that `seen.name` means: an underscore may stand for the dash that an expression cannot hold."""
    if name in steps:
        return name
    return next((s for s in steps if s.replace("-", "_") == name), None)


def bounded(text: str) -> str:
    """The text, unless it is too long."""
    return text if len(text) <= LARGEST_TEXT else too_long()


def too_long() -> str:
    """Refuse a text that would be too long."""
    raise Invalid(f"the text becomes longer than {LARGEST_TEXT} characters")


def number(value: int | float) -> int | float:  # noqa: PYI041 - an integer stays one
    """The number, unless it is too large or none."""
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise Invalid("a number has at most 64 bits")
    return value


def text_of(value: object) -> str:
    """A value inside a text: as it is written in YAML. Lists, nothing and secrets have no text."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(number(value))
        case str():
            return bounded(value)
        case SecretRef():
            raise Invalid("a secret cannot be part of a text", fix="use it as a whole value: {{ name }}")
        case list() | tuple():
            raise Invalid("a list cannot be part of a text", fix="use the filter join")
        case _:
            raise Invalid("nothing cannot be part of a text", fix="use the filter default")
