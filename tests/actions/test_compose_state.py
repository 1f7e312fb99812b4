"""compose.stop and compose.start on a real engine: what is named and no more, in order; each takes back the other."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Call, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.shop import UP, state_of, wait_for
from tests.lab import DockerHost

Turning = Callable[..., Acting]


@pytest.fixture
def there(docker_host: DockerHost) -> Iterator[FarEnd]:
    """The far end inside the test host; afterwards the shop is up."""
    yield far_end_in(docker_host)
    docker_host.sh("docker ps -aq --filter status=paused | xargs -r docker unpause")
    docker_host.up()


@pytest.fixture
def turning(there: FarEnd, catalogue: Catalogue, host: Host) -> Turning:
    def make(action: str, *services: str, **params: Json) -> Acting:
        given: dict[str, Json] = {"project": "shop", "services": list(services), **params}
        return Acting(there, catalogue.action(f"compose.{action}", given), host)

    return make


def states(host: DockerHost) -> dict[str, str]:
    rows = host.docker("ps --all --format '{{.Names}} {{.State}}'").splitlines()
    return {row.split()[0].removeprefix("shop-"): row.split()[1] for row in rows}


def test_what_is_stopped_is_started_again_in_order_and_nothing_else_is_touched(
    turning: Turning, docker_host: DockerHost
) -> None:
    stop, start = turning("stop", "web", "worker", to_none=True), turning("start", "web", "worker")
    assert start.plan() is None
    change = stop.apply()
    assert states(docker_host) == {"db-1": "running", "worker-1": "exited", "worker-2": "exited", "web-1": "exited"}
    assert stop.plan() is None
    calls = [o.args[1] for o in change.operations if isinstance(o, Call) and o.function == "compose_stop"]
    assert calls == ["shop/web/1", "shop/worker/2", "shop/worker/1"]
    started = start.apply()
    assert [o.args[1] for o in started.operations if isinstance(o, Call)] == [*reversed(calls)]
    assert state_of(docker_host, "shop-web-1") == UP


def test_a_service_that_with_volumes_is_named_twice_or_refused_and_dependants_are_told(
    turning: Turning, docker_host: DockerHost
) -> None:
    with pytest.raises(Refused, match="db of shop writes to the volume shop_store"):
        turning("stop", "db").plan()
    change = turning("stop", "db", to_none=True, with_volumes=["db"]).wanted()
    assert "left running, though they depend on it: web, worker" in change.lines
    with pytest.raises(Refused, match="of worker of shop, no container would be left"):  # fault 93
        turning("stop", "worker").plan()
    docker_host.docker("pause shop-worker-1")
    with pytest.raises(Refused, match="worker/1 of shop is paused"):
        turning("stop", "worker").plan()


@pytest.mark.long
def test_fault_093_the_last_container_that_is_up_is_not_ended_unless_none_is_asked_for(
    turning: Turning, docker_host: DockerHost
) -> None:
    shop = turning("stop", "worker", numbers=[2])
    change = shop.wanted()
    docker_host.docker("stop shop-worker-1")  # after the plan: now the host itself refuses
    done = [shop.end.act(operation) for operation in change.operations]
    assert b"shop/worker/2 is the last one that is up; nothing was done" in done[-1].stderr
    docker_host.up()
    shop.apply()
    assert {name: state for name, state in states(docker_host).items() if "worker" in name} == {
        "worker-1": "running",
        "worker-2": "exited",
    }
    assert shop.plan() is None


@pytest.mark.long
def test_what_can_be_started_is_started_even_where_another_one_fails(turning: Turning, docker_host: DockerHost) -> None:
    docker_host.docker("exec shop-worker-1 touch /crash")
    stop = turning("stop", "worker", "web", to_none=True)
    change = stop.apply()
    assert isinstance(change.undo, UndoBy)
    begun = [o for o in change.undo.operations if isinstance(o, Call) and o.function == "compose_start"]
    assert all(o.always for o in begun)
    for operation in begun:  # what the engine does: each, whatever became of the one before
        stop.end.act(operation)
    wait_for(docker_host, "shop-web-1", UP)
    assert "worker-2" in {name for name, state in states(docker_host).items() if state == "running"}
    docker_host.docker("rm --force shop-worker-1")


@pytest.mark.long
def test_typed_by_hand_it_ends_in_the_same_state(turning: Turning, docker_host: DockerHost) -> None:
    for verb, state in (("stop", "exited"), ("start", "running")):
        shop = turning(verb, "web", **({"to_none": True} if verb == "stop" else {}))
        lines = lines_of(type(shop.action), shop.wanted().operations)
        docker_host.sh("sh -eu", stdin="".join(f"{line}\n" for line in lines).encode())
        assert states(docker_host)["web-1"] == state


def _web(docker_host: DockerHost, state: str) -> None:
    if state == "running":
        docker_host.docker("start shop-web-1")
        wait_for(docker_host, "shop-web-1", UP)
    else:
        docker_host.docker("stop shop-web-1")


def _scene(docker_host: DockerHost, action: str) -> Scene:
    sick, healthy = ("running", "exited") if action == "compose.stop" else ("exited", "running")
    more: dict[str, Json] = {"to_none": True} if action == "compose.stop" else {}
    return Scene(
        action,
        action,
        lambda _: {"project": "shop", "services": ["web"], **more},
        lambda _: _web(docker_host, sick),
        lambda _: _web(docker_host, healthy),
        lambda _: docker_host.docker("ps --all --no-trunc --format '{{.ID}} {{.State}}' | sort"),
    )


SAMPLE = (kit.a_healthy_host_is_left_alone,)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("action", ["compose.stop", "compose.start"])
def test_the_kit_on_stopping_and_starting(
    proof: Callable[[Played], None],
    action: str,
    there: FarEnd,
    docker_host: DockerHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    played = play(_scene(docker_host, action), Ground(tmp_path, tmp_path), there, catalogue, host)
    proof(replace(played, cut_every_s=0.08))
