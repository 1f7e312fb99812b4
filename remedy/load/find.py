"""Which file a playbook's name means: the home's, else the shipped one, else a path."""

from __future__ import annotations

from pathlib import Path

from remedy.errors import Invalid
from remedy.load.shipped import shipped
from remedy.load.text import is_identifier, shown, shown_path, suggestion

SUFFIXES = (".yml", ".yaml")
POLICY_STEMS = ("policy",)  # beside the inventory, and none of it


def playbook_names(home: Path) -> dict[str, Path]:
    """Every playbook that can be named, the home's before the shipped ones."""
    found: dict[str, Path] = {}
    for directory in (home / "playbooks", shipped("playbooks")):
        for path in yaml_files(directory):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def yaml_files(directory: Path) -> list[Path]:
    """The YAML files right in a directory, by name; none where there is no such directory."""
    try:
        return sorted(p for p in directory.iterdir() if p.suffix in SUFFIXES and not p.name.startswith("."))
    except OSError:
        return []


def find_playbook(name: str, home: Path) -> Path:
    """The file of a playbook. Raises Invalid; a name never leaves the directory of playbooks."""
    if "/" in name or name.endswith(SUFFIXES):
        return _by_path(name)
    if not is_identifier(name):
        raise Invalid(f"{shown(name)} is no name of a playbook", fix="its file's name without .yml, or a path")
    for directory in (home / "playbooks", shipped("playbooks")):
        found = [p for p in (directory / f"{name}{s}" for s in SUFFIXES) if p.is_file() or p.is_symlink()]
        if len(found) > 1:
            raise Invalid(f"both {shown_path(found[0])} and {shown_path(found[1])} are there", fix="remove one")
        if found:
            return _inside(found[0], directory)
    raise Invalid(f"no playbook is called {shown(name)}", fix=suggestion(name, playbook_names(home)))


def _by_path(name: str) -> Path:
    path = Path(name)
    if path.suffix not in SUFFIXES:
        raise Invalid(f"{shown(name)} is no playbook", fix="a playbook's file ends in .yml")
    if "\0" in name or not path.is_file():
        raise Invalid(f"there is no file {shown(name)}")
    return path


def _inside(path: Path, directory: Path) -> Path:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise Invalid(f"{shown_path(path)} leads nowhere") from None
    if not real.is_relative_to(directory.resolve()):
        raise Invalid(f"{shown_path(path)} leads out of {shown_path(directory)}", fix="name its own path")
    return path
