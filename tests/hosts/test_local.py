"""This machine as a host, through the transport as the command line makes it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from remedy.errors import Unreachable
from remedy.hosts.local import LocalPipe
from remedy.hosts.transport import Hosts
from remedy.model import Address, Host
from remedy.ports import Session, Transport
from tests.hosts.far import SystemClock, functions, look

HERE = Host(name="here", address=Address(scheme="local"))


@pytest.fixture
def hosts() -> Hosts:
    return Hosts(lambda _: pytest.fail("no secret is asked for"), SystemClock(), shell_of=functions)


def test_the_transport_is_the_port_and_this_machine_a_host(hosts: Hosts) -> None:
    transport: Transport = hosts
    session: Session = transport.connect(HERE)
    assert session.look([look("t_show", "x")])[0].ground[0] == "x"
    assert session.facts.uid == os.getuid()
    assert session.facts.machine == Path("/etc/machine-id").read_text().strip()
    transport.close()
    with pytest.raises(Unreachable):
        session.look([])


def test_many_sessions_may_be_opened_and_used_at_once(hosts: Hosts) -> None:
    answers: list[str] = []

    def ask(number: int) -> None:
        answers.append(hosts.connect(HERE).look([look("t_show", str(number))])[0].ground[0])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hosts.close()
    assert sorted(answers, key=int) == [str(n) for n in range(12)]


def test_a_program_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="no shell can be started"):
        LocalPipe(["/nonexistent/sh"])


def test_a_pipe_that_takes_nothing_ends_in_time() -> None:
    pipe = LocalPipe(["sleep", "10"])
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        pipe.send(b"x" * 10_000_000, 0.2)
    with pytest.raises(TimeoutError):
        pipe.receive(0.2)
    assert time.monotonic() - began < 2
    pipe._child.kill()
    pipe.close()
