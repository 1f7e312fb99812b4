"""The two output streams of a command in a container, taken out of the one that its engine sends."""

from __future__ import annotations

HEAD_BYTES = 8  # Docker Engine API, "Stream format": the stream, three zeros, the size in four bytes
STDERR = 2
COMPLAINT_BYTES = 8_192


class Streams:
    """Fed with pieces as they come; keeps the last of what came on standard error."""

    def __init__(self) -> None:
        self.complaint = b""
        self._raw = b""  # not yet taken apart
        self._left, self._is_error = 0, False  # of the frame that is being read

    def feed(self, raw: bytes) -> bytes:
        """What of it is standard output."""
        self._raw += raw
        said: list[bytes] = []
        while len(self._raw) >= (1 if self._left else HEAD_BYTES):
            if not self._left:
                self._is_error, self._left = self._raw[0] == STDERR, int.from_bytes(self._raw[4:HEAD_BYTES], "big")
                self._raw = self._raw[HEAD_BYTES:]
                continue
            piece, self._raw = self._raw[: self._left], self._raw[self._left :]
            self._left -= len(piece)
            if self._is_error:
                self.complaint = (self.complaint + piece)[-COMPLAINT_BYTES:]
            else:
                said.append(piece)
        return b"".join(said)
