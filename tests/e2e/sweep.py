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

KILLED = -9


class Story(Protocol):
    """What is killed. `picture` is the same however often it was interrupted, if nothing was done twice."""

    home: Home
    apply: Sequence[str]

    def sicken(self) -> None: ...

    def picture(self) -> object: ...


def killed(home: Home, record: Path, gate: int, args: Sequence[str]) -> Done:
    """Run a command that dies at the gate of this number; 0: it does not."""
    driver = str(Path(__file__).with_name("killed.py"))
    done = subprocess.run(
        [sys.executable, driver, str(record), str(gate), "-C", str(home.path), *args],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        stdin=subprocess.DEVNULL,
        env=home.environment(),
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def uninterrupted(story: Story, record: Path) -> tuple[object, list[str]]:
    """What is there when nobody kills it, and every gate that is passed."""
    story.sicken()
    before = story.picture()
    done = killed(story.home, record, 0, story.apply)
    assert (done.code, done.document["outcome"]) == (0, "changed"), done
    after = story.picture()
    assert after != before
    return after, record.read_text().splitlines()


def dispatches(home: Home, run: str) -> int:
    """How many changes the journal says were sent in this run, once it is proven whole."""
    store = SqliteStore.open(home.path / ".remedy", SystemClock())
    try:
        store.check()
        return sum(e.kind is Kind.STEP_INTENT and e.run == run for e in store.events())
    finally:
        store.close()


def killed_and_resumed(story: Story, record: Path, nth: int, gate: str, picture: object) -> str:
    """Kill at one gate, resume, and hold the end against the uninterrupted one. Returns how it ended."""
    story.sicken()
    runs = len(story.home.remedy("list", "runs", "--json").document)
    record.unlink(missing_ok=True)
    dead = killed(story.home, record, nth, story.apply)
    assert dead.code == KILLED, (gate, dead)
    assert record.read_text().splitlines()[-1] == gate
    listed = story.home.remedy("list", "runs", "--json").document
    if len(listed) == runs:
        assert gate == "before redeem"
        done = story.home.remedy(*story.apply)
    else:
        run = max(listed, key=lambda row: row["created_at"])["id"]
        done = story.home.remedy("resume", run, "--json")
        assert dispatches(story.home, run) <= 2, (
            gate
        )  # sent again at most once, where it is known not to have been done
    assert done.code in (0, 6), (gate, done)
    if done.code == 6:
        assert done.document["outcome"] == "unknown", (gate, done)
        return "unknown"
    assert story.picture() == picture, gate
    again = story.home.remedy(*story.apply)
    assert (again.code, again.document["outcome"]) == (0, "unchanged"), (gate, again)
    assert story.picture() == picture, gate
    return "the same"


def sweep(story: Story, record: Path, gates: Sequence[str] = ()) -> list[str]:
    """Kill at every gate of these names (none: at every gate) in turn. Returns how each ended."""
    picture, passed = uninterrupted(story, record)
    chosen = [(n, gate) for n, gate in enumerate(passed, 1) if not gates or gate in gates]
    assert chosen
    return [killed_and_resumed(story, record, n, gate, picture) for n, gate in chosen]
