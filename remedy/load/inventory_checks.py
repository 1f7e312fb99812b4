"""One inventory file as typed pieces: what its form does not say is checked here, each piece by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from remedy.actions.kinds import KINDS
from remedy.errors import Invalid
from remedy.load.addresses import parse_address, parse_engine, parse_host_key
from remedy.load.documents import Document
from remedy.load.problems import Flaw, Place, below
from remedy.load.text import said
from remedy.model import Address, Host, Json, SecretRef, Sourced
from remedy.model.policy import PRODUCTION

T = TypeVar("T")
_NO_KEY = "a container has no key: a plan holds its full id"
UNFIT = {
    "container": {"host_key": _NO_KEY, "known_hosts": _NO_KEY, "identity": "nobody logs in to a container"},
    "machine": {"engine": "only a container, docker://NAME, has one"},
}


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group as one file has it: its hosts, each with the place it is named at, and its variables."""

    name: str
    hosts: tuple[tuple[str, Place], ...]
    vars: Mapping[str, Sourced]
    place: Place


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A host as its file has it; its variables are its own alone."""

    host: Host
    place: Place
    via_place: Place
    given: frozenset[str]  # the keys that it has
    is_mapping: bool = True


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What one file contributes."""

    document: Document
    vars: Mapping[str, Sourced]
    groups: tuple[Group, ...]
    entries: tuple[Entry, ...]


def pieces_of(document: Document) -> Pieces:
    """The pieces of a file. What is wrong with a value goes to the document's flaws and the value is left out."""
    reader = _Reader(document)
    body = _mapping(document.value)
    return Pieces(
        document=document,
        vars=reader.variables(body.get("vars"), "/vars", "all"),
        groups=tuple(reader.groups(_mapping(body.get("groups")))),
        entries=tuple(reader.entries(_mapping(body.get("hosts")))),
    )


@dataclass(frozen=True)
class _Reader:
    document: Document

    def variables(self, raw: Json, pointer: str, layer: str) -> dict[str, Sourced]:
        found: dict[str, Sourced] = {}
        for name, value in _mapping(raw).items():
            here = below(pointer, name)
            made = self._value(value, here)
            if made is not _NOTHING:
                at = str(self.document.place(here))
                found[name] = Sourced(value=cast("Json | SecretRef", made), at=at, layer=layer)
        return found

    def _value(self, value: Json, pointer: str) -> object:
        if isinstance(value, dict):
            if "secret" not in value:
                wanted = "wanted text, a number, true, false, a list or {secret: ...}"
                self._flaw(pointer, f"{_name(pointer)} is a mapping", wanted)
                return _NOTHING
            made = self._tried(below(pointer, "secret"), value["secret"], secret_of)
            return _NOTHING if made is None else made
        if value is None:
            self._flaw(pointer, f"{_name(pointer)} is nothing", "a variable has a value", "leave it out, or quote ''")
            return _NOTHING
        return value

    def groups(self, raw: Mapping[str, Json]) -> Iterator[Group]:
        for name, body in raw.items():
            pointer = below("/groups", name)
            listed = _mapping(body).get("hosts")
            members = enumerate(listed if isinstance(listed, list) else [])
            yield Group(
                name=name,
                hosts=tuple(
                    (m, self.document.place(below(pointer + "/hosts", i))) for i, m in members if isinstance(m, str)
                ),
                vars=self.variables(_mapping(body).get("vars"), pointer + "/vars", f"group {name}"),
                place=self.document.key_place(pointer),
            )

    def entries(self, raw: Mapping[str, Json]) -> Iterator[Entry]:
        for name, body in raw.items():
            if self.document.flaws.cut:
                return
            pointer = below("/hosts", name)
            fields = _mapping(body)
            place = self.document.key_place(pointer)
            address = self._tried(pointer + "/address", fields.get("address"), _address)
            keys = fields.get("host_key", [])
            host = Host(
                name=name,
                address=address or Address(scheme="local"),
                identity=_text(fields.get("identity")),
                host_key=tuple(self._keys(keys, pointer + "/host_key")),
                known_hosts=_text(fields.get("known_hosts")),
                become=fields.get("become") is True,
                via=_text(fields.get("via")),
                engine=self._tried(pointer + "/engine", fields.get("engine"), _engine) or "",
                environment=_text(fields.get("environment")),
                drillable=fields.get("drillable") is True,
                quarantine=self._tried(pointer + "/quarantine", fields.get("quarantine"), _directory) or "",
                vars=self.variables(fields.get("vars"), pointer + "/vars", f"host {name}"),
                at=str(place),
            )
            if host.drillable and host.environment == PRODUCTION:
                why = "nothing is broken on purpose there"
                self._flaw(pointer + "/drillable", f"'drillable' does not fit {PRODUCTION}", why, "leave it out")
            if address:
                self._fitting(address.scheme, fields, pointer)
            yield Entry(
                host=host,
                place=place,
                via_place=self.document.place(pointer + "/via"),
                given=frozenset(fields),
                is_mapping=isinstance(body, dict),
            )

    def _fitting(self, scheme: str, fields: Mapping[str, Json], pointer: str) -> None:
        """What a container has none of, and what nothing but a container has."""
        for field, why in UNFIT["container" if scheme == "docker" else "machine"].items():
            if field in fields:
                self._flaw(below(pointer, field), f"'{field}' does not fit {scheme}://", why, "leave it out")

    def _keys(self, raw: Json, pointer: str) -> Iterator[str]:
        listed = raw if isinstance(raw, list) else [raw]
        for i, one in enumerate(listed):
            key = self._tried(below(pointer, i) if isinstance(raw, list) else pointer, one, _host_key)
            if key is not None:
                yield key

    def _tried(self, pointer: str, value: Json, parse: Callable[[Json], T]) -> T | None:
        if value is None:
            return None
        try:
            return parse(value)
        except Invalid as wrong:
            self._flaw(pointer, said(pointer, value, named=True), wrong.message, wrong.fix)
            return None

    def _flaw(self, pointer: str, message: str, rule: str = "", fix: str = "") -> None:
        if not self.document.flaws.within(pointer):
            self.document.flaws.add(Flaw(pointer, self.document.place(pointer), message, rule, fix))


_NOTHING = object()  # None is a value that a file can hold


def secret_of(value: Json) -> SecretRef:
    """The reference that `secret:` holds: env:NAME, file:PATH or {command: [...]}. Raises Invalid.

    A message never repeats what stands there: it may be the secret itself.
    """
    if isinstance(value, dict):
        value = "command:" + json.dumps(value.get("command"))
    if not isinstance(value, str):
        raise Invalid("wanted env:NAME, file:PATH or {command: [...]}")
    kind, _, rest = value.partition(":")
    match kind:
        case "env" if rest.isidentifier() and rest.isascii():
            return SecretRef(value)
        case "file" if rest.startswith(("/", "~/")) and ".." not in rest.split("/"):
            return SecretRef(value)
        case "command":
            return SecretRef("command:" + json.dumps(_command(rest)))
        case _:
            raise Invalid(
                "wanted env:NAME, file:PATH (absolute) or {command: [...]}", fix="for example env:DB_PASSWORD"
            )


def _command(text: str) -> list[str]:
    wrong = Invalid("wanted a list of arguments", fix="for example {secret: {command: [pass, show, database]}}")
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(listed, list) or not listed or not all(isinstance(a, str) and "\0" not in a for a in listed):
        raise wrong
    return listed


def _address(value: Json) -> Address:
    if not isinstance(value, str):
        raise Invalid("wanted ssh://USER@NAME:PORT, docker://CONTAINER or local://")
    return parse_address(value)


def _engine(value: Json) -> str:
    if not isinstance(value, str):
        raise Invalid("wanted unix:///PATH of a socket")
    return parse_engine(value)


def _host_key(value: Json) -> str:
    if not isinstance(value, str):
        raise Invalid("wanted TYPE BASE64")
    return parse_host_key(value)


def _directory(value: Json) -> str:
    path = KINDS["path"].parse(value)
    if path == "/":
        raise Invalid("wanted a directory of its own, on another filesystem")
    return str(path)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _name(pointer: str) -> str:
    return f"'{pointer.rpartition('/')[2]}'"
