"""compose.scale on a real engine: more within what there is room for, fewer down to a floor, nothing made anew."""

import time
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
from tests.lab import COMPOSE_FILE, DockerHost

Scaling = Callable[..., Acting]


@pytest.fixture
def there(docker_host: DockerHost) -> Iterator[FarEnd]:
    """The far end inside the test host; afterwards the shop is as new."""
    docker_host.sh(f"cp {COMPOSE_FILE} /root/compose.kept")
    yield far_end_in(docker_host)
    docker_host.sh(f"cp /root/compose.kept {COMPOSE_FILE}; docker ps -aq --filter label=ill | xargs -r docker rm -f")
    docker_host.up()


@pytest.fixture
def scaling(there: FarEnd, catalogue: Catalogue, host: Host) -> Scaling:
    def make(replicas: int, service: str = "worker", **params: Json) -> Acting:
        given: dict[str, Json] = {"project": "shop", "service": service, "replicas": replicas, "most": 6, **params}
        return Acting(there, catalogue.action("compose.scale", given), host)

    return make


def test_more_come_and_go_again_and_none_is_made_anew(scaling: Scaling, docker_host: DockerHost) -> None:
    before = docker_host.containers("worker")
    up = scaling(4)
    change = up.apply()
    more = docker_host.containers("worker")
    assert (len(more), more[:2]) == (4, before)
    assert up.plan() is None
    assert isinstance(change.undo, UndoBy)
    scaling(3).apply()
    assert docker_host.containers("worker") == more[:3]
    for _ in range(2):
        for operation in change.undo.operations:
            assert up.end.act(operation).returncode == 0
        assert docker_host.containers("worker") == before


@pytest.mark.long
def test_fault_090_a_rollout_an_edit_or_a_broken_file_forbids_another_number(
    scaling: Scaling, docker_host: DockerHost
) -> None:
    docker_host.docker("stop shop-worker-2")
    with pytest.raises(Refused, match="worker/2 is exited"):
        scaling(3).plan()
    docker_host.docker("start shop-worker-2")
    docker_host.sh("until docker inspect shop-worker-2 | grep -q '\"healthy\"'; do sleep 0.1; done", timeout_s=60)
    docker_host.docker("stop shop-db-1")
    with pytest.raises(Refused, match="db/1 is exited"):
        scaling(3).plan()
    docker_host.up()
    docker_host.sh(f"sed -i 's/restart: on-failure/restart: always/' {COMPOSE_FILE}")
    with pytest.raises(Refused, match="worker/1, worker/2 of shop is not what the Compose file says"):
        scaling(3).plan()
    assert scaling(2, "web", most=2).plan() is not None, "an edit of another service forbids nothing"
    docker_host.sh(f"echo nonsense >>{COMPOSE_FILE}")
    with pytest.raises(Refused, match="the Compose file of shop is broken"):
        scaling(3).plan()


@pytest.mark.long
def test_fault_090_never_below_what_was_planned_however_few_are_left(scaling: Scaling, docker_host: DockerHost) -> None:
    shop = scaling(1)
    change = shop.wanted()
    first, second = docker_host.containers("worker")
    docker_host.docker(f"rm --force {first}")
    done = [shop.end.act(operation) for operation in change.operations]
    assert b"only 1 of worker are left; worker/2 stays" in done[-1].stderr
    assert docker_host.containers("worker") == [second]


@pytest.mark.long
def test_fault_090_the_file_that_was_planned_on_is_the_one_applied(scaling: Scaling, docker_host: DockerHost) -> None:
    shop = scaling(3)
    change = shop.wanted()
    docker_host.sh(f"sed -i 's/restart: on-failure/restart: always/' {COMPOSE_FILE}")
    before = docker_host.containers("worker")
    done = [shop.end.act(operation) for operation in change.operations if isinstance(operation, Call)]
    assert b"the file says something else of worker by now; nothing was done" in done[-1].stderr
    assert docker_host.containers("worker") == before


@pytest.mark.long
def test_fault_090_no_more_than_the_database_has_connections_for(scaling: Scaling, docker_host: DockerHost) -> None:
    """A stand-in for psql says 95 of 97 are used: how it is asked is proven with PostgreSQL's own actions."""
    stand_in = "#!/bin/sh\necho connections 95 97\n"
    docker_host.sh("docker exec -i shop-db-1 sh -c 'cat >/bin/psql; chmod 755 /bin/psql'", stdin=stand_in.encode())
    docker_host.docker("exec shop-db-1 sh -c 'mkdir -p /etc; echo postgres:x:70:70::/:/bin/sh >>/etc/passwd'")
    assert scaling(3, connections_each=2).plan() is not None
    with pytest.raises(Refused, match="95 of 97 database connections are used, and each container holds 3"):
        scaling(3, connections_each=3).plan()
    docker_host.docker("exec shop-db-1 rm /bin/psql")
    shop = scaling(3, connections_each=3)
    answer = shop.end.look(shop.action.look(shop.host))
    assert (answer.rc, answer.error) == (3, "psql is not installed in db of shop\n")


@pytest.mark.long
def test_fault_090_more_only_while_many_jobs_wait_and_fewer_while_few_do(
    scaling: Scaling, docker_host: DockerHost
) -> None:
    """A stand-in for redis-cli says that seven wait; with Redis itself it is proven on the whole site."""
    stand_in = '#!/bin/sh\n[ "$5 $6" = "LLEN jobs" ] && echo 7\n'
    put = "docker exec -i shop-db-1 sh -c 'cat >/bin/redis-cli; chmod 755 /bin/redis-cli'"
    docker_host.sh(put, stdin=stand_in.encode())
    queue: dict[str, Json] = {"queue_service": "db", "queue_key": "jobs"}
    assert scaling(1, queue_below=8, **queue).plan() is not None
    with pytest.raises(Refused, match="7 wait in jobs, and fewer than 7 may"):
        scaling(1, queue_below=7, **queue).plan()
    assert scaling(3, queue_below=1, **queue).plan() is not None, "more may come, however many wait"
    assert scaling(3, queue_above=6, **queue).plan() is not None
    assert scaling(3, queue_above=7, **queue).plan() is None, "they would have nothing to do"
    assert scaling(1, queue_above=6, **queue).plan() is not None, "fewer may go, however many wait"
    docker_host.docker("exec shop-db-1 rm /bin/redis-cli")


@pytest.mark.long
def test_for_a_while_the_host_puts_the_number_back_by_itself(scaling: Scaling, docker_host: DockerHost) -> None:
    before = docker_host.containers("worker")
    scaling(3, **{"for": "40s"}).apply()  # counted from before they are made
    deadline = time.monotonic() + 150
    while docker_host.containers("worker") != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert docker_host.containers("worker") == before


@pytest.mark.long
def test_typed_by_hand_it_ends_in_the_same_state(scaling: Scaling, docker_host: DockerHost) -> None:
    for count in (3, 2):
        shop = scaling(count)
        lines = lines_of(type(shop.action), shop.wanted().operations)
        docker_host.sh("cd /srv/shop; sh -eu", stdin="".join(f"{line}\n" for line in lines).encode())
        docker_host.up() if count == 2 else None
        assert len(docker_host.containers("worker")) == count


def _scene(docker_host: DockerHost, wanted: int, there_are: int) -> Scene:
    return Scene(
        "compose.scale",
        "compose.scale",
        lambda _: {"project": "shop", "service": "worker", "replicas": wanted, "most": 4},
        lambda _: docker_host.compose(f"up --detach --wait --scale worker={there_are}") and None,
        lambda _: docker_host.compose(f"up --detach --wait --scale worker={wanted}") and None,
        lambda _: docker_host.docker("ps --all --format '{{.Names}} {{.State}}' | sort"),
    )


PROOFS = [pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]
WAYS = [pytest.param(3, 2, id="up"), pytest.param(2, 3, id="down", marks=pytest.mark.long)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize(("wanted", "there_are"), WAYS)
def test_the_kit_on_scaling(
    proof: Callable[[Played], None],
    wanted: int,
    there_are: int,
    there: FarEnd,
    docker_host: DockerHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    played = play(_scene(docker_host, wanted, there_are), Ground(tmp_path, tmp_path), there, catalogue, host)
    proof(replace(played, cut_every_s=0.15))
