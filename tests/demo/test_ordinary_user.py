"""Somebody without any right installs the wheel and runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.conftest import assert_nothing_left, host_in, skip_unless_possible

ROOT = Path(__file__).parents[2]
PERSON = 61_991  # no account of any machine: remedy must not need one
PATH = "/usr/local/bin:/usr/bin:/bin"  # an ordinary user's, without sbin

pytestmark = [pytest.mark.userns, pytest.mark.long]


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory of the person's own, made of copies alone: nothing is ever mounted below it."""
    directory = Path(tempfile.mkdtemp(prefix="remedy-person-"))
    try:
        yield directory
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", "--", str(directory)], check=True)


def install(home: Path) -> None:
    """Build the wheel and install it, with all that it needs, into a new virtual environment of the person's."""
    pytest.importorskip("hatchling", reason="the wheel needs hatchling: run `make .venv`")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(home / "wheel")]
    subprocess.run(build, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=True, capture_output=True)
    (wheel,) = (home / "wheel").glob("*.whl")
    subprocess.run(["/usr/bin/python3", "-m", "venv", str(home / "venv")], check=True)
    subprocess.run([str(home / "venv/bin/pip"), "install", "-q", str(wheel)], check=True)
    subprocess.run(["chown", "-R", f"{PERSON}:{PERSON}", str(home)], check=True)


def run_as_person(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    become = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups", "--"]
    return subprocess.run(
        [*become, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env={"PATH": PATH, "HOME": str(home)},
        timeout=60,
    )


@pytest.mark.timeout(300)
def test_an_ordinary_user_installs_the_wheel_and_the_demo_comes_true(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    skip_unless_possible("library", "user")
    install(home)

    told = run_as_person(home, str(home / "venv/bin/remedy"), "demo", "--yes")

    if "gives you none" in told.stderr:
        pytest.skip(f"no namespaces for ordinary users here: {told.stderr}")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "a user namespace holds its file systems" in told.stdout
    assert "95% /" in told.stdout
    assert "yes  the second apply: unchanged" in told.stdout
    assert_nothing_left(*host_in(told.stdout))
