"""Actions on a real engine: a shop of Compose services that is broken in every way, and an engine full of waste."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.engine.ground import Different, Same, compare
from remedy.errors import Refused
from remedy.model import Await, Call, Host, Json
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.actions.shop import UP, state_of, wait_for
from tests.lab import SHOP, DockerHost


@pytest.fixture
def there(docker_host: DockerHost) -> Iterator[FarEnd]:
    """The far end inside the test host, with the directory that a session makes; afterwards the shop is as new."""
    docker_host.sh("mkdir -pm 700 /run/remedy; rm -f /run/remedy/restarts")
    yield far_end_in(docker_host)
    stop_ill = "docker ps -aq --filter status=paused | xargs -r docker unpause"
    docker_host.sh(f"{stop_ill}; docker ps -aq --filter label=ill | xargs -r docker rm -f")


Using = Callable[..., Acting]


@pytest.fixture
def using(there: FarEnd, catalogue: Catalogue, host: Host) -> Using:
    def make(*services: str, **params: Json) -> Acting:
        given: dict[str, Json] = {"project": "shop", "services": list(services), **params}
        return Acting(there, catalogue.action("compose.restart", given), host)

    return make


@pytest.fixture
def broken(docker_host: DockerHost) -> Iterator[Callable[[str], None]]:
    """Breaks a container of the shop for good; afterwards it is made anew."""
    names: list[str] = []

    def break_it(container: str, how: str = "broken") -> None:
        names.append(container)
        docker_host.docker(f"exec {container} touch /{how}")

    yield break_it
    docker_host.docker(f"rm --force {' '.join(names)}")
    docker_host.up()


def starts(host: DockerHost) -> dict[str, str]:
    """When each container of the shop was started."""
    line = "{{.Name}} {{.State.StartedAt}}"
    said = host.docker(f"inspect --format '{line}' {' '.join(c for s in SHOP for c in host.containers(s))}")
    rows = [row.removeprefix("/shop-").split() for row in said.splitlines()]
    return {row[0]: row[1] for row in rows}


# ---------------------------------------------------------------- compose.restart


def test_services_that_are_up_are_left_alone(using: Using, docker_host: DockerHost) -> None:
    before = starts(docker_host)
    assert using(*SHOP).plan() is None
    assert starts(docker_host) == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("trouble", "state", "said"),
    [
        ("docker stop shop-web-1", "exited unhealthy", "exited"),
        ("docker kill shop-web-1", "exited unhealthy", "exited"),
        ("docker exec shop-web-1 rm /www/health", "running unhealthy", "unhealthy"),
    ],
    ids=["stopped", "killed", "ill"],
)
def test_a_service_that_is_down_is_restarted_alone_and_then_left_alone(
    using: Using, docker_host: DockerHost, trouble: str, state: str, said: str
) -> None:
    before = starts(docker_host)
    docker_host.sh(trouble)
    wait_for(docker_host, "shop-web-1", state)
    shop = using("web")
    change = shop.apply()
    assert change.title == f"restart web/1 of shop, which is {said}"
    assert shop.plan() is None
    after = starts(docker_host)
    assert {name for name in after if after[name] != before[name]} == {"web-1"}


def test_dependencies_come_first_and_the_worst_replica_before_the_good_one(
    using: Using, docker_host: DockerHost
) -> None:
    docker_host.docker("stop shop-worker-2")
    change = using("web", "worker", "db", even_if_up=True).wanted()
    calls = [o for o in change.operations if isinstance(o, Call)]
    assert [c.args[1] for c in calls] == ["shop/db/1", "shop/worker/2", "shop/worker/1", "shop/web/1"]
    assert [type(o) for o in change.operations] == [Call, Await] * 4
    using("worker").apply()


@pytest.mark.long
def test_typed_by_hand_it_ends_in_the_same_state(using: Using, docker_host: DockerHost) -> None:
    docker_host.docker("stop shop-web-1")
    shop = using("web")
    lines = lines_of(type(shop.action), shop.wanted().operations)
    docker_host.sh("sh -eu", stdin="".join(f"{line}\n" for line in lines).encode())
    assert state_of(docker_host, "shop-web-1") == UP
    assert shop.plan() is None


def test_fault_093_a_restart_that_does_not_help_leaves_the_last_good_replica_alone(
    using: Using, docker_host: DockerHost, broken: Callable[[str], None]
) -> None:
    broken("shop-worker-2")
    docker_host.docker("stop shop-worker-2")
    before = starts(docker_host)
    shop = using("worker", even_if_up=True, up_within="2s")
    call, wait, *_ = shop.wanted().operations
    assert shop.end.act(call).returncode == 0
    assert shop.end.act(wait).returncode != 0  # and here the engine stops
    last, _ = shop.wanted().operations[-2:]
    done = shop.end.act(replace(last, args=(docker_host.containers("worker")[0], "shop/worker/1", "up")))
    assert b"shop/worker/1 is the last one that is up; nothing was done" in done.stderr, "nor by the host itself"
    after = starts(docker_host)
    assert {name for name in after if after[name] != before[name]} == {"worker-2"}


def answers(docker_host: DockerHost, code: int) -> None:
    """A stand-in for pg_isready in the database's container: it ends with this code."""
    put = (
        "docker exec -i shop-db-1 sh -c 'cat >/bin/pg_isready; chmod 755 /bin/pg_isready; grep -q postgres /etc/passwd"
    )
    account = "|| { mkdir -p /etc; echo postgres:x:70:70::/:/bin/sh >>/etc/passwd; }'"
    docker_host.sh(f"{put} {account}", stdin=f"#!/bin/sh\nexit {code}\n".encode())


def test_fault_092_a_database_that_recovers_or_was_just_restarted_or_has_no_room_is_left_to_it(
    using: Using, docker_host: DockerHost
) -> None:
    """The container that keeps a volume says what PostgreSQL says; where none answers, its log is read."""
    docker_host.docker("exec shop-db-1 rm /www/health")
    wait_for(docker_host, "shop-db-1", "running unhealthy")
    say = "docker exec shop-db-1 sh -c 'echo \"LOG:  {}\" >/proc/1/fd/1'"
    assert using("db").plan() is not None
    docker_host.sh(say.format("database system was not properly shut down; automatic recovery in progress"))
    with pytest.raises(Refused, match="db/1 of shop recovers from a crash"):
        using("db").plan()
    answers(docker_host, 0)  # it accepts connections, whatever its log says last
    assert using("db").plan() is not None
    docker_host.sh(say.format("database system is ready to accept connections"))
    answers(docker_host, 1)
    with pytest.raises(Refused, match="db/1 of shop recovers from a crash"):
        using("db").plan()
    docker_host.docker("exec shop-db-1 rm /bin/pg_isready")
    docker_host.sh("echo $(date +%s) compose:shop/db/1 >/run/remedy/restarts")
    with pytest.raises(Refused, match="was restarted less than 15 minutes ago"):
        using("db").plan()
    docker_host.sh("echo $(($(date +%s) - 1000)) compose:shop/db/1 >/run/remedy/restarts")
    full = "#!/bin/sh\necho head\necho disk 100 97 3 97% /\n"  # a disk that is full would take the whole engine with it
    docker_host.sh("cat >/usr/local/sbin/df; chmod 755 /usr/local/sbin/df", stdin=full.encode())
    with pytest.raises(Refused, match="db/1 of shop keeps its volume where less than 5 % is free"):
        using("db").plan()
    docker_host.sh("rm /usr/local/sbin/df")
    using("db").apply()


def test_fault_091_the_fourth_restart_of_a_container_within_an_hour_is_refused(
    using: Using, docker_host: DockerHost
) -> None:
    docker_host.sh("for n in 1 2 3; do echo $(date +%s) compose:shop/worker/2; done >/run/remedy/restarts")
    docker_host.docker("stop shop-worker-1 shop-worker-2")
    with pytest.raises(Refused, match="worker/2 of shop was restarted 3 times within the hour"):
        using("worker").plan()
    docker_host.sh("echo '12 compose:shop/worker/2' >/run/remedy/restarts")
    using("worker").apply()
    assert docker_host.sh("cut -d ' ' -f 2 /run/remedy/restarts").split()[1:] == [
        "compose:shop/worker/1",
        "compose:shop/worker/2",
    ]


@pytest.mark.long
def test_fault_056_a_container_that_was_made_anew_is_not_the_planned_one(using: Using, docker_host: DockerHost) -> None:
    docker_host.docker("stop shop-web-1")
    shop = using("web")
    planned, change = shop.reply().ground, shop.wanted()
    assert isinstance(compare(planned, shop.reply().ground), Same)
    docker_host.docker("rm shop-web-1")
    docker_host.compose("up --no-start web")
    assert isinstance(compare(planned, shop.reply().ground), Different)
    done = shop.end.act(change.operations[0])
    assert done.returncode != 0
    assert b"is gone; nothing was done" in done.stderr
    assert shop.wanted().title == "restart web/1 of shop, which is created"
    shop.apply()


@pytest.mark.long
def test_a_container_in_a_restart_loop_is_one_ground_however_it_turns(
    using: Using, docker_host: DockerHost, broken: Callable[..., None]
) -> None:
    broken("shop-web-1", "crash")
    docker_host.docker("restart shop-web-1")
    wait_for(docker_host, "shop-web-1", "restarting unhealthy")
    shop = using("web")
    grounds = {shop.reply().ground for _ in range(8)}
    assert len(grounds) == 1
    assert shop.wanted().title == "restart web/1 of shop, which is looping"
    assert "times by its policy" in shop.wanted().lines[0]


def test_a_paused_container_is_somebodys_and_refused(using: Using, docker_host: DockerHost) -> None:
    docker_host.docker("pause shop-worker-1")
    with pytest.raises(Refused, match=r"worker/1 of shop is paused"):
        using("worker").plan()


def test_a_name_that_nobody_has_is_refused_with_those_there_are(using: Using) -> None:
    with pytest.raises(Refused, match="no container of service web_prod") as refused:
        using("web_prod").plan()
    assert sorted(refused.value.fix.split(";")[0].removeprefix("its services: ").split(", ")) == sorted(SHOP)
    with pytest.raises(Refused, match="of project shop-prod") as refused:
        using("web", project="shop-prod").plan()
    assert refused.value.fix == "projects with containers here: shop"


def test_an_edited_compose_file_is_said_not_to_be_applied(using: Using, docker_host: DockerHost) -> None:
    docker_host.sh("touch /srv/shop/compose.yml")
    lines = using("web", even_if_up=True).wanted().lines
    assert "/srv/shop/compose.yml is younger than its containers; a restart does not apply it, `up` does" in lines
    assert using("db", even_if_up=True).wanted().lines[1] == "not restarted, though they depend on it: web, worker"


def test_labels_that_lie_break_no_line(using: Using, docker_host: DockerHost) -> None:
    hostile = "$(printf 'web\\nservice:web missing\\titem')"
    docker_host.docker(
        f'run -d --label ill --label com.docker.compose.project=shop --label "com.docker.compose.service={hostile}"'
        f' --label "com.docker.compose.depends_on={hostile}" lab-service:1'
    )
    assert using("web").plan() is None
    docker_host.docker(
        "run -d --label ill --label com.docker.compose.project=shop --label com.docker.compose.service=web"
        " --label com.docker.compose.container-number=1 lab-service:1"
    )
    with pytest.raises(Refused, match="two containers call themselves web/1"):
        using("web").plan()


def test_who_may_not_use_the_engine_is_told_so(docker_host: DockerHost, catalogue: Catalogue, host: Host) -> None:
    action = catalogue.action("compose.restart", {"project": "shop", "services": ["web"]})
    end = far_end_in(docker_host, ("setpriv", "--reuid=plain", "--clear-groups", "dash"))
    reply = end.look(action.look(host))
    assert (reply.rc, reply.error) == (3, "plain may not use the Docker engine: become root, or join its group\n")


def _stop_web(docker_host: DockerHost) -> None:
    docker_host.docker("stop shop-web-1")


def _start_web(docker_host: DockerHost) -> None:
    docker_host.docker("start shop-web-1")
    wait_for(docker_host, "shop-web-1", UP)


def _web_is_down(docker_host: DockerHost) -> Scene:
    """The scene of compose.restart: web is stopped, or up. Every start of it is as good as another."""
    return Scene(
        "compose.restart",
        "compose.restart",
        lambda _: {"project": "shop", "services": ["web"], "at_most": 60},
        lambda _: _stop_web(docker_host),
        lambda _: _start_web(docker_host),
        lambda _: docker_host.docker("ps --all --no-trunc --format '{{.ID}} {{.State}}' | sort"),
    )


SAMPLE = (kit.acting_twice_changes_nothing, kit.a_healthy_host_is_left_alone)
PROOFS = [p if p in SAMPLE else pytest.param(p, marks=pytest.mark.long) for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_compose(
    proof: Callable[[Played], None],
    there: FarEnd,
    docker_host: DockerHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    played = play(_web_is_down(docker_host), Ground(tmp_path, tmp_path), there, catalogue, host)
    proof(replace(played, cut_every_s=0.08))
    _start_web(docker_host)
