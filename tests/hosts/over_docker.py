"""Containers as hosts: of this machine's engine, and of the engine of a host between."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from remedy.model import Address, Host
from tests.lab import Box

PIECE_BYTES = 65_536


def host_of(box: Box, *, via: str = "", become: bool = False, engine: str = "") -> Host:
    """The container as an inventory would name it."""
    address = Address(scheme="docker", name=box.name)
    return Host(name=box.name, address=address, engine=engine or box.engine.url, via=via, become=become)


class Door:
    """A socket that leads to another one, until it is shut: what is open is cut, and nobody is let in."""

    def __init__(self, to: Path) -> None:
        self.path = Path("/dev/shm", f"remedy-lab-{token_hex(8)}")  # the lab's sshd hosts have no other place in common
        self._to = to
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self.path.chmod(0o666)
        self._listener.listen(64)
        self.heard = b""  # all that was sent through it
        self._serve(self._let_in)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def cut(self) -> None:
        """Reset every connection there is; more may come."""
        opened, self._open = self._open, []
        for end in opened:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def shut(self) -> None:
        """Nobody listens here any more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _let_in(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            far.connect(str(self._to))
            self._open += [near, far]
            self._serve(self._hear, near, far)
            self._serve(self._carry, far, near)

    def _hear(self, source: socket.socket, sink: socket.socket) -> None:
        self._carry(source, sink, is_heard=True)

    def _carry(self, source: socket.socket, sink: socket.socket, *, is_heard: bool = False) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                self.heard += piece if is_heard else b""
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    @staticmethod
    def _serve(what: object, *words: object) -> None:
        threading.Thread(target=what, args=words, daemon=True).start()  # type: ignore[arg-type]


@contextmanager
def door_to(path: Path) -> Iterator[Door]:
    """A door, shut and gone at the end."""
    door = Door(path)
    try:
        yield door
    finally:
        door.shut()
        with suppress(FileNotFoundError):
            door.path.unlink()
