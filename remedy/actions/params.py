"""The kinds of parameters: for each its JSON Schema, its parser and its canonical form.

A parameter is text or a number in YAML and a typed value in an action. Whatever is not exactly
of its kind is refused here, so that shell functions receive only well-formed arguments.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from functools import cache, partial
from typing import Any, Literal, NewType, Union, cast, get_args, get_origin, get_type_hints

from remedy.errors import Invalid
from remedy.model import Json

Path = NewType("Path", str)  # absolute, no `..`, normal form
Glob = NewType("Glob", str)  # absolute path whose last part may hold * ? [ ]
Name = NewType("Name", str)  # a file name pattern: * ? [ ], no slash
Text = NewType("Text", str)  # any text without NUL
Size = NewType("Size", int)  # bytes
Duration = NewType("Duration", int)  # seconds
Percent = NewType("Percent", str)  # canonical "20%"
Amount = NewType("Amount", str)  # canonical "20%", or bytes as "1073741824"
Url = NewType("Url", str)  # http or https
Port = NewType("Port", int)  # 1-65535
Unit = NewType("Unit", str)  # a systemd unit
Address = NewType("Address", str)  # a host name or an IP address

SIZE_UNITS = {
    "B": 1,
    **{f"{p}iB": 1024**i for i, p in enumerate("KMGT", 1)},
    **{f"{p}B": 1000**i for i, p in enumerate("kMGT", 1)},
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST_TEXT = 65_536  # characters; far above any name or pattern, far below what hurts
LONGEST_PATH = 4095  # Linux PATH_MAX less its NUL: linux/limits.h
LARGEST_INT = 2**63 - 1  # what a POSIX shell's arithmetic is sure to hold on 64-bit hosts


@dataclass(frozen=True, kw_only=True)
class ParamKind:
    """One kind of parameter. `parse` raises Invalid with a sentence that says what is wanted."""

    name: str
    about: str
    schema: Mapping[str, Json]
    parse: Callable[[Json], Json]
    example: str


def param(about: str, *, default: Json | dataclasses._MISSING_TYPE = MISSING, **keywords: Json) -> Any:
    """A parameter of an action or check: its meaning, its default, JSON Schema keywords.

    The default is written as in YAML and parsed like any other value.
    """
    metadata = {"about": about, "default": default, "keywords": keywords}
    if default is MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=cast(Any, None), metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Param:
    """One declared parameter, read from a dataclass field."""

    name: str
    about: str
    kind: ParamKind
    many: bool
    required: bool
    default: Json
    keywords: Mapping[str, Json]

    def schema(self) -> dict[str, Json]:
        """JSON Schema of this parameter as written in YAML."""
        one: dict[str, Json] = {**self.kind.schema, **({} if self.many else self.keywords)}
        whole: dict[str, Json] = {"type": "array", "items": one, **self.keywords} if self.many else one
        whole["description"] = self.about
        if not self.required:
            whole["default"] = self.default
        return whole

    def parse(self, value: Json) -> Json:
        """The canonical value. Raises Invalid."""
        if not self.many:
            return _bounded(self.kind.parse(value), self.keywords)
        if not isinstance(value, list):
            raise Invalid(f"wanted a list of {self.kind.about}")
        least = self.keywords.get("minItems", 0)
        if isinstance(least, int) and len(value) < least:
            raise Invalid(f"wanted at least {least} of {self.kind.about}")
        return [self.kind.parse(v) for v in value]


@cache
def params_of(cls: type) -> tuple[Param, ...]:
    """The parameters that a dataclass declares, in order. Read once: evaluating annotations costs 1 ms a class."""
    hints = get_type_hints(cls)
    return tuple(_param_of(f, hints[f.name]) for f in dataclasses.fields(cls) if "about" in f.metadata)


def parse_params(cls: type, given: Mapping[str, Json]) -> dict[str, Json]:
    """Canonical values of all parameters, defaults filled in.

    Raises Invalid naming the first wrong, missing or unknown one; `at` is its name.
    """
    declared = {p.name: p for p in params_of(cls)}
    for name in given:
        if name not in declared:
            raise Invalid(f"no such parameter; there are: {', '.join(declared) or 'none'}", at=name)
    return {name: _parse_one(p, given) for name, p in declared.items()}


def typed(canonical: Mapping[str, Json]) -> dict[str, Any]:
    """Canonical values as the constructor takes them: lists become tuples."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in canonical.items()}


def _parse_one(p: Param, given: Mapping[str, Json]) -> Json:
    if p.name not in given and p.required:
        raise Invalid(f"is required: {p.about}", at=p.name)
    if p.default is None and given.get(p.name) is None and not p.required:
        return None  # left out, or canonical already
    try:
        return p.parse(given.get(p.name, p.default))
    except Invalid as wrong:
        raise Invalid(wrong.message, at=p.name, fix=f"for example {p.kind.example}") from None


def _param_of(field: dataclasses.Field[Any], hint: Any) -> Param:
    default = field.metadata["default"]
    many = get_origin(hint) is tuple
    return Param(
        name=field.name,
        about=field.metadata["about"],
        kind=kind_of(get_args(hint)[0] if many else hint),
        many=many,
        required=default is MISSING,
        default=None if default is MISSING else default,
        keywords=field.metadata["keywords"],
    )


def kind_of(hint: Any) -> ParamKind:
    """The kind that an annotation means; `X | None` means X."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is Literal:
        words = [str(w) for w in get_args(hint)]
        return ParamKind(
            name="choice",
            about=f"one of {', '.join(words)}",
            schema={"enum": list[Json](words)},
            parse=partial(_choice, words),
            example=words[0],
        )
    return KINDS[{bool: "bool", int: "int", str: "text"}.get(hint) or hint.__name__.lower()]


def _bounded(value: Json, keywords: Mapping[str, Json]) -> Json:
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = keywords.get("minimum"), keywords.get("maximum")
        if isinstance(low, int) and value < low:
            raise Invalid(f"wanted at least {low}")
        if isinstance(high, int) and value > high:
            raise Invalid(f"wanted at most {high}")
    return value


def _choice(words: list[str], value: Json) -> Json:
    if value not in words:
        raise Invalid(f"wanted one of {', '.join(words)}")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Invalid("wanted text" + ("; quote it" if isinstance(value, bool | int | float) else ""))
    if "\0" in value or len(value) > LONGEST_TEXT:
        raise Invalid(f"wanted text without NUL, of at most {LONGEST_TEXT} characters")
    return value


def _path(value: Json) -> str:
    text = _text(value)
    if (
        not text.startswith("/")
        or ".." in text.split("/")
        or len(text.encode("utf-8", "surrogateescape")) > LONGEST_PATH
    ):
        raise Invalid("wanted an absolute path without '..'")
    return "/" + posixpath.normpath(text).lstrip("/")


def _glob(value: Json) -> str:
    path = _path(value)
    folder, name = posixpath.split(path)
    if not name or re.search(r"[*?\[\]]", folder):
        raise Invalid("wanted an absolute path; only its last part may hold * ? [ ]")
    return path


def _name(value: Json) -> str:
    text = _text(value)
    if not text or "/" in text or text in (".", ".."):
        raise Invalid("wanted a file name pattern without a slash")
    return text


def _int(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_INT:
        raise Invalid("wanted a whole number of at most 64 bits")
    return value


def _bool(value: Json) -> bool:
    if not isinstance(value, bool):
        raise Invalid("wanted true or false")
    return value


def _size(value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_INT:
        return value
    found = (
        re.fullmatch(r"(\d{1,12})(?:\.(\d{1,3}))? ?(B|[KMGT]iB|[kMGT]B)", value, re.ASCII)
        if isinstance(value, str)
        else None
    )
    if not found:
        raise Invalid("wanted a size such as 100MiB")
    whole, part, unit = found.groups()
    size = int(whole) * SIZE_UNITS[unit] + int(part or 0) * SIZE_UNITS[unit] // 10 ** len(part or "")
    return _int(size)


def _duration(value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**10:
        return value
    found = re.fullmatch(r"(\d{1,9})(s|m|h|d|w)", value, re.ASCII) if isinstance(value, str) else None
    if not found:
        raise Invalid("wanted a duration such as 90s, 15m, 24h or 7d")
    return int(found[1]) * SECONDS[found[2]]


def _percent(value: Json) -> str:
    found = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?%", value, re.ASCII) if isinstance(value, str) else None
    if not found or int(found[1]) + (int(found[2] or 0) > 0) > 100:
        raise Invalid("wanted a percentage such as 20%")
    return cast(str, value)


def _amount(value: Json) -> str:
    if isinstance(value, str) and value.endswith("%"):
        return _percent(value)
    try:
        return str(_size(value if not (isinstance(value, str) and value.isdecimal()) else int(value)))
    except Invalid:
        raise Invalid("wanted a percentage such as 20% or a size such as 10GiB") from None


def _url(value: Json) -> str:
    text = _text(value)
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-_\[\]:]+(?:/[!-~]*)?", text, re.ASCII):
        raise Invalid("wanted an http or https address without spaces, user or password")
    return text


def _port(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise Invalid("wanted a port from 1 to 65535")
    return value


def _unit(value: Json) -> str:
    text = _text(value)
    # the characters and length that systemd.unit(5) allows; a unit is never an option
    if not re.fullmatch(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@\-]{0,254}", text, re.ASCII):
        raise Invalid("wanted the name of a systemd unit")
    return text if re.search(r"\.(service|socket|timer|mount|target|path|slice|scope)\Z", text) else text + ".service"


def _address(value: Json) -> str:
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9:][A-Za-z0-9.:\-]{0,252}", text, re.ASCII):
        raise Invalid("wanted a host name or an IP address")
    return text


def _kind(name: str, about: str, parse: Callable[[Json], Json], example: str, **schema: Json) -> ParamKind:
    return ParamKind(name=name, about=about, parse=parse, example=example, schema=schema or {"type": "string"})


KINDS: Mapping[str, ParamKind] = {
    k.name: k
    for k in (
        _kind("text", "text", _text, "'any text'"),
        _kind("path", "an absolute path", _path, "/var/log", type="string", pattern=r"^/"),
        _kind("glob", "an absolute path with a pattern", _glob, "/var/log/*.log", type="string", pattern=r"^/"),
        _kind("name", "a file name pattern", _name, "'*.log.*'", type="string", pattern=r"^[^/]+$"),
        _kind("int", "a whole number", _int, "3", type="integer"),
        _kind("bool", "true or false", _bool, "true", type="boolean"),
        _kind("size", "a size", _size, "100MiB", type=["string", "integer"]),
        _kind("duration", "a duration", _duration, "24h", type=["string", "integer"]),
        _kind("percent", "a percentage", _percent, "20%", type="string", pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?%$"),
        _kind("amount", "a percentage or a size", _amount, "20%", type=["string", "integer"]),
        _kind("url", "a web address", _url, "http://127.0.0.1:8080/health", type="string", pattern=r"^https?://"),
        _kind("port", "a TCP port", _port, "443", type="integer", minimum=1, maximum=65535),
        _kind("unit", "a systemd unit", _unit, "nginx.service"),
        _kind("address", "a host name or IP address", _address, "127.0.0.1"),
    )
}  # a table of constants: nothing is computed from the outside at import
