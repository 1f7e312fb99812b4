"""What a plain YAML scalar means: the core schema of YAML 1.2, without what readers disagree about."""

from __future__ import annotations

import re

from remedy.errors import Invalid
from remedy.model import Json

_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# The number and time forms of YAML 1.1 (yaml.org/type) and of the 1.2 core schema (10.3.2) together.
_NUMBER_LIKE = re.compile(
    r"""[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7_]+)
      | [-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
      | [-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
      | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)""",
    re.VERBOSE | re.ASCII,
)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9:.]+.*)?", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_BEGINS_NUMBER = frozenset("0123456789+-.")
LARGEST = 2**63 - 1


def meaning(text: str) -> Json:
    """The value of an unquoted scalar.

    A number keeps only the spelling that it would be printed in; whatever another YAML reader
    would take for something else (octal, base 60, dates, 1.10) raises Invalid: quote it.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGINS_NUMBER:
        return text
    if _SEXAGESIMAL.fullmatch(text):
        raise _ambiguous(text, "some readers take this for a number in base 60")
    if _TIMESTAMP.fullmatch(text):
        raise _ambiguous(text, "some readers take this for a date")
    if not _NUMBER_LIKE.fullmatch(text):
        return text
    return _number(text)


def _number(text: str) -> Json:
    if _INTEGER.fullmatch(text):
        if abs(int(text)) <= LARGEST:
            return int(text)
        raise _ambiguous(text, "a number has at most 64 bits")
    if _DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    if text.isdecimal() and not text.startswith("0"):
        raise _ambiguous(text, "a number has at most 64 bits")
    if text.lower().endswith(("inf", "nan")):
        raise _ambiguous(text, "numbers are finite")
    raise _ambiguous(text, "as a number this is not kept as it is written")


def _ambiguous(text: str, why: str) -> Invalid:
    return Invalid(why, fix=f"quote it: '{text}'" if len(text) <= 40 else "quote it")
