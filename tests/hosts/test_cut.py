"""A connection may end at any byte: what was done is never called failed, nor the other way round. Fault 48."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from remedy.errors import Lost, Unreachable
from remedy.hosts.conversation import Conversation
from remedy.hosts.session import HostSession
from remedy.model import Look
from remedy.ports import Lease
from remedy.secret import Redactor
from tests.hosts.far import Far, ShellPipe, SystemClock, call, change, functions, look, wait_until


class CutPipe(ShellPipe):
    """Passes everything on, until `left` bytes more have been sent; then the line is dead both ways."""

    left = 1 << 40
    size = 0  # 0: as it comes; else in pieces of that many bytes
    is_dead = False
    sent = b""

    def put(self, piece: bytes, timeout_s: float) -> None:
        allowed = piece[: self.left]
        self.left -= len(allowed)
        self.sent += allowed
        for at in range(0, len(allowed), self.size or len(allowed) or 1):
            super().put(allowed[at : at + (self.size or len(allowed))], timeout_s)
            if self.size:
                time.sleep(0)
        if len(allowed) < len(piece):
            self.is_dead = True
            self.close()

    def receive(self, timeout_s: float) -> bytes:
        return b"" if self.is_dead else super().receive(timeout_s)

    def ending(self) -> str | None:
        return None if self.is_dead else super().ending()


def cut_pipe(far: Far, *, left: int = 1 << 40, size: int = 0) -> CutPipe:
    pipe = far.pipe(CutPipe)
    pipe.left, pipe.size = left, size
    return pipe


def wire_length(far: Far, operation_file: Path) -> int:
    """How many bytes the request of a change is long."""
    pipe = cut_pipe(far)
    session, lease = far.held("measure", pipe)
    pipe.sent = b""
    session.change(change(lease, call("t_mark", str(operation_file), "measure"), seen=look("t_show")))
    length = len(pipe.sent)
    session.release("measure")
    session.close()
    return length


def cut_at(far: Far, run: str, cut: int, file: Path) -> None:
    """Send so many bytes of a change; whatever then is so, the receipts and the answer must not lie."""
    pipe = cut_pipe(far)
    session, lease = far.held(run, pipe)
    pipe.left = cut
    with pytest.raises(Lost):
        session.change(change(lease, call("t_mark", str(file), run), seen=look("t_show")))
    session.close()
    settle = far.session()
    settle.lease(run, "tester", [], wait_s=10)
    receipts = settle.receipts(run)
    settle.release(run)
    settle.close()
    far.sessions.clear()
    assert receipts == {}, f"cut at {cut}"


def test_fault_048_a_request_cut_at_any_byte_is_lost_and_nothing_was_done(far: Far) -> None:
    file = far.directory / "marks"
    length = wire_length(far, file)
    for cut in range(0, length, 7 if length > 100 else 1):
        cut_at(far, f"r{cut:06}", cut, file)
    cut_at(far, "rlast-1", length - 1, file)
    assert file.read_text().split() == ["measure"]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_fault_048_a_request_cut_at_every_byte_under_every_shell(every_far: Far) -> None:
    file = every_far.directory / "marks"
    for cut in range(wire_length(every_far, file)):
        cut_at(every_far, f"r{cut:06}", cut, file)
    assert file.read_text().split() == ["measure"]
    wait_until(lambda: shells_of(every_far) == [], "the end of every shell")


def shells_of(far: Far) -> list[int]:
    """The runners of a far end that are there."""
    own = f"{far.directory}/".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [int(path.parent.name)] if path.read_bytes().startswith(own) else []
    return found


def test_fault_048_a_beginning_cut_at_any_byte_takes_no_lease(far: Far) -> None:
    whole = cut_pipe(far)
    session, _ = far.held("measure", whole)
    length = len(whole.sent)
    session.release("measure")
    for cut in [*range(0, length, 401), length - 3, length - 1]:
        pipe = cut_pipe(far, left=cut)
        with pytest.raises((Lost, Unreachable)):
            far.held("cut-cut", pipe)
    assert "cut-cut" not in (far.state / "host.lease").read_text()


@pytest.mark.parametrize("size", [1, 3, 1000, 4096])
def test_bytes_may_come_in_pieces(any_far: Far, size: int) -> None:
    pipe = cut_pipe(any_far, size=size)
    session, lease = any_far.held("r1", pipe)
    items = [str(n) for n in range(2_000)]
    target = any_far.directory / "items"
    assert session.change(change(lease, call("t_append", str(target), items=items))).state == "done"
    assert target.read_text().split() == items


def test_a_dd_that_cannot_fill_blocks_serves_too(any_far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    old = any_far.directory / "old"
    old.mkdir()
    script = '#!/bin/sh\ncase "$*" in *fullblock*) exit 1 ;; esac\nexec /bin/dd "$@"\n'
    (old / "dd").write_text(script)
    (old / "dd").chmod((old / "dd").stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{old}:/usr/bin:/bin")
    session = any_far.session(cut_pipe(any_far, size=500))
    assert session.look([look("t_show", "x")])[0].ground[0] == "x"


# ---------------------------------------------------------------- the answer


@dataclass
class Script:
    """A pipe whose far end says what it was told to, in pieces, and then goes away."""

    pieces: Iterator[bytes]
    ends_with: str | None = None
    container: str = ""

    def send(self, piece: bytes, timeout_s: float) -> None:
        pass

    def receive(self, timeout_s: float) -> bytes:
        return next(self.pieces, b"")

    def ending(self) -> str | None:
        return self.ends_with

    def close(self) -> None:
        pass


NONCE = "0123456789abcdef" * 2
HELLO = f"\n{NONCE} 0 hello 1700000000 0\nroot\nmachine\nLinux x86_64\n/run/remedy\n"
DONE = "".join(
    f"\n{NONCE} 1 {frame}"
    for frame in (
        "op 0\nprinted\n",
        "rc 0\n",
        "acted -1 0\n",
        "look 0\nground\n--\nevidence\n",
        "rc 0\n",
        f"errors\nlook-{NONCE} 0\nwarning\n",
        "group 0\n",
        "end\n",
    )
)
LEASE = Lease(run="r1", fence=1)
REQUEST = change(LEASE, call("t_rc", "0"), then=[look("t_show")])


def scripted(answer: bytes, size: int, ends_with: str | None = None) -> HostSession:
    pieces = iter([answer[at : at + size] for at in range(0, len(answer), size)])
    talk = Conversation(
        name="h",
        pipe=Script(pieces, ends_with),
        clock=SystemClock(),
        shell_of=functions,
        redactor=Redactor(),
    )
    talk._frames.nonce = NONCE
    return HostSession(talk, lambda _: pytest.fail("no secret is asked for"))


@pytest.mark.parametrize("size", [1, 2, 5, 33, 34, 35, 36, 100, 10_000])
@pytest.mark.parametrize("noise", ["", "motd\n", "no newline", f"\n{NONCE[:-1]} 1 end\n", "x" * 100_000])
def test_fault_054_noise_before_the_first_frame_is_skipped(size: int, noise: str) -> None:
    session = scripted((noise + HELLO + DONE).encode(), size)
    reply = session.change(REQUEST)
    assert (reply.state, reply.output.text) == ("done", "printed\n")
    after = reply.after[0]
    assert (after.ground, after.evidence, after.error) == (("ground",), ("evidence",), "warning")
    assert (session.facts.user, session.facts.state_dir) == ("root", "/run/remedy")


def test_fault_048_an_answer_cut_at_any_byte_is_lost() -> None:
    answer = (HELLO + DONE).encode()
    for cut in range(len(answer)):
        with pytest.raises(Lost):
            scripted(answer[:cut], 4096).change(REQUEST)
    assert scripted(answer, 4096).change(REQUEST).state == "done"


def test_a_far_end_that_never_began_is_unreachable_and_says_why() -> None:
    with pytest.raises(Unreachable, match="sudo: a password is required"):
        scripted(b"", 1, "sudo: a password is required").look([])
    with pytest.raises(Unreachable, match="This account is not available"):
        scripted(b"This account is not available.\n", 1, "it ended with 1").look([])
    with pytest.raises(Lost):
        scripted(HELLO.encode(), 4096, "it ended with 1").look([])


def test_fault_054_a_login_that_prints_without_end_is_given_up() -> None:
    session = scripted(b"spam and more spam\n" * 100_000, 65_536)
    with pytest.raises(Unreachable, match="prints without end"):
        session.look([])


@pytest.mark.parametrize(
    "frame",
    ["acted x 0", "acted 0", "look", "look x", "rc", "hello 1", "hello x y", "nonsense", "acted 99 1", "look -1 2 3"],
)
def test_frames_that_make_no_sense_are_lost_and_no_error_of_ours(frame: str) -> None:
    answer = f"{HELLO}\n{NONCE} 1 {frame}\n\n{NONCE} 1 end\n"
    with pytest.raises(Lost, match="makes no sense"):
        scripted(answer.encode(), 4096).change(REQUEST)


def test_frames_without_end_are_lost() -> None:
    with pytest.raises(Lost):
        scripted(f"{HELLO}\n{NONCE} 1 {'x' * 200_000}".encode(), 4096).change(REQUEST)
    with pytest.raises(Lost):
        scripted((HELLO + f"\n{NONCE} 1 rc 0\n" * 30_000).encode(), 65_536).change(REQUEST)


def test_frames_of_another_request_are_noise() -> None:
    other = f"\n{NONCE} 7 acted -1 0\n\n{NONCE} 7 end\n"
    with pytest.raises(Lost):
        scripted((HELLO + other).encode(), 4096).change(REQUEST)
    asked = Look(family="t", function="t_show")
    reply = f"{HELLO}{other}\n{NONCE} 1 look 0\nx\n\n{NONCE} 1 rc 0\n\n{NONCE} 1 group 0\n{other}\n{NONCE} 1 end\n"
    assert scripted(reply.encode(), 11).look([asked])[0].ground == ("x",)
