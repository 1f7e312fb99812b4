"""Far ends for the tests of the conversation."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.far import SHELLS, Far
from tests.hosts.over_ssh import Reach

COMMON = ("dash", "bash", "busybox")  # what hosts have as /bin/sh; the others are for `make long`


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    """A far end under dash; the shell may be set before the first session."""
    far = Far(tmp_path)
    yield far
    far.close()


@pytest.fixture(params=[pytest.param(s, marks=[] if s in COMMON else pytest.mark.long) for s in SHELLS])
def any_far(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Far]:
    """A far end under each shell that is common, in turn."""
    far = Far(tmp_path, shell=request.param)
    yield far
    far.close()


@pytest.fixture(params=SHELLS)
def every_far(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Far]:
    """A far end under each shell in turn."""
    far = Far(tmp_path, shell=request.param)
    yield far
    far.close()


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Opens sessions over SSH, and closes them."""
    reach = Reach()
    yield reach
    reach.close()
