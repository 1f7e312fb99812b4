"""The kinds of parameters: for each its JSON Schema, its parser and its canonical form. Pure.

Whatever is not exactly of its kind is refused here, so that shell functions receive only well-formed arguments.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

from remedy.errors import Invalid
from remedy.model import Json

SIZE_UNITS = {
    "B": 1,
    **{f"{p}iB": 1024**i for i, p in enumerate("KMGT", 1)},
    **{f"{p}B": 1000**i for i, p in enumerate("kMGT", 1)},
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST_TEXT = 65_536  # characters; far above any name or pattern, far below what hurts
LONGEST_PATH = 4095  # Linux PATH_MAX less its NUL: linux/limits.h
WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"  # what Compose and Docker take as a name
LARGEST_INT = 2**63 - 1  # what a POSIX shell's arithmetic is sure to hold on 64-bit hosts


@dataclass(frozen=True, kw_only=True)
class ParamKind:
    """One kind of parameter. `parse` raises Invalid with a sentence that says what is wanted."""

    name: str
    about: str
    schema: Mapping[str, Json]
    parse: Callable[[Json], Json]
    example: str
    takes_secrets: bool = False  # its canonical form is a list of text and of references to secrets


def choice(words: list[str]) -> ParamKind:
    """The kind whose values are these words."""
    about = f"one of {', '.join(words)}"
    schema: dict[str, Json] = {"enum": list[Json](words)}
    return ParamKind(name="choice", about=about, schema=schema, parse=partial(_choice, words), example=words[0])


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


def _latency(value: Json) -> str:
    """In milliseconds; a number is one of seconds, as of every duration."""
    found = re.fullmatch(r"(\d{1,6})ms", value, re.ASCII) if isinstance(value, str) else None
    try:
        thousandths = int(found[1]) if found else _duration(value) * 1000
    except Invalid:
        raise Invalid("wanted a time such as 500ms or 2s") from None
    if not 1 <= thousandths <= 999_999:
        raise Invalid("wanted a time from 1ms to 999s")
    return f"{thousandths}ms"


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


def _word(value: Json) -> str:
    text = _text(value)
    if not re.fullmatch(WORD, text, re.ASCII):
        raise Invalid("wanted a name of letters, digits, '.', '_' and '-'")
    return text


def _address(value: Json) -> str:
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z0-9:][A-Za-z0-9.:\-]{0,252}", text, re.ASCII):
        raise Invalid("wanted a host name or an IP address")
    return text


def _mode(value: Json) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"0?[0-7]{3,4}", value, re.ASCII):
        raise Invalid('wanted a file mode in quotes, such as "0644"')
    return value[-4:].zfill(4)


def _account(value: Json) -> str:
    text = _text(value)
    # the names that useradd(8) takes, with capitals and dots, as directories of people have them; or a number
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,31}\$?", text, re.ASCII):
        raise Invalid("wanted the name or the number of a user or group")
    return text


def _sha256(value: Json) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f]{64}", value, re.ASCII):
        raise Invalid("wanted a SHA-256 of 64 hexadecimal digits")
    return value.lower()


def _content(value: Json) -> Json:
    """Text as it is written; or the canonical list of it and of references to secrets."""
    parts: list[Json] = value if isinstance(value, list) else [_text(value)]
    for part in parts:
        match part:
            case str():
                _text(part)
            case {"secret": str(), **more} if not more:
                continue
            case _:
                raise Invalid("wanted text")
    if sum(len(p) for p in parts if isinstance(p, str)) > LONGEST_TEXT:
        raise Invalid(f"wanted text of at most {LONGEST_TEXT} characters")
    return parts


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
        _kind("latency", "a time such as 500ms or 2s", _latency, "500ms", type=["string", "integer"]),
        _kind("percent", "a percentage", _percent, "20%", type="string", pattern=r"^[0-9]{1,3}(\.[0-9]{1,2})?%$"),
        _kind("amount", "a percentage or a size", _amount, "20%", type=["string", "integer"]),
        _kind("url", "a web address", _url, "http://127.0.0.1:8080/health", type="string", pattern=r"^https?://"),
        _kind("port", "a TCP port", _port, "443", type="integer", minimum=1, maximum=65535),
        _kind("unit", "a systemd unit", _unit, "nginx.service"),
        _kind("word", "a name of letters, digits, . _ and -", _word, "web", type="string", pattern=f"^{WORD}$"),
        _kind("address", "a host name or IP address", _address, "127.0.0.1"),
        _kind("mode", "a file mode", _mode, '"0644"', type="string", pattern="^0?[0-7]{3,4}$"),
        _kind("account", "a user or group", _account, "www-data"),
        _kind("sha256", "a SHA-256", _sha256, "0" * 64, type="string", pattern="^[0-9A-Fa-f]{64}$"),
    )
}  # a table of constants: nothing is computed from the outside at import

# What a file is to hold. No kind of a playbook's own parameters: only where a template stands may a secret be named.
CONTENT = ParamKind(
    name="content", about="text", parse=_content, example="'any text'", schema={"type": "string"}, takes_secrets=True
)
