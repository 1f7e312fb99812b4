"""Throw-away hosts of plain sshd processes: up in a moment, many side by side, each with directories of its own.

A host is an sshd on an address of its own in 127.77.0.0/16, in namespaces of mounts, processes and names. Its /home,
/root, /run, /srv, /tmp and /var/tmp are its own; the rest of the file system is the machine's, read-only.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.keys import Key, make_key
from tests.lab.logins import CONFIG, LAB, PORT, system_files
from tests.lab.parts import LabMissingError, find_program, need_programs, need_root

DISK = "/srv/data"
QUARANTINE = "/srv/quarantine"
SCRIPT = Path(__file__).with_name("sshd_host.sh")
UP_TIMEOUT_S = 20
STARTERS = 4  # starting many is bound by the processors
CONNECTION = "Connection from "
PROGRAMS = ("sshd", "ssh-keygen", "unshare", "nsenter", "mount", "hostname", "sudo")


@dataclass
class SshdHost:
    """A running host, and all that an inventory says of it."""

    address: str
    port: int
    user: str
    identity: Path
    host_key: str
    name: str
    _holder: subprocess.Popen[str] = field(repr=False)
    _sshd_pid: int | None = field(default=None, repr=False)
    _own_connections: int = field(default=0, repr=False)

    def entry(self, **over: object) -> dict[str, object]:
        """The host as inventory/hosts.yml names it; `over` replaces keys, and None leaves one out."""
        entry: dict[str, object] = {
            "address": f"ssh://{self.user}@{self.address}:{self.port}",
            "identity": str(self.identity),
            "host_key": self.host_key,
            "become": self.user != "root",
            "environment": "test",
            "quarantine": QUARANTINE,
        }
        return {key: value for key, value in (entry | over).items() if value is not None}

    def sh(self, command: str, *, user: str = "root", stdin: bytes = b"", timeout_s: float = 60) -> str:
        """What `command` prints on the host, past sshd; raises RuntimeError when it fails."""
        call = [*self._enter(), "/bin/sh", "-c", command]
        if user != "root":
            call = [*self._enter(), "sudo", "-n", "-u", user, "/bin/sh", "-c", command]
        try:
            done = subprocess.run(call, input=stdin, capture_output=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"{self.name}: no end after {timeout_s} s") from error
        if done.returncode != 0:
            complaint = done.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"{self.name}: exit {done.returncode}: {complaint}")
        return done.stdout.decode(errors="surrogateescape")

    def outside(self, path: str) -> Path:
        """Where the host's `path` is found from outside, also while it is stopped."""
        return Path(f"/proc/{self._holder.pid}/root") / path.lstrip("/")

    def log(self) -> str:
        """All that its sshd has said since the host was made."""
        return self.outside(f"{LAB}/sshd.log").read_text(encoding="utf-8", errors="replace")

    def connections(self) -> int:
        """How many connections its sshd has taken, those of this lab left out."""
        return self.log().count(CONNECTION) - self._own_connections

    def logins(self) -> int:
        """How many logins it has let in."""
        return self.log().count("Accepted publickey for ")

    def failures(self) -> int:
        """How many keys and logins it has refused."""
        log = self.log()
        return log.count("Failed publickey for ") + log.count("Invalid user ")

    def executions(self) -> int:
        """How many commands, shells and subsystems it has started."""
        return self.log().count("Starting session: ")

    def stop(self) -> None:
        """End every process of the host at once; its files stay for `again`. Doing so twice is fine."""
        if self._sshd_pid is not None:
            self._sshd_pid = None
            _say(self._holder, "stop", "stopped")
            _wait_until(lambda: _is_refused(self.address), f"{self.name}: its port is still open")

    def again(self) -> None:
        """Start the host that was stopped: same address, key and files, no process of before."""
        assert self._sshd_pid is None, f"{self.name} is running"
        before = self.log().count(CONNECTION)
        self._sshd_pid = int(_say(self._holder, "start", "started").split()[1])
        try:
            _wait_until(lambda: _greets(self.address), f"{self.name}: no sshd")
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {self.log().strip()[-500:]}") from error
        self._own_connections += self.log().count(CONNECTION) - before

    def _enter(self) -> list[str]:
        """The call that runs what follows among the host's own processes."""
        pid = self._sshd_pid
        assert pid is not None, f"{self.name} is stopped"
        first = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0]
        return ["nsenter", f"--target={first}", "--mount", "--uts", "--pid", "--wd=/", "--"]

    def _remove(self) -> None:
        """End the host with all its files."""
        self.stop()
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait(timeout=10)
        if self._holder.stdout is not None:
            self._holder.stdout.close()


@dataclass
class SshdLab:
    """Starts hosts, and keeps the keys that open them."""

    keys_dir: Path
    identity: Key
    hosts: list[SshdHost] = field(default_factory=list)

    def make_key(self, name: str) -> Key:
        """Make a further key pair, for a host or a person."""
        return make_key(self.keys_dir / name)

    def start(
        self, user: str = "root", host_key: Key | None = None, sh_program: str | None = None, config: str = ""
    ) -> SshdHost:
        """Start one host; `config` goes before all else in its sshd_config, where the first value counts."""
        return self.start_many(1, user, host_key, sh_program, config)[0]

    def start_many(
        self,
        count: int,
        user: str = "root",
        host_key: Key | None = None,
        sh_program: str | None = None,
        config: str = "",
    ) -> list[SshdHost]:
        """Start `count` hosts; with a `host_key` they share it, without one each has its own."""
        program = ""
        if sh_program is not None:
            program = need_programs([sh_program])[sh_program]
        taken = {host.address for host in self.hosts}
        hosts = []
        for number in range(len(self.hosts) + 1, len(self.hosts) + count + 1):
            address = _free_address(taken)
            taken.add(address)
            name = f"sshd{number}"
            hosts.append((name, address, host_key or self.make_key(f"{name}.host")))
        with ThreadPoolExecutor(STARTERS) as pool:
            return list(pool.map(lambda host: self._start(*host, user=user, sh_program=program, config=config), hosts))

    def _start(self, name: str, address: str, key: Key, *, user: str, sh_program: str, config: str) -> SshdHost:
        host = SshdHost(
            address=address,
            port=PORT,
            user=user,
            identity=self.identity.path,
            host_key=key.public,
            name=name,
            _holder=_hold(name, sh_program),
        )
        self.hosts.append(host)
        self._write_files(host, key, config)
        _say(host._holder, "written", "ready")
        host.again()
        return host

    def _write_files(self, host: SshdHost, key: Key, config: str) -> None:
        etc = host.outside(f"{LAB}/etc")
        etc.mkdir()
        for name, (content, mode) in system_files(host.name).items():
            (etc / name).write_text(content, encoding="utf-8")
            (etc / name).chmod(mode)
        shells = host.outside(f"{LAB}/shells")
        shells.mkdir()
        (shells / "ash").symlink_to(find_program("busybox") or "/bin/busybox")
        private = host.outside(f"{LAB}/host_key")
        private.touch(mode=0o600)
        private.write_bytes(key.path.read_bytes())
        host.outside(f"{LAB}/authorized_keys").write_text(f"{self.identity.public}\n", encoding="ascii")
        host.outside(f"{LAB}/sshd_config").write_text(
            f"{config}\nListenAddress {host.address}\n{CONFIG}", encoding="utf-8"
        )
        host.outside(f"{LAB}/sshd.log").touch()


@contextmanager
def sshd_lab(keys_dir: Path) -> Iterator[SshdLab]:
    """A lab of sshd hosts, all of which end with it; raises LabMissingError where it cannot be had."""
    need_root()
    need_programs(PROGRAMS)
    lab = SshdLab(keys_dir, make_key(keys_dir / "identity"))
    try:
        yield lab
    finally:
        for host in lab.hosts:
            host._remove()


def _hold(name: str, sh_program: str) -> subprocess.Popen[str]:
    """Start the process that holds a host's directories; its files are to be written next."""
    holder = subprocess.Popen(
        ["unshare", "--mount", "--uts", "--propagation=private", "--", "/bin/sh", str(SCRIPT), name, sh_program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
    )
    _expect(holder, "mounted")
    return holder


def _say(holder: subprocess.Popen[str], line: str, answer: str) -> str:
    assert holder.stdin is not None
    holder.stdin.write(f"{line}\n")
    holder.stdin.flush()
    return _expect(holder, answer)


def _expect(holder: subprocess.Popen[str], word: str) -> str:
    """The line the holder says next, which begins with `word`."""
    assert holder.stdout is not None
    said = holder.stdout.readline().strip()
    if said.partition(" ")[0] != word:
        raise LabMissingError(f"needs namespaces and mounts of its own, and {SCRIPT.name} did not get to {word!r}")
    return said


def _free_address(taken: set[str]) -> str:
    """An address of 127.77.0.0/16 on which nobody listens: other test runs have theirs there too."""
    while True:
        address = f"127.77.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}"
        if address in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((address, PORT))
            except OSError:
                continue
            return address


def _greets(address: str) -> bool:
    try:
        with socket.create_connection((address, PORT), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _is_refused(address: str) -> bool:
    try:
        socket.create_connection((address, PORT), timeout=2).close()
    except ConnectionRefusedError:
        return True
    except OSError:  # it was reset: the last process is ending
        return False
    return False


def _wait_until(holds: object, otherwise: str) -> None:
    assert callable(holds)
    deadline_s = time.monotonic() + UP_TIMEOUT_S
    while not holds():
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"{otherwise} after {UP_TIMEOUT_S} s")
        time.sleep(0.01)
