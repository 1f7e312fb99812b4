"""The far ends that the shell functions are proven on, and a host to ask about."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue, shipped
from remedy.model import Address, Host
from tests.actions.far_end import SHELLS, FarEnd, far_end_of

pytest.register_assert_rewrite("tests.actions.kit")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return shipped()


@pytest.fixture
def host() -> Host:
    """A host without a quarantine."""
    return Host(name="here", address=Address(scheme="local"))


@pytest.fixture(scope="session", params=SHELLS)
def far_end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FarEnd:
    """Each shell in turn, with its own userland."""
    found = far_end_of(request.param, tmp_path_factory.mktemp("far-end"))
    if found is None:
        pytest.skip(f"not installed: {request.param}")
    return found


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """An empty private directory on another filesystem than `tmp_path`: a quarantine."""
    for place in (Path("/dev/shm"), Path("/run"), Path("/var/tmp")):
        if place.is_dir() and os.access(place, os.W_OK) and place.stat().st_dev != tmp_path.stat().st_dev:
            folder = Path(tempfile.mkdtemp(prefix="remedy-test-", dir=place))
            yield folder
            shutil.rmtree(folder)
            return
    pytest.skip("no second filesystem is here to write to (/dev/shm, /run, /var/tmp)")
