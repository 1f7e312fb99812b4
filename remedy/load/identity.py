"""Whether a private key file is kept so that it can be used: its owner's alone, and not in the home."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from remedy.errors import Invalid, Unsafe
from remedy.load.text import shown_path


def identity_file(text: str) -> Path:
    """The file that `identity:` names, its `~` resolved."""
    return Path(text).expanduser()


def check_identity(path: Path, home: Path) -> None:
    """Raise Unsafe unless only this user can read the key; Invalid when there is none. Called before connecting."""
    name = shown_path(path)
    try:
        found = path.stat()
    except OSError as error:
        raise Invalid(f"the key {name} cannot be read: {error.strerror}", at=name) from None
    if not stat.S_ISREG(found.st_mode):
        raise Unsafe(f"the key {name} is not a regular file", at=name)
    if found.st_uid not in (os.geteuid(), 0):
        raise Unsafe(f"the key {name} belongs to another user", at=name)
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise Unsafe(f"others can read or write the key {name} (mode {mode:04o})", at=name, fix=f"chmod 600 {name}")
    if _is_in_home(path, home):
        raise Unsafe(f"the key {name} lies among the playbooks and the inventory", at=name, fix="keep it in ~/.ssh")


def _is_in_home(path: Path, home: Path) -> bool:
    """Whether it lies where it would be shared with the home's files; `.remedy/` is private."""
    real, root = path.resolve(), home.resolve()
    return any(real.is_relative_to(root / part) for part in ("playbooks", "inventory"))
