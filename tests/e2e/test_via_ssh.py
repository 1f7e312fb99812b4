"""A container of another machine's engine, reached over SSH: one connection, one command, and the main job there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from secrets import token_hex
from threading import Timer

import pytest

from remedy.errors import Lost, Stale, Unreachable
from remedy.model import Address, Host
from tests.e2e.home import Home
from tests.e2e.test_container import FILL, PICTURE, VARS
from tests.hosts.far import call, change, look, wait_until
from tests.hosts.over_ssh import Reach, refused
from tests.hosts.test_values import CORPUS, parts, printed, shown
from tests.lab import DockerHost, busybox_tar
from tests.lab.relay import Relay, Way

IMAGE = "lab-little:1"


@dataclass(frozen=True)
class Inner:
    """A container in the engine of the host `docks`."""

    docks: DockerHost
    name: str

    def sh(self, command: str) -> str:
        return self.docks.sh(f"docker exec -i {self.name} sh -s", stdin=command.encode())

    def processes(self) -> list[str]:
        return self.docks.docker(f"top {self.name} -eo pid,args").splitlines()[2:]

    def start(self) -> None:
        disks = "--tmpfs=/srv/data:size=64m --tmpfs=/var/quarantine:size=128m,mode=700"
        self.docks.docker(f"run --detach --name={self.name} --network=none {disks} {IMAGE} /bin/sleep 100000")

    def replace(self) -> None:
        self.docks.docker(f"rm --force {self.name}")
        self.start()


@pytest.fixture(scope="module")
def inner(docker_host: DockerHost) -> Inner:
    """A container of busybox alone, with a small disk."""
    docker_host.sh(f"docker import - {IMAGE}", stdin=busybox_tar())
    inner = Inner(docker_host, "inner")
    inner.start()
    return inner


def way(docks: DockerHost, *, user: str = "deploy", become: bool = False, port: int = 0) -> Host:
    """The host of the engine."""
    address = Address(scheme="ssh", name="127.0.0.1", port=port or docks.port, user=user)
    return Host(name="docks", address=address, identity=str(docks.identity), host_key=(docks.host_key,), become=become)


def box(name: str = "inner") -> Host:
    """The container."""
    return Host(name="box", address=Address(scheme="docker", name=name), via="docks")


@pytest.fixture
def reach(docker_host: DockerHost) -> Iterator[Reach]:
    """Opens sessions."""
    reach = Reach(docks=way(docker_host))
    yield reach
    reach.close()


@pytest.mark.parametrize(("user", "become"), [("deploy", False), ("zed", True), ("dasher", True)])
def test_fault_013_every_value_is_the_same_beyond_a_login_shell_and_an_engine(
    inner: Inner, user: str, become: bool
) -> None:
    reach = Reach(docks=way(inner.docks, user=user, become=become))
    session = reach.connect(box())
    batches = list(parts(CORPUS, 100))
    for batch, reply in zip(batches, session.look([look("t_show", *b) for b in batches]), strict=True):
        assert printed(reply) == shown(batch)
    run = token_hex(4)
    lease, _ = session.lease(run, "tester", [])
    reply = session.change(change(lease, call("t_arguments", *CORPUS)))
    session.release(run)
    reach.close()
    assert (reply.state, reply.output.sha256) == ("done", hashlib.sha256(shown(CORPUS)).hexdigest())


def test_a_login_that_may_not_use_the_engine_is_told_how_it_might(inner: Inner) -> None:
    reach = Reach(docks=way(inner.docks, user="plain"))
    error = refused(reach, box())
    assert isinstance(error, Unreachable)
    assert "may not use the engine at /var/run/docker.sock on docks" in error.message
    assert error.fix == "become: true for docks"
    reach = Reach(docks=way(inner.docks, user="plain", become=True))
    assert "sudo" in refused(reach, box()).message


def test_the_logins_own_environment_does_not_choose_the_engine(inner: Inner) -> None:
    lines = "export DOCKER_HOST=tcp://192.0.2.1:2375 DOCKER_CONTEXT=elsewhere DOCKER_TLS_VERIFY=1; echo welcome\n"
    inner.docks.sh("cat >~zed/.zshenv; usermod -aG docker zed", stdin=lines.encode())
    try:
        reach = Reach(docks=way(inner.docks, user="zed"))
        assert reach.connect(box()).look([look("t_show", "x")])[0].ground[0] == "x"
        reach.close()
    finally:
        inner.docks.sh("rm ~zed/.zshenv; gpasswd -d zed docker")


def test_what_is_not_there_is_said_of_the_host_between(inner: Inner, reach: Reach) -> None:
    error = refused(reach, box("no-such-box"))
    assert isinstance(error, Unreachable)
    assert "there is no container no-such-box on docks" in error.message


@pytest.mark.long
@pytest.mark.alone
def test_a_container_costs_no_round_trip_more_than_its_host(inner: Inner) -> None:
    turns = []
    for host in (way(inner.docks), box()):
        with Relay(("127.0.0.1", inner.docks.port), delay_s=0.05) as relay:
            between = way(inner.docks, port=relay.port)
            reach = Reach(docks=between)
            reach.connect(between if host.name == "docks" else host).look([look("t_show", "x")])
            turns.append(relay.counts().turns)
            reach.close()
    print(f"round trips: {turns[0]} to the host, {turns[1]} to its container")
    assert turns[1] <= turns[0] + 1  # what docker says of the container may come before the answer


def test_fault_048_a_line_cut_in_a_change_is_settled_over_the_next(inner: Inner) -> None:
    log = f"/tmp/{token_hex(4)}"
    with Relay(("127.0.0.1", inner.docks.port)) as relay:
        reach = Reach(docks=way(inner.docks, port=relay.port))
        session = reach.connect(box())
        lease, _ = session.lease("cut", "tester", [])
        relay.cut_after(Way.UP, 900)
        with pytest.raises(Lost):
            session.change(change(lease, call("t_slowly", log, "1"), call("t_show", "x" * 2000)))
        reach.close()
    again = Reach(docks=way(inner.docks))
    settle = again.connect(box())
    settle.lease("cut", "tester", [], wait_s=10)
    begun = "c1" in settle.receipts("cut")
    settle.release("cut")
    again.close()
    assert inner.sh(f"cat {log} 2>/dev/null || :").split() == (["begun", "ended"] if begun else [])
    wait_until(lambda: inner.processes() == [], "the end of every process", 30)


@pytest.fixture
def full(home: Home, inner: Inner) -> Inner:
    """The container as `box` in a home, its disk 95 % full."""
    inner.sh(FILL)
    vars_ = {"address": "docker://inner", "via": "docks", "quarantine": "/var/quarantine", "vars": VARS}
    home.write_inventory({"hosts": {"docks": inner.docks.entry(become=False), "box": vars_}})
    return inner


@pytest.mark.long
def test_a_full_disk_of_a_container_behind_ssh_is_freed_and_can_be_taken_back(home: Home, full: Inner) -> None:
    before = full.sh(PICTURE)
    first = home.remedy("apply", "disk-full", "--host", "box", "--yes", "--json")
    assert (first.code, first.document["verdict"]) == (0, "resolved"), first
    assert full.sh("ls /srv/data/log").split() == ["app.log.young"]
    undone = home.remedy("undo", first.document["run"], "--yes", "--json")
    assert (undone.code, undone.document["verdict"]) == (0, "resolved"), undone
    assert full.sh(PICTURE) == before


def test_fault_056_a_container_behind_ssh_that_was_replaced_is_not_acted_on(
    home: Home, full: Inner, reach: Reach
) -> None:
    plan = home.remedy("plan", "disk-full", "--host", "box")
    assert "docker://inner via docks  container " in plan.out, plan
    approved = home.remedy("list", "plans", "--json").document[0]["id"]
    assert home.remedy("approve", approved).code == 0
    full.replace()
    full.sh(FILL)
    before = full.sh(PICTURE)
    applied = home.remedy("apply", approved, "--json")
    assert (applied.code, applied.document["hosts"]["box"]["outcome"]) == (3, "refused"), applied
    assert full.sh(PICTURE) == before
    assert isinstance(refused(reach, replace(box(), container="0" * 64)), Stale)


@pytest.mark.long
def test_fault_056_an_engine_that_restarts_in_a_change_leaves_it_unknown_and_the_container_is_not_the_planned_one(
    inner: Inner, reach: Reach
) -> None:
    session = reach.connect(box())
    lease, _ = session.lease("restart", "tester", [])
    planned = replace(box(), container=session.facts.container)
    restart = Timer(0.5, inner.docks.sh, ["systemctl restart docker"])
    restart.start()
    with pytest.raises(Lost):
        session.change(change(lease, call("t_slowly", "/tmp/log", "60", timeout_s=90)))
    restart.join()
    error = refused(reach, planned)
    assert (type(error), error.fix) == (Unreachable, "docker start inner"), error
    inner.docks.docker("start inner")
    assert isinstance(refused(reach, planned), Stale)
    settle = reach.connect(replace(planned, container=planned.container.partition(" ")[0]))
    settle.lease("restart", "tester", [], wait_s=10)
    assert settle.receipts("restart")["c1"].rc is None, "begun, and its end is not known"
    settle.release("restart")
