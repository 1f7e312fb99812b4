"""OpenSSH's own client, as the tests of the lab use it: the pinned key, one identity, no question."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Protocol

from tests.lab.parts import need_programs


class Reached(Protocol):
    """What is needed of a host to log in to it."""

    @property
    def port(self) -> int: ...
    @property
    def identity(self) -> Path: ...
    @property
    def host_key(self) -> str: ...


def ssh(
    host: Reached, address: str, user: str, command: str, known_hosts: Path, *, identity: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What `command` answers when `user` logs in."""
    known_hosts.write_text(f"[{address}]:{host.port} {host.host_key}\n", encoding="ascii")
    options = {
        "UserKnownHostsFile": known_hosts,
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
    }
    arguments = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    call = [need_programs(["ssh"])["ssh"], "-F", "/dev/null", *arguments, "-p", str(host.port)]
    call += ["-i", str(identity or host.identity), "-l", user, address, command]
    return subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
