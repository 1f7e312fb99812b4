"""What does not depend on how busy the machine is: round trips, and the CPU of commands that reach no host."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import work
from tests.bench.hosts import Hosts
from tests.bench.measure import timed
from tests.lab.relay import Relay

DELAY_S = 0.03  # so that an answer and the question after it are never taken for one


@dataclass(frozen=True, kw_only=True)
class Turns:
    """Round trips of one host: a look at one thing, a look at all, a whole apply in which everything changes."""

    one_look: int
    ten_looks: int
    apply: int
    changes: int


def turns(hosts: Hosts, home: Path, steps: Sequence[work.Step]) -> Turns:
    """Count them on the wire, through a relay to the first host."""
    host = hosts.hosts[0]
    with Relay((host.address, host.port), delay_s=DELAY_S) as relay:
        inventory = home / "inventory/relayed.yml"
        entry = host.entry(address=f"ssh://{host.user}@127.0.0.1:{relay.port}")
        inventory.write_text(json.dumps({"hosts": {"relayed": entry}}))
        hosts.put_back(steps, converged=False, count=1)

        def count(*words: str) -> int:
            before = relay.counts().turns
            argv = [remedy_program(), "-C", str(home), *words, "--host", "relayed"]
            timed(argv, os.environ, hosts.scratch / "last.log")
            return relay.counts().turns - before

        counted = Turns(
            one_look=count("plan", "one"),
            ten_looks=count("plan", "ten"),
            apply=count("apply", "ten", "--yes"),
            changes=len(steps),
        )
        inventory.unlink()
    return counted


def cpu_ratio(argv: Sequence[str], scratch: Path, rounds: int) -> tuple[float, float]:
    """CPU seconds of a command, and how many times those of a bare Python; each the median, interleaved."""
    log, bare = scratch / "last.log", [sys.executable, "-c", "pass"]
    pairs = [(timed(argv, os.environ, log)[1], timed(bare, os.environ, log)[1]) for _ in range(rounds + 1)][1:]
    return median(cost for cost, _ in pairs), median(cost / of_bare for cost, of_bare in pairs)


def remedy_program() -> str:
    """The command that belongs to the environment which runs this."""
    return str(Path(sys.executable).with_name("remedy"))
