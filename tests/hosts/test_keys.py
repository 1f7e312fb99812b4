"""A host must show its pinned key before anything is said to it. Fault 46."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from remedy.errors import HostKeyRefused, Unreachable
from remedy.hosts.trust import fetch_host_key
from remedy.model import Host
from tests.hosts.far import look
from tests.hosts.over_ssh import Reach, host_of, nowhere, refused
from tests.lab.sshd import SshdHost, SshdLab


def test_fault_046_a_host_without_a_pinned_key_is_not_even_reached(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    error = refused(reach, replace(host_of(host), host_key=()))
    assert isinstance(error, HostKeyRefused)
    assert error.fix == f"remedy trust {host.name}"
    assert host.connections() == 0


def test_fault_046_another_key_than_the_pinned_one_gets_no_login(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    other = sshd_lab.make_key(f"other-{host.name}")
    error = refused(reach, replace(host_of(host), host_key=(other.public,)))
    assert isinstance(error, HostKeyRefused)
    assert f"remedy trust {host.name}" in error.fix
    assert fetch_host_key(host_of(host)).fingerprint in error.message
    assert (host.logins(), host.failures(), host.executions()) == (0, 0, 0)


def test_fault_046_a_key_of_another_type_is_not_taken_instead(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    rsa = paramiko.RSAKey.generate(2048)
    error = refused(reach, replace(host_of(host), host_key=(f"ssh-rsa {rsa.get_base64()}",)))
    assert isinstance(error, HostKeyRefused)
    assert (host.logins(), host.failures(), host.executions()) == (0, 0, 0)


@pytest.mark.parametrize("line", ["ssh-ed25519 AAAA$", "ssh-ed25519", "", "ssh-dss AAAA", "x y z"])
def test_a_pin_that_is_no_key_is_refused(sshd_host: SshdHost, reach: Reach, line: str) -> None:
    assert isinstance(refused(reach, replace(host_of(sshd_host), host_key=(line,))), HostKeyRefused)


def test_one_of_several_pinned_keys_will_do(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    rsa = f"ssh-rsa {paramiko.RSAKey.generate(2048).get_base64()} a comment"
    pinned = replace(host_of(host), host_key=(rsa, f"{host.host_key} another comment"))
    assert reach.connect(pinned).look([look("t_show", "x")])[0].rc == 0


@pytest.mark.parametrize("is_hashed", [False, True])
def test_a_known_hosts_file_may_pin_the_key(sshd_host: SshdHost, reach: Reach, tmp_path: Path, is_hashed: bool) -> None:
    place = f"[{sshd_host.address}]:{sshd_host.port}"
    name = paramiko.HostKeys.hash_host(place) if is_hashed else place
    file = tmp_path / "known_hosts"
    file.write_text(f"# a comment\n\nother ssh-ed25519 AAAA\n{name} {sshd_host.host_key}\n")
    host = replace(host_of(sshd_host), host_key=(), known_hosts=str(file))
    assert reach.connect(host).look([look("t_show", "x")])[0].rc == 0


def test_the_users_own_known_hosts_and_configuration_are_not_read(
    sshd_lab: SshdLab, reach: Reach, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = sshd_lab.start()
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(f"[{host.address}]:{host.port} {host.host_key}\n")
    (tmp_path / ".ssh/config").write_text(f"Host *\n  ProxyCommand touch {tmp_path}/canary\n  User canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(refused(reach, replace(host_of(host), host_key=())), HostKeyRefused)
    assert reach.connect(host_of(host)).look([]) == ()
    assert not (tmp_path / "canary").exists()


def test_a_missing_known_hosts_file_is_refused(sshd_host: SshdHost, reach: Reach) -> None:
    host = replace(host_of(sshd_host), host_key=(), known_hosts="/nonexistent/known_hosts")
    assert isinstance(refused(reach, host), HostKeyRefused)


def test_trust_fetches_the_key_without_a_login(sshd_lab: SshdLab) -> None:
    host = sshd_lab.start()
    unpinned = replace(host_of(host), host_key=(), identity="/nonexistent")
    offered = fetch_host_key(unpinned)
    assert offered.line == host.host_key
    shown = subprocess.run(["ssh-keygen", "-lf", "-"], input=host.host_key, capture_output=True, text=True, check=True)
    assert offered.fingerprint == shown.stdout.split()[1]
    assert (host.logins(), host.failures(), host.executions()) == (0, 0, 0)


def test_trust_cannot_fetch_what_is_not_there() -> None:
    with pytest.raises(Unreachable):
        fetch_host_key(Host(name="l", address=nowhere().address))
