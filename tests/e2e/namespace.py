"""A mount namespace of one's own, held open by a process: what is mounted in it is new, and goes with it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")


def missing() -> str:
    """Why such a namespace cannot be had here; "" when it can."""
    try:
        tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False, timeout=10)
    except OSError as error:
        return str(error)
    return tried.stderr.strip() if tried.returncode else ""


@dataclass(frozen=True)
class Namespace:
    """Holds it until its end."""

    holder: subprocess.Popen[str]

    enter: Sequence[str]

    @classmethod
    def make(cls, mounts: str, *args: str) -> Namespace:
        """Mount with these words of shell; nothing of the machine may be mounted anywhere."""
        return cls._held(UNSHARE, ("--preserve-credentials", "--user", "--mount"), mounts, *args)

    @classmethod
    def make_as_root(cls, mounts: str) -> Namespace:
        """The same where the tests are root, whose power over the machine's own processes stays."""
        return cls._held(("unshare", "--mount"), ("--mount",), mounts)

    @classmethod
    def _held(cls, unshare: Sequence[str], entered: Sequence[str], mounts: str, *args: str) -> Namespace:
        holder = subprocess.Popen(
            [*unshare, "sh", "-c", f"set -e\n{mounts}\necho ready\nread -r _", "sh", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout
        assert holder.stdout.readline() == "ready\n"
        return cls(holder, ("nsenter", *entered, "--target", str(holder.pid), "--"))

    def inside(self, *command: str) -> list[str]:
        """A command as it is run in it."""
        return [*self.enter, *command]

    def end(self) -> None:
        """Let it go, with what was mounted."""
        assert self.holder.stdin
        self.holder.stdin.close()
        self.holder.wait(10)
