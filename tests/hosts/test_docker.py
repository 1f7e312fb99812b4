"""Containers as hosts: the same conversation, through their engine; and what cannot be entered, in words."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.errors import Invalid, RemedyError, Stale, Unreachable, Unsafe
from remedy.model import Address, Host
from tests.conftest import NewBox
from tests.hosts.far import call, change, look
from tests.hosts.over_docker import host_of
from tests.hosts.over_ssh import Reach, refused
from tests.hosts.test_values import CORPUS, parts, printed, shown
from tests.lab import Box, Engine, busybox_image

HERE = Host(name="here", address=Address(scheme="local"))
WAYS = ["", "here"]  # by the SDK, and by the docker command of another host


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Opens sessions, also via this machine."""
    reach = Reach(here=HERE)
    yield reach
    reach.close()


@pytest.mark.parametrize("via", WAYS)
def test_fault_013_every_value_is_the_same_in_a_container(box: Box, reach: Reach, via: str) -> None:
    session = reach.connect(host_of(box, via=via))
    for some in parts(CORPUS, 400):
        asked = [look("t_show", *batch) for batch in parts(some, 100)]
        for batch, reply in zip(parts(some, 100), session.look(asked), strict=True):
            assert printed(reply) == shown(batch)
    lease, _ = session.lease(f"r{via}", "tester", [])
    reply = session.change(change(lease, call("t_arguments", *CORPUS)))
    session.release(lease.run)
    assert (reply.state, reply.output.sha256) == ("done", hashlib.sha256(shown(CORPUS)).hexdigest())


@pytest.mark.parametrize("via", WAYS)
def test_fault_056_a_session_tells_which_container_it_is_in(box: Box, reach: Reach, via: str) -> None:
    session = reach.connect(host_of(box, via=via))
    session.look([])
    identifier, _, started = session.facts.container.partition(" ")
    told = box.engine.docker("container", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", box.name)
    assert f"{identifier} {started}" == told.strip()


@pytest.mark.parametrize("via", WAYS)
def test_to_become_in_a_container_is_to_be_root_by_the_engines_word(new_box: NewBox, reach: Reach, via: str) -> None:
    box = new_box("--user=1234")
    for become, uid in ((False, 1234), (True, 0)):
        session = reach.connect(host_of(box, via=via, become=become))
        session.look([])
        assert session.facts.uid == uid


# ---------------------------------------------------------------- the container that was planned for


@pytest.mark.parametrize("via", WAYS)
@pytest.mark.parametrize("how", ["replaced", "restarted"])
def test_fault_056_a_container_that_is_another_now_is_not_entered(
    new_box: NewBox, reach: Reach, via: str, how: str
) -> None:
    box = new_box()
    session = reach.connect(host_of(box, via=via))
    session.look([])
    planned = replace(host_of(box, via=via), container=session.facts.container)
    reach.connect(planned).look([])
    if how == "replaced":
        box.replace()
    else:
        box.do("restart")
    error = refused(reach, planned)
    assert isinstance(error, Stale)
    assert ("is another container now" if how == "replaced" else "was started again") in error.message
    assert box.processes() == []
    same_id = replace(planned, container=planned.container.partition(" ")[0])
    if how == "replaced":
        assert isinstance(refused(reach, same_id), Stale)
    else:
        assert reach.connect(same_id).look([look("t_show", "x")])[0].rc == 0


@pytest.mark.parametrize("via", WAYS)
def test_fault_056_the_beginning_of_an_id_is_no_name(box: Box, reach: Reach, via: str) -> None:
    host = host_of(box, via=via)
    for part in (box.id[:12], box.id[:2]):
        error = refused(reach, replace(host, address=replace(host.address, name=part)))
        assert isinstance(error, Unreachable)
        assert f"no container {part}" in error.message
    whole = replace(host, address=replace(host.address, name=box.id))
    assert reach.connect(whole).look([look("t_show", "x")])[0].rc == 0


# ---------------------------------------------------------------- what cannot be entered


@pytest.mark.parametrize("via", WAYS)
@pytest.mark.parametrize(
    ("verb", "says", "fix"), [("stop", "is exited", "docker start"), ("pause", "is paused", "docker unpause")]
)
def test_a_container_that_does_not_run_is_unreachable_and_told_so(
    new_box: NewBox, reach: Reach, via: str, verb: str, says: str, fix: str
) -> None:
    box = new_box()
    box.do(verb)
    error = refused(reach, host_of(box, via=via))
    assert isinstance(error, Unreachable)
    assert says in error.message
    assert error.fix == f"{fix} {box.name}"


@pytest.mark.parametrize("via", WAYS)
def test_a_container_that_is_not_there_is_unreachable_and_told_so(box: Box, reach: Reach, via: str) -> None:
    error = refused(reach, replace(host_of(box, via=via), address=Address(scheme="docker", name="no-such-box")))
    assert isinstance(error, Unreachable)
    assert "no container no-such-box" in error.message
    assert "docker ps" in error.fix


@pytest.mark.parametrize("via", WAYS)
def test_a_container_without_a_shell_is_unreachable_and_told_so(
    lab_engine: Engine, new_box: NewBox, reach: Reach, via: str
) -> None:
    box = new_box(image=busybox_image(lab_engine, "sh"))
    error = refused(reach, host_of(box, via=via))
    assert isinstance(error, Unreachable)
    assert "it has no `sh`" in error.message


@pytest.mark.parametrize("via", WAYS)
def test_fault_056_an_engine_that_does_not_run_is_unreachable_and_told_so(
    box: Box, reach: Reach, via: str, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))  # bound, and nobody listens
    for path in (tmp_path / "left.sock", tmp_path / "none.sock"):
        error = refused(reach, host_of(box, via=via, engine=f"unix://{path}"))
        assert isinstance(error, Unreachable)
        assert "no Docker engine runs" in error.message, error.message
        assert "systemctl start docker" in error.fix


def test_an_engine_that_does_not_answer_is_given_up(box: Box, reach: Reach, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen(0)
        began = time.monotonic()
        error = refused(reach, host_of(box, engine=f"unix://{tmp_path / 'silent.sock'}"))
        assert time.monotonic() - began < 40
    assert isinstance(error, Unreachable)


def test_an_engine_of_somebody_elses_is_sent_nothing(box: Box, reach: Reach, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "theirs.sock"))
        listener.listen()
        listener.settimeout(0.1)
        os.chown(tmp_path / "theirs.sock", 1234, 1234)
        assert isinstance(refused(reach, host_of(box, engine=f"unix://{tmp_path / 'theirs.sock'}")), Unsafe)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_way_that_is_no_host_or_leads_nowhere_is_invalid(box: Box, reach: Reach) -> None:
    assert isinstance(refused(reach, host_of(box, via="nobody")), Invalid)
    ssh = Host(name="h", address=Address(scheme="ssh", name="h"), via="here", host_key=("ssh-ed25519 AAAA",))
    assert isinstance(refused(reach, ssh), RemedyError)
