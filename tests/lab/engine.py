"""The lab's own Docker engine: shared by the test runs of this machine, ended by the last of them.

Its socket and state live in /run/remedy-lab, its images in the user's cache. It touches no firewall rule and joins no
network: a test host is reached by a port published on 127.0.0.1, and reaches nothing itself.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.lab.image import PLAIN, Recipe, image_file
from tests.lab.parts import LabMissingError, need_programs, need_root

RUN = Path("/run/remedy-lab")
BRIDGE = "remedy-lab0"
BRIDGE_ADDRESS = "10.203.77.1/24"
OWNER_LABEL = "remedy-lab.owner"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
CALL_TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running Docker engine with the image of a test host in it."""

    socket: Path
    image: str
    owner: str
    program: str

    @property
    def url(self) -> str:
        """Where a Docker client finds this engine."""
        return f"unix://{self.socket}"

    def command(self, *arguments: str) -> list[str]:
        """The command line of a call of this engine."""
        return [self.program, "--host", self.url, *arguments]

    def docker(self, *arguments: str, stdin: bytes = b"", timeout_s: float = CALL_TIMEOUT_S) -> str:
        """What the call prints; raises RuntimeError with what it complained about."""
        try:
            done = subprocess.run(
                self.command(*arguments), input=stdin, capture_output=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"docker {arguments[0]}: no end after {timeout_s} s") from error
        if done.returncode != 0:
            complaint = done.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"docker {arguments[0]}: exit {done.returncode}: {complaint}")
        return done.stdout.decode(errors="surrogateescape")


@contextmanager
def engine() -> Iterator[Engine]:
    """Join the lab's engine, or start it; at the end remove this run's containers, and stop it if it was the last.

    Raises LabMissingError where it cannot be had.
    """
    need_root()
    programs = need_programs(["dockerd", "containerd", "docker", "ip", "iptables"])
    RUN.mkdir(mode=0o700, exist_ok=True)
    (cache := _cache()).mkdir(parents=True, exist_ok=True)
    with (RUN / "users").open("w") as users:
        with _turn():
            fcntl.flock(users, fcntl.LOCK_SH)
            joined = _join(programs, cache)
        try:
            yield joined
        finally:
            with _turn():
                _sweep(joined, joined.owner)
                _stop_if_last(users, programs["ip"])


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "remedy-lab"


@contextmanager
def _turn() -> Iterator[None]:
    """One run at a time starts, sweeps or stops the engine."""
    with (RUN / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _join(programs: dict[str, str], cache: Path) -> Engine:
    image_file(PLAIN, cache)
    joined = Engine(
        socket=RUN / "docker.sock",
        image=PLAIN.tag,
        owner=f"{_begin_of(os.getpid())}.{secrets.token_hex(4)}",
        program=programs["docker"],
    )
    if not _answers(joined):
        _stop(programs["ip"])  # one that runs and does not answer
        _start(joined, programs, cache)
    for owner in _owners(joined):
        if not owner.startswith(_begin_of(int(owner.partition(".")[0])) + "."):
            _sweep(joined, owner)  # its run was killed
    _import(joined, PLAIN, cache)
    return joined


def file_of(recipe: Recipe) -> Path:
    """The recipe's root directory as a tar in the cache; built when it is not there yet."""
    cache = _cache()
    with (cache / f"{recipe.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return image_file(recipe, cache)


def image_of(recipe: Recipe, joined: Engine) -> str:
    """The name of the recipe's image in the engine; built and imported when it is not there yet."""
    cache = _cache()
    with (cache / f"{recipe.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        _import(joined, recipe, cache)
    return recipe.tag


def _import(joined: Engine, recipe: Recipe, cache: Path) -> None:
    if not joined.docker("images", "--quiet", recipe.tag).strip():
        archive = str(image_file(recipe, cache))
        options = ("--change", 'CMD ["/sbin/init"]', "--change", "ENV container=docker")
        joined.docker("import", *options, archive, recipe.tag, timeout_s=300)


def _answers(joined: Engine) -> bool:
    try:
        joined.docker("version", "--format", "{{.Server.Version}}", timeout_s=10)
    except RuntimeError:
        return False
    return True


def _start(joined: Engine, programs: dict[str, str], cache: Path) -> None:
    _make_bridge(programs["ip"])
    (RUN / "daemon.json").write_text("{}", encoding="ascii")  # or it reads the machine's own
    command = [
        programs["dockerd"],
        f"--host={joined.url}",
        f"--config-file={RUN / 'daemon.json'}",
        f"--pidfile={RUN / 'dockerd.pid'}",
        f"--exec-root={RUN / 'exec'}",
        f"--data-root={cache / 'engine'}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        f"--bridge={BRIDGE}",
        "--ip=127.0.0.1",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-masq=false",
        "--ip-forward=false",
        "--log-level=warn",
    ]
    with (RUN / "dockerd.log").open("w") as log:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        )
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while not _answers(joined):
        if started.poll() is not None or time.monotonic() > deadline_s:
            last = (RUN / "dockerd.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-2:]
            _stop(programs["ip"])
            raise LabMissingError(f"engine does not start: {' / '.join(last)}")
        time.sleep(0.1)


def _make_bridge(ip: str) -> None:
    if not Path("/sys/class/net", BRIDGE).exists():
        subprocess.run([ip, "link", "add", BRIDGE, "type", "bridge"], check=True, timeout=10)
        subprocess.run([ip, "address", "add", BRIDGE_ADDRESS, "dev", BRIDGE], check=True, timeout=10)
        subprocess.run([ip, "link", "set", BRIDGE, "up"], check=True, timeout=10)


def _stop_if_last(users: IO[str], ip: str) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _stop(ip)


def _stop(ip: str) -> None:
    """End the engine that RUN's pid file names, its containers with it, and take its bridge away."""
    pid = _engine_pid()
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline_s = time.monotonic() + STOP_TIMEOUT_S
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        while pid is not None and _is_alive(pid) and time.monotonic() < deadline_s:
            time.sleep(0.05)
    for name in ("docker.sock", "dockerd.pid"):
        (RUN / name).unlink(missing_ok=True)
    if Path("/sys/class/net", BRIDGE).exists():
        subprocess.run([ip, "link", "delete", BRIDGE], check=False, capture_output=True, timeout=10)


def _engine_pid() -> int | None:
    """The process of the lab's engine, and never another that has its number by now."""
    try:
        pid = int((RUN / "dockerd.pid").read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(RUN / "docker.sock").encode() in command else None


def _is_alive(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # it may be a child of this very run
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _begin_of(pid: int) -> str:
    """The process and when it began, which together no other process has; "PID." of one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return f"{pid}."
    return f"{pid}.{fields[19]}"  # field 22 of proc(5): starttime


def _owners(joined: Engine) -> set[str]:
    listed = joined.docker(
        "ps", "--all", "--filter", f"label={OWNER_LABEL}", "--format", f'{{{{.Label "{OWNER_LABEL}"}}}}'
    )
    return {line for line in listed.splitlines() if line}


def _sweep(joined: Engine, owner: str) -> None:
    """Remove all containers of one run."""
    with suppress(RuntimeError):  # the engine may have died with its containers
        found = joined.docker("ps", "--all", "--quiet", "--filter", f"label={OWNER_LABEL}={owner}").split()
        if found:
            joined.docker("rm", "--force", "--volumes", *found, timeout_s=120)
