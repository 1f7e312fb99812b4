"""command.run through a session and its runner: a program is run, never a shell's text, and it always ends."""

import json
import time
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.actions.host.argv import why_not_run
from remedy.errors import CannotTell
from remedy.hosts.session import HostSession
from remedy.model import Host, Json, Reply
from remedy.ports import ChangeReply, Lease
from tests.hosts.far import SHELLS, Far, change, is_alive, wait_until

pytestmark = pytest.mark.shells


@pytest.fixture(params=[s for s in SHELLS if s in ("dash", "bash", "busybox")])
def far(tmp_path: Path, request: pytest.FixtureRequest) -> Far:
    folder = tmp_path / "far"
    folder.mkdir()
    return Far(folder, shell=request.param)


class Commands:
    """Looks and acts with command.run in one session."""

    def __init__(self, far: Far, catalogue: Catalogue, host: Host) -> None:
        self.far, self.catalogue, self.host = far, catalogue, host
        held: tuple[HostSession, Lease] = far.held()
        self.session, self.lease = held
        self.count = 0

    def look(self, **params: Json) -> Reply:
        return self.session.look([self.catalogue.action("command.run", params).look(self.host)])[0]

    def run(self, *argv: str, **params: Json) -> ChangeReply:
        action = self.catalogue.action("command.run", {"argv": list[Json](argv), **params})
        planned = action.plan(action.see(self.session.look([action.look(self.host)])[0]))
        assert planned is not None
        self.count += 1
        return self.session.change(change(self.lease, *planned.operations, id=f"c{self.count}"))


@pytest.fixture
def commands(far: Far, catalogue: Catalogue, host: Host) -> Commands:
    return Commands(far, catalogue, host)


# faults 13, 14
def test_arguments_arrive_as_they_are_and_nothing_of_them_is_run(commands: Commands, tmp_path: Path) -> None:
    argv = ["-n", "$(touch x)", "`touch x`", "a\nb\n", "'", "\\", "*", "", "--", "\udcff", "; touch x"]
    done = commands.run("python3", "/dev/fd/0", *argv, cwd=str(tmp_path))  # reads nothing: there is nothing to read
    assert done.state == "done"
    program = tmp_path / "show"
    program.write_text("#!/usr/bin/python3\nimport json, os, sys\nprint(json.dumps([sys.argv[1:], os.getcwd()]))\n")
    program.chmod(0o755)
    done = commands.run(str(program), *argv, cwd=str(tmp_path))
    assert json.loads(done.output.text) == [argv, str(tmp_path)]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "word", ["eval", "give_up", "command_find", "exit", ":", "remedy_end", "while", "/proc/version"]
)
def test_what_is_no_program_is_not_run(commands: Commands, word: str) -> None:
    reply = commands.look(argv=[word, "x"])
    assert (reply.rc, "is not installed, or is no program" in reply.error) == (3, True)
    reply = commands.look(argv=["true"], unless=[word, "x"])
    assert (reply.rc, "is not installed, or is no program" in reply.error) == (3, True)


def test_an_exit_code_and_the_last_of_the_output_are_kept(commands: Commands, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("umask; echo out; echo err >&2; env; exit 7\n")
    done = commands.run("sh", str(script))
    assert (done.state, done.rc) == ("failed", 7)
    assert done.output.text.startswith("0022\nout\nerr\n")
    assert done.output.text.endswith("it ended with exit code 7\n")
    assert "remedy" not in done.output.text.replace("/remedy", "")


@pytest.mark.parametrize(("guard", "said"), [("true", "yes"), ("false", "no")])
def test_a_guard_is_asked_in_the_look(commands: Commands, guard: str, said: str) -> None:
    assert f"guard {said}" in commands.look(argv=["touch", "/nonexistent/x"], only_if=[guard]).ground
    assert f"guard {said}" in commands.look(argv=["touch", "/nonexistent/x"], unless=[guard]).ground


def test_fault_049_a_guard_that_hangs_cannot_tell_and_nothing_of_it_is_left(
    commands: Commands, tmp_path: Path, catalogue: Catalogue
) -> None:
    script, pid = tmp_path / "script", tmp_path / "pid"
    script.write_text(f"trap '' TERM HUP INT\nsleep 600 &\necho $! >{pid}\nwait\n")
    params: dict[str, Json] = {"argv": ["true"], "unless": ["sh", str(script)], "guard_within": 1}
    reply = commands.look(**params)
    assert not reply.answered
    wait_until(lambda: not is_alive(int(pid.read_text())), "the end of the guard's child")
    with pytest.raises(CannotTell):
        catalogue.action("command.run", params).see(Reply(rc=0))


def test_fault_049_a_command_that_hangs_is_ended_with_all_that_it_started(commands: Commands, tmp_path: Path) -> None:
    script, pid = tmp_path / "script", tmp_path / "pid"
    script.write_text(f"trap '' TERM HUP INT\nsleep 600 &\necho $! >{pid}\nwait\n")
    done = commands.run("sh", str(script), within=1)
    assert (done.state, "did not end within 1 s" in done.reason) == ("failed", True)
    wait_until(lambda: not is_alive(int(pid.read_text())), "the end of the command's child")


# faults 50, 51
def test_much_output_is_drained_and_bounded(commands: Commands) -> None:
    start = time.monotonic()
    done = commands.run("head", "-c", "60000000", "/dev/zero")
    assert (done.state, done.output.truncated, done.output.size_bytes) == ("done", True, 60_000_000)
    assert len(done.output.text) < 1_000_000
    assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    "argv",
    [
        ["sh", "-c", "true"],
        ["/bin/bash", "-euxc", "true"],
        ["env", "A=b", "dash", "-c", "true"],
        ["busybox", "sh", "-c", "true"],
        ["python3.11", "-Ic", "pass"],
        ["perl", "-ne", "1"],
        ["tail", "-100f", "/x"],
        ["journalctl", "--follow"],
        ["sudo", "-n", "watch", "ls"],
        ["docker", "exec", "-it", "app", "ls"],
        ["-rf"],
        [""],
        [],
    ],
    ids=" ".join,
)
def test_fault_022_text_for_a_shell_and_what_never_ends_is_refused(argv: list[str]) -> None:
    assert why_not_run(argv)


@pytest.mark.parametrize(
    "argv",
    [
        ["sh", "/srv/setup.sh", "-c"],
        ["grep", "-c", "bash", "/etc/passwd"],
        ["tail", "-n", "5", "/x"],
        ["docker", "exec", "-i", "app", "ls"],
        ["python3", "/srv/x.py", "-c"],
        ["timeout", "5", "ls"],
    ],
    ids=" ".join,
)
def test_a_program_with_arguments_is_not_refused(argv: list[str]) -> None:
    assert why_not_run(argv) == ""
