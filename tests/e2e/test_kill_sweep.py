"""The product itself, killed with SIGKILL while it frees a disk that is really full; then `remedy resume`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.cli.wiring import SystemClock
from remedy.model import Kind
from remedy.store.sqlite import SqliteStore
from tests.e2e.disk import Disk, missing

pytestmark = [pytest.mark.userns, pytest.mark.timeout(600)]
KILLED = -9
SHELL_KILLED = 128 + 9
APPLY = ("apply", "disk-full", "--host", "here", "--yes", "--json")
SAMPLE = 7  # of all gates, one in so many is tried in every run of the tests


@pytest.fixture(scope="module", autouse=True)
def _disk_can_be_had() -> None:
    if why := missing():
        pytest.skip(f"a disk of one's own needs user namespaces: {why}")


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / f"story{n}" for n in range(1000))


def uninterrupted(place: Path) -> tuple[list[str], list[str]]:
    """What is there when nobody kills it, and every gate that is passed."""
    disk = Disk.make(place)
    try:
        before = disk.picture()
        done = disk.killed(place / "gates", 0, *APPLY)
        assert (done.code, done.document["verdict"]) == (0, "resolved"), done
        assert disk.picture() != before
        return disk.picture(), (place / "gates").read_text().splitlines()
    finally:
        disk.end()


def intents_of(disk: Disk) -> list[str]:
    """The changes that the journal says were about to be sent, once it is proven whole."""
    store = SqliteStore.open(disk.home.path / ".remedy", SystemClock())
    try:
        store.check()
        return [str(e.body["id"]) for e in store.events() if e.kind is Kind.STEP_INTENT]
    finally:
        store.close()


def killed_and_resumed(place: Path, nth: int, gate: str, picture: list[str]) -> str:
    """Kill at one gate, resume, and hold the end against the uninterrupted one. Returns the outcome."""
    disk = Disk.make(place)
    try:
        dead = disk.killed(place / "gates", nth, *APPLY)
        assert dead.code in (KILLED, SHELL_KILLED), (gate, dead)
        assert (place / "gates").read_text().splitlines()[-1] == gate
        if not disk.runs():
            assert gate == "before redeem"
            done = disk.remedy(*APPLY)
        else:
            run = str(disk.runs()[0]["id"])
            done = disk.remedy("resume", run, "--json")
        assert done.code in (0, 6), (gate, done)
        if done.code == 6:
            assert done.document["outcome"] == "unknown", (gate, done)
            return "unknown"
        assert (done.document["outcome"], done.document["verdict"]) == ("changed", "resolved"), (gate, done)
        assert disk.picture() == picture, gate
        assert len(intents_of(disk)) <= 3, gate  # two changes, and at most one of them sent again
        again = disk.remedy(*APPLY)
        assert (again.code, again.document["outcome"]) == (0, "unchanged"), (gate, again)
        assert disk.picture() == picture, gate
        return "the same"
    finally:
        disk.end()


def sweep(places: Iterator[Path], stride: int) -> list[str]:
    picture, gates = uninterrupted(next(places))
    assert len(gates) >= 30
    chosen = [(n, gate) for n, gate in enumerate(gates, 1) if n % stride == 0]
    return [killed_and_resumed(next(places), n, gate, picture) for n, gate in chosen]


def test_fault_057_killed_with_sigkill_it_ends_the_same_after_resume(places: Iterator[Path]) -> None:
    assert set(sweep(places, SAMPLE)) == {"the same"}


@pytest.mark.long
def test_fault_057_killed_with_sigkill_at_every_gate_it_ends_the_same_after_resume(places: Iterator[Path]) -> None:
    assert set(sweep(places, 1)) == {"the same"}
