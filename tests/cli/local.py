"""A home whose one host is this very machine, and the program as a process in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

REMEDY = (sys.executable, "-m", "remedy")


SLOW = """\
playbook: slow
summary: Two steps that take a while
symptom:
  - disk.free: {{mount: /, at_least: 0%}}
steps:
  - id: first
    files.prune: {{root: {root}/a, match: "*.old", older_than: 1d}}
  - id: second
    files.prune: {{root: {root}/b, match: "*.old", older_than: 1d}}
verify:
  - disk.free: {{mount: /, at_least: 0%}}
"""


def make_local_home(tmp_path: Path) -> Path:
    """A home whose one host is this machine, and two directories with an old file each."""
    home, root = tmp_path / "home", tmp_path / "files"
    (home / "inventory").mkdir(parents=True, mode=0o755)
    (home / "playbooks").mkdir(mode=0o755)
    home.chmod(0o755)
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        (root / name / "x.old").write_bytes(b"x" * 1000)
        os.utime(root / name / "x.old", (time.time() - 10 * 86_400,) * 2)
    (home / "playbooks/slow.yml").write_text(SLOW.format(root=root))
    (home / "inventory/hosts.yml").write_text("hosts:\n  here: {address: 'local://'}\n")
    return home


def plan_and_approve(home: Path) -> str:
    """The id of an approved plan that takes both files, without a quarantine: for good."""
    plan = subprocess.run(
        [*REMEDY, "-C", str(home), "plan", "slow", "--host", "here", "--json"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    identifier = str(json.loads(plan.stdout)["id"])
    approve = [*REMEDY, "-C", str(home), "approve", identifier, "--break-glass", "a test"]
    subprocess.run(approve, capture_output=True, timeout=60, check=True)
    return identifier
