"""Two controllers that share nothing, at one host: the target itself lets only one of them act."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.disk import Disk
from tests.e2e.home import DEADLINE_S, Done, Home
from tests.e2e.namespace import missing

pytestmark = pytest.mark.userns
APPLY = ("apply", "disk-full", "--host", "here", "--yes", "--json")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if why := missing():
        pytest.skip(f"a disk of one's own needs user namespaces: {why}")
    made = Disk.make(tmp_path / "story")
    yield made
    made.end()


@contextmanager
def standing_still(disk: Disk, gate: str) -> Iterator[subprocess.Popen[str]]:
    """The first controller's apply, stopped where it passes a gate."""
    record = disk.place / "gates"
    first = subprocess.Popen(
        disk.inside(*disk.gated(record, gate, *APPLY)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=disk.home.environment(),
    )
    try:
        deadline = time.monotonic() + DEADLINE_S
        while not (record.exists() and gate in record.read_text().splitlines() and is_stopped(first.pid)):
            assert first.poll() is None, first.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield first
    finally:
        first.kill()
        first.wait(10)


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def goes_on(first: subprocess.Popen[str]) -> Done:
    """Let it go on, to its end."""
    first.send_signal(signal.SIGCONT)
    out, err = first.communicate(timeout=DEADLINE_S)
    return Done(first.returncode, out, err)


def by(disk: Disk, home: Home, *args: str) -> Done:
    return disk.within(*home.argv(*args))


def test_fault_060_the_second_controller_is_refused_and_told_who_is_there(disk: Disk) -> None:
    other, before = disk.second_home(), disk.picture()
    with standing_still(disk, "before change") as first:
        refused = by(disk, other, *APPLY)
        assert (refused.code, refused.document["outcome"]) == (3, "refused"), refused
        assert "held by" in refused.document["hosts"]["here"]["reason"]
        assert disk.picture() == before

        done = goes_on(first)

    assert (done.code, done.document["verdict"]) == (0, "resolved"), done
    after = disk.picture()
    again = by(disk, other, *APPLY)
    assert (again.code, again.document["outcome"], disk.picture()) == (0, "unchanged", after), again


def test_fault_061_a_stopped_controller_whose_lease_was_taken_away_does_nothing_when_it_wakes(disk: Disk) -> None:
    other, before = disk.second_home(), disk.picture()
    with standing_still(disk, "before change") as first:
        reason = by(disk, other, *APPLY).document["hosts"]["here"]["reason"]
        owner = reason.split("held by ")[1].split(",")[0]
        wrong = by(disk, other, "unlock", "here", "--owner", "somebody-else")
        assert wrong.code == 3, wrong
        unlocked = by(disk, other, "unlock", "here", "--owner", owner)
        assert unlocked.code == 0, unlocked

        late = goes_on(first)

    assert (late.code, late.document["outcome"]) == (3, "refused"), late
    assert disk.picture() == before
    done = by(disk, other, *APPLY)
    assert (done.code, done.document["verdict"]) == (0, "resolved"), done


# fault 62
def test_fault_062_a_lease_that_a_dead_controller_left_is_given_back_by_resume_alone(disk: Disk) -> None:
    other = disk.second_home()
    with standing_still(disk, "before change") as first:
        first.kill()
        first.wait(10)
    refused = by(disk, other, *APPLY)
    assert refused.code == 3, refused
    assert "held by" in refused.document["hosts"]["here"]["reason"]
    run = str(disk.runs()[0]["id"])
    resumed = disk.remedy("resume", run, "--json")
    assert (resumed.code, resumed.document["verdict"]) == (0, "resolved"), resumed
    assert by(disk, other, *APPLY).document["outcome"] == "unchanged"
