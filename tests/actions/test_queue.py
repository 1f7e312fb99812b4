"""queue.length and fault.queue_backlog on a real Redis: the host's own, with a password, and one in a container."""

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Address, Answer, Host, Json, Judgement
from tests.actions import kit
from tests.actions.far_end import FarEnd, far_end_in, far_end_of
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import DockerHost

PROGRAM = Path("/usr/bin/redis-server")
HERE = Host(name="here", address=Address(scheme="local"))
KEY = "-celery $(x) 'q' *\\"


@dataclass(frozen=True)
class Redis:
    """A server on a port of its own. The password is in a file and in the environment, never on a command line."""

    port: int
    password: str

    def say(self, *words: str) -> str:
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *words],
            env={"PATH": "/usr/bin:/bin", "REDISCLI_AUTH": self.password},
            capture_output=True,
            check=True,
            timeout=30,
        )
        return done.stdout.decode().strip()

    def params(self, **more: Json) -> dict[str, Json]:
        return {"key": KEY, "port": self.port, "password": [{"secret": "env:REDIS"}], **more}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    if not PROGRAM.exists():
        pytest.skip("not installed: redis-server")
    folder, password = tmp_path_factory.mktemp("redis"), token_hex(16)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = folder / "redis.conf"
    conf.write_text(f"port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ''\ndir {folder}\n")
    conf.chmod(0o600)
    server = subprocess.Popen([PROGRAM, str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running = Redis(port, password)
    try:
        _wait_for(running)
        yield running
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(redis: Redis) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if redis.say("ping") == "PONG":
                return
        except subprocess.CalledProcessError:
            time.sleep(0.1)
    raise AssertionError("redis does not answer")


@pytest.fixture
def end(far_end: FarEnd, redis: Redis) -> FarEnd:
    """Each shell, knowing the password, with an empty list."""
    redis.say("DEL", KEY)
    path = f"{far_end.path}:/usr/bin" if far_end.name == "busybox" else far_end.path  # for redis-cli
    return replace(far_end, secrets={"env:REDIS": redis.password}, path=path)


def judged(end: FarEnd, catalogue: Catalogue, params: dict[str, Json]) -> Judgement:
    check = catalogue.check("queue.length", params)
    reply = end.look(check.look(HERE))
    assert reply.answered, reply.error
    return check.judge(reply)


def test_a_length_is_held_against_a_limit(end: FarEnd, redis: Redis, catalogue: Catalogue) -> None:
    redis.say("RPUSH", KEY, *("x" for _ in range(5)))
    found = judged(end, catalogue, redis.params(above=4, every="1s"))
    assert (found.answer, found.facts["length"], found.facts["draining"]) == (Answer.OK, 5, False)


def test_a_queue_that_drains_is_told(redis: Redis, catalogue: Catalogue, tmp_path: Path) -> None:
    redis.say("DEL", KEY)
    redis.say("RPUSH", KEY, *("x" for _ in range(100)))
    end = far_end_of("dash", tmp_path)
    assert end is not None
    script = f"while :; do redis-cli -p {redis.port} LPOP '-celery $(x) '\"'q'\"' *\\' >/dev/null; sleep 0.1; done"
    worker = subprocess.Popen(["bash", "-c", script], env={"PATH": "/usr/bin:/bin", "REDISCLI_AUTH": redis.password})
    try:
        own = replace(end, secrets={"env:REDIS": redis.password})
        found = judged(own, catalogue, redis.params(above=1, every="2s", trend="draining"))
    finally:
        worker.kill()
        worker.wait(10)
    assert found.answer is Answer.OK
    assert found.facts["draining"] is True


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": None}, "NOAUTH Authentication required."),
        ({"key": "text"}, "WRONGTYPE"),
        ({"port": 1}, "Could not connect to Redis"),
        ({"database": 999}, "ERR DB index is out of range"),
    ],
    ids=["no password", "no list", "no server", "no database"],
)
def test_what_redis_refuses_cannot_be_told(
    end: FarEnd, redis: Redis, catalogue: Catalogue, given: dict[str, Any], said: str
) -> None:
    redis.say("SET", "text", "x")
    check = catalogue.check("queue.length", redis.params(above=1, every="1s") | given)
    reply = end.look(check.look(HERE))
    assert reply.rc == 1
    assert said in reply.error
    assert redis.password not in reply.error


def test_fault_098_the_password_is_on_no_command_line(
    end: FarEnd, redis: Redis, catalogue: Catalogue, tmp_path: Path
) -> None:
    """A redis-cli that writes down its command line, and that of the shell it is started by."""
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "redis-cli").write_text(f'#!/bin/sh\ncat /proc/$$/cmdline >>{tmp_path}/seen\nexec /usr/bin/redis-cli "$@"\n')
    (spy / "redis-cli").chmod(0o755)
    spied = replace(end, path=f"{spy}:{end.path}")
    assert judged(spied, catalogue, redis.params(below=1, every="1s")).answer is Answer.OK
    seen = (tmp_path / "seen").read_bytes()
    assert b"LLEN" in seen
    assert redis.password.encode() not in seen


# ---------------------------------------------------------------- fault.queue_backlog


def _fill(redis: Redis, *jobs: str) -> None:
    redis.say("DEL", KEY)
    if jobs:
        redis.say("RPUSH", KEY, *jobs)


def _played(end: FarEnd, redis: Redis, catalogue: Catalogue, tmp_path: Path) -> Played:
    scene = Scene(
        "fault.queue_backlog",
        "fault.queue_backlog",
        lambda _: redis.params(jobs=300),
        lambda _: _fill(redis, "somebody's", "another"),
        lambda _: _fill(redis, *("x" for _ in range(300))),
        lambda _: redis.say("LRANGE", KEY, "0", "-1"),
    )
    return play(scene, Ground(tmp_path, tmp_path), end, catalogue, HERE)


PROOFS = [pytest.param(p, marks=pytest.mark.long) if "killed" in p.__name__ else p for p in kit.PROOFS]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
def test_the_kit_on_a_backlog(proof: Any, end: FarEnd, redis: Redis, catalogue: Catalogue, tmp_path: Path) -> None:
    proof(_played(end, redis, catalogue, tmp_path))


def test_undo_takes_out_what_is_left_and_no_job_of_anybody_else(
    end: FarEnd, redis: Redis, catalogue: Catalogue, tmp_path: Path
) -> None:
    p = _played(end, redis, catalogue, tmp_path)
    p.scene.sick(p.ground)
    change = p.plan()
    assert change is not None
    p.act(change.operations)
    redis.say("LPOP", KEY, "50")  # what workers have done meanwhile
    redis.say("RPUSH", KEY, "a third")
    p.act(change.undo.operations)  # type: ignore[union-attr] # it is UndoBy
    assert redis.say("LRANGE", KEY, "0", "-1").split("\n") == ["a third"]


# ---------------------------------------------------------------- in a container


@pytest.mark.long
def test_redis_in_a_container_of_a_compose_service(docker_host: DockerHost, catalogue: Catalogue) -> None:
    if not PROGRAM.exists():
        pytest.skip("not installed: redis-server")
    programs = ("/usr/bin/redis-server", "/usr/bin/redis-cli")
    listed = subprocess.run(["ldd", *programs], capture_output=True, check=True).stdout.decode()
    needed = {word for word in listed.split() if word.startswith("/") and not word.endswith(":")}
    tar = subprocess.run(["tar", "-chP", *programs, *needed], capture_output=True, check=True).stdout
    docker_host.sh("docker import - lab-redis:1", stdin=tar, timeout_s=120)
    password = token_hex(16)
    labels = "com.docker.compose.project=q com.docker.compose.service=redis com.docker.compose.oneoff=False"
    marked = " ".join(f"--label {label}" for label in (*labels.split(), "com.docker.compose.container-number=1"))
    docker_host.docker(f"run -d --name q-redis-1 {marked} lab-redis:1 redis-server --requirepass {password}")
    end = replace(far_end_in(docker_host), secrets={"env:REDIS": password})
    params: dict[str, Json] = {"project": "q", "key": "celery", "password": [{"secret": "env:REDIS"}]}
    try:
        fault = catalogue.action("fault.queue_backlog", {**params, "jobs": 120})
        change = fault.plan(fault.see(end.look(fault.look(HERE))))
        assert change is not None
        assert end.act(change.operations[0]).stdout == b"120\n"
        assert judged(end, catalogue, {**params, "above": 100, "trend": "not-draining"}).answer is Answer.OK
        assert end.act(change.undo.operations[0]).returncode == 0  # type: ignore[union-attr] # it is UndoBy
        assert judged(end, catalogue, {**params, "below": 1}).answer is Answer.OK
    finally:
        docker_host.docker("rm --force q-redis-1")
