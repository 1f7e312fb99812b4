"""A far end of a few lines: it runs shipped shell functions here, as the contract in common.sh says."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from remedy.actions.catalogue import shell_of
from remedy.model import Await, Call, Look, Operation, Put, Reply
from tests.lab import LabHost

TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}
SCRIPT = 'set -u; umask 077; cd /; export LC_ALL=C; now=$1; eval "$2"; eval "$3"; shift 3; fn=$1; shift; "$fn" "$@"'
SHELLS = ("dash", "bash", "busybox")
GNU_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class FarEnd:
    """One shell with one userland. `shell` is its command; `path` the PATH that functions see."""

    name: str
    shell: tuple[str, ...]
    path: str

    def run(
        self, family: str, function: str, args: Sequence[str], *, items: Sequence[str] = (), timeout_s: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one function to its end."""
        with self._begin(family, function, args) as process:
            try:
                out, err = process.communicate(_text_of(items), timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def cut_off(self, call: Call, after_s: float) -> bool:
        """Run a call and kill its whole group after a time, as a far end that dies would. True: it was cut off."""
        with self._begin(call.family, call.function, [str(a) for a in call.args]) as process:
            try:
                process.communicate(_text_of(call.items), after_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return True
        return False

    def _begin(self, family: str, function: str, args: Sequence[str]) -> subprocess.Popen[bytes]:
        functions = (shell_of("common"), shell_of(family))
        argv: list[str | bytes] = [*self.shell, "-c", SCRIPT, "sh", str(int(time.time())), *functions, function, *args]
        return subprocess.Popen(
            [os.fsencode(a) for a in argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": self.path, "HOME": "/nonexistent"},
            start_new_session=True,
        )

    def say(self, script: str, *args: str) -> subprocess.CompletedProcess[bytes]:
        """Run a few words of shell, with the common functions at hand."""
        runs = 'eval "$1"; script=$2; shift 2; eval "$script"'
        argv: list[str | bytes] = [*self.shell, "-c", runs, "sh", shell_of("common"), script, *args]
        environment = {"PATH": self.path, "LC_ALL": "C"}
        return subprocess.run([os.fsencode(a) for a in argv], capture_output=True, env=environment, check=False)

    def look(self, look: Look) -> Reply:
        """Answer a look."""
        pinned = look.pinned(int(time.time()))
        done = self.run(look.family, look.function, [str(a) for a in pinned.args], timeout_s=look.timeout_s)
        ground, found, evidence = (b"\n" + done.stdout).partition(b"\n--\n")
        return Reply(
            rc=done.returncode if found or done.returncode else 1,
            ground=_lines(ground[1:]),
            evidence=_lines(evidence),
            error=done.stderr.decode(**TEXT),
        )

    def act(self, operation: Operation) -> subprocess.CompletedProcess[bytes]:
        """Carry out one operation; a result outside its bound, or an Await that never holds, ends non-zero."""
        match operation:
            case Call():
                args = [str(a) for a in operation.args]
                done = self.run(
                    operation.family, operation.function, args, items=operation.items, timeout_s=operation.timeout_s
                )
                bound = operation.result
                if bound and bound.bound == "differs" and done.stdout.decode(**TEXT).strip() == bound.of:
                    done.returncode = done.returncode or 1
                return done
            case Await():
                return self._await(operation)
            case Put():
                raise AssertionError("no shipped action writes a file by Put")

    def _await(self, operation: Await) -> subprocess.CompletedProcess[bytes]:
        deadline = time.monotonic() + operation.within_s
        while True:
            reply = self.look(operation.look)
            holds = reply.answered and reply.ground[:1] == (operation.expect,)
            if holds or time.monotonic() > deadline:
                return subprocess.CompletedProcess([], 0 if holds else 1, b"", reply.error.encode(**TEXT))
            time.sleep(0.05)


def far_end_of(name: str, folder: Path) -> FarEnd | None:
    """The far end of one shell: dash and bash with GNU tools, busybox with nothing but its own. None: not here."""
    if shutil.which(name) is None:
        return None
    if name == "busybox":
        return FarEnd(name, ("busybox", "sh"), _busybox_path(folder / "busybox-bin"))
    return FarEnd(name, (name,), GNU_PATH)


@dataclass(frozen=True)
class FarEndInside(FarEnd):
    """A far end inside a test host. To be cut off it is killed there: here only its client would end."""

    within: tuple[str, ...] = ()

    def cut_off(self, call: Call, after_s: float) -> bool:
        shell = (*self.within, "timeout", "--signal=KILL", f"{after_s:.3f}", "dash")
        end = FarEnd(self.name, shell, self.path)
        done = end.run(call.family, call.function, [str(a) for a in call.args], items=call.items)
        return done.returncode == 128 + signal.SIGKILL


def far_end_in(host: LabHost, shell: tuple[str, ...] = ("dash",)) -> FarEnd:
    """The far end of one shell inside a test host, as root."""
    inside = tuple(host.engine.command("exec", "--interactive", host.container))
    return FarEndInside(f"{host.name} {shell[0]}", (*inside, *shell), GNU_PATH, inside)


def _busybox_path(folder: Path) -> str:
    """A PATH that holds nothing but busybox's own tools."""
    folder.mkdir(exist_ok=True)
    program = shutil.which("busybox")
    assert program is not None
    listed = subprocess.run([program, "--list"], capture_output=True, check=True).stdout.decode().split()
    for name in listed:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(program)
    return str(folder)


def _lines(text: bytes) -> tuple[str, ...]:
    decoded = text.decode(**TEXT)
    return tuple(decoded.removesuffix("\n").split("\n")) if decoded else ()


def _text_of(items: Sequence[str]) -> bytes:
    return "".join(f"{item}\n" for item in items).encode(**TEXT)
