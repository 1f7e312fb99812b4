"""Secrets: references, the type that cannot be formatted, and redaction.

A secret is named by a reference until the moment it is sent. Its value lives only inside
`Secret`, which refuses to become text in any ordinary way.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from typing import NoReturn
from urllib.parse import quote, quote_plus

MASK = "[secret]"
SHORTEST_BYTES = 6  # shorter values are not searched for: they would mask ordinary text
BREAKS = b"\r\n"  # what `base64` writes into a long line
GAPS = b" \t\r\n:"  # what `xxd`, `od` and fingerprints write between digits
STRETCH = 2  # a form with such gaps is at most this many times its length


class Secret:
    """A value that no format, repr, json, pickle, copy or comparison gives away.

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

    def __getstate__(self) -> NoReturn:
        raise TypeError("secrets are not stored")


class Redactor:
    """Replaces every known secret in bytes, in the forms it is likely to come back in.

    Knows the raw value and its lines, base64 (at each of three offsets, also wrapped), hexadecimal
    (also spaced), and what URLs, JSON, HTML and a shell's trace make of it. Values under
    SHORTEST_BYTES are left alone. It cannot know secrets that remedy never held. Any number of
    threads may learn and scrub at once.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._learning = threading.Lock()
        self._forms: dict[bytes, frozenset[bytes]] = {}  # by the bytes that may lie between theirs
        self._longest = 0
        for secret in secrets:
            self.learn(secret)

    @property
    def longest(self) -> int:
        """Bytes of the longest form: the overlap a caller must keep between two pieces of a stream."""
        return self._longest

    def learn(self, secret: Secret) -> None:
        """Mask this value from now on."""
        raw = _bytes(secret.reveal())
        if len(raw) < SHORTEST_BYTES:
            return
        new = {b"": {*_plain_forms(raw)}, BREAKS: {*_base64_forms(raw)}, GAPS: {raw.hex().encode()}}
        with self._learning:
            forms = {gaps: self._forms.get(gaps, frozenset()) | new[gaps] for gaps in new}
            lengths = (len(f) * (STRETCH if gaps else 1) for gaps, known in forms.items() for f in known)
            self._longest = max(lengths, default=0)
            self._forms = forms

    def scrub(self, output: bytes) -> bytes:
        """The same bytes with each known secret replaced by a mask."""
        spans = sorted(span for gaps, forms in self._forms.items() for span in _spans(output, forms, gaps))
        if not spans:
            return output
        kept, end = bytearray(), 0
        for start, stop in spans:
            if start >= end:
                kept += output[end:start] + MASK.encode()
            end = max(end, stop)
        return bytes(kept + output[end:])

    def scrub_text(self, text: str) -> str:
        """The same text with each known secret replaced by a mask."""
        return self.scrub(_bytes(text)).decode("utf-8", "surrogateescape")


def _spans(output: bytes, forms: Iterable[bytes], gaps: bytes) -> Iterator[tuple[int, int]]:
    """Where these forms are, from and to, with any of the bytes `gaps` between theirs."""
    solid = output.translate(None, gaps) if gaps else output
    if gaps == GAPS:
        solid = solid.lower()
    hits = [(at, len(form)) for form in forms for at in _occurrences(form, solid)]
    if len(solid) == len(output):
        yield from ((at, at + length) for at, length in hits)
    elif hits:
        places = [n for n, byte in enumerate(output) if byte not in gaps]
        for at, length in hits:
            start, stop = places[at], places[at + length - 1] + 1
            if stop - start <= STRETCH * length:
                yield start, stop


def _occurrences(form: bytes, text: bytes) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _plain_forms(raw: bytes) -> Iterator[bytes]:
    text = raw.decode("utf-8", "surrogateescape")
    yield raw
    for line in raw.splitlines():  # a value of several lines comes back line by line
        if len(line) >= SHORTEST_BYTES:
            yield line
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted.encode()
        yield re.sub("%..", lambda code: code[0].lower(), quoted).encode()
    for escaped in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        yield _bytes(escaped[1:-1])
    yield _bytes(html.escape(text))
    yield raw.replace(b"'", b"'\\''")  # as `set -x` shows it
    yield raw.replace(b"'", b"'\"'\"'")  # as programs quote it


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """What of the encoded text depends on the value alone, whatever stands before and after it."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        start = (0, 2, 3)[offset]  # characters that what is before has touched
        open_end = {0: 0, 1: 2, 2: 3}[encoded.count(b"=")]  # and that what is behind may touch, or padding
        kept = encoded[start : len(encoded) - open_end]
        if len(kept) >= SHORTEST_BYTES:
            yield kept
            yield kept.replace(b"+", b"-").replace(b"/", b"_")


def _bytes(text: str) -> bytes:
    """The bytes of a text, whatever odd characters it holds."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "surrogatepass")
