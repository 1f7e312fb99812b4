"""What the lab needs of this machine, told before anything is started."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

PROGRAM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # an ordinary PATH leaves these out


class LabMissingError(Exception):
    """The lab cannot be had here; the text goes on after "the lab"."""


def find_program(name: str) -> str | None:
    """The path of a program of this machine, or None."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *PROGRAM_DIRECTORIES))
    return shutil.which(name, path=path)


def need_root() -> None:
    """Return where root runs this; raise LabMissingError elsewhere."""
    if os.geteuid() != 0:
        raise LabMissingError("needs root")


def need_programs(names: Sequence[str]) -> dict[str, str]:
    """The path of each of `names`; raise LabMissingError that lists all that are missing."""
    found = {name: find_program(name) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise LabMissingError(f"needs {', '.join(missing)}: run `make system` as root")
    return {name: path for name, path in found.items() if path is not None}


def debian_sources(suite: str) -> list[str]:
    """This machine's own Debian sources as apt's lines, with `suite` in place of the machine's."""
    apt_get = find_program("apt-get") or "apt-get"
    line = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN) $(CODENAME)"
    listed = subprocess.run(
        [apt_get, "indextargets", "--format", line, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    sources = set()
    for fields in (line.split() for line in listed.stdout.splitlines()):
        if len(fields) == 5 and fields[3] == "Debian":
            own = fields[4].partition("-")[0]
            sources.add(f"deb {fields[0]} {fields[1].replace(own, suite)} {fields[2]}\n")
    if not sources:
        raise LabMissingError("needs Debian's package lists: run `apt-get update` as root")
    return sorted(sources)
