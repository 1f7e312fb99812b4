"""What makes a container a host: which one it is, that it runs, and the engine's complaints in words."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from remedy.errors import RemedyError, Stale, Unreachable, Unsafe
from remedy.model import Host

SOCKET = "/var/run/docker.sock"  # Docker's own default; an entry's `engine` names another
ANSWER_S = 15
NO_SHELL = re.compile("executable file not found|ended with 12[67]$")  # docker-exec(1): not to be run, not there


@dataclass(frozen=True)
class Found:
    """A container as its engine describes it."""

    id: str
    started: str  # as the engine writes it; each start has its own
    status: str
    name: str

    @property
    def container(self) -> str:
        """What no other container, and no other start of it, has."""
        return f"{self.id} {self.started}"


def engine_of(host: Host) -> str:
    """The socket of the engine that a container belongs to."""
    return host.engine.removeprefix("unix://") or SOCKET


def demand_same(host: Host, found: Found) -> None:
    """Raise unless this is the container that the host names, runs, and is the one it must be.

    An engine also takes the beginning of an id for a name: `db` would be any container whose id begins so.
    """
    name = host.address.name
    if name not in (found.name.removeprefix("/"), found.id):
        raise no_such(host)
    if not found.container.startswith(host.container):
        was, since = found.id[:12], found.started[:19]
        how = "was started again" if host.container.startswith(found.id) else "is another container now"
        raise Stale(f"{host.name}: {name} {how}: {was}, since {since}", at=host.name, fix="plan again")
    if found.status != "running":
        fix = f"docker {'unpause' if found.status == 'paused' else 'start'} {name}"
        raise Unreachable(f"{host.name}: the container {name} is {found.status}", at=host.at, fix=fix)


def demand_engine(host: Host) -> None:
    """Raise unless an engine of this machine listens, root's or our own: it is sent all that the host is."""
    path = engine_of(host)
    try:
        owner = Path(path).stat().st_uid
        if owner not in (0, os.getuid()):
            raise Unsafe(f"{host.name}: {path} belongs to user {owner}", at=host.at, fix="neither root nor you")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(ANSWER_S)
            probe.connect(path)
    except TimeoutError as error:
        raise Unreachable(f"{host.name}: the engine at {path} does not answer", at=host.at) from error
    except OSError as error:
        raise no_engine(host, str(error)) from error


def no_such(host: Host) -> Unreachable:
    """The engine has no container of that name."""
    where = f" on {host.via}" if host.via else f" in the engine at {engine_of(host)}"
    message = f"{host.name}: there is no container {host.address.name}{where}"
    return Unreachable(message, at=host.at, fix="docker ps --all: its whole name, or its whole id")


def no_engine(host: Host, why: str) -> RemedyError:
    """The engine could not be asked: what it or its client said, and what to do about that."""
    engine = engine_of(host)
    where = f"on {host.via}" if host.via else "here"
    said = why.lower()
    if "no such container" in said:
        return no_such(host)
    if "permission denied" in said:
        fix = f"become: true for {host.via}" if host.via else f"run as root, or in the group that may use {engine}"
        message = f"may not use the engine at {engine} {where}"
    elif "cannot connect" in said or "refused" in said or "no such file" in said:
        fix = f"start it {where}: systemctl start docker; `engine:` in the entry names another socket"
        message = f"no Docker engine runs {where} at {engine}"
    elif "not found" in said:
        fix, message = f"install it {where}", f"the docker command is not there {where}"
    else:
        fix, message = "", f"the engine at {engine} {where}: {why}"
    return Unreachable(f"{host.name}: {message}", at=host.at, fix=fix)


def ended(why: str) -> str:
    """Why a command in a container ended by itself, in words that help."""
    if NO_SHELL.search(why):
        return f"it has no `sh` that runs, so look after it from its engine's host ({why})"
    return why
