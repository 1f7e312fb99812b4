"""Compose v2, which Debian 12 does not have: the one program of the next Debian's package, which needs only libc."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab.parts import LabMissingError, debian_sources, need_programs

SUITE = "trixie"
PACKAGE = "docker-compose"
PLUGIN = "usr/libexec/docker/cli-plugins/docker-compose"
FETCH_TIMEOUT_S = 300


@dataclass(frozen=True)
class Plugin:
    """A program for the Docker client's folder of plugins."""

    path: str
    content: bytes
    changed_at: int


def compose_plugin() -> Plugin:
    """Fetch the package with this machine's own sources, whose suite alone is changed, and take its program out.

    Nothing of the machine's own package lists is touched. Raises LabMissingError where it cannot be had.
    """
    programs = need_programs(["apt-get", "dpkg-deb"])
    with tempfile.TemporaryDirectory(prefix="remedy-lab-") as folder:
        package = _fetch(programs["apt-get"], Path(folder))
        command = [programs["dpkg-deb"], "--fsys-tarfile", str(package)]
        unpacked = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
        entry = tar.getmember(f"./{PLUGIN}")
        file = tar.extractfile(entry)
        if file is None:
            raise LabMissingError(f"Compose is not in Debian's package {PACKAGE}")
        return Plugin(PLUGIN, file.read(), int(entry.mtime))


def _fetch(apt_get: str, folder: Path) -> Path:
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
    for command in ([*common, "update"], [*common, "download", PACKAGE]):
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S)
        if done.returncode != 0:
            raise LabMissingError(f"Compose cannot be fetched: {done.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("*.deb"))
