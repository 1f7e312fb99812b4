"""`python -m tests.e2e.write_drills` drills every shipped playbook and writes docs/drills.md of it; as root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.drills import CASES, KEPT, UNDRILLED

PAGE = Path(__file__).parents[2] / "docs" / "drills.md"
HOSTS = {"lab_host": "a plain host", "sira_host": "a whole site"}
HEAD = """# The drills of the shipped playbooks

Made by `make drills`. Every playbook that remedy ships is drilled on a real host of the lab: what it is for is broken
on purpose, its symptom is waited for, it is planned and applied, applied once more, which must change nothing, and all
is put back. The tests do so each time. Try one yourself: `make lab`, or `remedy drill PLAYBOOK --host H` on a host of
yours that is there for it ([the operator's guide](operators.md#drills)).

The seconds are those of the lab, where everything is small and near, on one machine: what a remedy waits for on a real
host, a health check above all, takes as long as it takes there.

- *Symptom*: from the first thing broken until the playbook's symptom holds.
- *Plan*: from there until its plan is made.
- *Fixed*: from the symptom until its `verify` holds, the plan and the yes to it included.

| playbook | broken on purpose | on | symptom | plan | fixed | verdict |
|---|---|---|---:|---:|---:|---|
"""


def page(drilled: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """The whole page: which fixture's host, and the drill's JSON document, for each."""
    rows = [_row(host, document) for host, document in sorted(drilled, key=lambda d: str(d[1]["playbook"]))]
    left_out = [f"\nNot drilled: `{name}`: {why}." for name, why in UNDRILLED.items()]
    end = "\nNone is left out.\n" if not left_out else "\n".join([*left_out, ""])
    return HEAD + "\n".join(rows) + "\n" + end


def _row(host: str, document: Mapping[str, Any]) -> str:
    name, seconds = document["playbook"], document["seconds"]
    times = " | ".join(
        "-" if seconds[k] is None else f"{seconds[k]:.1f} s" for k in ("to_symptom", "to_plan", "to_fixed")
    )
    verdict = document["verdict"] + (f": {document['why']}" if document["why"] else "")
    return f"| [`{name}`](../playbooks/{name}.yml) | {document['about']} | {HOSTS[host]} | {times} | {verdict} |"


def kept_in(folder: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """The fixture's host and the document of each drill that was not refused."""
    files = [(c.host, folder / f"{c.playbook}.json") for c in CASES]
    found = [(host, json.loads(file.read_text())) for host, file in files if file.exists()]
    return [(host, document) for host, document in found if "verdict" in document]


def main() -> int:
    """Drill all of them, and write what came of it, also where one failed. Returns what pytest ended with."""
    with tempfile.TemporaryDirectory(prefix="remedy-drills-") as folder:
        tests = ("tests/e2e/test_drills.py", "-k", "remedies_its_own")
        argv = [sys.executable, "-m", "pytest", "-q", "--long", *tests]
        done = subprocess.run(argv, env={**os.environ, KEPT: folder}, check=False)
        PAGE.write_text(page(kept_in(Path(folder))))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
