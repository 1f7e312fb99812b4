"""A home for end-to-end tests, used through the command line as a person or a script would."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE_S = 90


@dataclass(frozen=True)
class Done:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


class Home:
    """A directory with an inventory; every command is a process of its own, without a terminal."""

    def __init__(self, path: Path, secrets: Mapping[str, str] | None = None) -> None:
        """`secrets` are variables of the environment that commands are run in."""
        self.path = path
        self.secrets = secrets or {}
        (path / "inventory").mkdir(mode=0o700)
        (path / "playbooks").mkdir()
        path.chmod(0o700)

    def write_inventory(self, inventory: dict[str, Any]) -> None:
        """The whole inventory; JSON is YAML too."""
        (self.path / "inventory" / "hosts.yml").write_text(json.dumps(inventory, indent=1))

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "remedy", "-C", str(self.path), *args]

    def environment(self) -> dict[str, str]:
        return {k: v for k, v in os.environ.items() if not k.startswith(("SSH_", "REMEDY_"))} | {**self.secrets}

    def remedy(self, *args: str, stdin: str = "", timeout_s: float = DEADLINE_S) -> Done:
        """Run one command to its end."""
        done = subprocess.run(
            self.argv(*args),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=self.environment(),
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)
