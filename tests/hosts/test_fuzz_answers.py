"""Whatever a far end answers, the near end has a typed answer or refuses it: no traceback, no hang, bounded memory."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from remedy.errors import Busy, Lost, RemedyError
from remedy.hosts import wire
from remedy.hosts.conversation import Conversation
from remedy.hosts.session import HostSession
from remedy.model import Call, Look
from remedy.ports import ChangeReply, ChangeRequest, Lease
from remedy.secret import Redactor
from tests.fuzz import LONG, bounded, mutated
from tests.hosts.far import Far, ShellPipe, SystemClock, call, change, functions, look
from tests.memory import forget_peak, peak_bytes

NONCE = secrets.token_hex(16)
MOST_BYTES = 256 * 1024 * 1024
LOOKS = [look("t_show", "a"), look("t_rc", "3"), look("t_warn", "b")]


Ask = Callable[[HostSession, Lease], object]


def acting(
    lease: Lease, *operations: Call, seen: Look | None = None, ground: Sequence[str] = (), then: Sequence[Look] = ()
) -> ChangeRequest:
    name = "c" + "-".join(o.function for o in operations)
    return change(lease, *operations, id=name, seen=seen, ground=ground, then=then)


def do_change(session: HostSession, lease: Lease) -> ChangeReply:
    return session.change(acting(lease, call("t_show", "x"), call("t_rc", "7"), then=LOOKS[:2]))


def do_moved(session: HostSession, lease: Lease) -> ChangeReply:
    return session.change(acting(lease, call("t_rc", "0"), seen=look("t_show", "z"), ground=["other"]))


ASKED: tuple[Ask, ...] = (
    lambda session, _: session.look(LOOKS),
    lambda session, _: session.lease("r1", "tester", LOOKS[:1]),
    do_change,
    do_moved,
    lambda session, _: dict(session.receipts("r1")),
    lambda session, _: session.lease("r2", "another", []),
    lambda session, _: session.unlock("nobody"),
    lambda session, _: session.release("r1"),
)


class Recorder(ShellPipe):
    """Keeps what the far end said."""

    heard = b""

    def receive(self, timeout_s: float) -> bytes:
        piece = super().receive(timeout_s)
        self.heard += piece
        return piece


@dataclass
class Liar:
    """Answers the next request with these bytes in pieces of any size, and then ends."""

    answer: bytes
    chance: random.Random
    sent: int = field(default=0)
    container: str = ""

    def send(self, piece: bytes, timeout_s: float) -> None: ...

    def receive(self, timeout_s: float) -> bytes:
        assert timeout_s > 0
        at = self.sent
        self.sent += self.chance.choice((1, 7, 64, 100_000))
        return self.answer[at : self.sent]

    def ending(self) -> str | None:
        return self.chance.choice((None, "ended"))

    def close(self) -> None: ...


@dataclass(frozen=True)
class Heard:
    """What a real far end answered to each request, one after another, and the lease it gave."""

    answers: list[bytes]
    lease: Lease


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    far = Far(tmp_path_factory.mktemp("fuzz"))
    pipe = far.pipe(Recorder)
    session = far.session(pipe)
    session.talk._frames = wire.Frames(NONCE)
    answers, lease = [], Lease(run="r1", fence=0)
    for ask in ASKED:
        pipe.heard = b""
        with suppress(Busy):  # how it is said is recorded too
            match ask(session, lease):
                case (Lease() as lease, *_):
                    pass
        answers.append(pipe.heard)
    far.close()
    assert lease.fence
    assert all(NONCE.encode() in answer for answer in answers)
    return Heard(answers, lease)


def heard(lease: Lease, at: int, answer: bytes, chance: random.Random) -> object:
    """What the near end makes of such an answer to the request of that number."""
    talk = Conversation(
        name="liar", pipe=Liar(answer, chance), clock=SystemClock(), shell_of=functions, redactor=Redactor()
    )
    talk._frames = wire.Frames(NONCE)
    talk.requests = at
    return ASKED[at](HostSession(talk, lambda reference: pytest.fail("no secret is asked for")), lease)


def pieces() -> tuple[bytes, ...]:
    """What an answer may be made worse with: frames out of place, numbers out of range, escapes."""
    frames = ("look 0", "look -1", "look 99999999999999999999", "rc 0", "rc x", "acted -5 0", "acted 9 0", "acted 0 -1")
    frames += (
        "held 5",
        "held -1",
        "held",
        f"busy {'9' * 30} 1 {'9' * 30} a",
        "busy r1 1 -99999999999999999 %zz",
        "end",
    )
    frames += ("fenced %ff%00 1 253402300800 x", "unended", "repeated", "moved", "unseen", "refused", "group 124", "")
    frames += ("errors", "hello 5 5", "hello -1 x", "op 0", "op -1", "freed", "free", "unusable", "receipts", "1 2 3")
    texts = (
        b"--\n",
        b"\n.\n",
        b"\0",
        b"\xff\xfe",
        b"\x1b]52;c;x\x07",
        b"x" * 5_000,
        b"\n" * 300,
        b"start c .\n",
        b"9" * 40,
    )
    numbered = [f"\n{NONCE} {seq} {frame}\n".encode() for frame in frames for seq in (0, 1, 3, 5)]
    return (*numbered, *texts, f"look-{NONCE} 0\n".encode(), NONCE.encode())


def fuzz(real: Heard, count: int, seed: int) -> set[str]:
    """Ask so many times, and see that what comes of it is a reply or a refusal. Returns what came."""
    chance, worse, kinds = random.Random(seed), pieces(), set()
    for _ in range(count):
        at = chance.randrange(len(ASKED))
        answer = mutated(real.answers[at], chance, worse)
        try:
            with bounded():
                found = heard(real.lease, at, answer, chance)
            kinds.add(type(found).__name__)
        except RemedyError as refusal:
            kinds.add(type(refusal).__name__)
    return kinds


def test_what_was_recorded_is_understood(real: Heard) -> None:
    acted, moved = (heard(real.lease, at, real.answers[at], random.Random(at)) for at in (2, 3))
    assert isinstance(acted, ChangeReply)
    assert isinstance(moved, ChangeReply)
    assert (acted.state, acted.failed_at, acted.rc, moved.state) == ("failed", 1, 7, "moved")


def test_fault_053_any_answer_is_a_reply_or_a_refusal(real: Heard) -> None:
    kinds = fuzz(real, 2_000, seed=1)
    assert {"tuple", "ChangeReply", "dict", Lost.__name__} <= kinds


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fault_053_a_hundred_thousand_answers_are_replies_or_refusals(real: Heard) -> None:
    before = forget_peak()
    for thousand in range(LONG // 1000):
        fuzz(real, 1_000, seed=thousand)
    assert peak_bytes() - before < MOST_BYTES
