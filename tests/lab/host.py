"""A test host: a container with systemd and sshd, a disk that really fills, and no Python."""

from __future__ import annotations

import io
import shlex
import socket
import tarfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab.engine import OWNER_LABEL, Engine
from tests.lab.keys import Key, make_key

DISK = "/srv/data"
DISK_BYTES = 64 << 20
QUARANTINE = "/var/quarantine"
QUARANTINE_BYTES = 128 << 20
LOG = f"{DISK}/log/app.log"
HEALTH = "http://127.0.0.1:8080/health"  # inside the host
UP_TIMEOUT_S = 60

TMPFS = {
    "/run": "exec,mode=755",
    "/run/lock": "",
    "/tmp": "",
    DISK: f"size={DISK_BYTES}",
    QUARANTINE: f"size={QUARANTINE_BYTES},mode=700",
}

# $1 percent, $2 file. The slack lets the logger write for a minute without adding one percent.
FILL = """
set -eu
rm -f -- "$2"
set -- "$1" "$2" $(df -B1 --output=used,avail -- "${2%/*}" | tail -n 1)
if [ "$1" -ge 100 ]; then
    fallocate -l "$(($4 - 1048576))" -- "$2"
    cat /dev/zero >>"$2" 2>/dev/null || :
    exit 0
fi
size=$((($3 + $4) * $1 / 100 - 65536 - $3))
[ "$size" -gt 0 ] || { echo "already fuller than $1 %" >&2; exit 1; }
fallocate -l "$size" -- "$2"
"""


@dataclass(frozen=True, kw_only=True)
class Build:
    """How a host's container is made: of which image ("" is the plain one), with which further options."""

    image: str = ""
    options: tuple[str, ...] = ()
    own_cgroups: bool = False  # a namespace of its own, for an engine inside

    def of(self, image: str, options: tuple[str, ...] | None = None) -> Build:
        """The same of another image, with other options where they are given."""
        return replace(self, image=image, options=self.options if options is None else options)


PLAIN_BUILD = Build()


@dataclass(frozen=True, kw_only=True)
class LabHost:
    """A running test host, and all that an inventory says of it."""

    name: str
    container: str
    port: int
    user: str
    identity: Path
    host_key: str
    engine: Engine

    def sh(self, command: str, *, user: str = "root", stdin: bytes = b"", timeout_s: float = 60) -> str:
        """What `command` prints on the host, past sshd; raises RuntimeError when it fails."""
        call = ("exec", "--interactive", "--user", user, self.container, "/bin/sh", "-c", command)
        return self.engine.docker(*call, stdin=stdin, timeout_s=timeout_s)

    def fill(self, percent: int, path: str = f"{DISK}/ballast.bin") -> None:
        """Fill the filesystem of `path` until df says `percent`; 100 leaves no byte."""
        self.sh(f"sh -s -- {percent} {shlex.quote(path)}", stdin=FILL.encode())

    def used_percent(self, path: str = DISK) -> int:
        """How full df says the filesystem of `path` is."""
        return int(self.sh(f"df --output=pcent -- {shlex.quote(path)}").split()[-1].rstrip("%"))

    def write_old_file(self, path: str, *, size_bytes: int = 1024, age_s: int, owner: str = "root") -> None:
        """Write a file that was last changed `age_s` ago."""
        file = shlex.quote(path)
        self.sh(
            f"mkdir -p -- $(dirname -- {file}) && head -c {size_bytes} /dev/zero >{file}"
            f" && chown -- {shlex.quote(owner)} {file} && touch -d @$(($(date +%s) - {age_s})) -- {file}"
        )

    def entry(self, **over: object) -> dict[str, object]:
        """The host as inventory/hosts.yml names it; `over` replaces keys, and None leaves one out."""
        entry: dict[str, object] = {
            "address": f"ssh://{self.user}@127.0.0.1:{self.port}",
            "identity": str(self.identity),
            "host_key": self.host_key,
            "become": self.user != "root",
            "environment": "test",
            "quarantine": QUARANTINE,
        }
        return {key: value for key, value in (entry | over).items() if value is not None}

    def pause(self) -> None:
        """Freeze every process of the host: its port still accepts, and nothing answers."""
        self.engine.docker("pause", self.container)

    def unpause(self) -> None:
        """Let the host go on."""
        self.engine.docker("unpause", self.container)

    def stop(self) -> None:
        """Take the host away; doing so twice is fine."""
        self.engine.docker("rm", "--force", "--volumes", self.container)


def start_host(
    engine: Engine,
    keys_dir: Path,
    *,
    name: str,
    user: str = "deploy",
    identity: Key | None = None,
    build: Build = PLAIN_BUILD,
) -> LabHost:
    """Start a test host and wait until its sshd and its application answer."""
    identity = identity or make_key(keys_dir / f"{name}.identity")
    host_key = make_key(keys_dir / f"{name}.host")
    container = engine.docker(*_create(engine, name, build)).strip()
    try:
        engine.docker("cp", "-", f"{container}:/etc/ssh", stdin=_keys(host_key, identity))
        engine.docker("start", container)
        port = int(engine.docker("port", container, "22/tcp").splitlines()[0].rpartition(":")[2])
        host = LabHost(
            name=name,
            container=container,
            port=port,
            user=user,
            identity=identity.path,
            host_key=host_key.public,
            engine=engine,
        )
        _wait_until_up(host)
    except BaseException:
        engine.docker("rm", "--force", "--volumes", container)
        raise
    return host


def _create(engine: Engine, name: str, build: Build) -> list[str]:
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        cgroups = ["--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw"]
    elif build.own_cgroups:
        cgroups = ["--cgroupns=private"]
    else:
        cgroups = ["--volume=/sys/fs/cgroup:/sys/fs/cgroup:ro"]
    mounts = [f"--tmpfs={path}:{options}".removesuffix(":") for path, options in TMPFS.items()]
    return [
        "create", f"--hostname={name}", f"--label={OWNER_LABEL}={engine.owner}", "--publish=127.0.0.1::22",
        *mounts, *cgroups, *build.options, build.image or engine.image,
    ]  # fmt: skip


def _keys(host_key: Key, identity: Key) -> bytes:
    """The host's own key and the one key that opens it, as a tar for /etc/ssh."""
    files = {
        "ssh_host_ed25519_key": (host_key.path.read_bytes(), 0o600),
        "ssh_host_ed25519_key.pub": (f"{host_key.public}\n".encode(), 0o644),
        "lab_authorized_keys": (f"{identity.public}\n".encode(), 0o644),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _wait_until_up(host: LabHost) -> None:
    """Return when sshd has greeted and the application is healthy."""
    deadline_s = time.monotonic() + UP_TIMEOUT_S
    while not _greets(host.port):
        if time.monotonic() > deadline_s:
            last = host.engine.docker("logs", "--tail", "5", host.container)
            raise RuntimeError(f"{host.name}: no sshd after {UP_TIMEOUT_S} s: {last}")
        time.sleep(0.05)
    host.sh(f"until busybox wget -q -O /dev/null {HEALTH} 2>/dev/null; do sleep 0.02; done", timeout_s=UP_TIMEOUT_S)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
