"""Canonical JSON and its hash."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import cast

from remedy.errors import Bug
from remedy.model import Json

DEPTH = 100  # no document of ours comes near; far below where Python's own recursion ends
TWO_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
PLAIN = (int, float, bool, type(None))
ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, check_circular=False
)


def canonical(value: Json) -> str:
    """The one text of a JSON value: keys sorted, no spaces, ASCII only, finite numbers.

    Text that came from bytes which are no UTF-8 keeps its surrogates, escaped. A whole number and
    the same number with a fraction differ, as they do in Python. Raises Bug for a value that is
    not JSON, or has no JSON form.
    """
    _check(value, DEPTH)
    try:
        return ENCODER.encode(value)
    except ValueError as error:  # a number of thousands of digits
        raise Bug(f"no canonical form: {error}") from None


def digest(value: Json) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def _check(value: Json, depth: int) -> None:
    if not depth:
        raise Bug(f"nested deeper than {DEPTH}")
    kind = type(value)
    if kind is str:
        _check_text(cast(str, value))
    elif isinstance(value, list):
        for member in value:
            if type(member) is not str or not member.isascii():  # most are, and a call for each costs
                _check(member, depth - 1)
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_text(key)
            if type(member) is not str or not member.isascii():
                _check(member, depth - 1)
    elif kind not in PLAIN or (kind is float and not math.isfinite(cast(float, value))):
        raise Bug(f"no canonical form for {value!r}")


def _check_text(text: str) -> None:
    """Raise Bug where two halves of a character stand side by side: the whole one has the same JSON."""
    if type(text) is not str:
        raise Bug(f"not text: {text!r}")
    if not text.isascii() and TWO_HALVES.search(text):
        raise Bug(f"no canonical form for the halved character in {text!r}")
