"""Parameters of actions and checks: declared once, on one line each; text or a number in YAML, typed inside."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from functools import cache
from keyword import iskeyword
from typing import Any, Literal, NewType, Union, cast, get_args, get_origin, get_type_hints

from remedy.actions.kinds import CONTENT, KINDS, ParamKind, choice
from remedy.errors import Invalid
from remedy.model import Json, SecretRef

Path = NewType("Path", str)  # absolute, no `..`, normal form
Glob = NewType("Glob", str)  # absolute path whose last part may hold * ? [ ]
Name = NewType("Name", str)  # a file name pattern: * ? [ ], no slash
Text = NewType("Text", str)  # any text without NUL
Size = NewType("Size", int)  # bytes
Duration = NewType("Duration", int)  # seconds
Latency = NewType("Latency", str)  # canonical "500ms"
Percent = NewType("Percent", str)  # canonical "20%"
Amount = NewType("Amount", str)  # canonical "20%", or bytes as "1073741824"
Url = NewType("Url", str)  # http or https
Port = NewType("Port", int)  # 1-65535
Unit = NewType("Unit", str)  # a systemd unit
Word = NewType("Word", str)  # a name of ASCII letters, digits, . _ and -
Address = NewType("Address", str)  # a host name or an IP address
Mode = NewType("Mode", str)  # canonical "0644"
Account = NewType("Account", str)  # a user or group of the host, by name or number
Sha256 = NewType("Sha256", str)  # 64 hexadecimal digits, lower case
Content = NewType("Content", tuple[str | SecretRef, ...])  # of a file: text, and references to secrets


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
    """Canonical values as the constructor takes them: lists become tuples, references to secrets are such."""
    return {_field_of(n): tuple(map(_member, v)) if isinstance(v, list) else v for n, v in canonical.items()}


def _field_of(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name


def _member(value: Json) -> object:
    return SecretRef(str(value["secret"])) if isinstance(value, dict) else value


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
        name=field.name.rstrip("_"),  # `for_` is written `for`
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
        return choice([str(w) for w in get_args(hint)])
    if hint is Content:
        return CONTENT
    return KINDS[{bool: "bool", int: "int", str: "text"}.get(hint) or hint.__name__.lower()]


def _bounded(value: Json, keywords: Mapping[str, Json]) -> Json:
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = keywords.get("minimum"), keywords.get("maximum")
        if isinstance(low, int) and value < low:
            raise Invalid(f"wanted at least {low}")
        if isinstance(high, int) and value > high:
            raise Invalid(f"wanted at most {high}")
    return value
