"""`make bench`: remedy beside OpenSSH, pyinfra and Ansible, on the same hosts, in turns; writes docs/bench.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import counts, peers, remedy_side, table, work
from tests.bench.hosts import Hosts, bench_hosts
from tests.bench.measure import Kind, Peer, Run, WrongError, run
from tests.bench.venvs import peer_venv
from tests.lab.parts import LabMissingError

TOP = Path(__file__).parent.parent.parent
ANSIBLE_S = 320  # what its two runs at 50 hosts may well take


@dataclass
class Bench:
    """The runs so far, and the time there is for more."""

    hosts: Hosts
    until: float
    cells: dict[tuple[str, Kind, int], list[Run]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)

    def rounds(self, given: Sequence[Peer], kind: Kind, count: int, rounds: int) -> None:
        """Measure the peers in turns. After the first round, none is begun when the time is over."""
        for number in range(rounds):
            if number and time.monotonic() > self.until:
                self.notes.append(f"{kind}, hosts: {count}: {number} of {rounds} rounds, for time.")
                return
            for peer in given:
                if kind in peer.commands:
                    self.once(peer, kind, count)

    def once(self, peer: Peer, kind: Kind, count: int) -> None:
        """One run of one peer."""
        done = run(peer, kind, count, self.hosts, work.TEN)
        self.cells[(peer.name, kind, count)].append(done)
        told = f"{kind:9}  {count:2} hosts  {peer.name:8} {done.wall_s:7.2f} s"
        print(f"{told}  CPU {done.cpu_s:.2f} s here, {done.far_cpu_s:.2f} s there", flush=True)


def main() -> int:
    """Measure, print the table, and write it."""
    asked = _asked()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="remedy-bench.") as scratch,
            bench_hosts(asked.hosts, Path(scratch)) as hosts,
        ):
            written = _measured(asked, Path(scratch), hosts)
    except LabMissingError as missing:
        print(f"the lab {missing}", file=sys.stderr)
        return 1
    except WrongError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(f"\n{written}")
    if asked.out:
        Path(asked.out).write_text(written, encoding="utf-8")
    return 0


def _asked() -> argparse.Namespace:
    quick = os.environ.get("BENCH_QUICK") == "1"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2 if quick else 5, help="of every peer but Ansible")
    parser.add_argument("--ansible", type=int, default=0 if quick else 1, help="rounds of Ansible: minutes each")
    parser.add_argument("--minutes", type=float, default=1.5 if quick else 11, help="begin no further round after that")
    parser.add_argument("--peers", default=str(TOP / ".bench"), help="where the peers' environments are kept")
    parser.add_argument("--out", default="" if quick else str(TOP / "docs/bench.md"), help="the page to write")
    return parser.parse_args()


def _measured(asked: argparse.Namespace, scratch: Path, hosts: Hosts) -> str:
    most, begun = asked.hosts, time.monotonic()
    playbooks = {"ten": remedy_side.playbook("ten", work.TEN), "one": remedy_side.playbook("one", work.TEN[:1])}
    home = peers.make_home(hosts, [most], playbooks)
    bench = Bench(hosts, until=begun + asked.minutes * 60 - (ANSIBLE_S if asked.ansible else 0))
    turns = counts.turns(hosts, home, work.TEN)
    version = counts.cpu_ratio([counts.remedy_program(), "--version"], scratch, 9)
    playbook = str(home / "playbooks/ten.yml")
    validate = counts.cpu_ratio([counts.remedy_program(), "-C", str(home), "validate", playbook], scratch, 7)
    pyinfra = _venv(bench, asked, "pyinfra", "pyinfra")
    for count in (1, most):
        given = [peers.openssh(hosts, count), peers.remedy(hosts, count, home)]
        given += [peers.pyinfra(pyinfra, hosts, count)] if pyinfra else []
        kinds: tuple[Kind, ...] = ("converged", "changing", "plan") if count == most else ("converged",)
        for kind in kinds:
            bench.rounds(given, kind, count, asked.rounds)
    _ansible(bench, asked, most)
    goals = [
        *table.wall_goals(bench.cells, most),
        *table.turn_goals(turns),
        *table.cost_goals(bench.cells, most),
        *table.command_goals(version, validate),
    ]
    return table.page(_machine(asked), goals, bench.cells, bench.notes)


def _ansible(bench: Bench, asked: argparse.Namespace, most: int) -> None:
    venv = _venv(bench, asked, "ansible-core", "ansible-playbook") if asked.ansible else None
    if venv is None:
        return
    peer = peers.ansible(venv, bench.hosts, most)
    for kind in peer.commands:
        for _ in range(asked.ansible):
            try:
                bench.once(peer, kind, most)
            except WrongError as wrong:  # too slow here, or not for this Python: the others still count
                bench.notes.append(f"Ansible, {kind}: left out: {str(wrong).splitlines()[0]}")
                return


def _venv(bench: Bench, asked: argparse.Namespace, package: str, program: str) -> Path | None:
    venv = peer_venv(Path(asked.peers), package, program)
    if isinstance(venv, Path):
        return venv
    bench.notes.append(f"Left out: {venv}.")
    print(bench.notes[-1], flush=True)
    return None


def _machine(asked: argparse.Namespace) -> str:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores, python = os.cpu_count(), ".".join(map(str, sys.version_info[:3]))
    load = os.getloadavg()[0]
    return (
        f"{asked.hosts} hosts, which are sshd processes on the loopback of one machine: {cores} cores,"
        f" {memory_gib:.0f} GiB, Python {python}, load {load:.1f} at the end. Controller and hosts share the cores."
        " The peers ran in turns; a ratio is the median of the ratios of single rounds."
    )


if __name__ == "__main__":
    sys.exit(main())
