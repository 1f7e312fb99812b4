"""A test host with a Docker engine of its own, Compose v2, and a shop of three services that runs there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from tests.lab.engine import Engine, image_of
from tests.lab.host import Build, LabHost, start_host
from tests.lab.image import WITH_DOCKER
from tests.lab.keys import Key

SERVICE_ROOT = "/usr/local/lib/lab/service"
SERVICE_IMAGE = "lab-service:1"
COMPOSE_FILE = "/srv/shop/compose.yml"
SHOP = {"db": 1, "worker": 2, "web": 1}  # its services, and how many containers each has

QUIETER = "systemctl stop logger-app"  # fifty programs a second that nobody asks of a host with an engine

# What an engine in a container needs; --privileged asks for CAP_SYS_RESOURCE, which is not to be had everywhere.
ITS_OWN_ENGINE = Build(
    options=(
        "--cap-add=ALL",
        "--cap-drop=SYS_RESOURCE",
        "--security-opt=seccomp=unconfined",
        "--security-opt=apparmor=unconfined",
        "--security-opt=systempaths=unconfined",
        "--volume=/var/lib/docker",
    ),
    own_cgroups=True,
)


@dataclass(frozen=True, kw_only=True)
class DockerHost(LabHost):
    """A running test host with an engine of its own."""

    def docker(self, command: str, *, timeout_s: float = 60) -> str:
        """What `docker COMMAND` prints on the host; raises RuntimeError when it fails."""
        return self.sh(f"docker {command}", timeout_s=timeout_s)

    def compose(self, command: str, *, timeout_s: float = 60) -> str:
        """What `docker compose COMMAND` prints for the shop."""
        return self.docker(f"compose --file {COMPOSE_FILE} {command}", timeout_s=timeout_s)

    def up(self) -> None:
        """Bring the shop to where it is at first: every service made anew where it is not as it was, and healthy.

        Compose gives up at once on a container that is not healthy yet because it was paused: it is asked again.
        """
        up = f"docker compose --file {COMPOSE_FILE} up --detach --wait --quiet-pull --remove-orphans"
        self.sh(f"for round in 1 2 3 4; do {up} && exit; sleep 2; done; exit 1")

    def begin_again(self) -> None:
        """Bring the shop to where it is at first, as `up` does, and end whatever is not of it."""
        file_label = "com.docker.compose.project.config_files"
        listed = self.docker(f"ps --all --format '{{{{.Names}}}} {{{{.Label \"{file_label}\"}}}}'").splitlines()
        wanted = [
            f"shop-{name}-{number} {COMPOSE_FILE}" for name, count in SHOP.items() for number in range(1, count + 1)
        ]
        if sorted(listed) != sorted(wanted):
            self.sh("docker ps --all --quiet | xargs -r docker rm --force >/dev/null")
        self.up()

    def containers(self, service: str) -> list[str]:
        """The full ids of a service's containers, by their number."""
        wanted = f"--filter label=com.docker.compose.project=shop --filter label=com.docker.compose.service={service}"
        listed = self.docker(f"ps --all --no-trunc {wanted} --format '{{{{.Names}}}} {{{{.ID}}}}'")
        return [line.split()[1] for line in sorted(listed.splitlines())]


def start_docker_host(
    engine: Engine, keys_dir: Path, *, name: str, user: str = "deploy", identity: Key | None = None
) -> DockerHost:
    """Start a test host with an engine of its own, and wait until the shop is healthy there."""
    build = ITS_OWN_ENGINE.of(image_of(WITH_DOCKER, engine))
    plain = start_host(engine, keys_dir, name=name, user=user, identity=identity, build=build)
    host = DockerHost(**{f.name: getattr(plain, f.name) for f in fields(plain)})
    try:
        host.sh(QUIETER)
        host.sh(f"tar -C {SERVICE_ROOT} -c . | docker import --change 'CMD [\"/bin/service\"]' - {SERVICE_IMAGE}")
        host.up()
    except BaseException:
        host.stop()
        raise
    return host
