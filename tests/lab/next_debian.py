"""Programs of the next Debian that need only libc and that Debian 12 lacks: Compose v2, and an ACME server."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.parts import LabMissingError, debian_sources, need_programs

SUITE = "trixie"
COMPOSE = {"docker-compose": "usr/libexec/docker/cli-plugins/docker-compose"}
ACME = {"pebble": "usr/bin/pebble"}
FETCH_TIMEOUT_S = 300


@dataclass(frozen=True)
class Program:
    """One program, and where it is installed."""

    path: str
    content: bytes
    changed_at: int


def programs_of(packages: Mapping[str, str]) -> list[Program]:
    """Fetch packages with this machine's own sources, whose suite alone is changed; of each, the program at its path.

    Nothing of the machine's own package lists is touched. Raises LabMissingError where they cannot be had.
    """
    if not packages:
        return []
    programs = need_programs(["apt-get", "dpkg-deb"])
    with tempfile.TemporaryDirectory(prefix="remedy-lab-") as folder:
        _fetch(programs["apt-get"], Path(folder), list(packages))
        return [
            _taken_out(programs["dpkg-deb"], next(Path(folder).glob(f"{package}_*.deb")), path)
            for package, path in packages.items()
        ]


def _taken_out(dpkg_deb: str, package: Path, path: str) -> Program:
    unpacked = subprocess.run(
        [dpkg_deb, "--fsys-tarfile", str(package)], check=True, capture_output=True, timeout=60
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
        entry = tar.getmember(f"./{path}")
        file = tar.extractfile(entry)
        if file is None:
            raise LabMissingError(f"{path} is not in Debian's package {package.name}")
        return Program(path, file.read(), int(entry.mtime))


def _fetch(apt_get: str, folder: Path, packages: list[str]) -> None:
    sources = folder / "sources.list"
    sources.write_text("".join(line for line in debian_sources(SUITE) if line.split()[2] == SUITE), encoding="utf-8")
    for path in ("lists/partial", "cache/archives/partial"):
        (folder / path).mkdir(parents=True)
    options = {
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::Lists": str(folder / "lists"),
        "Dir::Cache": str(folder / "cache"),
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",  # the folder is root's alone
    }
    common = [apt_get, "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    for command in ([*common, "update"], [*common, "download", *packages]):
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise LabMissingError(f"{', '.join(packages)} cannot be fetched: {last}")
