"""Keys of hosts and people, made when a test needs them and kept nowhere else."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.parts import need_programs


@dataclass(frozen=True)
class Key:
    """One key pair: the file of the private half, and the public half as "TYPE BASE64"."""

    path: Path
    public: str


def make_key(path: Path) -> Key:
    """Make an Ed25519 key pair without a passphrase at `path` and `path`.pub."""
    program = need_programs(["ssh-keygen"])["ssh-keygen"]
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [program, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
    )
    words = path.with_name(path.name + ".pub").read_text(encoding="ascii").split()
    return Key(path, " ".join(words[:2]))
