"""A disk that really fills, on this machine, seen by nobody else: a mount namespace with two small filesystems.

Nothing of the machine is mounted below another directory: what is mounted is new and in memory, and goes
with the namespace.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.home import DEADLINE_S, Done, Home
from tests.e2e.namespace import Namespace

MOUNTS = """mount -t tmpfs -o size=64m,mode=755 tmpfs "$1/disk"
mount -t tmpfs -o size=128m,mode=700 tmpfs "$1/shelf"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir "$1/disk/log"
for n in 1 2 3; do
    yes "old line $n" | head -c 10000000 >"$1/disk/log/app.log.$n"
    touch -d '9 days ago' "$1/disk/log/app.log.$n"
done
yes "a line" | head -c 2000000 >"$1/disk/log/app.log"
head -c 30000000 /dev/zero >"$1/disk/ballast"
"""

PICTURE = """cd "$1" && find disk/log shelf -type f | while read -r name; do
    case $name in *.gz) gzip -dc "$name" ;; *) cat "$name" ;; esac | sha256sum | sed "s|^|$name |; s| *-\\$||"
done"""


@dataclass
class Disk:
    """A home, and this machine as its host `here`, with a disk that is 95 % full."""

    home: Home
    place: Path
    namespace: Namespace

    @classmethod
    def make(cls, place: Path) -> Disk:
        place.mkdir(mode=0o700)
        for name in ("disk", "shelf", "home"):
            (place / name).mkdir(mode=0o700)
        namespace = Namespace.make(MOUNTS, str(place))
        home = Home(place / "home")
        params = {"mount": str(place / "disk"), "log_dir": str(place / "disk" / "log"), "rotate_above": "1MiB"}
        here = {"address": "local://", "quarantine": str(place / "shelf"), "vars": params}
        home.write_inventory({"hosts": {"here": here}})
        return cls(home, place, namespace)

    def inside(self, *command: str) -> list[str]:
        """A command as it is run where the disk is to be seen."""
        return self.namespace.inside(*command)

    def within(self, *command: str) -> Done:
        """Run a command where the disk is to be seen."""
        done = subprocess.run(
            self.inside(*command),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=self.home.environment(),
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def remedy(self, *args: str) -> Done:
        return self.within(*self.home.argv(*args))

    def gated(self, record: Path, gate: str, *args: str) -> list[str]:
        """A command of the product that dies at the gate of a number, or stops at the gate of a name."""
        driver = str(Path(__file__).with_name("killed.py"))
        return [sys.executable, driver, str(record), gate, "-C", str(self.home.path), *args]

    def killed(self, record: Path, nth: int, *args: str) -> Done:
        """Run a command of the product that dies at its n-th gate."""
        return self.within(*self.gated(record, str(nth), *args))

    def second_home(self) -> Home:
        """Another controller's home, with the same inventory."""
        (self.place / "other").mkdir(mode=0o700)
        other = Home(self.place / "other")
        other.write_inventory(json.loads((self.home.path / "inventory" / "hosts.yml").read_text()))
        return other

    def picture(self) -> list[str]:
        """Every file of the disk and of the shelf by name and content; which folder of the shelf does not count."""
        lines = self.within("sh", "-c", PICTURE, "sh", str(self.place)).out.splitlines()
        words = [line.rsplit(" ", 1) for line in lines]
        return sorted(f"{name.split('/')[0]}/{name.split('/')[-1]} {digest}" for name, digest in words)

    def runs(self) -> list[dict[str, Any]]:
        """The runs of the home."""
        return list(json.loads(self.remedy("list", "runs", "--json").out))

    def end(self) -> None:
        """Let the namespace go, and the disk with it."""
        self.namespace.end()
