"""`remedy demo` tells its story to a person and to a script, and leaves nothing, however it ends."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from remedy.cli.world import World
from remedy.demo.host import demo_host
from remedy.demo.machine import Server, Way
from remedy.demo.story import SERVERS, WAYS, Story, at_home
from tests.demo.conftest import (
    COMBINATIONS,
    assert_nothing_left,
    host_in,
    skip_unless_a_host_is_possible,
    skip_unless_possible,
)

STORY_BUDGET_S = 20.0  # from start to finish, the user's own promise
QUESTION = "Apply this plan? [y/N]"

pytestmark = pytest.mark.userns


@pytest.fixture(autouse=True)
def _host_is_possible() -> None:
    skip_unless_a_host_is_possible()


def environment() -> dict[str, str]:
    """This process's, without what a caller could say of a home or of terminals."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("REMEDY_", "SSH_"))} | {"TERM": "xterm"}


def demo(*options: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the demo to its end, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "remedy", "demo", *options],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(),
        timeout=60,
    )


def assert_gone(said: str) -> None:
    """Nothing is left of the host that this output speaks of."""
    assert_nothing_left(*host_in(said))


def test_it_comes_true_within_its_budget_and_leaves_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    told = demo("--yes", cwd=tmp_path)
    took_s = time.monotonic() - began
    assert told.returncode == 0, told.stdout + told.stderr
    assert took_s < STORY_BUDGET_S
    used = re.findall(r"(\d+)% /mnt/disk|(\d+)% /\S+/disk", told.stdout)
    assert ["".join(percent) for percent in used] == ["95", "14"]
    assert "yes  the full disk: resolved" in told.stdout
    assert "yes  the second apply: unchanged" in told.stdout
    assert "nothing is left" in told.stdout
    assert list(tmp_path.iterdir()) == []
    assert_gone(told.stdout)


@pytest.mark.parametrize(
    ("server", "way"), [c if "pid" in c[1] else pytest.param(*c, marks=pytest.mark.long) for c in COMBINATIONS]
)
def test_it_comes_true_on_every_server_in_every_way(server: Server, way: Way) -> None:
    skip_unless_possible(server, way)
    out = io.StringIO()
    with demo_host(server, (way,)) as host:
        world = at_home(World(stdout=out, stderr=io.StringIO(), stdin=io.StringIO()), host)
        assert Story(world, host).tell(assume_yes=True) == 0, out.getvalue()
    assert SERVERS[server] in out.getvalue()
    assert WAYS[way] in out.getvalue()


def test_without_a_terminal_it_consents_itself_and_says_so() -> None:
    told = demo()
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Nobody is at a terminal to be asked: the demo consents to its own plan." in told.stdout
    assert QUESTION not in told.stdout + told.stderr


def test_the_run_it_shows_can_be_taken_back_while_it_is_kept() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "remedy", "demo", "--yes", "--keep"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    ) as told:
        assert told.stdin and told.stdout
        said = "".join(iter(told.stdout.readline, "  remedy undo RUN\n"))
        home = re.findall(r"REMEDY_HOME=(\S+)", said)[0]
        run = re.findall(r"next: remedy undo (\S+)", said)[0]
        undone = subprocess.run(
            [sys.executable, "-m", "remedy", "-C", home, "undo", run, "--yes"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert undone.returncode == 0, undone.stdout + undone.stderr
        told.stdin.write("\n")
        told.stdin.close()
        assert told.wait(timeout=20) == 0
    assert_gone(said)


POWERLESS_ROOT = 'echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --bounding-set=-all --inh-caps=-all -- "$@"'
POWERLESS_USER = 'echo 1 > /proc/sys/user/max_user_namespaces; exec unshare --user --map-user=1000 -- "$@"'


@pytest.mark.parametrize(
    ("powerless", "said", "fix"),
    [
        (POWERLESS_ROOT, "needs a file system of its own, and root may not mount one here", "--cap-add SYS_ADMIN"),
        (POWERLESS_USER, "needs a user namespace, and this machine gives you none", "run the demo as root, or allow"),
    ],
    ids=["root", "user"],
)
def test_without_namespaces_it_is_refused_with_what_to_do(powerless: str, said: str, fix: str) -> None:
    command = ["unshare", "--user", "--map-root-user", "--", "sh", "-c", powerless, "sh"]
    told = subprocess.run(
        [*command, sys.executable, "-m", "remedy", "demo", "--yes"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 3, told.stderr
    assert said in told.stderr
    assert fix in told.stderr
    assert "Traceback" not in told.stderr


# ---------------------------------------------------------------- at a terminal


@dataclass
class Terminal:
    """A process at a terminal of its own, and all that it has said."""

    process: subprocess.Popen[bytes]
    fd: int
    said: str = field(default="")

    def read_until(self, text: str) -> None:
        while text not in self.said:
            assert self._read(), self.said

    def finish(self) -> int:
        while self._read():
            pass
        return self.process.wait(timeout=20)

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def _read(self) -> bool:
        try:
            chunk = os.read(self.fd, 65_536)
        except OSError:  # what a terminal says at its end
            return False
        self.said += chunk.decode(errors="replace").replace("\r\n", "\n")
        return bool(chunk)


@contextmanager
def at_terminal(*options: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "remedy", "demo", *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(),
        preexec_fn=take_terminal,  # noqa: PLW1509 — no thread runs here
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def take_terminal() -> None:
    os.setsid()
    os.close(os.open(os.ttyname(0), os.O_RDWR))  # the first terminal that a session opens becomes its own: tty_ioctl(4)


def test_at_a_terminal_it_asks_and_y_goes_on_to_the_end() -> None:
    with at_terminal() as terminal:
        terminal.read_until(QUESTION)
        terminal.type("y\n")
        assert terminal.finish() == 0, terminal.said
        assert terminal.said.count(QUESTION) == 1
        assert_gone(terminal.said)


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_at_a_terminal_anything_but_y_does_nothing(answer: str) -> None:
    with at_terminal() as terminal:
        terminal.read_until(QUESTION)
        terminal.type(answer)
        assert terminal.finish() == 3, terminal.said
        assert "remedy show" not in terminal.said
        assert "14%" not in terminal.said
        assert_gone(terminal.said)


def test_at_a_terminal_ctrl_c_leaves_nothing() -> None:
    with at_terminal() as terminal:
        terminal.read_until(QUESTION)
        terminal.type("\x03")
        assert terminal.finish() != 0
        assert "Traceback" not in terminal.said
        assert_gone(terminal.said)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_killed_at_the_question_it_leaves_nothing(blow: signal.Signals) -> None:
    with at_terminal() as terminal:
        terminal.read_until(QUESTION)
        terminal.process.send_signal(blow)
        terminal.process.wait(timeout=20)
        assert_gone(terminal.said)
