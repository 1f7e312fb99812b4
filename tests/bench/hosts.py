"""The hosts that are measured: plain sshd processes of the lab, each with the work's directory as its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench import work
from tests.lab.sshd import SshdHost, sshd_lab

TICKS_S = os.sysconf("SC_CLK_TCK")


class Hosts:
    """Hosts that can be put back, compared, and asked what their processes have cost."""

    def __init__(self, hosts: Sequence[SshdHost], scratch: Path, identity: Path) -> None:
        self.hosts = list(hosts)
        self.scratch = scratch
        self.identity = identity
        self.known_hosts = scratch / "known_hosts"
        lines = (f"[{h.address}]:{h.port} {h.host_key}\n" for h in hosts)
        self.known_hosts.write_text("".join(lines), encoding="ascii")

    def put_back(self, steps: Sequence[work.Step], *, converged: bool, count: int) -> None:
        """Every step due on the first `count` hosts, or none."""
        script = work.apply_script(steps)
        for host in self.hosts[:count]:
            root = _directory(host)
            if converged and root.exists() and not work.undone(steps, root):
                continue
            shutil.rmtree(root, ignore_errors=True)
            work.break_host(root)
            if converged:
                host.sh(script)

    def undone(self, steps: Sequence[work.Step], count: int) -> dict[str, list[int]]:
        """The steps that are still due, by host; hosts where none is are left out."""
        found = {h.name: work.undone(steps, _directory(h)) for h in self.hosts[:count]}
        return {name: numbers for name, numbers in found.items() if numbers}

    def cpu_s(self) -> float:
        """What all hosts' processes that have ended, and their sshd, have cost so far."""
        return sum(map(_cpu_s, self.hosts))


@contextmanager
def bench_hosts(count: int, scratch: Path) -> Iterator[Hosts]:
    """Start `count` hosts, which end with the block. Raises LabMissingError where they cannot be had."""
    keys = scratch / "keys"
    keys.mkdir()
    with sshd_lab(keys) as lab:
        yield Hosts(lab.start_many(count), scratch, lab.identity.path)


def _directory(host: SshdHost) -> Path:
    """The work's directory from outside: on a file system of the host's own, or this raises."""
    srv = host.outside(str(Path(work.ROOT).parent))
    assert srv.stat().st_dev != Path("/srv").stat().st_dev, "not inside the host"
    return srv / Path(work.ROOT).name


def _cpu_s(host: SshdHost) -> float:
    """The first process of the host is its sshd, which inherits and reaps all others."""
    pid = host._sshd_pid
    first = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0]
    after_name = Path(f"/proc/{first}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / TICKS_S  # utime stime cutime cstime: proc(5)
