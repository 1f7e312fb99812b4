"""A request that is not what the near end wrote: the far end ends, leaves no process, and runs no value. Fault 48."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.errors import RemedyError
from tests.fuzz import LONG, mutated
from tests.hosts.far import Far, ShellPipe, call, change, is_alive, look, wait_until

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
ENDS_WITHIN_S = 10.0

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")


class Mutator(ShellPipe):
    """Runs as nobody, and once told to, sends something else than it is given, and then the end of input."""

    chance: random.Random | None = None
    worse: tuple[bytes, ...] = ()

    def __init__(self, programs: Path, state: Path, path: str) -> None:
        super().__init__(programs, state, path, as_user=NOBODY)

    def put(self, piece: bytes, timeout_s: float) -> None:
        if self.chance is not None:
            piece = mutated(piece, self.chance, self.worse)
        super().put(piece, timeout_s)
        if self.chance is not None and self._child.stdin:
            self._child.stdin.close()


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that nobody may use."""
    path = Path(tempfile.mkdtemp(prefix="remedy-fuzz-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def processes_of(group: int) -> list[int]:
    """The live processes of a session."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(group) and is_alive(int(process.name)):
            found.append(int(process.name))
    return found


def fuzz(place: Path, shell: str, count: int, seed: int) -> None:
    far, chance, canary = Far(place, shell=shell, slack_s=ENDS_WITHIN_S), random.Random(seed), place / "canary"
    touch = f"touch {canary}".encode()
    worse = (
        b"`%s`" % touch,
        b"$(%s)" % touch,
        b"\n=;%s;\n" % touch,
        b"\n+'\n",
        b"=",
        b"\n.\n",
        b"\n",
        b" ",
        b"-1",
        b"9999",
    )
    worse += (
        b"\n@-5\n",
        b"\n@9999999999\n",
        b"\0",
        b"\xff",
        b'"',
        b"\\",
        b"x" * 3000,
        b"\ngo t_show\n",
        b" look ",
        b"0",
    )
    for number in range(count):
        pipe = far.pipe(Mutator)
        session = far.session(pipe)
        lease, _ = session.lease(f"r{number}", "tester", [look("t_show", "x")])
        pipe.chance, pipe.worse = chance, worse
        try:
            match number % 3:
                case 0:
                    session.look([look("t_show", "a", "b c"), look("t_show", "d")])
                case 1:
                    session.change(change(lease, call("t_show", "value"), seen=look("t_show", "x"), ground=["1 x"]))
                case _:
                    session.receipts(f"r{number}")
        except RemedyError:
            pass
        group = pipe._child.pid
        session.close()
        wait_until(
            lambda group=group: not processes_of(group), f"the end of the far end of request {number}", ENDS_WITHIN_S
        )
        far.sessions.clear()
        shutil.rmtree(place / "state")
    assert not canary.exists()


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_fault_048_a_request_that_is_garbled_ends_the_far_end_and_nothing_else(place: Path, shell: str) -> None:
    fuzz(place, shell, 20, seed=3)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("thousand", range(LONG // 1000))
def test_fault_048_a_hundred_thousand_garbled_requests_end_the_far_end_and_nothing_else(
    place: Path, thousand: int
) -> None:
    """Half an hour of starting far ends: each garbled request ends one."""
    fuzz(place, ("dash", "bash", "busybox")[thousand % 3], 1000, seed=4 + thousand)
