"""One key, tried once; nothing is guessed. Faults 45 and 101."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.errors import Unreachable, Unsafe
from tests.hosts.over_ssh import Reach, host_of, refused
from tests.lab.sshd import SshdHost, SshdLab


def test_fault_045_a_key_that_is_refused_is_tried_once(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    stranger = sshd_lab.make_key(f"stranger-{host.name}")
    error = refused(reach, replace(host_of(host), identity=str(stranger.path)))
    assert isinstance(error, Unreachable)
    assert "login as root" in error.message
    assert (host.connections(), host.failures(), host.logins()) == (1, 1, 0)


def test_fault_045_an_unknown_user_is_tried_once(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    assert isinstance(refused(reach, host_of(host, user="nobody-there")), Unreachable)
    assert host.connections() == 1


def test_fault_101_a_private_key_that_others_may_read_is_refused(
    sshd_lab: SshdLab, reach: Reach, tmp_path: Path
) -> None:
    host = sshd_lab.start()
    copy = Path(shutil.copy(host.identity, tmp_path / "key"))
    for mode in (0o644, 0o640, 0o604):
        copy.chmod(mode)
        error = refused(reach, replace(host_of(host), identity=str(copy)))
        assert isinstance(error, Unsafe)
        assert "chmod 600" in error.fix
    copy.chmod(0o600)
    assert host.connections() == 0
    assert reach.connect(replace(host_of(host), identity=str(copy))).look([]) == ()


@pytest.mark.parametrize("content", ["", "not a key\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_no_identity(sshd_host: SshdHost, reach: Reach, tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    (tmp_path / "key").chmod(0o600)
    error = refused(reach, replace(host_of(sshd_host), identity=str(tmp_path / "key")))
    assert isinstance(error, Unreachable)
    assert "cannot be used" in error.message
    assert isinstance(refused(reach, replace(host_of(sshd_host), identity="/nonexistent")), Unreachable)


@contextmanager
def agent_with(*keys: Path) -> Iterator[str]:
    """An SSH agent that holds these keys; its socket."""
    place = keys[0].parent / f"agent-{time.time_ns()}"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", place], stdout=subprocess.DEVNULL)
    try:
        while not place.exists():
            time.sleep(0.01)
        for key in keys:
            subprocess.run(["ssh-add", "-q", key], env={**os.environ, "SSH_AUTH_SOCK": str(place)}, check=True)
        yield str(place)
    finally:
        agent.terminate()
        agent.wait(5)


def test_an_agents_only_key_serves_where_no_identity_is_named(
    sshd_lab: SshdLab, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = sshd_lab.start()
    with agent_with(host.identity) as place:
        monkeypatch.setenv("SSH_AUTH_SOCK", place)
        assert reach.connect(replace(host_of(host), identity="")).look([]) == ()


def test_fault_045_of_an_agents_many_keys_none_is_guessed(
    sshd_lab: SshdLab, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = sshd_lab.start()
    other = sshd_lab.make_key(f"agent-{host.name}")
    with agent_with(other.path, host.identity) as place:
        monkeypatch.setenv("SSH_AUTH_SOCK", place)
        error = refused(reach, replace(host_of(host), identity=""))
        assert "the agent holds 2 keys" in error.message
        assert host.connections() == 0
        public = host.identity.with_name("named.pub")
        public.write_text(subprocess.check_output(["ssh-keygen", "-yf", host.identity], text=True))
        assert reach.connect(replace(host_of(host), identity=str(public))).look([]) == ()
    assert host.failures() == 0


def test_fault_045_an_agent_is_not_asked_where_an_identity_is_named(
    sshd_lab: SshdLab, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = sshd_lab.start()
    stranger = sshd_lab.make_key(f"named-{host.name}")
    with agent_with(host.identity) as place:
        monkeypatch.setenv("SSH_AUTH_SOCK", place)
        assert isinstance(refused(reach, replace(host_of(host), identity=str(stranger.path))), Unreachable)
    assert (host.failures(), host.logins()) == (1, 0)


def test_a_key_with_a_passphrase_is_left_to_the_agent(
    sshd_lab: SshdLab, reach: Reach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = sshd_lab.start()
    locked = tmp_path / "locked"
    shutil.copy(host.identity, locked)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "not secret", "-f", locked], check=True)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    error = refused(reach, replace(host_of(host), identity=str(locked)))
    assert "has a passphrase" in error.message
    assert error.fix == f"ssh-add {locked}"
    assert host.connections() == 0


def test_no_agent_and_no_identity_says_what_to_write(
    sshd_host: SshdHost, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    error = refused(reach, replace(host_of(sshd_host), identity=""))
    assert "identity: FILE" in error.fix
