"""What uses memory and processors, and what was killed for want of memory: here, and on a test host."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host
from tests.actions.acting import Ask
from tests.actions.far_end import FarEnd, far_end_in
from tests.lab import DockerHost

MIB = 2**20
SECRET = "token-hunter2"


@pytest.fixture
def ask(far_end: FarEnd, catalogue: Catalogue, host: Host) -> Ask:
    return Ask(far_end, catalogue, host)


def _kernels(name: str) -> int:
    line = next(row for row in Path("/proc/meminfo").read_text().splitlines() if row.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


@pytest.mark.shells
def test_available_memory_is_what_the_kernel_says_and_a_limit_divides_it(ask: Ask) -> None:
    facts = ask("host.memory").facts
    if facts["limited"] is False:
        assert facts["total_bytes"] == _kernels("MemTotal")
        assert abs(int(str(facts["available_bytes"])) - _kernels("MemAvailable")) < 2**31  # others work here too
    free = int(str(facts["available_bytes"]))
    assert ask("host.memory", below=free // 2).answer is Answer.NOT_OK
    assert ask("host.memory", at_least=free // 2).answer is Answer.OK
    assert ask("host.memory", below="100%").answer is Answer.OK
    assert ask("host.memory", at_least="100%").answer is Answer.NOT_OK


@pytest.fixture
def hog() -> Iterator[int]:
    """A process that holds 300 MiB, with a secret among its arguments."""
    script = f"import time\nx = bytearray(b'x') * {300 * MIB}\nprint(1, flush=True)\ntime.sleep(600)"
    with subprocess.Popen(["/usr/bin/python3", "-c", script, SECRET], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.shells
def test_a_large_process_is_shown_by_its_name_and_never_by_its_arguments(ask: Ask, hog: int) -> None:
    reply = ask.reply("host.memory", count=20)
    assert not any(SECRET in line for line in reply.evidence)
    top = ask("host.memory", count=20).facts["top"]
    assert isinstance(top, list)
    (found,) = (row for row in top if isinstance(row, dict) and row["pid"] == hog)
    assert found["name"] == "python3"
    assert int(str(found["bytes"])) > 300 * MIB


@pytest.fixture
def spinner() -> Iterator[int]:
    with subprocess.Popen(["sh", "-c", "while :; do :; done", SECRET]) as process:
        yield process.pid
        process.kill()


@pytest.mark.shells
def test_a_busy_process_is_found_and_a_limit_divides_busy_and_load(ask: Ask, spinner: int) -> None:
    found = ask("host.cpu", over="2s", count=50)
    top = found.facts["top"]
    assert isinstance(top, list)
    (row,) = (row for row in top if isinstance(row, dict) and row["pid"] == spinner)
    assert 0 < float(str(row["percent"])) <= 110
    assert 0 < int(str(found.facts["busy_parts"])) <= 10_000
    assert ask("host.cpu", above="0%").answer is Answer.OK
    assert ask("host.cpu", at_most="100%").answer is Answer.OK
    assert ask("host.cpu", load_above=100_000).answer is Answer.NOT_OK
    assert ask("host.cpu", load_at_most=100_000).answer is Answer.OK


@pytest.fixture
def asked_there(docker_host: DockerHost, catalogue: Catalogue, host: Host) -> Iterator[Ask]:
    yield Ask(far_end_in(docker_host), catalogue, host)
    docker_host.docker("rm --force hungry-eater-1 hungry-ended-1")


def test_a_container_that_was_out_of_memory_is_told_and_one_that_was_merely_killed_is_not(
    asked_there: Ask, docker_host: DockerHost
) -> None:
    labels = "--label com.docker.compose.project=hungry --label com.docker.compose.service=eater"
    assert asked_there("oom.events", project="hungry", above=0).answer is Answer.NOT_OK
    eats = (
        f"run --detach --name hungry-eater-1 {labels} --memory 24m --memory-swap 24m --entrypoint busybox lab-service:1"
    )
    docker_host.docker(f"{eats} tail /dev/zero")
    sleeps = f"run --detach --name hungry-ended-1 {labels} --entrypoint sleep lab-service:1 600"
    docker_host.docker(sleeps)
    docker_host.docker("kill hungry-ended-1")
    docker_host.docker("wait hungry-eater-1 hungry-ended-1")
    found = asked_there("oom.events", project="hungry", above=0)
    assert (found.answer, found.facts["total"]) == (Answer.OK, 1)
    assert "hungry-eater-1" in found.says
    assert found.facts["ended_by_9"] == ["hungry-ended-1"]
    assert asked_there("oom.events", project="shop", at_most=0).answer is Answer.OK
    assert asked_there("oom.events", above=0).answer is Answer.OK  # of the whole host
