"""Run one command of the product and kill or stop its process where it passes a gate. Not a test.

python killed.py RECORD GATE ARGUMENT...

GATE is a number, and the process is killed at the gate of that number; or a name, and the process
stops there until it is told to go on. Gates are the writes of a run to the store and its requests
to a host, each before and after; of a change, also when it was sent and nothing has come back. The
name of each gate that is passed is a line of RECORD. They count from the moment when the run is created
or resumed.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from remedy.cli import main as remedy
from remedy.hosts.local import LocalPipe
from remedy.hosts.session import HostSession
from remedy.hosts.ssh import SshPipe
from remedy.store.sqlite import SqliteStore


class Gates:
    """Counts what is passed; kills or stops this process at the one that was asked for."""

    def __init__(self, record: Path, gate: str, *, is_armed: bool) -> None:
        self.record = record
        self.gate = gate
        self.is_armed = is_armed
        self.count = 0
        self.in_change = False

    def passed(self, name: str) -> None:
        if not self.is_armed:
            return
        self.count += 1
        with self.record.open("a") as lines:
            lines.write(f"{name}\n")
        if self.gate == str(self.count):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.gate == name:
            self.gate = ""
            os.kill(os.getpid(), signal.SIGSTOP)

    def around(self, kind: type, name: str) -> None:
        """Let a method of a class pass a gate before and after."""
        method: Callable[..., Any] = getattr(kind, name)

        def gated(*args: Any, **named: Any) -> Any:
            self.is_armed = self.is_armed or name == "redeem"
            self.passed(f"before {name}")
            self.in_change = name == "change"
            result = method(*args, **named)
            self.in_change = False
            self.passed(f"after {name}")
            return result

        setattr(kind, name, gated)

    def within_a_change(self, kind: type, name: str) -> None:
        """Let a method pass a gate before, while a change was sent and its answer is not there."""
        method: Callable[..., Any] = getattr(kind, name)

        def gated(*args: Any, **named: Any) -> Any:
            if self.in_change:
                self.in_change = False
                self.passed("within change")
            return method(*args, **named)

        setattr(kind, name, gated)


def main() -> None:
    record, gate, *arguments = sys.argv[1:]
    gates = Gates(Path(record), gate, is_armed="resume" in arguments)
    for name in ("append", "redeem"):
        gates.around(SqliteStore, name)
    for name in ("look", "lease", "change", "receipts", "release"):
        gates.around(HostSession, name)
    for pipe in (LocalPipe, SshPipe):
        gates.within_a_change(pipe, "receive")
    sys.argv = ["remedy", *arguments]
    remedy()


if __name__ == "__main__":
    main()
