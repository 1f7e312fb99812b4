"""Hosts for the demo's tests: a way and a server, or a skip that says what is missing."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paramiko
import pytest

from remedy.demo.host import ADDRESS, USER, DemoHost
from remedy.demo.machine import Server, Way, find_program, possible_ways, unshare

END_DEADLINE_S = 10.0
COMBINATIONS: list[tuple[Server, Way]] = [
    ("openssh", "root+pid"),
    ("openssh", "root"),
    ("openssh", "user+pid"),
    ("openssh", "user"),
    ("library", "root+pid"),
    ("library", "root"),
    ("library", "user+pid"),
    ("library", "user"),
]


def skip_unless_possible(server: Server, way: Way) -> None:
    """Skip, saying what this machine lacks for this server and this way."""
    if server == "openssh" and find_program("sshd") is None:
        pytest.skip("no OpenSSH server here (apt-get install openssh-server)")
    if way.startswith("root") and os.geteuid() != 0:
        pytest.skip("needs root")
    tried = subprocess.run([*unshare(way), "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no such namespace here: {tried.stderr.strip()}")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command on the host answered."""

    status: int
    out: str
    err: str


def log_in(host: DemoHost, key: Path | None = None, user: str = USER) -> paramiko.SSHClient:
    """Log in as a stranger to remedy's own code would, with the host's key pinned."""
    kind, blob = host.host_key.split()
    client = paramiko.SSHClient()
    pinned = paramiko.Ed25519Key(data=b64decode(blob))
    client.get_host_keys().add(f"[{ADDRESS}]:{host.port}", kind, pinned)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        ADDRESS,
        port=host.port,
        username=user,
        key_filename=str(key or host.identity),
        allow_agent=False,
        look_for_keys=False,
        timeout=10,
    )
    return client


def ask(client: paramiko.SSHClient, command: str, stdin: bytes = b"") -> Said:
    """Run a command there and read all that it says."""
    into, out, err = client.exec_command(command, timeout=10)
    into.write(stdin)
    into.channel.shutdown_write()
    text, errors = out.read().decode(), err.read().decode()
    return Said(status=out.channel.recv_exit_status(), out=text, err=errors)


def skip_unless_a_host_is_possible() -> None:
    for way in possible_ways():
        if subprocess.run([*unshare(way), "true"], capture_output=True, check=False).returncode == 0:
            return
    pytest.skip("no namespaces here, neither root's nor a user's")


def assert_nothing_left(directory: Path, port: int) -> None:
    await_true(lambda: not directory.exists())
    await_true(lambda: not processes_of(directory))
    # A process that ends loses its command line before its sockets: the port is closed a moment later.
    await_true(lambda: not is_listening(port))


def await_true(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + END_DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0


def processes_of(directory: Path) -> list[str]:
    """List the processes in whose mount namespace, or on whose command line, this host's directory is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen = (process / "cmdline").read_bytes() + (process / "mountinfo").read_bytes()
        except OSError:
            continue
        if directory.name.encode() in seen:
            found.append(process.name)
    return found


def host_in(said: str) -> tuple[Path, int]:
    """The directory and the port of the host that this output speaks of."""
    directory = re.search(r"identity: (\S+)/identity", said)
    port = re.search(r"ssh://demo@127\.0\.0\.1:(\d+)", said)
    assert directory and port, said
    return Path(directory[1]), int(port[1])
