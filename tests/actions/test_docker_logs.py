"""docker.logs_truncate on a real engine: a log emptied under a container that goes on writing to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.model import Host, Json
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import DockerHost

QUARANTINE = "/run/kept"
LABELS = (
    "--label ill --label com.docker.compose.project=shop --label com.docker.compose.service=chatty"
    " --label com.docker.compose.oneoff=False --label com.docker.compose.container-number="
)
Emptying = Callable[..., Acting]


@pytest.fixture
def there(docker_host: DockerHost) -> Iterator[FarEnd]:
    docker_host.sh(f"docker ps -aq --filter label=ill | xargs -r docker rm -f; mkdir -pm 700 {QUARANTINE}")
    yield far_end_in(docker_host)
    docker_host.sh(f"docker ps -aq --filter label=ill | xargs -r docker rm -f; rm -rf {QUARANTINE}")


@pytest.fixture
def emptying(there: FarEnd, catalogue: Catalogue, host: Host) -> Emptying:
    def make(**params: Json) -> Acting:
        given: dict[str, Json] = {"project": "shop", "services": ["chatty"], "larger_than": "1MiB", "keep": "1KiB"}
        return Acting(there, catalogue.action("docker.logs_truncate", given | params), host)

    return make


def chatty(docker_host: DockerHost, number: int, *, lines: int, options: str = "", then: str = "") -> str:
    """A container that has written so many lines, and does more `then`; its name."""
    name = f"chatty-{number}"
    said = f"yes a line of a log that is long enough to fill something | head -n {lines}"
    script = f"{said}; touch /done; {then or 'sleep 1000'}"
    docker_host.docker(f'run -d {LABELS}{number} {options} --name {name} lab-service:1 sh -c "{script}"')
    docker_host.sh(f"until docker exec {name} ls /done >/dev/null 2>&1; do sleep 0.1; done", timeout_s=60)
    return name


def log_of(docker_host: DockerHost, name: str) -> str:
    return docker_host.docker(f"inspect --format '{{{{.LogPath}}}}' {name}").strip()


def test_a_large_log_is_emptied_its_end_is_kept_and_the_container_writes_on(
    emptying: Emptying, docker_host: DockerHost
) -> None:
    going = "n=0; while :; do n=$((n + 1)); echo going $n; sleep 0.02; done".replace("$", "\\$")
    large = chatty(docker_host, 1, lines=30_000, then=going)
    small, other = chatty(docker_host, 2, lines=10), chatty(docker_host, 3, lines=10, options="--log-driver local")
    path = log_of(docker_host, large)
    shop = emptying(quarantine=QUARANTINE)
    assert shop.wanted().lines[-2] == "left alone: chatty/3 logs by the driver local"
    change = shop.apply()
    assert change.effect.size_bytes > 1 << 20
    assert shop.plan() is None
    docker_host.sh(f"until [ $(docker logs {large} | wc -l) -gt 20 ]; do sleep 0.1; done", timeout_s=60)
    said = docker_host.docker(f"logs {large}").splitlines()
    numbers = [int(line.split()[1]) for line in said[:20]]
    assert numbers == list(range(numbers[0], numbers[0] + 20)), "nothing is lost of what came afterwards"
    assert "\0" not in docker_host.sh(f"head -c 2000 {path}"), "no hole of the old size"
    kept = docker_host.sh(f"cat {QUARANTINE}/docker-logs/chatty-1.*.log")
    assert kept.startswith('{"log":')
    assert 500 < len(kept) <= 1024
    assert len(docker_host.docker(f"logs {small}").splitlines()) == 10
    assert docker_host.docker(f"logs {other}") != ""


def test_fault_078_a_log_that_its_writer_does_not_append_to_is_left_alone(
    emptying: Emptying, docker_host: DockerHost
) -> None:
    """A process called dockerd that holds the log open like a plain file: what it writes next would leave a hole."""
    name = chatty(docker_host, 1, lines=30_000)
    path = log_of(docker_host, name)
    docker_host.sh(f"cp $(command -v sleep) /run/dockerd; /run/dockerd 60 3<>{path} & echo $! >/run/holder")
    try:
        shop = emptying()
        done = shop.end.act(shop.wanted().operations[0])
        assert b"who writes the log of chatty/1 does not append to it; it was left alone" in done.stderr
        assert int(docker_host.sh(f"stat -c %s {path}")) > 1 << 20
    finally:
        docker_host.sh("kill $(cat /run/holder); rm -f /run/dockerd /run/holder")


@pytest.mark.long
def test_fault_080_a_log_that_is_another_file_by_now_is_left_alone(emptying: Emptying, docker_host: DockerHost) -> None:
    path = log_of(docker_host, chatty(docker_host, 1, lines=30_000))
    shop = emptying()
    change = shop.wanted()
    docker_host.sh(f"cp -p {path} {path}.new && mv {path}.new {path}")
    done = shop.end.act(change.operations[0])
    assert b"the log of chatty/1 is another file by now" in done.stderr
    docker_host.sh(f"mv {path} {path}.real && ln -s {path}.real {path}")
    assert shop.plan() is None


def test_who_may_not_read_the_logs_is_told_so(emptying: Emptying, docker_host: DockerHost) -> None:
    chatty(docker_host, 1, lines=10)
    shop = emptying()
    end = far_end_in(docker_host, ("setpriv", "--reuid=deploy", "--regid=deploy", "--init-groups", "dash"))
    reply = end.look(shop.action.look(shop.host))
    assert (reply.rc, reply.error) == (3, "deploy may not read Docker's logs: become root\n")


@pytest.mark.long
def test_typed_by_hand_it_ends_in_the_same_state(emptying: Emptying, docker_host: DockerHost) -> None:
    chatty(docker_host, 1, lines=30_000)
    shop = emptying(quarantine=QUARANTINE)
    lines = lines_of(type(shop.action), shop.wanted().operations)
    docker_host.sh("sh -eu", stdin="".join(f"{line}\n" for line in lines).encode())
    assert shop.plan() is None
    assert docker_host.sh(f"ls {QUARANTINE}/docker-logs").startswith("chatty-1.")


def _scene(docker_host: DockerHost) -> Scene:
    def sick() -> None:
        docker_host.sh("docker ps -aq --filter label=ill | xargs -r docker rm -f")
        chatty(docker_host, 1, lines=20_000)

    def healthy() -> None:
        docker_host.sh("docker ps -aq --filter label=ill | xargs -r docker rm -f")
        chatty(docker_host, 1, lines=10)

    params: dict[str, Json] = {
        "project": "shop",
        "services": ["chatty"],
        "larger_than": "1MiB",
        "quarantine": QUARANTINE,
    }
    return Scene(
        "docker.logs_truncate",
        "docker.logs_truncate",
        lambda _: params,
        lambda _: sick(),
        lambda _: healthy(),
        lambda _: docker_host.docker("logs chatty-1"),
    )


SAMPLE = (kit.a_healthy_host_is_left_alone,)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_a_log(
    proof: Callable[[Played], None],
    there: FarEnd,
    docker_host: DockerHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    played = play(_scene(docker_host), Ground(tmp_path, tmp_path), there, catalogue, host)
    proof(replace(played, cut_every_s=0.04))
