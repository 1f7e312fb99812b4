"""What a template can do to a value. Every result is bounded before it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from jinja2 import StrictUndefined, Undefined

from remedy.errors import Invalid
from remedy.load import template
from remedy.load.template import LARGEST_TEXT, bounded, number, too_long
from remedy.model import Json, SecretRef


def text_of(value: object) -> str:
    """A value inside a text. Raises Invalid, also for what is not defined."""
    if isinstance(value, Undefined):
        raise Invalid(_undefined(value))
    return template.text_of(value)


def _undefined(value: Undefined) -> str:
    return value._undefined_message  # noqa: SLF001 - the only place where Jinja2 keeps the reason


def plain(value: object) -> Json | SecretRef:
    """The value of an expression, if it is one that a parameter can have."""
    match value:
        case None | bool() | SecretRef():
            return value
        case int() | float():
            return number(value)
        case str():
            return bounded(value)
        case list() | tuple():
            return [cast(Json, plain(v)) for v in value]
        case Undefined():
            raise Invalid(_undefined(value))
        case _:
            raise Invalid("the expression is neither text, a number, true, false nor a list")


def arithmetic(operator: str, left: object, right: object) -> object:
    """`+ - / //` on numbers, `+` on texts and on lists. Raises Invalid."""
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        return bounded(left) + bounded(right)
    for side in (left, right):
        if isinstance(side, bool) or not isinstance(side, int | float):
            raise Invalid(f"'{operator}' needs numbers on both sides")
    a, b = cast(float, left), cast(float, right)
    if operator in ("/", "//", "%") and b == 0:
        raise Invalid("division by zero")
    return number(_OPERATORS[operator](a, b))


_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: number(a) * number(b),
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


def _lower(value: object) -> str:
    return text_of(value).lower()


def _upper(value: object) -> str:
    return text_of(value).upper()


def _trim(value: object) -> str:
    return text_of(value).strip()


def _replace(value: object, old: object, new: object) -> str:
    text, before, after = text_of(value), text_of(old), text_of(new)
    if not before:
        raise Invalid("the filter replace needs a text to look for")
    if len(text) + text.count(before) * (len(after) - len(before)) > LARGEST_TEXT:
        return too_long()
    return text.replace(before, after)


def _join(value: object, between: object = "") -> str:
    if not isinstance(value, list | tuple):
        raise Invalid("the filter join needs a list")
    parts, glue = [text_of(v) for v in value], text_of(between)
    if sum(map(len, parts)) + len(glue) * len(parts) > LARGEST_TEXT:
        return too_long()
    return glue.join(parts)


def _default(value: object, otherwise: object = "") -> object:
    return otherwise if value is None or isinstance(value, Undefined) else value


def _first(value: object) -> object:
    return _end(value, 0)


def _last(value: object) -> object:
    return _end(value, -1)


def _end(value: object, index: int) -> object:
    if not isinstance(value, list | tuple | str):
        raise Invalid("the filters first and last need a list")
    return value[index] if value else StrictUndefined("the list is empty")


def _length(value: object) -> int:
    if not isinstance(value, list | tuple | str | Mapping):
        raise Invalid("the filter length needs a list or text")
    return len(value)


def _int(value: object) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(number(value))
    text = text_of(value).strip()
    if not text.isascii() or not text.lstrip("-").isdecimal() or len(text) > 20:
        raise Invalid("the filter int needs a whole number")
    try:
        return int(number(int(text)))
    except ValueError:
        raise Invalid("the filter int needs a whole number") from None


def _basename(value: object) -> str:
    return text_of(value).rstrip("/").rpartition("/")[2]


def _dirname(value: object) -> str:
    return text_of(value).rstrip("/").rpartition("/")[0] or "/"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "basename": _basename,
    "default": _default,
    "dirname": _dirname,
    "first": _first,
    "int": _int,
    "join": _join,
    "last": _last,
    "length": _length,
    "lower": _lower,
    "replace": _replace,
    "string": text_of,
    "trim": _trim,
    "upper": _upper,
}
LISTED = "filters are: " + ", ".join(FILTERS)
