"""An inventory of remedy's own form, as text: what `init` writes, and what reads back as the same hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from remedy.errors import Invalid
from remedy.load import scalars
from remedy.load.text import IDENTIFIER, printable
from remedy.model import Host, Json, SecretRef

Values = Mapping[str, "Json | SecretRef"]
VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z/~](?:[A-Za-z0-9./_~@-]|:(?=[A-Za-z0-9/]))*", re.ASCII)
_FIELDS = ("identity", "known_hosts", "via", "environment", "quarantine")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A host's entry: the host, its own variables, and remarks in front of it."""

    host: Host
    vars: Values = field(default_factory=dict)
    remarks: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one file is to hold."""

    head: Sequence[str] = ()
    vars: Values = field(default_factory=dict)
    groups: Mapping[str, tuple[Sequence[str], Values]] = field(default_factory=dict)  # hosts, variables
    hosts: Sequence[Line] = ()


def can_be_written(name: str) -> bool:
    """Whether remedy's own files can call a host or a group so."""
    return IDENTIFIER.fullmatch(name) is not None


def text_of_page(page: Page) -> str:
    """The file."""
    lines = [*(f"# {printable(h)}".rstrip() for h in page.head), *_block("vars", page.vars, 0)]
    if page.groups:
        lines.append("groups:")
        for name, (members, values) in page.groups.items():
            lines += [f"  {_key(name)}:", f"    hosts: [{', '.join(map(_scalar, members))}]"]
            lines += _block("vars", values, 2)
    if page.hosts:
        lines.append("hosts:")
        for line in page.hosts:
            lines += entry_of(line)
    return "\n".join(lines) + "\n"


def entry_of(line: Line) -> Iterator[str]:
    """The lines of one host, below `hosts:`."""
    host = line.host
    yield from (f"  # {printable(r)}" for r in line.remarks)
    yield f"  {_key(host.name)}:"
    yield f"    address: {_scalar(str(host.address))}"
    for name in _FIELDS:
        if getattr(host, name):
            yield f"    {name}: {_scalar(getattr(host, name))}"
    for name in ("become", "drillable"):
        if getattr(host, name):
            yield f"    {name}: true"
    if host.host_key:
        keys = [_scalar(k) for k in host.host_key]
        yield f"    host_key: {keys[0] if len(keys) == 1 else '[' + ', '.join(keys) + ']'}"
    yield from _block("vars", line.vars, 2)


def _block(name: str, values: Values, depth: int) -> Iterator[str]:
    if values:
        indent = "  " * depth
        yield f"{indent}{name}:"
        for key, value in values.items():
            yield f"{indent}  {_key(key)}: {_value(value)}"


def _value(value: Json | SecretRef) -> str:
    match value:
        case SecretRef():
            if value.secret.startswith("command:"):
                return f"{{secret: {{command: {value.secret.removeprefix('command:')}}}}}"
            return f"{{secret: {_quoted(value.secret)}}}"
        case list():
            return f"[{', '.join(map(_scalar, value))}]"
        case _:
            return _scalar(value)


def _scalar(value: Json) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) and _means_itself(value) else _quoted(value)


def _key(name: str) -> str:
    return name if _means_itself(name) else _quoted(name)


def _means_itself(text: str) -> bool:
    try:
        return scalars.meaning(text) == text and text.lower() not in ("yes", "no", "on", "off", "y", "n")
    except Invalid:
        return False


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
