"""Names of hosts as Ansible's files write them: ranges, ports, and what may be a name at all."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from remedy.errors import Invalid

MOST_HOSTS = 20_000  # of one inventory; a range of all ports or addresses is a mistake
MOST_GROUPS = 2_000
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}", re.ASCII)
_RANGE = re.compile(r"\[(?:([0-9]+):([0-9]+)|([A-Za-z]):([A-Za-z]))(?::([0-9]+))?\]", re.ASCII)
_LABEL = r"[A-Za-z0-9_][A-Za-z0-9_-]*(?<![_-])"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_BRACKETED = re.compile(r"\[(.+)\]:([0-9]{1,6})", re.ASCII)
_PORTED = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]{1,6})", re.ASCII)
_LETTERS = string.ascii_letters


@dataclass(frozen=True)
class Named:
    """What one pattern names, and the port it gives."""

    names: tuple[str, ...]
    port: int | None


def is_name(text: str) -> bool:
    """Whether a group or a host of Ansible's can be called so here."""
    return NAME.fullmatch(text) is not None


def expand(pattern: str) -> Named:
    """The hosts that a pattern like `www[01:50:2].example.com:2222` names. Raises Invalid."""
    found = _BRACKETED.fullmatch(pattern) or _PORTED.fullmatch(pattern)
    text, port = (found[1], int(found[2])) if found else (pattern, None)
    if port is not None and not 1 <= port <= 65535:
        raise Invalid("wanted a port from 1 to 65535")
    names = tuple(_names(text))
    for name in names:
        _demand_name(name)
    return Named(names, port)


def _demand_name(name: str) -> None:
    if ":" in name and re.fullmatch(r"[0-9A-Fa-f:.%]+", name):
        raise Invalid("an IPv6 address is no name here", fix=f"NAME ansible_host={name}")
    if not is_name(name) or not _HOST.fullmatch(name):
        wanted = "wanted a name of letters, digits, dots, dashes and underscores, or a range like www[01:50]"
        raise Invalid(wanted, fix="give it such a name, with ansible_host=ADDRESS")


def _names(text: str) -> list[str]:
    parts, ranges, at = [], [], 0
    for found in _RANGE.finditer(text):
        parts.append(text[at : found.start()])
        ranges.append(_range(found))
        at = found.end()
    parts.append(text[at:])
    count = 1
    for members in ranges:
        count *= len(members)
        if count > MOST_HOSTS:
            raise Invalid(f"names more than {MOST_HOSTS} hosts", fix="name a smaller range")
    return list(_products(parts, ranges))


def _products(parts: Sequence[str], ranges: Sequence[Sequence[str]]) -> Iterator[str]:
    """Every combination, the last range fastest."""
    if not ranges:
        yield parts[0]
        return
    for member in ranges[0]:
        for rest in _products(parts[1:], ranges[1:]):
            yield f"{parts[0]}{member}{rest}"


def _range(found: re.Match[str]) -> list[str]:
    step = int(found[5] or "1") if len(found[5] or "") < 10 else 0
    if step == 0:
        raise Invalid(f"the step of {found[0]} is no step")
    if found[3]:
        first, last = _LETTERS.index(found[3]), _LETTERS.index(found[4])
        members = list(_LETTERS[first : last + 1 : step])
    else:
        members = _numbers(found[1], found[2], step)
    if not members:
        raise Invalid(f"{found[0]} names no host: its end is before its beginning")
    return members


def _numbers(first: str, last: str, step: int) -> list[str]:
    width = len(first) if len(first) > 1 and first.startswith("0") else 0
    if width and width != len(last):
        raise Invalid(f"wanted as many digits at both ends of [{first}:{last}]")
    if max(len(first), len(last)) > 12 or (int(last) - int(first)) // step >= MOST_HOSTS:
        raise Invalid(f"names more than {MOST_HOSTS} hosts", fix="name a smaller range")
    return [str(n).zfill(width) for n in range(int(first), int(last) + 1, step)]
