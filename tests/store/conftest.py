"""A store in a directory of its own, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.store.sqlite import SqliteStore
from tests.store.made import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the state directory will be; nothing is there yet."""
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home" / ".remedy"


@pytest.fixture
def store(state: Path, clock: StandingClock) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(state, clock, busy_s=1.0)
    yield opened
    opened.close()
