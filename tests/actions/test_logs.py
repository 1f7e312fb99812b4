"""logs.rotate while programs write: every line is there afterwards, once and in order."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.actions.logs.logs import LogFiles, Rotate
from remedy.errors import Refused
from remedy.model import Change, Host, Json, Reply, UndoImpossible, UndoUnnecessary
from tests.actions.far_end import FarEnd
from tests.actions.kit import tree_of, write

pytestmark = pytest.mark.shells
Rotator = Callable[..., Rotate]
Writer = Callable[..., subprocess.Popen[bytes]]

# Writes numbered lines as fast as it may, and opens its log again at HUP. argv: LOG PID-FILE FLAGS HOW
WRITER = """
import os, signal, sys, time
log, pid_file, flags, how = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
def opened():
    fd = os.open(log, flags, 0o640)
    os.lseek(fd, 0, os.SEEK_END)
    return fd
fd = opened()
asked = False
def ask(*_):
    global asked
    asked = True
if how != "deaf":
    signal.signal(signal.SIGHUP, ask)
open(pid_file, "w").write(str(os.getpid()))
n = 0
while True:
    if asked and how == "reopens":
        asked = False
        os.close(fd)
        fd = opened()
    os.write(fd, b"line %d\\n" % n)
    n += 1
    time.sleep(0.0005)
"""
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
AT_ITS_OWN_OFFSET = os.O_WRONLY | os.O_CREAT


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder / "app.log"


@pytest.fixture
def rotator(catalogue: Catalogue, log: Path) -> Rotator:
    """Makes the action for `log`, with parameters over its defaults."""

    def make(**over: Json) -> Rotate:
        params: dict[str, Json] = {"paths": [f"{log.parent}/*.log"], "larger_than": "1KiB", **over}
        action = catalogue.action("logs.rotate", params)
        assert isinstance(action, Rotate)
        return action

    return make


@pytest.fixture
def writer(log: Path, tmp_path: Path) -> Iterator[Writer]:
    """Starts programs that write to `log`; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(flags: int = APPEND, how: str = "reopens") -> subprocess.Popen[bytes]:
        pid_file = tmp_path / "app.pid"
        argv = [sys.executable, "-c", WRITER, str(log), str(pid_file), str(flags), how]
        started.append(subprocess.Popen(argv))
        _wait_for(lambda: pid_file.exists() and log.exists() and log.stat().st_size > 2000)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def _wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def see(end: FarEnd, action: Rotate, host: Host) -> LogFiles:
    reply = end.look(action.look(host))
    assert reply.answered, reply.error
    return action.see(reply)


def plan(end: FarEnd, action: Rotate, host: Host) -> Change:
    change = action.plan(see(end, action, host))
    assert change is not None
    return change


def rotate(end: FarEnd, action: Rotate, host: Host) -> None:
    for operation in plan(end, action, host).operations:
        done = end.act(operation)
        assert done.returncode == 0, (done.stdout, done.stderr)


def lines_of(log: Path, generations: int) -> list[str]:
    """Every line of the log with its generations, oldest first."""
    text = b""
    for number in range(generations, 0, -1):
        plain, packed = log.with_name(f"{log.name}.{number}"), log.with_name(f"{log.name}.{number}.gz")
        text += gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()
    return (text + log.read_bytes()).decode().splitlines()


@pytest.mark.parametrize("flags", [APPEND, AT_ITS_OWN_OFFSET], ids=["appending", "at its own offset"])
@pytest.mark.parametrize("compress", [True, False], ids=["compressed", "plain"])
def test_fault_078_a_writer_goes_on_and_no_line_is_lost(
    flags: int, compress: bool, far_end: FarEnd, rotator: Rotator, host: Host, log: Path, writer: Writer, tmp_path: Path
) -> None:
    process = writer(flags)
    action = rotator(pid_files=[str(tmp_path / "app.pid")], compress=compress)
    for _ in range(3):
        _wait_for(lambda: log.stat().st_size > 2000)
        rotate(far_end, action, host)
    _wait_for(lambda: log.stat().st_size > 100)
    process.terminate()
    process.wait()
    lines = lines_of(log, 3)
    assert lines == [f"line {n}" for n in range(len(lines))]
    assert len(lines) > 600


def test_fault_078_many_short_writers_lose_no_line(far_end: FarEnd, rotator: Rotator, host: Host, log: Path) -> None:
    """A program that opens its log for every line holds nothing open when it is looked for."""
    script = 'i=0; while :; do echo "line $i" >>"$1"; i=$((i + 1)); done'
    with subprocess.Popen(["sh", "-c", script, "sh", str(log)]) as process:
        rotated = 0
        try:
            while rotated < 3:
                _wait_for(lambda: log.exists() and log.stat().st_size > 2000)
                change = rotator(held="skip").plan(see(far_end, rotator(), host))
                done = [far_end.act(o).returncode for o in change.operations] if change else [1]
                rotated += not any(done)
        finally:
            process.kill()
    lines = lines_of(log, rotated)
    assert lines == [f"line {n}" for n in range(len(lines))]


def test_fault_078_a_writer_that_cannot_be_told_is_refused(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path, writer: Writer
) -> None:
    writer()
    seen = see(far_end, rotator(), host)
    with pytest.raises(Refused, match="cannot be told"):
        rotator().plan(seen)
    assert rotator(held="skip").plan(seen) is None
    assert "left alone" in rotator(held="skip").unchanged(seen)
    assert any("written by process" in w for w in seen.writers)


def test_fault_078_a_writer_that_the_signal_would_end_is_not_told(
    far_end: FarEnd, rotator: Rotator, host: Host, writer: Writer, tmp_path: Path
) -> None:
    writer(how="deaf")
    action = rotator(pid_files=[str(tmp_path / "app.pid")])
    with pytest.raises(Refused, match="cannot be told"):
        action.plan(see(far_end, action, host))


def test_fault_078_a_writer_that_does_not_open_its_log_again_loses_nothing(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path, writer: Writer, tmp_path: Path
) -> None:
    process = writer(how="stubborn")
    action = rotator(pid_files=[str(tmp_path / "app.pid")], reopen_within="1s")
    change = plan(far_end, action, host)
    done = [far_end.act(o) for o in change.operations]
    assert done[0].returncode == 0
    assert b"nothing is lost" in done[1].stderr
    assert b"still written to" in done[2].stdout
    process.send_signal(signal.SIGTERM)
    process.wait()
    again = plan(far_end, action, host)
    assert "goes on where a rotation was cut off" in again.lines[0]
    for operation in again.operations:
        assert far_end.act(operation).returncode == 0
    lines = lines_of(log, 1)
    assert lines == [f"line {n}" for n in range(len(lines))]


def test_a_reader_does_not_hold_a_rotation_up(far_end: FarEnd, rotator: Rotator, host: Host, log: Path) -> None:
    write(log, b"x" * 5000)
    with log.open("rb"):
        assert see(far_end, rotator(), host).logs[0].writer == "closed"


def test_links_and_rotated_generations_are_left_alone(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path, tmp_path: Path
) -> None:
    for name in ("app.log.1", "app.log.12.gz", "app.log.bz2"):
        write(log.with_name(name), b"x" * 5000)
    write(tmp_path / "elsewhere.log", b"x" * 5000)
    log.with_name("link.log").symlink_to(tmp_path / "elsewhere.log")
    write(log.with_name("two.log"), b"x" * 5000)
    (tmp_path / "second").hardlink_to(log.with_name("two.log"))
    assert see(far_end, rotator(paths=[f"{log.parent}/*"]), host).logs == ()


def test_fault_072_a_directory_that_is_a_link_is_refused(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path, tmp_path: Path
) -> None:
    write(log, b"x" * 5000)
    (tmp_path / "link").symlink_to(log.parent)
    reply = far_end.look(rotator(paths=[f"{tmp_path}/link/*.log"]).look(host))
    assert reply.rc == 3
    assert f"name {log.parent} instead" in reply.error


def test_fault_076_hostile_names_are_rotated_like_others(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path
) -> None:
    names = ["-rf.log", "new\nline.log", "back\\slash.log", "\udcff\udc81.log", "tab\t.log", " .log", "$(x).log"]
    for name in names:
        write(log.with_name(name), name.encode("utf-8", "surrogateescape") * 500)
    rotate(far_end, rotator(), host)
    for name in names:
        assert log.with_name(name).read_bytes() == b""
        kept = gzip.decompress(log.with_name(f"{name}.1.gz").read_bytes())
        assert kept == name.encode("utf-8", "surrogateescape") * 500
    assert len(list(log.parent.iterdir())) == 2 * len(names)


def test_the_empty_log_has_the_mode_and_owner_of_the_old_one(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path
) -> None:
    write(log, b"x" * 5000, mode=0o640)
    before = log.stat()
    rotate(far_end, rotator(), host)
    after, kept = log.stat(), log.with_name("app.log.1.gz").stat()
    for status in (after, kept):
        assert (status.st_mode, status.st_uid, status.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert int(kept.st_mtime) == int(before.st_mtime)


def test_a_directory_that_gives_its_group_to_new_ones_is_rotated_in_too(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path
) -> None:
    write(log, b"x" * 5000)
    log.parent.chmod(0o2775)
    rotate(far_end, rotator(), host)
    assert sorted(p.name for p in log.parent.iterdir()) == ["app.log", "app.log.1.gz"]


def test_a_private_directory_that_is_a_link_is_not_used(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path, tmp_path: Path
) -> None:
    write(log, b"x" * 5000)
    outside = write(tmp_path / "outside" / "precious").parent
    change = plan(far_end, rotator(), host)
    log.with_name(".remedy-rotating").symlink_to(outside)
    before = tree_of(outside), tree_of(log.parent)
    assert far_end.act(change.operations[0]).returncode != 0
    assert (tree_of(outside), tree_of(log.parent)) == before


def test_a_missing_generation_ends_the_shifting(far_end: FarEnd, rotator: Rotator, host: Host, log: Path) -> None:
    write(log, b"new" * 1000)
    for number in (1, 2, 4):
        write(log.with_name(f"app.log.{number}"), b"%d" % number)
    change = plan(far_end, rotator(keep=4), host)
    assert isinstance(change.undo, UndoUnnecessary)
    rotate(far_end, rotator(keep=4), host)
    kept = {n: s[0] for n, s in tree_of(log.parent).items() if n.startswith("app.log.")}
    assert kept["app.log.2"] == b"1"
    assert kept["app.log.3"] == b"2"
    assert kept["app.log.4"] == b"4"


def test_a_generation_is_dropped_only_when_the_plan_said_so(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path
) -> None:
    write(log, b"new" * 1000)
    for number in (1, 2):
        write(log.with_name(f"app.log.{number}"), b"%d" % number)
    change = plan(far_end, rotator(keep=2), host)
    assert isinstance(change.undo, UndoImpossible)
    assert any("app.log.2" in line and "permanent" in line for line in change.lines)
    write(log.with_name("app.log.2"), b"written since")
    results = [far_end.act(o) for o in change.operations]
    assert results[-1].returncode != 0
    assert log.with_name("app.log.2").read_bytes() == b"written since"
    rotate(far_end, rotator(keep=2), host)
    assert log.with_name("app.log.2").read_bytes() == b"1"


def test_what_compression_does_not_make_smaller_is_kept_as_it_is(
    far_end: FarEnd, rotator: Rotator, host: Host, log: Path
) -> None:
    content = os.urandom(4000)
    write(log, content)
    rotate(far_end, rotator(), host)
    assert log.with_name("app.log.1").read_bytes() == content


def test_a_log_that_only_others_may_write_to_is_unclear_where_processes_cannot_be_seen(rotator: Rotator) -> None:
    log = "item /var/log/a.log\trotate:1:2:unclear"
    with pytest.raises(Refused, match="only root can see"):
        rotator().plan(rotator().see(Reply(rc=0, ground=(log,))))
