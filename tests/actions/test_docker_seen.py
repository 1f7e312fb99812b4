"""What an engine tells of its containers and its disk: docker.stats, compose.policy, docker.disk, on a real one."""

from collections.abc import Callable, Iterator

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host, Judgement
from tests.actions.acting import Ask
from tests.actions.far_end import far_end_in
from tests.lab import DockerHost

Judging = Callable[..., Judgement]
LABELS = (
    "--label ill --label com.docker.compose.project=shop --label com.docker.compose.service=leaky"
    " --label com.docker.compose.container-number=1 --label com.docker.compose.oneoff=False"
)


@pytest.fixture
def judging(docker_host: DockerHost, catalogue: Catalogue, host: Host) -> Iterator[Judging]:
    yield Ask(far_end_in(docker_host), catalogue, host)
    docker_host.sh("docker ps -aq --filter label=ill | xargs -r docker rm -f; docker volume rm -f old_store")


def _leak(docker_host: DockerHost, kib_a_second: int, limit: str) -> None:
    """A container whose one shell holds more and more text."""
    script = f"x=; y=$(head -c {kib_a_second * 100} /dev/zero | tr '\\\\0' a); while :; do x=$x$y; sleep 0.1; done"
    docker_host.docker(
        f'run -d {LABELS} --memory {limit} --name leaky lab-service:1 sh -c "{script}"'.replace("$", "\\$")
    )


@pytest.mark.long
def test_memory_of_a_project_is_held_against_its_limits_and_a_leak_is_seen(
    judging: Judging, docker_host: DockerHost
) -> None:
    assert judging("docker.stats", project="shop", services=["web"], memory_above="50%").answer is Answer.NOT_OK
    _leak(docker_host, 500, "64m")
    found = judging("docker.stats", project="shop", services=["leaky"], growing="1MiB", samples=3, every="1s")
    assert found.answer is Answer.OK, found.says
    assert judging("docker.stats", project="shop", services=["web"], growing="20MiB", samples=2).answer is Answer.NOT_OK


@pytest.mark.long
def test_a_container_that_was_killed_for_its_memory_is_told(judging: Judging, docker_host: DockerHost) -> None:
    _leak(docker_host, 20_000, "16m")
    docker_host.docker("wait leaky", timeout_s=90)
    found = judging("docker.stats", project="shop", memory_above="99%")
    assert (found.answer, "leaky/1 is exited, killed for its memory" in found.says) == (Answer.OK, True)
    assert judging("docker.stats", project="shop", memory_below="99%").answer is Answer.NOT_OK


def test_what_a_service_lacks_is_told(judging: Judging, docker_host: DockerHost) -> None:
    found = judging("compose.policy", project="shop")
    assert found.facts["lacking"] == {
        "db": ["restart", "memory-limit", "log-limit"],
        "web": ["memory-limit", "log-limit"],
        "worker": ["memory-limit", "log-limit"],
    }
    docker_host.docker(
        f"create {LABELS} --restart always --memory 16m --log-opt max-size=1m --health-cmd true lab-service:1"
    )
    assert judging("compose.policy", project="shop", services=["leaky"]).answer is Answer.OK
    assert judging("compose.policy", project="shop", wanted=["healthcheck"]).answer is Answer.OK


def test_volumes_are_told_by_name_with_who_uses_them_and_count_for_nothing(
    judging: Judging, docker_host: DockerHost
) -> None:
    docker_host.docker("volume create old_store")
    docker_host.docker("create --label ill --name keeper --volume held_store:/x lab-service:1")
    docker_host.sh("head -c 3000000 /dev/zero >/var/lib/docker/volumes/old_store/_data/file")
    found = judging("docker.disk", reclaimable_above="2MB")
    assert found.answer is Answer.NOT_OK
    assert found.facts["unused_volumes"] == ["old_store"]
    assert "volume held_store 0 B, used by keeper (created)" in found.says
    assert "volume old_store 2.9 MiB, used by nothing" in found.says
    docker_host.sh(
        "printf 'FROM lab-service:1\\nRUN head -c 3000000 /dev/zero >/x\\n' | DOCKER_BUILDKIT=0 docker build -q -"
    )
    assert judging("docker.disk", reclaimable_above="2MB").answer is Answer.OK
    docker_host.docker("rm --force keeper")
    docker_host.docker("volume rm held_store")
