"""The far ends that the shell functions are proven on, and a host to ask about."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue, shipped
from remedy.model import Address, Host
from tests.actions.far_end import SHELLS, FarEnd, far_end_of

KIT = "tests.actions.kit"
pytest.register_assert_rewrite(KIT, "tests.e2e.whole_run")
from tests.actions.kit import (  # noqa: E402 # after its asserts are rewritten
    killed_at_every_gate_of_a_run_it_ends_the_same,
    killed_inside_an_operation_it_converges,
)
from tests.actions.scenes import SCENES  # noqa: E402

PROOF_S = 600  # of the kit: an action made and undone dozens of times, on a machine that does other things too
SWEEP_S = 1800  # two dozen runs of the program, each killed, resumed and held against the first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the kit's proofs their time, where a test does not say more; most kills are for the long run."""
    items[:] = [item for item in items if not _is_a_run_in_another_shell(item)]
    for item in items:
        asked = item.callspec.params if hasattr(item, "callspec") else {}
        proof = asked.get("proof")
        if proof is killed_at_every_gate_of_a_run_it_ends_the_same:
            item.add_marker(pytest.mark.long)
            item.add_marker(pytest.mark.timeout(SWEEP_S), append=False)
        if getattr(proof, "__module__", "") == KIT and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(PROOF_S))
        if proof is killed_inside_an_operation_it_converges and _is_more_of_the_same(asked):
            item.add_marker(pytest.mark.long)


def _is_a_run_in_another_shell(item: pytest.Item) -> bool:
    """Whether this is a whole run by the program in bash's or busybox's turn: it takes the shell that is there."""
    asked = item.callspec.params if hasattr(item, "callspec") else {}
    is_run = asked.get("proof") is killed_at_every_gate_of_a_run_it_ends_the_same
    return is_run and asked.get("far_end", SHELLS[0]) != SHELLS[0]


def _is_more_of_the_same(asked: Mapping[str, object]) -> bool:
    """Whether this is bash's turn, or another scene of an action that has one before."""
    scene = asked.get("scene")
    return asked.get("far_end") == "bash" or any(
        scene is later and later.action == earlier.action for earlier, later in combinations(SCENES, 2)
    )


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
