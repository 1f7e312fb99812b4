"""What an operation prints, however much: counted and hashed whole, kept at both ends, scrubbed."""

from __future__ import annotations

import hashlib

from remedy.ports import Output
from remedy.secret import Redactor

HEAD_BYTES = 65_536
TAIL_BYTES = 196_608


class Drain:
    """Takes output of any size in bounded memory: its first 64 KiB and its last 192 KiB are kept."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._margin = redactor.longest  # a secret cut by an edge of what is kept must not show its half
        self._hash = hashlib.sha256()
        self._head = bytearray()
        self._tail = bytearray()
        self.size_bytes = 0

    def take(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        self._hash.update(piece)
        room = HEAD_BYTES + self._margin - len(self._head)
        if room > 0:
            self._head += piece[:room]
            piece = piece[room:]
        if piece:
            keep = TAIL_BYTES + self._margin
            self._tail += piece[-keep:]
            if len(self._tail) > 2 * keep:
                del self._tail[:-keep]

    def output(self) -> Output:
        """What is kept, as text; bytes that are no text are written as escapes."""
        keep = TAIL_BYTES + self._margin
        truncated = self.size_bytes > len(self._head) + keep
        tail = bytes(self._tail[-keep:])
        if truncated:
            kept = self._first(bytes(self._head)) + b"\n[...]\n" + self._last(tail)
        else:
            kept = self._redactor.scrub(bytes(self._head) + tail)
        return Output(
            text=kept.decode("utf-8", "backslashreplace"),
            size_bytes=self.size_bytes,
            sha256=self._hash.hexdigest() if self.size_bytes else "",
            truncated=truncated,
        )

    def _first(self, head: bytes) -> bytes:
        scrubbed = self._redactor.scrub(head)
        return scrubbed[: max(0, len(scrubbed) - self._margin)]

    def _last(self, tail: bytes) -> bytes:
        return self._redactor.scrub(tail)[self._margin :]
