"""Frozen dataclasses to JSON and back, by their annotations alone.

A union of dataclasses is told apart by field names, then by `Literal` fields; where one of its
members is any JSON, an object that fits a dataclass is that dataclass.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from remedy import model
from remedy.errors import Bug, Invalid
from remedy.model import Json, Risk

T = TypeVar("T")
Decoder: TypeAlias = Callable[[Json], object]
SCALARS = frozenset((type(None), bool, int, float, str))


def encode(value: object) -> Json:
    """The JSON form of a value made of dataclasses, enums, tuples, mappings and scalars.

    Risk becomes its lower-case name, any other enum its value. Raises Bug for anything else.
    """
    kind = type(value)
    if kind in SCALARS:
        return cast(Json, value)
    if kind is tuple or kind is list:
        members = cast("tuple[object, ...]", value)
        return [m if type(m) is str else encode(m) for m in members]
    names = _names(cast(Any, kind))
    if names is not None:
        fields = [(name, getattr(value, name)) for name in names]
        return {name: member if type(member) in SCALARS else encode(member) for name, member in fields}
    match value:
        case Risk():
            return value.word
        case Enum():
            return cast(Json, value.value)
        case Mapping():
            return {_key(k): encode(v) for k, v in value.items()}
        case _:
            raise Bug(f"no JSON form for {kind.__name__}")


def decode(kind: type[T], value: Json, at: str = "$") -> T:
    """The dataclass (or other annotated type) that `encode` made this JSON from.

    Strict: unknown and missing fields, and values of another type, raise Invalid with the
    place in the document as a JSON path.
    """
    try:
        return cast(T, _decoder(cast(Any, kind))(value))
    except _Mismatch as mismatch:
        place = at + "".join(reversed(mismatch.path))
        raise Invalid(f"{place}: {mismatch.says}", at=place) from None
    except RecursionError:
        raise Invalid(f"{at}: nested too deeply", at=at) from None


class _Mismatch(Exception):
    """A value is not what its place wants; the path to it is gathered on the way out."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says
        self.path: list[str] = []


class _AnyJson:
    """Stands for `Json` in annotations: its own definition refers to itself and cannot be evaluated."""


@dataclasses.dataclass(frozen=True)
class _Shape:
    """What an object must look like to be one dataclass."""

    kind: type
    decoders: Mapping[str, Decoder]
    required: frozenset[str]
    literals: Mapping[str, tuple[object, tuple[object, ...]]]  # default, allowed

    def fits(self, entries: dict[str, Json]) -> bool:
        return (
            entries.keys() <= self.decoders.keys()
            and self.required <= entries.keys()
            and all(entries.get(n, default) in allowed for n, (default, allowed) in self.literals.items())
        )


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise Bug(f"a key is not text: {key!r}")
    return key


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass; None for anything else."""
    return tuple(f.name for f in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else None


@cache
def _shape(kind: type) -> _Shape:
    known = {**vars(model), **vars(sys.modules[kind.__module__]), "Json": _AnyJson}
    hints = get_type_hints(kind, known)
    fields = {f.name: f for f in dataclasses.fields(kind)}
    missing = dataclasses.MISSING
    return _Shape(
        kind=kind,
        decoders={n: _decoder(hints[n]) for n in fields},
        required=frozenset(n for n, f in fields.items() if f.default is missing and f.default_factory is missing),
        literals={n: (f.default, get_args(hints[n])) for n, f in fields.items() if get_origin(hints[n]) is Literal},
    )


@cache
def _decoder(kind: Any) -> Decoder:
    """The decoder of an annotation, made once. A dataclass's own is made at its first use: they nest."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union(get_args(kind))
    if origin is Literal:
        return _literal(get_args(kind))
    if origin is tuple:
        return _tuple(get_args(kind)[0])
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(get_args(kind)[1])
    if dataclasses.is_dataclass(kind):
        return lambda value: _record(_shape(cast(type, kind)), value)
    return _scalar(kind)


def _scalar(kind: Any) -> Decoder:
    if kind is _AnyJson:
        return _json
    if kind is float:
        return _number
    if kind in SCALARS:
        return lambda value: value if type(value) is kind else _refuse(value, WORDS[kind])
    if kind is Risk:
        return _choice({r.word: r for r in Risk})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice({str(m.value): m for m in kind})
    raise Bug(f"no decoder for {kind!r}")


WORDS = {type(None): "null", bool: "true or false", int: "a whole number", str: "text"}


def _refuse(value: Json, wanted: str) -> object:
    raise _Mismatch(f"wanted {wanted}, found {_kind_word(value)}")


def _kind_word(value: Json) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case float():
            return "a number"
        case _:
            return WORDS[type(value)]


def _number(value: Json) -> object:
    if type(value) is float and math.isfinite(value):
        return value
    return float(value) if type(value) is int else _refuse(value, "a number")


def _json(value: Json) -> object:
    match value:
        case dict():
            for key, member in value.items():
                _inside(f".{key}", _json, member)
        case list():
            for n, member in enumerate(value):
                _inside(f"[{n}]", _json, member)
        case float() if not math.isfinite(value):
            raise _Mismatch("wanted a finite number")
        case _:
            pass
    return value


def _inside(step: str, decoder: Decoder, value: Json) -> object:
    try:
        return decoder(value)
    except _Mismatch as mismatch:
        mismatch.path.append(step)
        raise


def _choice(members: Mapping[str, object]) -> Decoder:
    def decoder(value: Json) -> object:
        if type(value) is str and value in members:
            return members[value]
        return _refuse(value, f"one of {', '.join(members)}")

    return decoder


def _literal(allowed: tuple[object, ...]) -> Decoder:
    return _choice({str(word): word for word in allowed})


def _tuple(member: Any) -> Decoder:
    inner = _decoder(member)

    def decoder(value: Json) -> object:
        if type(value) is not list:
            return _refuse(value, "a list")
        if member is str and all(type(v) is str for v in value):
            return tuple(value)
        return tuple(_inside(f"[{n}]", inner, v) for n, v in enumerate(value))

    return decoder


def _mapping(member: Any) -> Decoder:
    inner = _decoder(member)

    def decoder(value: Json) -> object:
        if type(value) is not dict:
            return _refuse(value, "an object")
        return {k: _inside(f".{k}", inner, v) for k, v in value.items()}

    return decoder


def _record(shape: _Shape, value: Json) -> object:
    name = shape.kind.__name__
    if type(value) is not dict:
        return _refuse(value, f"a {name}")
    decoders = shape.decoders
    if unknown := value.keys() - decoders.keys():
        raise _Mismatch(f"{name} has no field {', '.join(map(repr, sorted(unknown)))}")
    if lacking := shape.required - value.keys():
        raise _Mismatch(f"{name} lacks {', '.join(sorted(lacking))}")
    return shape.kind(**{n: _inside(f".{n}", decoders[n], v) for n, v in value.items()})


def _union(members: tuple[Any, ...]) -> Decoder:
    records = [cast(type, m) for m in members if dataclasses.is_dataclass(m)]
    others = [_decoder(m) for m in members if not dataclasses.is_dataclass(m)]
    names = ", ".join(getattr(m, "__name__", str(m)) for m in members)

    def decoder(value: Json) -> object:
        if type(value) is dict:
            for shape in map(_shape, records):
                if shape.fits(value):
                    return _record(shape, value)
        for other in others:
            try:
                return other(value)
            except _Mismatch:
                continue
        raise _Mismatch(f"wanted one of {names}")

    return decoder
