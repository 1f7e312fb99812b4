"""What the containers of the Docker host's shop are doing."""

from tests.lab import DockerHost

UP = "running healthy"


def state_of(host: DockerHost, container: str) -> str:
    return host.docker(f"inspect --format '{{{{.State.Status}}}} {{{{.State.Health.Status}}}}' {container}").strip()


def wait_for(host: DockerHost, container: str, state: str) -> None:
    probe = f"docker inspect --format '{{{{.State.Status}}}} {{{{.State.Health.Status}}}}' {container}"
    host.sh(f'until [ "$({probe})" = "{state}" ]; do sleep 0.1; done', timeout_s=30)
