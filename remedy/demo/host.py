"""The demo's host: a real SSH server on loopback, with a small file system of its own, in namespaces of its own.

Everything of it lives below one directory and behind one pipe: whichever way this process ends, the host ends with
it and the directory goes.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from remedy.demo.keys import make_key
from remedy.demo.machine import (
    SYSTEM_PATH,
    Server,
    Way,
    best_server,
    find_program,
    place_for,
    possible_ways,
    refusal,
    unshare,
)

ADDRESS = "127.0.0.1"
USER = "demo"
UID = 61_990  # a number that no account should have: above the ordinary, below systemd's own (systemd.io/UIDS-GIDS)
START_DEADLINE_S = 15.0
STOP_DEADLINE_S = 10.0
POLL_S = 0.005
PORT_TRIES = 3  # between finding a free port and listening there, another program may take it
SSHD_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {host}/hostkey
AuthorizedKeysFile {host}/authorized_keys
AllowUsers {user}
AuthenticationMethods publickey
StrictModes no
UsePAM no
UseDNS no
DisableForwarding yes
PermitUserRC no
PrintMotd no
PrintLastLog no
PidFile none
LogLevel INFO
"""


@dataclass(frozen=True, kw_only=True)
class DemoHost:
    """A running host. `disk` and `quarantine` are paths on it; `identity` and `directory` are paths here."""

    port: int
    identity: Path
    host_key: str  # `TYPE BASE64`
    disk: Path
    quarantine: Path
    directory: Path
    server: Server
    way: Way


@contextmanager
def demo_host(server: Server | None = None, ways: tuple[Way, ...] = ()) -> Iterator[DemoHost]:
    """Lend a running host, and leave nothing of it afterwards.

    `server` and `ways` are for tests: without them the best that this machine has is taken.
    Raises Refused, saying what to do, where this machine cannot have such a host.
    """
    reasons: list[str] = []
    for way in ways or possible_ways():
        for _ in range(PORT_TRIES):
            with ExitStack() as stack:
                try:
                    host = _start(stack, server or best_server(), way)
                except _NotStarted as failed:
                    reasons.append(failed.said)
                    if "Address already in use" in failed.said:
                        continue
                    break
                yield host
                return
    raise refusal(reasons)


class _NotStarted(Exception):
    """This way does not work here; the last thing that the host said."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def _start(stack: ExitStack, server: Server, way: Way) -> DemoHost:
    """Start a host; `stack` ends it and removes its directory. Raises _NotStarted."""
    directory = Path(tempfile.mkdtemp(prefix="remedy-demo-"))
    stack.callback(_remove, directory)
    (directory / "host").mkdir()
    login, host_key = make_key(directory / "identity"), make_key(directory / "host/hostkey")
    place, port = place_for(directory), _free_port()
    (directory / "host/authorized_keys").write_text(f"{login}\n")
    (directory / "host/sshd_config").write_text(SSHD_CONFIG.format(port=port, host=place / "host", user=USER))
    shutil.copy(Path(__file__).with_name("live.sh"), directory / "host")
    _write_accounts(directory / "etc", place / "home")
    boot: list[str | Path] = ["sh", Path(__file__).with_name("boot.sh"), str(Path("/proc/self/ns/mnt").readlink())]
    boot += [directory, place, str(UID), way.partition("+")[0], server]
    process = _spawn(directory, [*unshare(way), *boot, *_server_command(server, place, port)])
    stack.callback(_stop, process)
    _await_listening(process, directory / "log")
    return DemoHost(
        port=port,
        identity=directory / "identity",
        host_key=host_key,
        disk=place / "disk",
        quarantine=place / "quarantine",
        directory=directory,
        server=server,
        way=way,
    )


def _write_accounts(etc: Path, home: Path) -> None:
    """Write the host's own accounts, so that neither the caller's shell nor its start-up files matter there."""
    etc.mkdir()
    (etc / "passwd").write_text(
        f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:{UID}:{UID}:{USER}:{home}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    )
    (etc / "group").write_text(f"root:x:0:\n{USER}:x:{UID}:\nnogroup:x:65534:\n")


def _free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _server_command(server: Server, place: Path, port: int) -> list[str]:
    if server == "library":
        return [sys.executable, "-P", "-m", "remedy.demo.server", str(port), str(place / "host"), str(UID)]
    return [find_program("sshd") or "sshd", "-D", "-e", "-f", str(place / "host/sshd_config")]


def _spawn(directory: Path, command: list[str | Path]) -> subprocess.Popen[bytes]:
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            ["sh", Path(__file__).with_name("watch.sh"), directory, *command],
            stdin=subprocess.PIPE,  # the host's life: it ends when this is closed, by us or by our death
            stdout=subprocess.PIPE,  # open for as long as the host lives
            stderr=log,
            cwd="/",
            env={"PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"},
            start_new_session=True,
        )


def _await_listening(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.stdout is not None
    deadline = time.monotonic() + START_DEADLINE_S
    while b"Server listening" not in log.read_bytes():
        has_ended = bool(select.select([process.stdout], [], [], POLL_S)[0])
        if has_ended or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise _NotStarted(lines[-1] if lines else "the host did not start")


def _remove(directory: Path) -> None:
    """Remove the directory, were it left; nothing is mounted below it out here, and if it were, it would stay."""
    if directory.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", "--", directory], check=False)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End every process of the host."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    process.wait(timeout=STOP_DEADLINE_S)
    process.stdout.close()
