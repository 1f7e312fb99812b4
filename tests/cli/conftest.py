"""A home, hosts in memory, and the command line called as a function with a world of the test's own."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest

from remedy.cli.edge import run
from remedy.cli.world import World
from remedy.hosts.fake import FakeHost, FakeTransport
from tests.cli.box import Disk, full_disk
from tests.cli.local import make_local_home
from tests.outputs import hold

ONCALL, SECOND = "uid:1000 (oncall)", "uid:1001 (second)"

PLAYBOOK = """\
playbook: disk-full
summary: Free space on a filesystem that is nearly full
severity: P3
params:
  mount: {type: path, default: /srv, about: Filesystem to free}
  free: {type: percent, default: 20%, about: Free space wanted afterwards}
symptom:
  - disk.free: {mount: "{{ mount }}", below: "{{ free }}"}
diagnose:
  - disk.top: {mount: "{{ mount }}"}
steps:
  - id: old-logs
    files.prune: {root: "{{ mount }}/log", match: "*.log.*", older_than: 7d}
verify:
  - disk.free: {mount: "{{ mount }}", at_least: 10%}
limits: {hosts: 3, batch: 2}
"""

INVENTORY = """\
groups:
  all:
    hosts: [prod1, test1]
    vars: {mount: /srv/data}
hosts:
  prod1:
    address: ssh://deploy@192.0.2.11:22
    environment: production
    quarantine: /var/quarantine
    vars: {mount: /srv}
  test1:
    address: ssh://deploy@192.0.2.12:22
    environment: test
    quarantine: /var/quarantine
"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Watch:
    """A clock that a test sets; sleeping moves it."""

    at: datetime = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
    passed_s: float = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds


@dataclass(frozen=True)
class Done:
    """How one command line ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


@dataclass
class Bench:
    """The command line in a home of its own. `typed` is what a person types; without it there is no terminal."""

    path: Path
    disks: Mapping[str, Disk]
    hosts: dict[str, FakeHost]
    clock: Watch = field(default_factory=Watch)

    def __call__(self, *argv: str, typed: str | None = None, person: str = ONCALL, **environ: str) -> Done:
        out, err = (io.StringIO(), io.StringIO()) if typed is None else (Terminal(), Terminal())
        world = World(
            stdin=io.StringIO() if typed is None else Terminal(typed),
            stdout=out,
            stderr=err,
            environ={"NO_COLOR": "1", "TERM": "dumb", "HOME": str(self.path), **environ},
            cwd=self.path,
            person=person,
            connect=lambda _: FakeTransport(self.hosts),
            clock=self.clock,
        )
        code = run(argv, world)
        assert "Traceback" not in out.getvalue() + err.getvalue()
        if "--json" in argv and out.getvalue().startswith(("{", "[")):
            hold(argv, out.getvalue())
        return Done(code, out.getvalue(), err.getvalue())

    def plan(self, host: str = "test1") -> str:
        """The id of a new plan."""
        done = self("plan", "disk-full", "--host", host, "--json")
        assert done.code == 0, done
        identifier: str = done.document["id"]
        return identifier

    @property
    def mutations(self) -> int:
        """Changes that were sent to any host."""
        return sum(len(h.changes) for h in self.hosts.values())

    @property
    def connections(self) -> int:
        return sum(h.connections for h in self.hosts.values())


@pytest.fixture
def update_golden() -> bool:
    """Whether the golden texts are to be written, not compared."""
    return os.environ.get("UPDATE_GOLDEN") == "1"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A home with disk-full, prod1 (production) and test1, both with a full disk."""
    home = tmp_path / "home"
    for name in ("playbooks", "inventory"):
        (home / name).mkdir(parents=True, mode=0o755)
    home.chmod(0o755)
    (home / "playbooks/disk-full.yml").write_text(PLAYBOOK)
    (home / "inventory/hosts.yml").write_text(INVENTORY)
    disks = {"prod1": full_disk(), "test1": full_disk()}
    return Bench(home, disks, {name: disk.host() for name, disk in disks.items()})


@pytest.fixture
def local_home(tmp_path: Path) -> Iterator[Path]:
    """A home whose one host is this machine; `tmp_path/files` holds what its playbook takes.

    The machine has one lease for each user: tests that run side by side take turns.
    """
    with (Path(tempfile.gettempdir()) / f"remedy-tests-{os.getuid()}.turn").open("w") as turn:
        flock(turn, LOCK_EX)
        yield make_local_home(tmp_path)
