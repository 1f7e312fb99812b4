"""A command of the product, killed at each gate of its run and resumed; the end is held against the unkilled one.

A story says what is to be done: it makes the host sick, names the command, and says what is there afterwards.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from remedy.cli.wiring import SystemClock
from remedy.model import Kind
from remedy.store.sqlite import SqliteStore
from tests.e2e.home import DEADLINE_S, Done, Home

KILLED = (-9, 128 + 9)  # as its parent sees it, and as a shell or nsenter passes it on


class Story(Protocol):
    """What is killed. `picture` is the same however often it was interrupted, if nothing was done twice."""

    @property
    def home(self) -> Home: ...

    @property
    def apply(self) -> Sequence[str]: ...

    @property
    def changes(self) -> int:
        """How many changes the command makes."""
        ...

    def inside(self, *command: str) -> list[str]:
        """A command as it is run where the host is to be seen."""
        ...

    def sicken(self) -> None: ...

    def picture(self) -> object: ...


def run(story: Story, command: Sequence[str]) -> Done:
    """Run a command to its end; a traceback fails the test."""
    done = subprocess.run(
        story.inside(*command),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        stdin=subprocess.DEVNULL,
        env=story.home.environment(),
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def remedy(story: Story, *args: str) -> Done:
    return run(story, story.home.argv(*args))


def killed(story: Story, record: Path, gate: int) -> Done:
    """Apply, and die at the gate of this number; 0: do not die."""
    record.unlink(missing_ok=True)
    driver = str(Path(__file__).with_name("killed.py"))
    return run(story, [sys.executable, driver, str(record), str(gate), "-C", str(story.home.path), *story.apply])


def runs(story: Story) -> list[str]:
    """The runs of the home, the last one first."""
    store = SqliteStore.open(story.home.path / ".remedy", SystemClock())
    try:
        return [row.id for row in sorted(store.runs(1000), key=lambda row: row.created_at, reverse=True)]
    finally:
        store.close()


def uninterrupted(story: Story, record: Path) -> tuple[object, list[str]]:
    """What is there when nobody kills it, and every gate that is passed."""
    story.sicken()
    before = story.picture()
    done = killed(story, record, 0)
    assert (done.code, done.document["outcome"]) == (0, "changed"), done
    after = story.picture()
    assert after != before
    return after, record.read_text().splitlines()


def dispatches(home: Home, of_run: str) -> int:
    """How many changes the journal says were about to be sent in this run, once it is proven whole."""
    store = SqliteStore.open(home.path / ".remedy", SystemClock())
    try:
        store.check()
        return sum(e.kind is Kind.STEP_INTENT and e.run == of_run for e in store.events())
    finally:
        store.close()


def killed_and_resumed(story: Story, record: Path, nth: int, picture: object) -> str:
    """Kill at one gate, resume, and hold the end against the uninterrupted one. Returns how it ended.

    A run that waits asks once more or less often than another, so the gate of a number is not always the same.
    """
    story.sicken()
    earlier = runs(story)
    dead = killed(story, record, nth)
    gate = f"{nth}: {record.read_text().splitlines()[-1]}"
    if dead.code == 0:  # it had fewer gates this time
        assert story.picture() == picture, gate
        return "the same"
    assert dead.code in KILLED, (gate, dead)
    if runs(story) == earlier:
        assert gate.endswith("before redeem")
        done = remedy(story, *story.apply)
    else:
        done = remedy(story, "resume", runs(story)[0], "--json")
        assert dispatches(story.home, runs(story)[0]) <= story.changes + 1, gate  # at most one was sent again
    assert done.code in (0, 6), (gate, done)
    if done.code == 6:
        assert done.document["outcome"] == "unknown", (gate, done)
        return "unknown"
    assert story.picture() == picture, gate
    again = remedy(story, *story.apply)
    assert (again.code, again.document["outcome"]) == (0, "unchanged"), (gate, again)
    assert story.picture() == picture, gate
    return "the same"


def sweep(story: Story, record: Path, *, stride: int = 1, gates: Sequence[str] = ()) -> list[str]:
    """Kill at every gate of these names (none: of any), one in so many. Returns how each ended."""
    picture, passed = uninterrupted(story, record)
    chosen = _chosen(passed, gates, stride)
    return [killed_and_resumed(story, record, n, picture) for n in chosen]


def _chosen(passed: Sequence[str], gates: Sequence[str], stride: int = 1) -> list[int]:
    """The numbers of the gates with these names, one in so many; a change is among all that were passed."""
    assert "within change" in passed
    chosen = [n for n, gate in enumerate(passed, 1) if n % stride == 0 and (not gates or gate in gates)]
    assert chosen
    return chosen


def sweep_of_a_drill(story: Story, record: Path, *, gates: Sequence[str] = ()) -> list[str]:
    """Kill a drill at the gates of the run that makes its fault, and put back. Returns how each ended."""
    story.sicken()
    before = story.picture()
    done = killed(story, record, 0)
    assert (done.code, done.document.get("restored"), story.picture()) == (1, True, before), done
    passed = record.read_text().splitlines()
    breaking = passed[: passed.index("before redeem", 1)]  # the next run that is redeemed puts back
    chosen = _chosen(breaking, gates)
    return [_killed_and_put_back(story, record, n, before) for n in chosen]


def _killed_and_put_back(story: Story, record: Path, nth: int, picture: object) -> str:
    """Kill a drill at one gate, and restore: all is as before it, and nothing is left to restore."""
    story.sicken()
    dead = killed(story, record, nth)
    gate = f"{nth}: {record.read_text().splitlines()[-1]}"
    assert dead.code in KILLED, (gate, dead)
    for turn in ("first", "second"):
        done = remedy(story, "drill", "--restore", "--host", "there", "--yes", "--json")
        assert (done.code, done.document["left"]) == (0, []), (gate, turn, done)
        assert story.picture() == picture, (gate, turn)
    assert done.document["restored"] == [], (gate, done)
    return "put back"
