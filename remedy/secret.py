"""Secrets: references, the type that cannot be formatted, and redaction.

A secret is named by a reference until the moment it is sent. Its value lives only inside
`Secret`, which refuses to become text in any ordinary way.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote

MASK = "[secret]"
SHORTEST_BYTES = 6  # shorter values are not searched for: they would mask ordinary text


class Secret:
    """A value that no format, repr, json, pickle or comparison gives away.

    Only `reveal` returns it; only the code that writes to a host's standard input may call that.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        raise TypeError("a secret has no text")

    def __format__(self, spec: str) -> str:
        raise TypeError("a secret has no text")

    def __eq__(self, other: object) -> bool:
        raise TypeError("secrets are not compared")

    def __hash__(self) -> int:
        raise TypeError("secrets are not keys")

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not stored")


class Redactor:
    """Replaces every known secret in bytes, in the forms it is likely to come back in.

    Knows raw, base64 (at each of three offsets), hexadecimal, URL-quoted and JSON-escaped forms.
    Values under SHORTEST_BYTES are left alone. It cannot know secrets that remedy never held.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._needles: tuple[bytes, ...] = ()
        self._pattern: re.Pattern[bytes] | None = None
        for secret in secrets:
            self.learn(secret)

    @property
    def longest(self) -> int:
        """Bytes of the longest form: the overlap a caller must keep between two pieces of a stream."""
        return max(map(len, self._needles), default=0)

    def learn(self, secret: Secret) -> None:
        """Mask this value from now on."""
        raw = secret.reveal().encode("utf-8", "surrogateescape")
        if len(raw) < SHORTEST_BYTES:
            return
        needles = sorted({*self._needles, *_forms(raw)}, key=lambda n: (-len(n), n))
        self._needles = tuple(needles)
        self._pattern = re.compile(b"|".join(map(re.escape, needles)))

    def scrub(self, output: bytes) -> bytes:
        """The same bytes with each known secret replaced by a mask."""
        return self._pattern.sub(MASK.encode(), output) if self._pattern else output

    def scrub_text(self, text: str) -> str:
        return self.scrub(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _forms(raw: bytes) -> Iterable[bytes]:
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(raw, safe="").encode()
    yield json.dumps(raw.decode("utf-8", "surrogateescape"))[1:-1].encode()
    for line in raw.split(b"\n"):  # a value of several lines comes back line by line
        if len(line) >= SHORTEST_BYTES:
            yield line
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        start = (0, 2, 3)[offset]  # characters that the padding in front has touched
        kept = encoded[start : len(encoded) - (4 if encoded.endswith(b"=") else 0)]
        if len(kept) >= SHORTEST_BYTES:
            yield kept
            yield kept.replace(b"+", b"-").replace(b"/", b"_")
