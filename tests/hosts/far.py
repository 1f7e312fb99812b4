"""A far end to test against: a real runner in a child process, under any shell, with a state of its own."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from remedy.actions.catalogue import shell_of
from remedy.hosts.conversation import Conversation
from remedy.hosts.local import LocalPipe
from remedy.hosts.pipe import Pipe
from remedy.hosts.session import HostSession
from remedy.hosts.shell import COMMAND
from remedy.model import Call, Look, Operation, SecretRef
from remedy.ports import ChangeRequest, Lease
from remedy.secret import Redactor, Secret

SHELLS = {  # what must go by the name `sh`, and whether it goes by its own name with an argument
    "dash": "dash",
    "bash": "bash",
    "busybox": "busybox",
    "mksh": "mksh",
    "zsh": "zsh",
}
FUNCTIONS = Path(__file__).with_name("functions.sh")


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def functions(family: str) -> bytes:
    """The shipped functions, and the tests' own as family `t`."""
    return FUNCTIONS.read_bytes() if family == "t" else shell_of(family)


class ShellPipe(LocalPipe):
    """A local far end whose `sh`, also the workers', is the given one; its ledger is the test's own."""

    def __init__(self, programs: Path, state: Path, path: str, as_user: Sequence[str] = ()) -> None:
        self._state, self._path, self._is_first = state, path, True
        super().__init__([*as_user, str(programs / "sh"), "-c", COMMAND.replace("exec sh", f"exec {programs}/sh", 1)])

    def send(self, piece: bytes, timeout_s: float) -> None:
        self.put(self._rewritten(piece) if self._is_first else piece, timeout_s)
        self._is_first = False

    def put(self, piece: bytes, timeout_s: float) -> None:
        """Send bytes as they are."""
        super().send(piece, timeout_s)

    def hang_up(self) -> None:
        """Close our ends, as the death of the controller does; the thread that waits sees the end of the stream."""
        nowhere = os.open("/dev/null", os.O_RDWR)
        for stream in (self._in, self._out, self._err):
            os.dup2(nowhere, stream)
        os.close(nowhere)

    def _rewritten(self, piece: bytes) -> bytes:
        length, _, rest = piece.partition(b"\n")
        text, rest = rest[: int(length)], rest[int(length) :]
        known = b"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        assert known in text
        text = text.replace(known, b"PATH=%s\n" % self._path.encode())
        place = b"far_choose_state() { far_state=%s; }\nfar_begin whole" % bytes(self._state)
        text = text.replace(b"far_begin whole", place)
        return b"%d\n%s%s" % (len(text), text, rest)


P = TypeVar("P", bound=ShellPipe)


@dataclass
class Far:
    """A machine to have sessions with. `secrets` are what references stand for."""

    directory: Path
    shell: str = "dash"
    secrets: dict[str, str] = field(default_factory=dict)
    idle_s: int = 900
    slack_s: float = 20
    without: tuple[str, ...] = ()  # programs that are not installed there
    sessions: list[HostSession] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.directory / "state"

    def pipe(self, kind: type[P]) -> P:
        """The pipe of one more session."""
        programs = self.directory / f"bin-{self.shell}"
        if not programs.exists():
            found = shutil.which(SHELLS[self.shell])
            if found is None:
                pytest.skip(f"{SHELLS[self.shell]} is not installed")
            programs.mkdir()
            (programs / "sh").symlink_to(found)
        return kind(programs, self.state, f"{programs}:{self._other_programs()}")

    def _other_programs(self) -> str:
        """Where all other programs are; a directory of links where some must be missing."""
        if not self.without:
            return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        some = self.directory / "some-programs"
        if not some.exists():
            some.mkdir()
            for program in Path("/usr/bin").iterdir():
                if program.name not in (*self.without, "sh"):
                    (some / program.name).symlink_to(program)
        return str(some)

    def session(self, pipe: Pipe | None = None) -> HostSession:
        """A session with it."""
        talk = Conversation(
            name=self.shell,
            pipe=pipe or self.pipe(ShellPipe),
            clock=SystemClock(),
            shell_of=functions,
            redactor=Redactor(),
            idle_s=self.idle_s,
            slack_s=self.slack_s,
        )
        session = HostSession(talk, self._resolve)
        self.sessions.append(session)
        return session

    def held(self, run: str = "r1", pipe: Pipe | None = None) -> tuple[HostSession, Lease]:
        """A session that holds the lease for a run."""
        session = self.session(pipe)
        lease, _ = session.lease(run, "tester", [])
        return session, lease

    def close(self) -> None:
        for session in self.sessions:
            session.close()

    def _resolve(self, reference: SecretRef) -> Secret:
        secret = Secret(self.secrets[reference.secret])
        for session in self.sessions:
            session.talk.redactor.learn(secret)
        return secret


def look(function: str, *args: str, timeout_s: int = 20) -> Look:
    """A look at one of the tests' functions."""
    return Look(family="t", function=function, args=args, timeout_s=timeout_s)


def call(function: str, *args: str, items: Sequence[str] = (), timeout_s: int = 20, always: bool = False) -> Call:
    """A call of one of the tests' functions."""
    return Call(family="t", function=function, args=args, items=tuple(items), timeout_s=timeout_s, always=always)


def change(
    lease: Lease,
    *operations: Operation,
    id: str = "c1",  # noqa: A002 - the field's own name
    seen: Look | None = None,
    ground: Sequence[str] = (),
    then: Sequence[Look] = (),
) -> ChangeRequest:
    """A change by the holder of a lease."""
    return ChangeRequest(
        id=id,
        run=lease.run,
        fence=lease.fence,
        look=seen,
        ground=tuple(ground),
        operations=operations,
        then=tuple(then),
    )


def wait_until(holds: object, what: str, timeout_s: float = 10) -> None:
    """Fail unless the callable becomes true in time."""
    assert callable(holds)
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {timeout_s} s")
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
