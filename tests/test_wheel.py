"""What people install is whole: the wheel holds every file that remedy reads, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
BESIDE = {".py", ".sh", ".sql", ".typed", ".html", ".css", ".js", ".svg"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel that is built from this tree, without the network."""
    pytest.importorskip("hatchling", reason="the wheel needs hatchling: run `make .venv`")
    aim = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(aim)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=100)
    (path,) = aim.glob("*.whl")
    with ZipFile(path) as archive:
        return set(archive.namelist())


def _package_files() -> set[str]:
    files = (path for path in (ROOT / "remedy").rglob("*") if path.is_file() and path.suffix in BESIDE)
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_the_wheel_holds_every_module_and_every_file_beside_one(wheel: set[str]) -> None:
    files = _package_files()
    assert any(name.endswith(".sh") for name in files)
    assert any(name.endswith(".sql") for name in files)
    assert files - wheel == set()


@pytest.mark.parametrize(("directory", "pattern"), [("playbooks", "*.yml"), ("schemas", "*.json")])
def test_the_wheel_holds_what_lies_at_the_top_for_people(wheel: set[str], directory: str, pattern: str) -> None:
    files = {f"remedy/_shipped/{directory}/{path.name}" for path in (ROOT / directory).glob(pattern)}
    assert files
    assert files - wheel == set()


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    others = {name for name in wheel - _package_files() if PurePosixPath(name).parts[1] != "_shipped"}
    assert {name for name in others if ".dist-info/" not in name} == set()
