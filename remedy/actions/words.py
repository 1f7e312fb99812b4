"""Numbers and times as people read them, and counts as hosts print them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from remedy.errors import CannotTell

# Letters and symbols that are printable by Unicode's word and yet show nothing.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))  # of a variation; they show nothing of their own


def size_text(size_bytes: int) -> str:
    """A size in binary units, with one decimal below ten."""
    amount = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            break
        amount /= 1024
    if unit == "B" or amount >= 10:
        return f"{amount:.0f} {unit}"
    return f"{amount:.1f} {unit}"


def day_text(at_s: int) -> str:
    """The UTC day and minute of a time in seconds since 1970; the number itself where no calendar has it."""
    try:
        return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return f"@{at_s}"


def span_text(seconds: int) -> str:
    """A span of time in its largest unit that has two or more of it: "3 days", "47 h", "59 min", "12 s"."""
    for size, unit in ((86_400, " days"), (3600, " h"), (60, " min")):
        if seconds >= 2 * size:
            return f"{seconds // size:,}{unit}"
    return f"{max(0, seconds)} s"


def percent_of(part: int, whole: int) -> str:
    """A share with one decimal, never rounded up."""
    tenths = part * 1000 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"


def count_of(fields: Mapping[str, str], name: str) -> int:
    """A whole number that a host printed under this name. Raises CannotTell."""
    text = fields.get(name, "")
    if not text.lstrip("-").isdecimal():
        raise CannotTell(f"the host's answer makes no sense: {name} is {text!r}")
    return int(text)


def identity_text(identity: str) -> str:
    """Size and time of a file told by device:inode:size:mtime; as it stands where it makes no sense."""
    parts = identity.split(":")
    if len(parts) != 4 or not all(p.removeprefix("-").isdecimal() and p.isascii() and len(p) < 20 for p in parts):
        return identity
    return f"{size_text(int(parts[2]))}, changed {day_text(int(parts[3]))}"


def directory_text(identity: str) -> str:
    """Which directory it is, told by device:inode."""
    return "none" if identity == "none" else f"number {identity.rpartition(':')[2]}"


def unseen_text(told: Mapping[str, str]) -> str:
    """Which processes did not show what they hold open, as evidence of a look tells it; "" for none."""
    count = int(told.get("unseen_processes", "0"))
    if not count:
        return ""
    who = f" ({told['unseen_who']})" if "unseen_who" in told else ""
    holds = "it holds" if count == 1 else "they hold"
    return f"{plural(count, 'process', 'processes')}{who} did not show what {holds} open"


def plural(count: int, one: str, many: str = "") -> str:
    """The count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def is_seen(character: str) -> bool:
    """Whether the character shows itself on a terminal, and does nothing else there."""
    return character.isprintable() and character not in _BLANK and not any(ord(character) in r for r in _SELECTORS)


def escaped_text(text: str) -> str:
    """The text as one line in which every character can be seen.

    Control characters, escape sequences, bidirectional overrides, invisible letters and bytes
    that are not UTF-8 (surrogate-escaped) are written as escapes.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if is_seen(c) else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
