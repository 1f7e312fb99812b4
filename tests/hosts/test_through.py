"""The way through another host's engine: whatever that host answers, and in whatever pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from remedy.errors import RemedyError, Stale, Unreachable
from remedy.hosts.through import ThroughPipe
from remedy.model import Address, Host

WAY = Host(name="docks", address=Address(scheme="ssh", name="docks"))
BOX = Host(name="box", address=Address(scheme="docker", name="web"), via="docks")
ID, START = "a" * 64, "2030-01-01T00:00:00.123456789Z"


@dataclass
class Outer:
    """A host that answers as it was told to, once it was asked; `{nonce}` in it is the one that was sent."""

    answer: bytes
    size: int = 4096
    sent: bytes = b""
    container: str = ""
    _pieces: Iterator[bytes] = field(default_factory=lambda: iter(()))

    def send(self, piece: bytes, timeout_s: float) -> None:
        if not self.sent:
            length, _, rest = piece.partition(b"\n")
            nonce = rest[int(length) :].partition(b"\n")[0]
            whole = self.answer.replace(b"{nonce}", nonce)
            self._pieces = iter([whole[at : at + self.size] for at in range(0, len(whole), self.size)])
        self.sent += piece

    def receive(self, timeout_s: float) -> bytes:
        return next(self._pieces, b"")

    def ending(self) -> str | None:
        return "it ended with 1"

    def close(self) -> None:
        pass


def heard(answer: str | bytes, host: Host = BOX, size: int = 4096, way: Host = WAY) -> tuple[bytes, ThroughPipe, Outer]:
    """All that comes out of the pipe, after one request."""
    outer = Outer(answer.encode() if isinstance(answer, str) else answer, size)
    pipe, out = ThroughPipe(host, way, outer), b""
    pipe.send(b"the request", 1)
    while piece := pipe.receive(1):
        out += piece
    return out, pipe, outer


def found(status: str = "running", name: str = "/web", start: str = START) -> str:
    return f"\n{{nonce}} in {ID} {start} {status} {name}\n"


@pytest.mark.parametrize("size", [1, 2, 33, 100, 4096])
@pytest.mark.parametrize("noise", ["", "welcome\n", "no newline", "\n\n", f"\n{'0' * 32} in x y running /web\n"])
def test_what_comes_after_the_first_line_comes_out_whole(size: int, noise: str) -> None:
    out, pipe, outer = heard(noise + found() + "the answer\n\x00\xff", size=size)
    assert out == "the answer\n\x00\xff".encode()
    assert pipe.container == f"{ID} {START}"
    assert outer.sent.endswith(b"the request")


def test_the_request_goes_with_the_name_in_one_write_and_values_are_lines() -> None:
    _, _, outer = heard(found(), replace(BOX, engine="unix:///run/x.sock", container=ID, become=True))
    length, _, rest = outer.sent.partition(b"\n")
    lines = rest[int(length) :].split(b"\n")
    assert lines[1:6] == [b"", b"/run/x.sock", b"web", ID.encode(), b"0"]
    assert b"web" not in rest[: int(length)]
    _, _, elevated = heard(found(), way=replace(WAY, become=True))
    length, _, rest = elevated.sent.partition(b"\n")
    assert rest[int(length) :].split(b"\n")[1] == b"sudo"


@pytest.mark.parametrize(
    ("answer", "host", "kind", "says"),
    [
        (found(name="/web-2"), BOX, Unreachable, "no container web on docks"),
        (found(status="exited"), BOX, Unreachable, "is exited"),
        (found(status="restarting"), BOX, Unreachable, "is restarting"),
        (found(), replace(BOX, container="b" * 64), Stale, "is another container now"),
        (found(), replace(BOX, container=f"{ID} 2029"), Stale, "was started again"),
        ("\n{nonce} no Error: No such container: web\n", BOX, Unreachable, "no container web on docks"),
        ("\n{nonce} no Got permission denied while trying\n", BOX, Unreachable, "may not use the engine"),
        ("\n{nonce} no Cannot connect to the Docker daemon\n", BOX, Unreachable, "no Docker engine runs on docks"),
        ("\n{nonce} no sh: 3: docker: not found\n", BOX, Unreachable, "the docker command is not there on docks"),
        ("\n{nonce} no sudo: a password is required\n", BOX, Unreachable, "sudo: a password is required"),
        ("\n{nonce} in\n", BOX, Unreachable, "makes no sense"),
        ("\n{nonce} in a b c d e f\n", BOX, Unreachable, "makes no sense"),
        ("\n{nonce} \n", BOX, Unreachable, "makes no sense"),
        ("spam\n" * 300_000, BOX, Unreachable, "prints without end"),
    ],
)
def test_what_is_not_the_container_is_told_in_words(
    answer: str, host: Host, kind: type[RemedyError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        heard(answer, host)


@pytest.mark.parametrize("answer", [b"", b"\n", b"\n{nonce}", b"\n{nonce} in a b running", b"\xff" * 1000])
def test_an_answer_that_stops_short_is_the_end_and_no_container(answer: bytes) -> None:
    out, pipe, _ = heard(answer)
    assert (out, pipe.container) == (b"", "")
    assert pipe.ending() == "it ended with 1"
