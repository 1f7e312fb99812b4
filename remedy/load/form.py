"""Whether a value fits a JSON Schema: yes or no, for the keywords that the shipped schemas use.

Every command reads documents, nearly all documents are right, and importing jsonschema costs a
command 60 to 90 ms of CPU: so it is asked only what is wrong with a document that does not fit
here. A test holds the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Schema = Mapping[str, Any]
ANNOTATIONS = frozenset({"$schema", "$defs", "title", "description", "default"})


def fits(value: Any, schema: Schema, root: Schema) -> bool:
    """Whether `value` is valid under `schema`; references point into `root`."""
    return all(
        _KEYWORDS[keyword](value, wanted, schema, root)
        for keyword, wanted in schema.items()
        if keyword not in ANNOTATIONS
    )


@lru_cache(maxsize=256)
def exact(pattern: str) -> re.Pattern[str]:
    """The pattern as JSON Schema means it: `$` is the end of the text, not Python's place before a last newline."""
    return re.compile(re.sub(r"(?<!\\)\$\Z", r"\\Z", pattern))


def is_of_type(value: Any, name: str) -> bool:
    """Whether a value is of a JSON Schema type; an integer is written as one."""
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def _type(value: Any, wanted: Any, _schema: Schema, _root: Schema) -> bool:
    return any(is_of_type(value, name) for name in (wanted if isinstance(wanted, list) else [wanted]))


def _ref(value: Any, wanted: str, _schema: Schema, root: Schema) -> bool:
    return fits(value, root["$defs"][wanted.removeprefix("#/$defs/")], root)


def _enum(value: Any, wanted: list[Any], _schema: Schema, _root: Schema) -> bool:
    return any(_same(value, w) for w in wanted)


def _same(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _pattern(value: Any, wanted: str, _schema: Schema, _root: Schema) -> bool:
    return not isinstance(value, str) or exact(wanted).search(value) is not None


def _properties(value: Any, wanted: Schema, _schema: Schema, root: Schema) -> bool:
    return not isinstance(value, dict) or all(fits(v, wanted[k], root) for k, v in value.items() if k in wanted)


def _additional(value: Any, wanted: Any, schema: Schema, root: Schema) -> bool:
    if not isinstance(value, dict) or wanted is True:
        return True
    others = [v for k, v in value.items() if k not in schema.get("properties", {})]
    return not others if wanted is False else all(fits(v, wanted, root) for v in others)


def _names(value: Any, wanted: Schema, _schema: Schema, root: Schema) -> bool:
    return not isinstance(value, dict) or all(fits(k, wanted, root) for k in value)


def _required(value: Any, wanted: list[str], _schema: Schema, _root: Schema) -> bool:
    return not isinstance(value, dict) or all(k in value for k in wanted)


def _items(value: Any, wanted: Schema, _schema: Schema, root: Schema) -> bool:
    return not isinstance(value, list) or all(fits(v, wanted, root) for v in value)


def _any_of(value: Any, wanted: list[Schema], _schema: Schema, root: Schema) -> bool:
    return any(fits(value, w, root) for w in wanted)


def _one_of(value: Any, wanted: list[Schema], _schema: Schema, root: Schema) -> bool:
    return sum(fits(value, w, root) for w in wanted) == 1


def _size(kind: type[list[Any] | str | dict[str, Any]], *, least: bool) -> Callable[[Any, int, Schema, Schema], bool]:
    def bounded(value: Any, wanted: int, _schema: Schema, _root: Schema) -> bool:
        return not isinstance(value, kind) or (len(value) >= wanted if least else len(value) <= wanted)

    return bounded


def _minimum(value: Any, wanted: float, _schema: Schema, _root: Schema) -> bool:
    return not is_of_type(value, "number") or value >= wanted


def _maximum(value: Any, wanted: float, _schema: Schema, _root: Schema) -> bool:
    return not is_of_type(value, "number") or value <= wanted


_KEYWORDS: Mapping[str, Callable[[Any, Any, Schema, Schema], bool]] = {
    "$ref": _ref,
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "const": lambda value, wanted, _schema, _root: _same(value, wanted),
    "enum": _enum,
    "items": _items,
    "maxItems": _size(list, least=False),
    "maxLength": _size(str, least=False),
    "maxProperties": _size(dict, least=False),
    "maximum": _maximum,
    "minItems": _size(list, least=True),
    "minLength": _size(str, least=True),
    "minProperties": _size(dict, least=True),
    "minimum": _minimum,
    "oneOf": _one_of,
    "pattern": _pattern,
    "properties": _properties,
    "propertyNames": _names,
    "required": _required,
    "type": _type,
}
KEYWORDS = frozenset(_KEYWORDS)
