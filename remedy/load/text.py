"""What characters a file may hold, and how a value is shown to a person."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from remedy.model import Json

# C0 without tab and newline, DEL, C1, the bidirectional and invisible format characters
# (Unicode TR 36 and TR 55: what a reviewer cannot see), line separators, surrogates, non-characters.
_FORBIDDEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    r"\ud800-\udfff\ufff9-\ufffb\ufffe\uffff"
)
UNSEEN = re.compile(f"[{_FORBIDDEN}]|\r(?!\n)")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}", re.ASCII)
LONGEST_SHOWN = 80  # characters of a value in a message
_SECRETIVE = re.compile(r"pass|secret|token|credential|private|api_?key|passphrase|pwd", re.IGNORECASE)
HIDDEN = "[not shown]"
UNSEEN_FIX = "leave it out; what is not ASCII is written in form C"


def unseen_in(text: str) -> str:
    """Why `text` may not stand in a file, or "": characters that a reader cannot see, or not in NFC."""
    if text.isascii() and text.isprintable():  # nearly always
        return ""
    found = UNSEEN.search(text) or re.search("\r", text)
    if found:
        return f"holds the character {named(found[0])}, which a reader cannot see"
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        return "is not in Unicode normal form C: two spellings of it look the same"
    return ""


def named(character: str) -> str:
    """A character as U+XXXX with its name."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")


def is_identifier(text: str) -> bool:
    """Whether `text` can name a host, group or playbook: ASCII letters, digits, dot, dash, underscore."""
    return IDENTIFIER.fullmatch(text) is not None


def shown(value: Json) -> str:
    """A value as it can be printed anywhere: one line, every odd character escaped, cut when long."""
    match value:
        case str():
            body = "".join(_escaped(c) for c in value[: LONGEST_SHOWN + 1])
            text = f"'{body}'"
        case None:
            return "nothing"
        case _:
            text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= LONGEST_SHOWN + 2 else text[:LONGEST_SHOWN] + "..."


def said(pointer: str, value: Json, *, named: bool = False) -> str:
    """A value in a message, left out where its name is that of a secret; with `named`, after its name."""
    names = pointer.split("/")
    text = HIDDEN if any(map(is_secretive, names)) or _refers_to_secret(value) else shown(value)
    name = names[-1]
    if not named or not name:
        return text
    return f"member {int(name) + 1} is {text}" if name.isdecimal() else f"'{name}' is {text}"


def _refers_to_secret(value: Json) -> bool:
    return isinstance(value, dict) and "secret" in value


def printable(text: str) -> str:
    """A message as one line of printable ASCII, whatever was quoted in it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if " " <= character <= "~":  # what is not ASCII may look like something else
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def shown_path(path: Path | str) -> str:
    """A path as printed in front of a line number: relative where it lies below the current directory."""
    whole = Path(path)
    with contextlib.suppress(ValueError):
        whole = whole.absolute().relative_to(Path.cwd())
    return printable(str(whole))


def is_secretive(name: str) -> bool:
    """Whether values under this name are likely secrets and are left out of messages."""
    return _SECRETIVE.search(name) is not None


def kind_of(value: Json) -> str:
    """What a value is, in a person's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a mapping" if value else "an empty mapping"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, else the known words, else ""."""
    import difflib  # noqa: PLC0415 - only for what is wrong

    words = sorted(known)
    close = difflib.get_close_matches(word[:100], words, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    listed = ", ".join(words[:12]) + (", ..." if len(words) > 12 else "")
    return f"there are: {listed}" if words else ""
