"""The home: which directory it is, and whether it can be trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from remedy.errors import Invalid, Unsafe

CHOOSE = "name it with -C DIR or REMEDY_HOME, or go to a directory that has an inventory/"


@dataclass(frozen=True)
class Home:
    """A directory with playbooks, an inventory and the state."""

    path: Path

    @property
    def inventory(self) -> Path:
        return self.path / "inventory"

    @property
    def playbooks(self) -> Path:
        return self.path / "playbooks"

    @property
    def state(self) -> Path:
        return self.path / ".remedy"


def find_home(asked: str, environ: Mapping[str, str], cwd: Path) -> Home:
    """The home: `asked` (-C), else REMEDY_HOME, else `cwd` if it has an inventory/.

    Raises Invalid where there is none, Unsafe where others could change what it says.
    """
    named = asked or environ.get("REMEDY_HOME", "")
    if named:
        home = Home(_absolute(named, cwd))
        if not home.path.is_dir():
            raise Invalid(f"the home {home.path} is not a directory", at=str(home.path), fix=CHOOSE)
    else:
        home = Home(cwd)
        if not home.inventory.is_dir():
            raise Invalid(f"{cwd} is not a home: it has no inventory/", at=str(cwd), fix=CHOOSE)
    for place in (home.path, home.inventory, home.playbooks):
        if place.exists():
            _demand_own(place)
    return home


def _absolute(named: str, cwd: Path) -> Path:
    if "\0" in named:
        raise Invalid("a path cannot hold a NUL", fix=CHOOSE)
    return Path(os.path.normpath(cwd / Path(named).expanduser()))


def _demand_own(place: Path) -> None:
    """Raise Unsafe unless the directory is the user's, and only the user's to change."""
    found = place.stat()
    if found.st_uid != os.geteuid():
        raise Unsafe(
            f"{place} belongs to user {found.st_uid}, you are user {os.geteuid()}",
            at=str(place),
            fix="use a home of your own",
        )
    if found.st_mode & 0o022:
        raise Unsafe(f"{place} can be written by others", at=str(place), fix=f"chmod go-w {place}")
