"""The product itself, killed with SIGKILL while it frees a disk that is really full; then `remedy resume`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.disk import Disk
from tests.e2e.home import Home
from tests.e2e.namespace import missing
from tests.e2e.sweep import sweep

pytestmark = [pytest.mark.userns, pytest.mark.timeout(600)]
SAMPLE = 13  # of all gates, one in so many is tried in every run of the tests


class DiskStory:
    """A new disk for each telling."""

    apply: Sequence[str] = ("apply", "disk-full", "--host", "here", "--yes", "--json")
    changes = 2

    def __init__(self, place: Path) -> None:
        self.place, self.told = place, 0
        self.disk: Disk | None = None

    @property
    def now(self) -> Disk:
        assert self.disk is not None
        return self.disk

    @property
    def home(self) -> Home:
        return self.now.home

    def inside(self, *command: str) -> list[str]:
        return self.now.inside(*command)

    def sicken(self) -> None:
        self.end()
        self.told += 1
        self.disk = Disk.make(self.place / f"story{self.told}")

    def picture(self) -> object:
        return self.now.picture()

    def end(self) -> None:
        if self.disk is not None:
            self.disk.end()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[DiskStory]:
    if why := missing():
        pytest.skip(f"a disk of one's own needs user namespaces: {why}")
    story = DiskStory(tmp_path)
    yield story
    story.end()


def test_fault_057_killed_with_sigkill_it_ends_the_same_after_resume(story: DiskStory, tmp_path: Path) -> None:
    assert set(sweep(story, tmp_path / "gates", stride=SAMPLE)) == {"the same"}


@pytest.mark.long
def test_fault_057_killed_with_sigkill_at_every_gate_it_ends_the_same(story: DiskStory, tmp_path: Path) -> None:
    ends = sweep(story, tmp_path / "gates")
    assert len(ends) >= 25
    assert set(ends) == {"the same"}
