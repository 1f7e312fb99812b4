"""What a way of reaching a host must give: a pair of byte pipes to one command, nothing more."""

from __future__ import annotations

from typing import Protocol


class Pipe(Protocol):
    """The standard streams of the constant command on a host. Used by one thread at a time.

    `container` is the one it runs in, known with the first bytes that come; "" outside of any.
    """

    @property
    def container(self) -> str: ...

    def send(self, piece: bytes, timeout_s: float) -> None:
        """Write all of it. Raises OSError (TimeoutError too) when it cannot be."""
        ...

    def receive(self, timeout_s: float) -> bytes:
        """What has come, at least one byte; empty at the end. Raises TimeoutError."""
        ...

    def ending(self) -> str | None:
        """After the end: why the command ended by itself; None if the connection ended instead."""
        ...

    def close(self) -> None:
        """End the conversation; the far end sees the end of its input."""
        ...
