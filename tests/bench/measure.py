"""One run of one peer: hosts put back before, compared after; wall, CPU and memory of the controller."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.bench.hosts import Hosts
from tests.bench.work import Step

Kind = Literal["converged", "changing", "plan"]
LONGEST_S = 400  # of one run; Ansible at 50 hosts takes minutes


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A way to do the work: the command of each kind of run, for the first `count` hosts."""

    name: str
    commands: Mapping[Kind, Sequence[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    lingers_s: float = 0.1  # until what it left on the hosts has ended, and its CPU can be read


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run took. The far side's CPU is that of all hosts together."""

    wall_s: float
    cpu_s: float
    memory_mib: float
    far_cpu_s: float


class WrongError(Exception):
    """A run ended badly, or did not leave the hosts as it should."""


def run(peer: Peer, kind: Kind, count: int, hosts: Hosts, steps: Sequence[Step]) -> Run:
    """Run the peer once on the first `count` hosts. Raises WrongError with what it printed."""
    hosts.put_back(steps, converged=kind == "converged", count=count)
    far = hosts.cpu_s()
    log = hosts.scratch / "last.log"
    taken = timed(peer.commands[kind], {**os.environ, **peer.environment}, log)
    left = hosts.undone(steps, count)
    nothing_done = len(left) == count and all(len(numbers) == len(steps) for numbers in left.values())
    if left and not (kind == "plan" and nothing_done):
        said = log.read_text(errors="replace")[-2000:]
        raise WrongError(
            f"{peer.name}, {kind}: the hosts are not as they should be: {dict(list(left.items())[:3])}\n{said}"
        )
    time.sleep(peer.lingers_s)
    return Run(wall_s=taken[0], cpu_s=taken[1], memory_mib=taken[2], far_cpu_s=hosts.cpu_s() - far)


def timed(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and the largest process's MiB of a command. Raises WrongError when it fails."""
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            argv, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        too_long = threading.Timer(LONGEST_S, os.killpg, (process.pid, signal.SIGKILL))
        too_long.start()
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        too_long.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise WrongError(f"{argv[0]} ended with {process.returncode}\n{log.read_text(errors='replace')[-2000:]}")
    return wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
