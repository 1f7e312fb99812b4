"""Containers of another host's engine: its own pipe, whose far end enters the container before anything else.

The constant command there is the same for every host; the container's name travels on standard input.
"""

from __future__ import annotations

import secrets
import time

from remedy.errors import Unreachable
from remedy.hosts.container import Found, demand_same, ended, engine_of, no_engine
from remedy.hosts.pipe import Pipe
from remedy.hosts.shell import COMMAND, own
from remedy.model import Host

MOST_NOISE_BYTES = 1_048_576


class ThroughPipe:
    """The standard streams of one command in a container of the engine at the other end of `outer`."""

    def __init__(self, host: Host, way: Host, outer: Pipe) -> None:
        self._host, self._outer = host, outer
        self._nonce = secrets.token_hex(16)
        self._before = _entering(self._nonce, host, way)
        self._heard = b""
        self.container = ""

    def send(self, piece: bytes, timeout_s: float) -> None:
        before, self._before = self._before, b""
        self._outer.send(before + piece, timeout_s)

    def receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while not self.container:
            piece = self._outer.receive(max(0.001, deadline - time.monotonic()))
            if not piece:
                return b""
            self._heard += piece
            if after := self._entered():
                return after
        return self._outer.receive(max(0.001, deadline - time.monotonic()))

    def _entered(self) -> bytes:
        """What came after the line that says which container it is, once that is there."""
        _, found, rest = self._heard.partition(f"\n{self._nonce} ".encode())
        line, ends, after = rest.partition(b"\n")
        if not found or not ends:
            if len(self._heard) > MOST_NOISE_BYTES:
                raise Unreachable(f"{self._host.name}: the login on {self._host.via} prints without end")
            return b""
        match line.decode("utf-8", "replace").split(" "):
            case ["in", identifier, started, status, name]:
                seen = Found(identifier, started, status, name)
                demand_same(self._host, seen)
                self.container, self._heard = seen.container, b""
            case ["no", *why]:
                raise no_engine(self._host, " ".join(why).strip())
            case _:
                raise no_engine(self._host, "its answer makes no sense")
        return after

    def ending(self) -> str | None:
        said = self._outer.ending()
        return ended(said) if said and self.container else said

    def close(self) -> None:
        self._outer.close()


def _entering(nonce: str, host: Host, way: Host) -> bytes:
    """The text of enter.sh, counted, and the lines that it reads."""
    text = own("enter")
    values = (nonce, "sudo" if way.become else "", engine_of(host), host.address.name, host.container)
    lines = (*values, "0" if host.become else "", COMMAND)
    return b"%d\n%s%s" % (len(text), text, "".join(f"{line}\n" for line in lines).encode())
