"""A far end of a few lines: it runs shipped shell functions here, as the contract in common.sh says."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from remedy.actions.catalogue import shell_of
from remedy.hosts.shell import PUT, own
from remedy.model import Ago, Argument, Await, Call, Functions, Look, Operation, Put, Reply, SecretRef
from tests.lab import LabHost

TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}
SCRIPT = 'set -u; umask 077; cd /; export LC_ALL=C; now=$1; eval "$2"; eval "$3"; shift 3; fn=$1; shift; "$fn" "$@"'
SHELLS = ("dash", "bash", "busybox")
PRINT = b'remedy_print() { printf %s "$1"; }\n'  # what a worker defines
GNU_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class FarEnd:
    """One shell with one userland. `shell` is its command; `path` the PATH that functions see.

    `entry` is the inventory's, by which the program reaches the same place.
    """

    name: str
    shell: tuple[str, ...]
    path: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    entry: Mapping[str, object] = field(default_factory=lambda: {"address": "local://"})

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

    def cut_off(self, operation: Operation, after_s: float) -> bool:
        """Begin an operation and kill its whole group after a time, as a far end that dies would. True: it was."""
        process, given = self._operation(operation)
        with process:
            try:
                process.communicate(given, after_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return True
        return False

    def _operation(self, operation: Operation) -> tuple[subprocess.Popen[bytes], bytes]:
        """A call or a put, begun, and what is to come on its standard input."""
        match operation:
            case Call():
                args = [self._text(a) for a in operation.args]
                return self._begin(operation.family, operation.function, args), _text_of(operation.items)
            case Put():
                folder, _, _ = operation.path.rpartition("/")
                args = [operation.path, f"{folder}/.remedy-put", operation.mode, operation.owner, operation.group]
                if Path(args[1]).exists():
                    Path(args[1]).unlink()  # a session names it by the change, so that another never meets it
                content = "".join(map(self._text, operation.content))
                return self._begin(PUT, "remedy_put", args), content.encode(**TEXT)
            case Await():
                raise AssertionError("an Await does nothing that could be cut off")

    def _text(self, argument: Argument) -> str:
        match argument:
            case SecretRef(secret=name):
                return self.secrets[name]
            case Functions(functions=family):
                return b"".join(map(shell_of, ("common", family))).decode(**TEXT)
            case _:
                return str(argument)

    def _begin(self, family: str, function: str, args: Sequence[str]) -> subprocess.Popen[bytes]:
        functions = (shell_of("common"), PRINT + own(PUT) if family == PUT else shell_of(family))
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
        args = [self._text(a) for a in pinned.args if not isinstance(a, Ago)]
        done = self.run(look.family, look.function, args, timeout_s=look.timeout_s)
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
                args = [self._text(a) for a in operation.args]
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
                process, given = self._operation(operation)
                with process:
                    out, err = process.communicate(given, operation.timeout_s)
                return subprocess.CompletedProcess(process.args, process.returncode, out, err)

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
        assert self.within, "or it would run on this machine"
        shell = (*self.within, "timeout", "--signal=KILL", f"{after_s:.3f}", "dash")
        end = FarEnd(self.name, shell, self.path)
        done = end.run(call.family, call.function, [str(a) for a in call.args], items=call.items)
        return done.returncode == 128 + signal.SIGKILL


def far_end_in(host: LabHost, shell: tuple[str, ...] = ("dash",)) -> FarEnd:
    """The far end of one shell inside a test host, as root."""
    inside = tuple(host.engine.command("exec", "--interactive", host.container))
    name, command = f"{host.name} {shell[0]}", (*inside, *shell)
    return FarEndInside(name, command, GNU_PATH, entry=host.entry(), within=inside)


def _busybox_path(folder: Path) -> str:
    """A PATH that holds nothing but busybox's own tools."""
    folder.mkdir(exist_ok=True)
    program = shutil.which("busybox")
    assert program is not None
    listed = subprocess.run([program, "--list"], capture_output=True, check=True).stdout.decode().split()
    for name in {*listed, "busybox"}:  # not every build lists itself
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(program)
    return str(folder)


def _lines(text: bytes) -> tuple[str, ...]:
    decoded = text.decode(**TEXT)
    return tuple(decoded.removesuffix("\n").split("\n")) if decoded else ()


def _text_of(items: Sequence[str]) -> bytes:
    return "".join(f"{item}\n" for item in items).encode(**TEXT)
