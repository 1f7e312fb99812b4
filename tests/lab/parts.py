"""What the lab needs of this machine, told before anything is started."""

from __future__ import annotations

import os
import shutil
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
