"""What of this machine is remedy's own: its id, its store, its keys, its rules, and the units it runs in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from remedy.cli.home import Home
from remedy.engine.own import Own
from remedy.load.identity import identity_file
from remedy.model import Host

MACHINE = Path("/etc/machine-id")  # the far end reads the same: hosts/runner.sh
GROUPS = Path("/proc/self/cgroup")
MOUNTS = Path("/proc/self/mountinfo")
ENGINES_FILES = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
CONTAINER = re.compile("/containers/([0-9a-f]{64})/")
UNITS = (".service", ".scope", ".socket")


def own_of(home: Home, hosts: Mapping[str, Host]) -> Own:
    """Everything that no step may touch, with the links of its paths resolved."""
    keys = [str(identity_file(h.identity)) for h in hosts.values() if h.identity]
    places = [str(home.state), str(home.inventory), str(home.playbooks), *keys]
    return Own(
        machine=_first_line(MACHINE),
        container=container_in(_text(MOUNTS)),
        paths=tuple(dict.fromkeys(os.path.realpath(p) for p in places)),
        units=units_in(_text(GROUPS)),
        process=os.getpid(),
        jumps=frozenset(h.via for h in hosts.values() if h.via),
        real=os.path.realpath,
    )


def units_in(groups: str) -> tuple[str, ...]:
    """The systemd units named in the text of /proc/PID/cgroup."""
    names = [part for line in groups.splitlines() for part in line.rpartition(":")[2].split("/")]
    return tuple(dict.fromkeys(n for n in names if n.endswith(UNITS)))


def container_in(mounts: str) -> str:
    """The full id of the container that the text of /proc/PID/mountinfo is of; "" outside of any.

    An engine mounts three small files of its own into each container, from a directory that is named by the id.
    """
    for fields in map(str.split, mounts.splitlines()):
        if len(fields) > 4 and fields[4] in ENGINES_FILES and (found := CONTAINER.search(fields[3])):
            return found[1]
    return ""


def _first_line(path: Path) -> str:
    return _text(path).partition("\n")[0]


def _text(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8")
    return ""
