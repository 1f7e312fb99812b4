"""Faults for drills on a real engine: containers of a service that stop and hang, and are brought back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Host
from tests.actions import kit
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import DockerHost

WORKERS = "shop-worker-1 shop-worker-2"
STATES = "docker ps --all --no-trunc --filter name=worker --format '{{.ID}} {{.State}}' | sort"
PIDS = f"docker inspect --format '{{{{.State.Pid}}}}' {WORKERS}"
PROCESSES = f"for p in $({PIDS}); do cut -d' ' -f3 /proc/$p/stat | tr -d RSD; done"


@pytest.fixture
def there(docker_host: DockerHost) -> Iterator[FarEnd]:
    docker_host.sh("mkdir -pm 700 /run/remedy")
    yield far_end_in(docker_host)
    docker_host.sh(f"docker kill -s CONT {WORKERS} >/dev/null 2>&1; docker start {WORKERS} >/dev/null")


def scene(host: DockerHost, name: str) -> Scene:
    """Both workers run, or are as the fault leaves them."""
    breaks = {
        "fault.container_stop": f"docker stop -t 1 {WORKERS}",
        "fault.container_hang": f"docker kill -s STOP {WORKERS}",
    }
    whole = f"docker kill -s CONT {WORKERS} >/dev/null 2>&1; docker start {WORKERS} >/dev/null"

    def whole_again(_: Ground) -> None:
        host.sh(whole)

    def broken(_: Ground) -> None:
        host.sh(f"{breaks[name]} >/dev/null; sleep 0.3")

    return Scene(
        name,
        name,
        lambda _: {"project": "shop", "service": "worker"},
        whole_again,
        broken,
        lambda _: host.sh(f"{STATES}; {PROCESSES} 2>/dev/null; true"),
    )


SAMPLE = (kit.acting_twice_changes_nothing, kit.undo_brings_back_what_was_seen)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("name", ["fault.container_stop", "fault.container_hang"])
@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_containers(
    proof: Callable[[Played], None],
    name: str,
    there: FarEnd,
    docker_host: DockerHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    played = play(scene(docker_host, name), Ground(tmp_path, tmp_path), there, catalogue, host)
    proof(replace(played, cut_every_s=0.08))


def test_a_container_that_was_replaced_is_not_missed(
    there: FarEnd, docker_host: DockerHost, catalogue: Catalogue, host: Host
) -> None:
    action = catalogue.action("fault.container_stop", {"project": "shop", "service": "worker"})
    before = action.see(there.look(action.look(host)))
    change = action.plan(before)
    assert change is not None
    assert there.act(change.operations[0]).returncode == 0
    assert action.restored(before, action.see(there.look(action.look(host)))) != ""
    docker_host.docker(f"rm {WORKERS}")
    docker_host.up()
    assert action.restored(before, action.see(there.look(action.look(host)))) == ""
    assert change.undo.kind == "operations"
    assert there.act(change.undo.operations[0]).returncode == 0
