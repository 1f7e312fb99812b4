"""The test host with an engine of its own is what the tests take it for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import SHOP, DockerHost, Engine, start_docker_host

STATE = "{{.State.Status}} {{.State.Health.Status}}"


def _state_of(host: DockerHost, container: str) -> str:
    return host.docker(f"inspect --format '{STATE}' {container}").strip()


def _wait_for(host: DockerHost, container: str, state: str) -> None:
    probe = f"docker inspect --format '{STATE}' {container}"
    host.sh(f'until [ "$({probe})" = "{state}" ]; do sleep 0.1; done', timeout_s=20)


def test_it_has_an_engine_and_compose_of_its_own(docker_host: DockerHost, lab_engine: Engine) -> None:
    assert docker_host.docker("compose version --short").startswith("2.")
    assert docker_host.docker("version --format '{{.Server.Version}}'").startswith("20.10.")
    ours = docker_host.docker("ps --quiet --no-trunc").split()
    assert not set(ours) & set(lab_engine.docker("ps", "--quiet", "--no-trunc").split())


def test_the_shop_is_up_and_healthy(docker_host: DockerHost) -> None:
    for service, count in SHOP.items():
        containers = docker_host.containers(service)
        assert [_state_of(docker_host, c) for c in containers] == ["running healthy"] * count
    assert docker_host.sh("busybox wget -q -O - http://127.0.0.1:8000/health") == "ok\n"


def test_deploy_may_use_the_engine_and_plain_may_not(docker_host: DockerHost) -> None:
    assert len(docker_host.sh("docker ps --quiet", user="deploy").split()) == 4
    with pytest.raises(RuntimeError, match="permission denied"):
        docker_host.sh("docker ps", user="plain")


def test_a_service_that_is_ill_is_healed_by_a_restart(docker_host: DockerHost) -> None:
    docker_host.docker("exec shop-web-1 rm /www/health")
    _wait_for(docker_host, "shop-web-1", "running unhealthy")
    docker_host.docker("restart shop-web-1")
    _wait_for(docker_host, "shop-web-1", "running healthy")


@pytest.mark.long
def test_a_service_that_is_broken_for_good_is_not_healed_until_it_is_made_anew(docker_host: DockerHost) -> None:
    docker_host.docker("exec shop-web-1 touch /crash")
    docker_host.docker("restart shop-web-1")
    _wait_for(docker_host, "shop-web-1", "restarting unhealthy")
    docker_host.docker("rm --force shop-web-1")
    docker_host.up()
    _wait_for(docker_host, "shop-web-1", "running healthy")


@pytest.mark.long
def test_when_it_stops_all_that_was_inside_is_gone(lab_engine: Engine, tmp_path: Path) -> None:
    host = start_docker_host(lab_engine, tmp_path, name="gone")
    volumes = lab_engine.docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", host.container).split()
    assert len(volumes) == 1
    host.stop()
    assert volumes[0] not in lab_engine.docker("volume", "ls", "--quiet").split()
