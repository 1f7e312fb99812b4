"""Every action, killed with SIGKILL at every boundary of its run and resumed, ends as if it had not been. Fault 57."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.actions.conftest import shelf  # noqa: F401  # a fixture
from tests.actions.kit import Ground, Scene
from tests.actions.scenes import SCENES
from tests.actions.waste import Engine
from tests.e2e.home import Home
from tests.e2e.namespace import Namespace, missing
from tests.e2e.sweep import sweep
from tests.lab import COMPOSE_FILE, SIRA, DockerHost, LabHost, StackHost

SAMPLE = ("within change",)
LATER = (  # scenes whose actions are swept in another scene, or that are one short call
    "file.remove, to a quarantine",
    "logs.rotate, all generations taken",
    "logs.rotate, not compressed",
    "files.prune, permanent",
    "file.put, of a new file",
    "dir.make, with parents",
    "dir.make, of another mode",
    "command.run, with a guard",
)
PLAYBOOK = """
playbook: sweep
summary: One action
symptom:
  - disk.free: {mount: /, below: 100%}
steps:
  - {id: it, ACTION: PARAMS}
verify:
  - disk.free: {mount: /, at_least: 0%}
"""


@dataclass(frozen=True)
class HereStory:
    """A scene of the kit, played on this machine by a playbook of one step."""

    home: Home
    scene: Scene
    ground: Ground
    namespace: Namespace
    apply: Sequence[str] = ("apply", "sweep", "--host", "here", "--break-glass", "a test", "--json")
    changes: int = 1

    def inside(self, *command: str) -> list[str]:
        return self.namespace.inside(*command)

    def sicken(self) -> None:
        self.scene.sick(self.ground)

    def picture(self) -> object:
        return repr(self.scene.snapshot(self.ground))


SWEPT = [
    pytest.param(s, id=s.name, marks=[pytest.mark.long] if s.name in LATER else [])
    for s in SCENES
    if not s.action.startswith("fault.")  # which no step may name; drills are killed in test_drills.py
]


@pytest.fixture(params=SWEPT)
def story(request: pytest.FixtureRequest, home: Home, tmp_path: Path, shelf: Path) -> Iterator[HereStory]:  # noqa: F811
    if why := missing():
        pytest.skip(f"a place of one's own for leases needs user namespaces: {why}")
    scene: Scene = request.param
    ground = Ground(tmp_path / "root", shelf)
    ground.root.mkdir()
    text = PLAYBOOK.replace("ACTION", scene.action).replace("PARAMS", json.dumps(scene.params(ground)))
    (home.path / "playbooks" / "sweep.yml").write_text(text)
    home.write_inventory({"hosts": {"here": {"address": "local://"}}})
    namespace = Namespace.make("mount -t tmpfs -o mode=755 tmpfs /run")
    yield HereStory(home, scene, ground, namespace)
    namespace.end()


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
        sicken=lambda: void(lab_host.sh(f"systemctl stop app; {FORGET}")),
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


def one_step(home: Home, host: LabHost, action: str, params: dict[str, object]) -> None:
    """A home whose playbook `sweep` is this one step, for this host."""
    text = PLAYBOOK.replace("ACTION", action).replace("PARAMS", json.dumps(params))
    (home.path / "playbooks" / "sweep.yml").write_text(text)
    home.write_inventory({"hosts": {"prod1": host.entry()}})


@pytest.fixture
def prune(home: Home, docker_host: DockerHost) -> Iterator[HostStory]:
    """Dangling images and build cache; whatever else the engine has must outlive it."""
    engine = Engine(docker_host)
    one_step(home, docker_host, "docker.prune", {"what": ["dangling-images", "build-cache"], "older_than": "1s"})

    def waste() -> None:
        engine.build("echo one >/one")
        docker_host.sh("now=$(date +%s); until [ $(date +%s) -gt $((now + 2)) ]; do sleep 0.2; done")

    yield HostStory(
        home,
        applying("sweep"),
        sicken=waste,
        picture=lambda: (engine.dangling(), engine.cache(), engine.picture()),
    )
    engine.clean()


SHOP_STEPS: dict[str, tuple[dict[str, object], str]] = {  # parameters, and what is done to the shop that is as at first
    "compose.scale": ({"project": "shop", "service": "worker", "replicas": 3, "most": 4}, ":"),
    "compose.up": (
        {"project": "shop", "services": ["web"]},
        f"sed -i 's/^  web:$/  web:\\n    mem_limit: 64m/' {COMPOSE_FILE}",
    ),
}


@pytest.fixture(params=SHOP_STEPS)
def shop(request: pytest.FixtureRequest, home: Home, docker_host: DockerHost) -> Iterator[HostStory]:
    """A step on the Compose project, whose containers are the picture: name, state, and what each was made from."""
    params, sicken = SHOP_STEPS[request.param]
    one_step(home, docker_host, request.param, params)
    shown = '{{.Name}} {{.State.Status}} {{index .Config.Labels "com.docker.compose.config-hash"}}'
    as_first = docker_host.sh(f"cat {COMPOSE_FILE}").encode()

    def begin() -> None:
        docker_host.sh(f"cat >{COMPOSE_FILE}; {FORGET}", stdin=as_first)
        docker_host.up()
        docker_host.sh(sicken)

    yield HostStory(
        home,
        applying("sweep"),
        sicken=begin,
        picture=lambda: docker_host.sh(f"docker ps --all --quiet | xargs docker inspect --format '{shown}' | sort"),
    )
    docker_host.sh(f"cat >{COMPOSE_FILE}", stdin=as_first)
    docker_host.up()


@pytest.fixture
def certificate(home: Home, sira_host: StackHost) -> HostStory:
    """A certificate that ends soon is served by the site, and a better one lies ready."""
    tls = {"host": SIRA["tls_address"], "server_name": SIRA["tls_name"], "names": [SIRA["tls_name"]]}
    files = {"lineage": SIRA["cert_name"], "dir": SIRA["cert_dir"], "ca": SIRA["cert_ca"]}
    nginx = {"project": SIRA["project"], "service": SIRA["nginx_service"]}
    one_step(home, sira_host, "cert.deploy", {**nginx, **tls, **files})
    return HostStory(home, applying("sweep"), sicken=sira_host.serve_short_lived, picture=sira_host.serial)


def void(_: object) -> None:
    """Nothing, whatever it was."""


@pytest.mark.userns
def test_fault_057_an_action_killed_within_its_change_ends_the_same(story: HereStory, tmp_path: Path) -> None:
    assert set(sweep(story, tmp_path / "gates", gates=SAMPLE)) == {"the same"}


@pytest.mark.long
@pytest.mark.userns
@pytest.mark.timeout(1200)
def test_fault_057_an_action_killed_at_every_gate_ends_the_same(story: HereStory, tmp_path: Path) -> None:
    assert set(sweep(story, tmp_path / "gates")) == {"the same"}


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["restart", "compose", "prune"])
def test_fault_057_a_host_whose_action_was_killed_at_every_gate_ends_the_same(
    request: pytest.FixtureRequest, name: str, tmp_path: Path
) -> None:
    assert set(sweep(request.getfixturevalue(name), tmp_path / "gates")) == {"the same"}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fault_057_a_step_on_compose_killed_at_every_gate_ends_the_same(shop: HostStory, tmp_path: Path) -> None:
    assert set(sweep(shop, tmp_path / "gates")) == {"the same"}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fault_057_a_certificate_deployed_and_killed_at_every_gate_ends_the_same(
    certificate: HostStory, tmp_path: Path
) -> None:
    assert set(sweep(certificate, tmp_path / "gates")) == {"the same"}
