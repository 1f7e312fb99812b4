"""The same proofs through a real session and its runner, under every shell that can be a host's `sh`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.hosts.pipe import Pipe
from remedy.hosts.session import HostSession
from remedy.model import Host, Look, Operation, Reply
from remedy.ports import ChangeRequest, Lease
from tests.actions import kit
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.scenes import COUNTING, SCENES, THROUGH_A_SESSION
from tests.hosts.far import SHELLS as ALL_SHELLS
from tests.hosts.far import Far, ShellPipe

NARROW = "mksh"  # its arithmetic has 32 bits
SHELLS = tuple(s for s in ALL_SHELLS if s != NARROW)

PROOFS = tuple(p for p in kit.OF_FUNCTIONS if p is not kit.killed_inside_an_operation_it_converges)


class Recorder:
    """A pipe that keeps what is sent."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe, self.sent = pipe, b""
        self.container = pipe.container

    def send(self, piece: bytes, timeout_s: float) -> None:
        self.sent += piece
        self.pipe.send(piece, timeout_s)

    def receive(self, timeout_s: float) -> bytes:
        return self.pipe.receive(timeout_s)

    def ending(self) -> str | None:
        return self.pipe.ending()

    def close(self) -> None:
        self.pipe.close()


@dataclass(frozen=True)
class SessionEnd:
    """A far end of the kit that is a session: one change request for each operation."""

    name: str
    session: HostSession
    lease: Lease
    recorder: Recorder
    numbers: Iterator[int] = field(default_factory=count)

    def look(self, look: Look) -> Reply:
        return self.session.look([look])[0]

    def act(self, operation: Operation) -> CompletedProcess[bytes]:
        request = ChangeRequest(
            id=f"c{next(self.numbers)}",
            run=self.lease.run,
            fence=self.lease.fence,
            look=None,
            ground=(),
            operations=(operation,),
        )
        reply = self.session.change(request)
        code = 0 if reply.state == "done" else reply.rc or 1
        return CompletedProcess([], code, reply.output.text.encode("utf-8", "surrogateescape"), reply.reason.encode())

    def cut_off(self, operation: Operation, after_s: float) -> bool:
        raise AssertionError("a session is not cut off here")

    @property
    def changes(self) -> int:
        """How many change requests went over the wire."""
        return sum(line.split(b" ")[1:2] == [b"change"] for line in self.recorder.sent.split(b"\n"))


@pytest.fixture(params=[pytest.param(s, marks=pytest.mark.shells) for s in SHELLS])
def end(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SessionEnd]:
    """A session under each shell in turn, holding the lease."""
    yield from _session(tmp_path / "far", request.param)


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[SessionEnd]:
    yield from _session(tmp_path / "far", NARROW)


def _session(folder: Path, shell: str) -> Iterator[SessionEnd]:
    folder.mkdir()
    far = Far(folder, shell=shell)
    recorder = Recorder(far.pipe(ShellPipe))
    session, lease = far.held("r1", recorder)
    yield SessionEnd(shell, session, lease, recorder)
    far.close()


@pytest.fixture
def ground(tmp_path: Path, shelf: Path) -> Ground:
    (tmp_path / "root").mkdir()
    return Ground(tmp_path / "root", shelf)


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("scene", THROUGH_A_SESSION, ids=lambda s: s.name)
def test_the_kit_through_a_session(
    scene: Scene,
    proof: Callable[[Played], None],
    end: SessionEnd,
    ground: Ground,
    catalogue: Catalogue,
    host: Host,
) -> None:
    proof(play(scene, ground, end, catalogue, host))


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.name)
def test_a_healthy_host_is_sent_no_change(
    scene: Scene, end: SessionEnd, ground: Ground, catalogue: Catalogue, host: Host
) -> None:
    kit.a_healthy_host_is_left_alone(play(scene, ground, end, catalogue, host))
    assert end.changes == 0
    assert b" look " in end.recorder.sent


@pytest.mark.parametrize("scene", THROUGH_A_SESSION, ids=lambda s: s.name)
def test_a_whole_change_is_one_request_and_what_it_does_is_seen_in_its_reply(
    scene: Scene, end: SessionEnd, ground: Ground, catalogue: Catalogue, host: Host
) -> None:
    p = play(scene, ground, end, catalogue, host)
    scene.sick(ground)
    look = p.action.look(host).pinned(p.now)
    reply = end.session.look([look])[0]
    before = p.action.see(reply)
    change = p.action.plan(before)
    assert change is not None
    request = ChangeRequest(
        id="whole",
        run=end.lease.run,
        fence=end.lease.fence,
        look=look,
        ground=reply.ground,
        operations=change.operations,
        then=(look,),
    )
    done = end.session.change(request)
    assert (done.state, done.reason) == ("done", "")
    assert p.action.verify(before, p.action.see(done.after[0])) == ""
    assert p.action.plan(p.action.see(done.after[0])) is None
    assert end.changes == 1


@pytest.mark.shells
@pytest.mark.parametrize("scene", COUNTING, ids=lambda s: s.name)
def test_a_shell_that_cannot_count_large_sizes_is_refused(
    scene: Scene, narrow: SessionEnd, ground: Ground, catalogue: Catalogue, host: Host
) -> None:
    p = play(scene, ground, narrow, catalogue, host)
    scene.sick(ground)
    space = catalogue.check("disk.free", {"below": "20%"})
    for reply in narrow.session.look([p.action.look(host), space.look(host)]):
        assert reply.rc == 3
        assert "32 bits" in reply.error
