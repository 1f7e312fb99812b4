"""A mount namespace of one's own, held open by a process: what is mounted in it is new, and goes with it."""

from __future__ import annotations

import subprocess
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

    @classmethod
    def make(cls, mounts: str, *args: str) -> Namespace:
        """Mount with these words of shell; nothing of the machine may be mounted anywhere."""
        holder = subprocess.Popen(
            [*UNSHARE, "sh", "-c", f"set -e\n{mounts}\necho ready\nread -r _", "sh", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout
        assert holder.stdout.readline() == "ready\n"
        return cls(holder)

    def inside(self, *command: str) -> list[str]:
        """A command as it is run in it."""
        enter = ("nsenter", "--preserve-credentials", "--user", "--mount", "--target", str(self.holder.pid), "--")
        return [*enter, *command]

    def end(self) -> None:
        """Let it go, with what was mounted."""
        assert self.holder.stdin
        self.holder.stdin.close()
        self.holder.wait(10)
