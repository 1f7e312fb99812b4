"""What this machine can do for the demo: which namespaces, which SSH server; and what to say where it can nothing."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from remedy.errors import Refused

Server = Literal["openssh", "library"]
Way = Literal["root+pid", "root", "user+pid", "user"]  # whose right it is to mount; with process ids of its own or not

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # sshd is not on an ordinary user's PATH
PLACES = ("/mnt", "/media", "/srv")  # empty on most machines; hidden from the host alone: FHS 3.0, 3.11, 3.12, 3.17
SWITCHES = (  # where a kernel says that an ordinary user may have no namespaces, what it says then, how to allow them
    ("user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
    ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
)


def find_program(name: str) -> str | None:
    """Find a program where the caller or the system keeps programs."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")


def best_server() -> Server:
    """Take OpenSSH's server where there is one."""
    return "openssh" if find_program("sshd") else "library"


def possible_ways() -> tuple[Way, ...]:
    """List the ways to a small disk of its own, best first; each may still be refused by the kernel."""
    if find_program("unshare") is None or find_program("setpriv") is None:
        return ()
    as_user: tuple[Way, ...] = ("user+pid", "user")
    return ("root+pid", "root", *as_user) if os.geteuid() == 0 else as_user


def unshare(way: Way) -> list[str]:
    """Make the command that starts another in namespaces of its own; all that is mounted there is seen there alone."""
    command = ["unshare", "--mount", "--propagation=private", "--uts", "--ipc"]
    if way.startswith("user"):
        command += ["--user", "--map-root-user"]
    if way.endswith("+pid"):
        command += ["--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    return [*command, "--"]


def place_for(directory: Path) -> Path:
    """Choose where the host's file systems are mounted: a short path below which lies nothing that the host needs."""
    needed = [directory, Path(tempfile.gettempdir()), Path(__file__), Path(sys.prefix), Path(sys.base_prefix)]
    needed += [Path(program) for name in ("sh", "sshd", "unshare", "setpriv") if (program := find_program(name))]
    resolved = [path.resolve() for path in needed]
    for place in map(Path, PLACES):
        if place.is_dir() and place.resolve() == place and not any(path.is_relative_to(place) for path in resolved):
            return place
    return directory / "place"


def refusal(reasons: Sequence[str]) -> Refused:
    """Say that this machine cannot have the demo's host, why, and what to do about it."""
    if not reasons:
        return Refused(
            "the demo's host needs the programs unshare and setpriv, and they are not here",
            fix="install util-linux, or try remedy on a host that you have: `remedy look --host HOST`",
        )
    if os.geteuid() == 0:
        return Refused(
            f"the demo's host needs a file system of its own, and root may not mount one here: {reasons[0]}",
            fix="in a container, start it with `--cap-add SYS_ADMIN --security-opt apparmor=unconfined`",
        )
    commands = [command for switch, closed, command in SWITCHES if _reads(switch) == closed]
    allow = f"allow them (`{'`, `'.join(commands)}` as root)" if commands else "allow user namespaces"
    return Refused(
        f"the demo's host needs a user namespace, and this machine gives you none: {reasons[0]}",
        fix=f"run the demo as root, or {allow}",
    )


def _reads(switch: str) -> str:
    try:
        return (Path("/proc/sys") / switch).read_text().strip()
    except OSError:
        return ""
