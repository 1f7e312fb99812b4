"""A bug of ours, told as one: where it was, without any value, in a file that can be passed on."""

from __future__ import annotations

import os
import platform
import re
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from remedy import __version__
from remedy.errors import Bug

if TYPE_CHECKING:
    from remedy.cli.world import World

OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]*")  # names of options; never what follows them


def as_bug(error: BaseException, argv: Sequence[str], world: World) -> Bug:
    """The error for an exception that nobody foresaw, with its report written where it can be."""
    path = _write(_report(error, argv), _place(world))
    where = _innermost(error)
    fix = f"please report it with {path}, which holds no values" if path else "please report it"
    return Bug(
        f"remedy broke a promise of its own ({type(error).__name__} in {where}); nothing more was started",
        at=where,
        fix=f"{fix}; a run that was open: remedy list runs",
    )


def _report(error: BaseException, argv: Sequence[str]) -> str:
    """Type and place of each exception in the chain: no messages, no arguments, no variables."""
    command = next((a for a in argv if a.isalpha()), "")
    options = sorted({a for a in (w.partition("=")[0] for w in argv) if OPTION.fullmatch(a)})
    lines = [
        f"remedy {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"command: {command} {' '.join(options)}".rstrip(),
    ]
    at: BaseException | None = error
    while at is not None:
        lines.append(f"{type(at).__module__}.{type(at).__name__}")
        lines += [f"  {_short(f.filename)}:{f.lineno} {f.name}" for f in traceback.extract_tb(at.__traceback__)[-60:]]
        at = at.__cause__ or at.__context__
    return "\n".join(lines) + "\n"


def _innermost(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/remedy/" in f.filename] or list(frames)
    return f"{_short(own[-1].filename)}:{own[-1].lineno}" if own else "an unknown place"


def _short(filename: str) -> str:
    """The path from the package on: where it is installed is nobody's business."""
    for package in ("/remedy/", "/site-packages/", f"/python{platform.python_version()[:4]}/"):
        before, found, after = filename.rpartition(package)
        if found:
            return f"{package.strip('/')}/{after}" if before else after
    return Path(filename).name


def _place(world: World) -> Path:
    """The home's state directory where there is one, else the user's own."""
    for named in (world.asked_home, world.environ.get("REMEDY_HOME", ""), str(world.cwd)):
        state = Path(named) / ".remedy" if named else None
        if state and state.is_dir() and state.stat().st_uid == os.geteuid():
            return state / "crashes"
    own = world.environ.get("XDG_STATE_HOME") or f"{world.environ.get('HOME', '/nonexistent')}/.local/state"
    return Path(own) / "remedy" / "crashes"


def _write(report: str, directory: Path) -> Path | None:
    path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "w") as file:
            file.write(report)
    except OSError:
        return None
    return path
