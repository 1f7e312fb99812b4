"""Containers as hosts: the same conversation, through their engine; and what cannot be entered, in words."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.errors import Invalid, RemedyError, Stale, Unreachable, Unsafe
from remedy.model import Address, Call, Host, SecretRef
from tests.conftest import NewBox
from tests.hosts.far import call, change, look
from tests.hosts.over_docker import door_to, host_of
from tests.hosts.over_ssh import Reach, refused
from tests.hosts.test_values import CORPUS, parts, printed, shown
from tests.lab import Box, Engine, busybox_image

HERE = Host(name="here", address=Address(scheme="local"))
ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize("via", WAYS)
def test_fault_014_no_value_is_on_a_command_line_in_the_container_or_on_the_way(
    box: Box, reach: Reach, via: str
) -> None:
    reach.secrets = {"s": "canary-in-a-secret"}
    session = reach.connect(host_of(box, via=via))
    lease, _ = session.lease(f"canary-run{via}", "canary-owner", [look("t_show", "canary-look")])
    secret = Call(family="t", function="t_rc", args=("0", SecretRef("s")))
    reply = session.change(change(lease, secret, call("t_processes", items=["canary-item"]), id="canary-id"))
    on_the_way = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK)]
    session.release(lease.run)
    inside = reply.output.text.partition("PROCESSES")[2]
    assert "sh -c" in inside
    assert "canary" not in inside
    assert [line for line in on_the_way if b"canary-" in line and b"docker" in line] == []


@pytest.mark.parametrize("via", WAYS)
def test_many_sessions_at_once_do_not_mix(box: Box, reach: Reach, via: str) -> None:
    def ask(number: int) -> str:
        return reach.connect(host_of(box, via=via)).look([look("t_show", str(number))])[0].ground[0]

    began = time.process_time()
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(20))) == [str(n) for n in range(20)]
    print(f"controller CPU for a session {via or 'by the SDK'}: {(time.process_time() - began) / 20 * 1000:.1f} ms")


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


# ---------------------------------------------------------------- what the library would do by itself


CLIENT = """
import sys
from remedy.model import Address, Call, Host, SecretRef
from tests.hosts.far import look
from tests.hosts.over_ssh import Reach
name, engine = sys.argv[1:]
session = Reach().connect(Host(name="box", address=Address(scheme="docker", name=name), engine=engine))
print(session.look([look("t_show", "x")])[0].ground[0])
"""


def test_nothing_of_the_environment_or_the_users_files_reaches_the_engine(box: Box, tmp_path: Path) -> None:
    helper = tmp_path / "docker-credential-canary"
    helper.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    helper.chmod(0o755)
    canary = "canary-" + os.urandom(8).hex()
    (tmp_path / "config.json").write_text(
        json.dumps(
            {
                "credsStore": "canary",
                "auths": {"https://index.docker.io/v1/": {"auth": base64.b64encode(canary.encode()).decode()}},
                "HttpHeaders": {"X-Canary": canary},
                "currentContext": canary,
                "proxies": {"default": {"httpProxy": f"http://{canary}:1"}},
            }
        )
    )
    (tmp_path / ".netrc").write_text(f"default login {canary} password {canary}\n")
    (tmp_path / ".netrc").chmod(0o600)
    hostile = {
        "HOME": str(tmp_path),
        "DOCKER_CONFIG": str(tmp_path),
        "DOCKER_HOST": "tcp://127.0.0.1:1",
        "DOCKER_CONTEXT": canary,
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(tmp_path),
        "ALL_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    with door_to(box.engine.socket) as door:
        command = [sys.executable, "-c", CLIENT, box.name, door.url]
        done = subprocess.run(command, cwd=ROOT, env=hostile, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr
        heard = door.heard
    assert heard.count(b"HTTP/1.1") >= 4
    assert b"canary" not in heard
    assert b"Authorization" not in heard
    assert base64.b64encode(f"{canary}:{canary}".encode()) not in heard
    assert not (tmp_path / "ran").exists()


def answer(listener: socket.socket, body: bytes) -> None:
    """Answer every connection with one document."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, suppress(OSError):  # one that only looks whether somebody listens is gone
            client.recv(65_536)
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            client.sendall(head + body)


@pytest.mark.parametrize(
    "body", [b'{"ApiVersion": "1.12"}', b"{}", b"[]", b"null", b"not json", b'{"ApiVersion": "1.41"}', b"\xff\xfe"]
)
def test_fault_056_an_engine_that_is_too_old_or_makes_no_sense_is_unreachable(
    box: Box, reach: Reach, tmp_path: Path, body: bytes
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "old.sock"))
    listener.listen()
    server = threading.Thread(target=answer, args=(listener, body), daemon=True)
    server.start()
    error = refused(reach, host_of(box, engine=f"unix://{tmp_path / 'old.sock'}"))
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    assert isinstance(error, Unreachable), error
    if b"1.12" in body:
        assert "1.24" in error.message
