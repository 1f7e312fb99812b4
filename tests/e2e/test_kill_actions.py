"""An action killed with SIGKILL within its change and resumed ends as if it had not been; a playbook, killed anywhere.

Every action is killed at every boundary of a run by the kit: `killed at every gate of a run` of docs/kit.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from remedy.actions.catalogue import shipped
from remedy.model import Address, Host
from tests.actions.conftest import shelf  # noqa: F401  # a fixture
from tests.actions.far_end import far_end_of
from tests.actions.kit import Ground, Scene, play
from tests.actions.scenes import SCENES
from tests.e2e.home import Home
from tests.e2e.namespace import missing
from tests.e2e.sweep import sweep
from tests.e2e.whole_run import killed_within_its_change_it_ends_the_same
from tests.lab import DockerHost, LabHost

LATER = (  # scenes whose actions are killed in another scene, or that are one short call
    "file.remove, to a quarantine",
    "logs.rotate, all generations taken",
    "logs.rotate, not compressed",
    "files.prune, permanent",
    "file.put, of a new file",
    "dir.make, with parents",
    "dir.make, of another mode",
    "command.run, with a guard",
    "fault.log_flood",
    "fault.command",
)
SWEPT = [pytest.param(s, id=s.name, marks=[pytest.mark.long] if s.name in LATER else []) for s in SCENES]


@pytest.mark.userns
@pytest.mark.parametrize("scene", SWEPT)
def test_fault_057_an_action_killed_within_its_change_ends_the_same(
    scene: Scene,
    tmp_path: Path,
    shelf: Path,  # noqa: F811
) -> None:
    if why := missing():
        pytest.skip(f"a place of one's own for leases needs user namespaces: {why}")
    end = far_end_of("dash", tmp_path)
    assert end is not None
    ground = Ground(tmp_path / "root", shelf)
    ground.root.mkdir()
    here = Host(name="here", address=Address(scheme="local"))
    killed_within_its_change_it_ends_the_same(play(scene, ground, end, shipped(), here))


@dataclass(frozen=True)
class HostStory:
    """A playbook on a test host. `picture` is what must be the same: who is up, what is left."""

    home: Home
    apply: Sequence[str]
    sicken: Callable[[], None]
    picture: Callable[[], object]
    changes: int = 1

    def inside(self, *command: str) -> list[str]:
        return list(command)


def applying(playbook: str) -> tuple[str, ...]:
    return ("apply", playbook, "--host", "prod1", "--break-glass", "a test", "--json")


FORGET = "rm -rf /run/remedy"  # how often what was restarted within this hour


@pytest.fixture
def restart(home: Home, lab_host: LabHost) -> Iterator[HostStory]:
    params = {"unit": "app.service", "url": "http://127.0.0.1:8080/health"}
    home.write_inventory({"hosts": {"prod1": lab_host.entry(vars=params)}})
    yield HostStory(
        home,
        applying("service-down"),
        sicken=lambda: void(lab_host.sh(f"systemctl reset-failed app; systemctl stop app; {FORGET}")),
        picture=lambda: lab_host.sh("systemctl is-active app || true"),
    )
    lab_host.sh("systemctl start app")


@pytest.fixture
def compose(home: Home, docker_host: DockerHost) -> Iterator[HostStory]:
    """A container of a Compose project that is stopped."""
    params = {"project": "shop", "services": ["web"]}
    home.write_inventory({"hosts": {"prod1": docker_host.entry(vars=params)}})
    state = "inspect --format '{{.State.Status}} {{.State.Health.Status}}' shop-web-1"
    yield HostStory(
        home,
        applying("compose-service-down"),
        sicken=lambda: void(docker_host.sh(f"docker stop -t 1 shop-web-1; {FORGET}")),
        picture=lambda: docker_host.docker(state),
    )
    docker_host.docker("start shop-web-1")


def void(_: object) -> None:
    """Nothing, whatever it was."""


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["restart", "compose"])
def test_fault_057_a_playbook_that_was_killed_at_every_gate_ends_the_same(
    request: pytest.FixtureRequest, name: str, tmp_path: Path
) -> None:
    assert set(sweep(request.getfixturevalue(name), tmp_path / "gates")) == {"the same"}
