"""Playbooks on a host with a Docker engine: a service of a Compose project that is down, a disk that is full."""

from collections.abc import Iterator

import pytest

from tests.actions.waste import Engine
from tests.e2e.home import Done, Home
from tests.lab import DockerHost

STATE = "{{.State.Status}} {{.State.Health.Status}} {{.State.StartedAt}}"
UP = "running healthy"


class Shop:
    """The shop of a host, and a home that knows the host as prod1."""

    def __init__(self, home: Home, host: DockerHost) -> None:
        self.home, self.host = home, host
        home.write_inventory({"hosts": {"prod1": host.entry(vars={"project": "shop", "services": ["web", "worker"]})}})

    def apply(self, *more: str) -> Done:
        return self.home.remedy("apply", "compose-service-down", "--host", "prod1", "--yes", "--json", *more)

    def state(self, container: str) -> str:
        return self.host.docker(f"inspect --format '{STATE}' shop-{container}").strip()

    def wait_for(self, container: str, state: str) -> None:
        probe = f"docker inspect --format '{STATE}' shop-{container}"
        self.host.sh(f'until case $({probe}) in "{state} "*) ;; *) false ;; esac; do sleep 0.1; done', timeout_s=30)


@pytest.fixture
def shop(home: Home, docker_host: DockerHost) -> Shop:
    return Shop(home, docker_host)


@pytest.fixture
def broken_shop(shop: Shop) -> Iterator[Shop]:
    """A shop with a worker that no restart helps; afterwards it is made anew."""
    shop.host.docker("exec shop-worker-1 touch /broken")
    shop.host.docker("stop shop-worker-1 shop-web-1")
    yield shop
    shop.host.docker("rm --force shop-worker-1 shop-web-1")
    shop.host.up()


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("stop shop-web-1", "exited unhealthy"),
        ("exec shop-web-1 rm /www/health", "running unhealthy"),
    ],
    ids=["stopped", "ill"],
)
def test_a_service_that_is_down_is_brought_back_once_and_no_other_is_touched(
    shop: Shop, fault: str, state: str
) -> None:
    others = {name: shop.state(name) for name in ("db-1", "worker-1", "worker-2")}
    shop.host.docker(fault)
    shop.wait_for("web-1", state)

    first = shop.apply()

    assert (first.code, first.document["verdict"]) == (0, "resolved"), first
    after = shop.state("web-1")
    assert after.startswith(UP)
    assert {name: shop.state(name) for name in others} == others

    second = shop.apply()

    assert (second.code, second.document["hosts"]["prod1"]["outcome"]) == (0, "unchanged"), second
    assert shop.state("web-1") == after


# fault 92
def test_a_restart_that_does_not_help_fails_and_stops_before_the_next_container(broken_shop: Shop) -> None:
    web = broken_shop.state("web-1")

    applied = broken_shop.apply("-p", "up_within=2s")

    assert applied.code == 1, applied
    assert applied.document["hosts"]["prod1"]["outcome"] == "failed"
    assert broken_shop.state("web-1") == web


def test_a_service_of_another_name_is_not_told_to_be_healthy(shop: Shop) -> None:
    planned = shop.home.remedy(
        "plan", "compose-service-down", "--host", "prod1", "-p", 'services=["web_prod"]', "--json"
    )

    assert planned.code == 4, planned
    assert "its services: " in planned.out + planned.err


@pytest.mark.long
def test_the_last_step_of_disk_full_removes_waste_where_a_docker_engine_runs_and_is_not_asked_elsewhere(
    shop: Shop,
) -> None:
    host = shop.host
    host.fill(95)
    engine = Engine(host)
    before = engine.picture()
    engine.build("echo one >/one", is_buildkit=True)
    host.sh("now=$(date +%s); until [ $(date +%s) -gt $((now + 2)) ]; do sleep 0.2; done")
    apply = ("apply", "disk-full", "--host", "prod1", "-p", "mount=/srv/data", "-p", "log_dir=/srv/data/log", "--yes")

    elsewhere = shop.home.remedy(*apply, "--json")

    steps = {s["step"]: s for s in elsewhere.document["hosts"]["prod1"]["steps"]}
    assert steps["build-cache"]["outcome"] == "unchanged"
    assert len(engine.dangling()) == 1

    here = shop.home.remedy(*apply, "-p", "has_docker=true", "-p", "docker_old=1s", "--json")

    steps = {s["step"]: s for s in here.document["hosts"]["prod1"]["steps"]}
    assert steps["build-cache"]["outcome"] == "changed", here
    assert here.document["verdict"] == "ineffective", "the engine's files are on another filesystem than the full one"
    assert (engine.dangling(), engine.cache()) == ([], [])
    assert engine.picture() == before
    host.sh("rm /srv/data/ballast.bin")
