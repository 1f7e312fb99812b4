"""Whom we talk to and as whom: pinned host keys, one login attempt, and servers that are not safe. Faults 44 to 47."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from remedy.errors import HostKeyRefused, Invalid, RemedyError, Unreachable, Unsafe
from remedy.hosts.trust import fetch_host_key
from remedy.model import Address, Host
from tests.hosts.far import look
from tests.hosts.over_ssh import Reach, host_of
from tests.lab.relay import Relay, Way
from tests.lab.sshd import SshdHost, SshdLab


def refused(reach: Reach, host: Host) -> RemedyError:
    """What reaching this host raises."""
    with pytest.raises(RemedyError) as error:
        reach.connect(host).look([])
    return error.value


# ---------------------------------------------------------------- host keys


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


# ---------------------------------------------------------------- logging in


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


# ---------------------------------------------------------------- reaching


def nowhere() -> Host:
    """A host at a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Host(name="nowhere", address=Address(scheme="ssh", name="127.0.0.1", port=port, user="root"))


def test_fault_044_a_refused_connection_is_tried_twice(sshd_host: SshdHost, reach: Reach) -> None:
    host = replace(nowhere(), identity=str(sshd_host.identity), host_key=(sshd_host.host_key,))
    began = time.monotonic()
    assert isinstance(refused(reach, host), Unreachable)
    assert 0.4 < time.monotonic() - began < 5


def test_fault_044_a_name_that_is_no_name_is_unreachable(sshd_host: SshdHost, reach: Reach) -> None:
    for name in ("no such name", "a" * 300, "..", "-oProxyCommand=x"):
        host = host_of(sshd_host)
        error = refused(reach, replace(host, address=replace(host.address, name=name)))
        assert isinstance(error, Unreachable), name


def test_fault_044_a_connection_that_is_dropped_at_first_is_tried_again(sshd_host: SshdHost, reach: Reach) -> None:
    with Relay((sshd_host.address, sshd_host.port)) as relay:
        relay.cut_after(Way.DOWN, 10)
        assert reach.connect(host_of(sshd_host, port=relay.port)).look([look("t_show", "x")])[0].rc == 0
        assert relay.counts().connections == 2


@pytest.mark.long
@pytest.mark.parametrize("kind", ["silence", "banner", "blackhole"])
def test_fault_044_a_host_that_says_nothing_is_given_up_in_forty_seconds(
    sshd_host: SshdHost, reach: Reach, kind: str
) -> None:
    host = host_of(sshd_host)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = replace(host.address, name="127.0.0.1", port=listener.getsockname()[1])
        full = [socket.socket() for _ in range(8)] if kind == "blackhole" else []
        for client in full:  # the queue of a listener that accepts nothing: further connections hear nothing
            client.settimeout(0)
            client.connect_ex(listener.getsockname())
        if kind == "banner":
            threading.Thread(target=_greet_twice, args=(listener,), daemon=True).start()
        began = time.monotonic()
        error = refused(reach, replace(host, address=address))
        took = time.monotonic() - began
        for client in full:
            client.close()
    assert isinstance(error, Unreachable)
    assert 15 < took < 40


def _greet_twice(listener: socket.socket) -> None:
    kept = []
    for _ in range(2):
        client, _address = listener.accept()
        client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        kept.append(client)
    time.sleep(60)


# ---------------------------------------------------------------- servers that are not safe


@pytest.mark.parametrize(
    "config",
    ["Ciphers aes128-cbc", "MACs hmac-sha1\nCiphers aes128-ctr", "KexAlgorithms diffie-hellman-group14-sha1"],
    ids=["cbc", "sha1-mac", "sha1-kex"],
)
def test_fault_047_a_server_with_only_weak_algorithms_is_refused(sshd_lab: SshdLab, reach: Reach, config: str) -> None:
    host = sshd_lab.start(config=config)
    error = refused(reach, host_of(host))
    assert isinstance(error, Unreachable)
    assert "no algorithm that is safe" in error.message
    assert (host.logins(), host.failures()) == (0, 0)


@contextmanager
def server_without_strict_exchange(key: paramiko.PKey) -> Iterator[int]:
    """An SSH server as they were before 2024; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(client, strict_kex=False)
            transport.set_log_channel("tests.server")
            transport.add_server_key(key)
            transports.append(transport)
            transport.start_server(server=paramiko.ServerInterface(), event=threading.Event())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for transport in transports:
            transport.close()


def test_fault_047_a_server_without_strict_key_exchange_is_refused(sshd_host: SshdHost, reach: Reach) -> None:
    key = paramiko.ECDSAKey.generate()
    with server_without_strict_exchange(key) as port:
        host = replace(host_of(sshd_host, port=port), host_key=(f"{key.get_name()} {key.get_base64()}",))
        error = refused(reach, host)
    assert isinstance(error, Unreachable)
    assert "strict key exchange" in error.message


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-1.5-old\r\n", b"\xff" * 100_000, b""])
def test_a_server_that_speaks_something_else_is_unreachable(
    sshd_host: SshdHost, reach: Reach, said: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            client, _address = listener.accept()
            with client:
                client.sendall(said)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    error = refused(reach, host_of(sshd_host, port=listener.getsockname()[1]))
    listener.close()
    assert isinstance(error, Unreachable)
    assert "Traceback" not in capfd.readouterr().err


def test_the_librarys_log_reaches_nobody_who_did_not_ask(sshd_host: SshdHost, reach: Reach) -> None:
    reach.connect(host_of(sshd_host)).look([])
    assert logging.getLogger("remedy.hosts.ssh").handlers


# ---------------------------------------------------------------- through another host


def test_a_host_may_be_reached_through_another(sshd_lab: SshdLab) -> None:
    jump, behind = sshd_lab.start(), sshd_lab.start()
    reach = Reach(jump=host_of(jump))
    session = reach.connect(replace(host_of(behind), via="jump"))
    _, replies = session.lease("r1", "tester", [look("t_show", "x")])
    assert replies[0].rc == 0
    assert (jump.executions(), behind.executions()) == (0, 1)
    reach.close()


def test_the_host_between_must_show_its_pinned_key_too(sshd_lab: SshdLab) -> None:
    jump, behind = sshd_lab.start(), sshd_lab.start()
    reach = Reach(jump=replace(host_of(jump), host_key=(behind.host_key,)))
    assert isinstance(refused(reach, replace(host_of(behind), via="jump")), HostKeyRefused)
    assert behind.connections() == 0


def test_a_way_in_a_circle_or_through_nobody_is_invalid(sshd_host: SshdHost) -> None:
    one, two = replace(host_of(sshd_host), name="one", via="two"), replace(host_of(sshd_host), name="two", via="one")
    reach = Reach(one=one, two=two)
    assert isinstance(refused(reach, one), Invalid)
    assert isinstance(refused(reach, replace(one, via="nobody")), Invalid)
