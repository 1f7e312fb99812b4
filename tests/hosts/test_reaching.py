"""Hosts that cannot be had, servers that are not safe, and hosts behind other hosts. Faults 44 and 47."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from remedy.errors import HostKeyRefused, Invalid, Unreachable
from tests.hosts.far import look
from tests.hosts.over_ssh import Reach, host_of, nowhere, refused
from tests.lab.relay import Relay, Way
from tests.lab.sshd import SshdHost, SshdLab


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


def test_a_host_may_have_an_ipv6_address(sshd_lab: SshdLab, reach: Reach, tmp_path: Path) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            port = probe.getsockname()[1]
    except OSError:
        pytest.skip("this machine has no ::1")
    host = host_of(sshd_lab.start(config=f"ListenAddress [::1]:{port}"))
    six = replace(host, address=replace(host.address, name="::1", port=port))
    assert reach.connect(six).look([look("t_show", "x")])[0].rc == 0
    (tmp_path / "known_hosts").write_text(f"[::1]:{port} {host.host_key[0]}\n")
    known = replace(six, host_key=(), known_hosts=str(tmp_path / "known_hosts"))
    assert reach.connect(known).look([]) == ()
