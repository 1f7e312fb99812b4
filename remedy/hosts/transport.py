"""How hosts are reached: by the scheme of their address, importing only what that needs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, cast

from remedy.actions.catalogue import shell_of
from remedy.errors import Invalid
from remedy.hosts.conversation import Conversation
from remedy.hosts.pipe import Pipe
from remedy.hosts.session import HostSession
from remedy.hosts.shell import COMMAND, ELEVATED, IDLE_S, ShellOf
from remedy.model import Host, SecretRef
from remedy.ports import Clock, Resolve
from remedy.secret import Redactor, Secret

if TYPE_CHECKING:
    from remedy.hosts.keys import Keyring


@dataclass
class Hosts:
    """Opens sessions. `resolve` finds secrets at dispatch; `redactor` learns each one before it is sent.

    `others` are the hosts by name that a host may be reached `via`.
    """

    resolve: Resolve
    clock: Clock
    others: Mapping[str, Host] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor)
    shell_of: ShellOf = shell_of
    idle_s: int = IDLE_S
    _open: list[HostSession] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _keyring: Keyring | None = None

    def connect(self, host: Host) -> HostSession:
        """Open a conversation. Raises Unreachable, or HostKeyRefused before anything is sent."""
        talk = Conversation(
            name=host.name,
            pipe=self._pipe(host),
            clock=self.clock,
            shell_of=self.shell_of,
            redactor=self.redactor,
            idle_s=self.idle_s,
        )
        session = HostSession(talk, self._learn)
        with self._lock:
            self._open.append(session)
        return session

    def close(self) -> None:
        """Close every session that is still open."""
        with self._lock:
            sessions, self._open = self._open, []
        for session in sessions:
            session.close()

    def _learn(self, reference: SecretRef) -> Secret:
        secret = self.resolve(reference)
        with self._lock:
            self.redactor.learn(secret)
        return secret

    def _pipe(self, host: Host) -> Pipe:
        elevated = host.become and host.address.scheme != "docker"  # in a container one is root by the engine's word
        return self._running(host, ELEVATED if elevated else COMMAND)

    def _running(self, host: Host, command: str) -> Pipe:
        match host.address.scheme:
            case "local":
                from remedy.hosts.local import LocalPipe  # noqa: PLC0415 - only where it is used

                return LocalPipe(["sh", "-c", command])
            case "ssh":
                with self._lock:
                    _import_paramiko()
                from remedy.hosts.ssh import open_pipe  # noqa: PLC0415 - the library costs 0.1 s

                return open_pipe(host, command, self._keys(), self.clock, self.route(host))
            case "docker" if host.via:
                from remedy.hosts.through import ThroughPipe  # noqa: PLC0415 - only where it is used

                way = self._way(host)[-1]
                return ThroughPipe(host, way, self._running(way, COMMAND))
            case "docker":
                from remedy.hosts.docker import open_pipe as open_exec  # noqa: PLC0415 - the library costs 0.27 s

                return open_exec(host, command)

    def _keys(self) -> Keyring:
        from remedy.hosts.keys import Keyring  # noqa: PLC0415 - only where it is used

        with self._lock:
            self._keyring = self._keyring or Keyring()
            return self._keyring

    def route(self, host: Host) -> list[Host]:
        """The SSH hosts to go through, nearest first. Raises Invalid."""
        route = self._way(host)
        for hop in route:
            if hop.address.scheme != "ssh":
                raise Invalid(f"{host.name} is reached via {hop.name}, which is no SSH host", at=host.at)
        return route

    def _way(self, host: Host) -> list[Host]:
        """The hosts to go through, nearest first. Raises Invalid for one that is unknown or a circle."""
        route: list[Host] = []
        while host.via:
            if host.via not in self.others:
                raise Invalid(f"{host.name} is reached via {host.via}, which is no host", at=host.at)
            host = self.others[host.via]
            if host in route or len(route) > 8:
                raise Invalid(f"{host.name} is reached through itself", at=host.at)
            route.insert(0, host)
        return route


def _import_paramiko() -> None:
    """Import it without invoke, which it wants for `Match exec` of ~/.ssh/config alone: a third of what it costs."""
    if "paramiko" in sys.modules or "invoke" in sys.modules:
        return
    sys.modules["invoke"] = cast(ModuleType, None)  # so an import of it fails, which the library is prepared for
    try:
        import paramiko  # noqa: F401, PLC0415 - for what comes after
    finally:
        del sys.modules["invoke"]
