"""The peers' own environments: made from the package index when first needed, never the project's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

INSTALL_S = 300


def peer_venv(place: Path, package: str, program: str) -> Path | str:
    """The environment that holds `program`, or why there is none."""
    venv = place / package
    if (venv / "bin" / program).exists():
        return venv
    steps = [
        [sys.executable, "-m", "venv", "--without-pip", str(venv)],
        [sys.executable, "-m", "pip", "--python", str(venv), "--disable-pip-version-check", "install", "-q", package],
    ]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        except subprocess.TimeoutExpired:
            return f"{package} could not be installed within {INSTALL_S} s"
        if done.returncode != 0:
            return f"{package} is not to be had: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    return venv
