"""The ten steps that every peer carries out: as data, as the state of a host, and as POSIX shell.

The words of remedy, pyinfra and Ansible for the same steps are in `remedy_side.py`, `pyinfra_deploy.py` and
`ansible_side.py`; what they leave on a host is compared here, file by file.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = "/srv/bench"
OLD_S = 10 * 86_400
AGE_DAYS = 7


@dataclass(frozen=True)
class File:
    """A file with this content and mode."""

    path: str
    content: str
    mode: int


@dataclass(frozen=True)
class Dir:
    """A directory with this mode."""

    path: str
    mode: int


@dataclass(frozen=True)
class Gone:
    """A file that is not there."""

    path: str


@dataclass(frozen=True)
class Pruned:
    """A directory without logs older than a week: there are five, and a new one that stays."""

    path: str


@dataclass(frozen=True)
class Ran:
    """A command that is due unless its guard says otherwise; both are programs with arguments."""

    name: str
    unless: tuple[str, ...]
    command: tuple[str, ...]


Step: TypeAlias = "File | Dir | Gone | Pruned | Ran"

_SETTINGS = "listen = 127.0.0.1:8080\nworkers = 4\n" + "".join(f"option_{n} = value-{n}\n" for n in range(40))
_LIMITS = "".join(f"user{n} soft nofile {1024 + n}\n" for n in range(30))
_ROTATION = f"{ROOT}/log/*.log {{\n  weekly\n  rotate 4\n  compress\n  missingok\n}}\n"

TEN: tuple[Step, ...] = (
    File(f"{ROOT}/etc/app.conf", _SETTINGS, 0o644),
    File(f"{ROOT}/etc/limits.conf", _LIMITS, 0o600),
    File(f"{ROOT}/etc/motd", "This host is looked after. Do not edit by hand.\n", 0o644),
    File(f"{ROOT}/etc/logrotate.d/app", _ROTATION, 0o644),
    Dir(f"{ROOT}/spool", 0o750),
    Dir(f"{ROOT}/cache", 0o755),
    Gone(f"{ROOT}/tmp/stale.lock"),
    Pruned(f"{ROOT}/log"),
    Ran("health", ("curl", "-fsS", "-o", "/dev/null", f"file://{ROOT}/health"), ("touch", f"{ROOT}/health")),
    Ran("current", ("test", f"{ROOT}/current", "-ef", f"{ROOT}/v2"), ("ln", "-sfn", "v2", f"{ROOT}/current")),
)

# ---------------------------------------------------------------- a host's state, from outside it


def break_host(root: Path) -> None:
    """Put the directory into the state in which every step is due. It is empty or was made by this."""
    for name in ("etc/logrotate.d", "log", "tmp", "v1", "v2"):
        (root / name).mkdir(parents=True)
    then = time.time() - OLD_S
    for number in range(5):
        log = root / f"log/old{number}.log"
        log.write_text("x" * 1000)
        os.utime(log, (then, then))
    (root / "log/new.log").write_text("x")
    (root / "tmp/stale.lock").write_text("1")
    (root / "current").symlink_to("v1")


def undone(steps: Sequence[Step], root: Path) -> list[int]:
    """The numbers of the steps whose effect is not there, in a host's directory seen from outside."""
    return [number for number, step in enumerate(steps, 1) if not _is_done(step, root)]


def _is_done(step: Step, root: Path) -> bool:
    match step:
        case File(path, content, mode):
            there = _under(root, path)
            return there.is_file() and there.read_text() == content and _mode(there) == mode
        case Dir(path, mode):
            return _under(root, path).is_dir() and _mode(_under(root, path)) == mode
        case Gone(path):
            return not _under(root, path).exists()
        case Pruned(path):
            return [p.name for p in _under(root, path).iterdir()] == ["new.log"]
        case Ran("health"):
            return (root / "health").exists()
        case Ran():
            return (root / "current").readlink() == Path("v2")


def _under(root: Path, path: str) -> Path:
    return root / Path(path).relative_to(ROOT)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# ---------------------------------------------------------------- as shell: one look, one apply

_FUNCTIONS = """is_file() {
    [ -f "$1" ] && sum=$(sha256sum <"$1") && [ "${sum%% *}" = "$2" ] && [ "$(stat -c %a "$1")" = "$3" ]
}
is_dir() { [ -d "$1" ] && [ "$(stat -c %a "$1")" = "$2" ]; }
"""


def look_script(steps: Sequence[Step]) -> str:
    """All looks in one script, which prints a line `NUMBER ok` or `NUMBER due` each."""
    asked = (f"if {_holds(step)}; then echo {n} ok; else echo {n} due; fi\n" for n, step in enumerate(steps, 1))
    return _FUNCTIONS + "".join(asked)


def apply_script(steps: Sequence[Step]) -> str:
    """All changes in one script, which ends at the first that fails."""
    return "set -e\n" + "".join(f"{_does(step)}\n" for step in steps)


def _holds(step: Step) -> str:
    match step:
        case File(path, content, mode):
            return f"is_file {path} {hashlib.sha256(content.encode()).hexdigest()} {mode:o}"
        case Dir(path, mode):
            return f"is_dir {path} {mode:o}"
        case Gone(path):
            return f"[ ! -e {path} ]"
        case Pruned(path):
            return f'[ -z "$(find {path} -type f -name "*.log" -mtime +{AGE_DAYS} -print -quit)" ]'
        case Ran(unless=unless):
            return shlex.join(unless)


def _does(step: Step) -> str:
    match step:
        case File(path, content, mode):
            new = f"{path}.new"
            return f"printf %s {shlex.quote(content)} >{new}\nchmod {mode:o} {new}\nmv -f {new} {path}"
        case Dir(path, mode):
            return f"mkdir -p {path}\nchmod {mode:o} {path}"
        case Gone(path):
            return f"rm -f {path}"
        case Pruned(path):
            return f'find {path} -type f -name "*.log" -mtime +{AGE_DAYS} -delete'
        case Ran(command=command):
            return shlex.join(command)
