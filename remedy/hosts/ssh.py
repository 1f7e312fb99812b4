"""SSH, by paramiko alone: a pinned host key, one key tried once, one channel, no configuration of the user's.

Nothing is read from ~/.ssh; nothing but the key exchange is sent before the host has shown its pinned key.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterable
from contextlib import suppress

import paramiko

from remedy.errors import HostKeyRefused, RemedyError, Unreachable
from remedy.hosts.greet import close_all, greet
from remedy.hosts.keys import Keyring, Pin
from remedy.model import Host
from remedy.ports import Clock

AUTH_S = 15.0
CHANNEL_S = 15.0
ENDING_S = 2.0
RETRY_S = 0.5
TRIES = 2  # of reaching it, never of logging in: a login that fails counts towards a lock-out
KEEPALIVE_S = 15
PIECE_BYTES = 65_536
COMPLAINT_BYTES = 8_192


class SshPipe:
    """One channel that runs one command."""

    container = ""

    def __init__(self, transports: list[paramiko.Transport], channel: paramiko.Channel) -> None:
        self._transports = transports  # the last is the host's own; before it those it is reached through
        self._channel = channel
        self._complaint = b""

    def send(self, piece: bytes, timeout_s: float) -> None:
        self._channel.settimeout(timeout_s)
        try:
            self._channel.sendall(piece)
        except (paramiko.SSHException, EOFError) as error:
            raise ConnectionError(str(error)) from error

    def receive(self, timeout_s: float) -> bytes:
        self._channel.settimeout(timeout_s)
        piece = self._channel.recv(PIECE_BYTES)
        self._listen()
        return piece

    def _listen(self) -> None:
        while self._channel.recv_stderr_ready() and (said := self._channel.recv_stderr(PIECE_BYTES)):
            self._complaint = (self._complaint + said)[-COMPLAINT_BYTES:]

    def ending(self) -> str | None:
        deadline = time.monotonic() + ENDING_S
        while not self._channel.exit_status_ready() and self._transports[-1].is_active():
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        self._listen()
        code = self._channel.exit_status
        if code < 0:
            return None
        return self._complaint.decode("utf-8", "replace").strip() or f"it ended with {code}"

    def close(self) -> None:
        with suppress(EOFError, OSError):  # the other side may have cut the line at this very moment
            self._channel.close()
        close_all(self._transports)


def open_pipe(host: Host, command: str, keyring: Keyring, clock: Clock, route: Iterable[Host] = ()) -> SshPipe:
    """Run a command on a host, through the hosts of `route` in order.

    Raises HostKeyRefused before any credential is sent, Unreachable for everything else.
    """
    transports = log_in_along((*route, host), keyring, clock)
    try:
        return SshPipe(transports, _start(host, transports[-1], command))
    except RemedyError:
        close_all(transports)
        raise


def log_in_along(route: Iterable[Host], keyring: Keyring, clock: Clock) -> list[paramiko.Transport]:
    """Connections to these hosts, each through the one before it. Raises what `open_pipe` raises."""
    transports: list[paramiko.Transport] = []
    try:
        for hop in route:
            transports.append(_reach(hop, keyring, clock, transports[-1] if transports else None))
    except RemedyError:
        close_all(transports)
        raise
    return transports


def _reach(host: Host, keyring: Keyring, clock: Clock, through: paramiko.Transport | None) -> paramiko.Transport:
    pins, identity = keyring.pins(host), keyring.identity(host)
    transport = _greet(host, pins, clock, through)
    try:
        _verify(host, transport, pins)
        _log_in(host, transport, identity)
    except RemedyError:
        close_all([transport])
        raise
    transport.set_keepalive(KEEPALIVE_S)
    return transport


def _greet(
    host: Host, pins: tuple[Pin, ...], clock: Clock, through: paramiko.Transport | None, tries: int = TRIES
) -> paramiko.Transport:
    try:
        return greet(host.name, host.address, (p.kind for p in pins), through)
    except Unreachable:
        if tries == 1:
            raise
    clock.sleep(RETRY_S)
    return _greet(host, pins, clock, through, tries - 1)


def _verify(host: Host, transport: paramiko.Transport, pins: tuple[Pin, ...]) -> None:
    key = transport.get_remote_server_key()
    shown = Pin(key.get_name(), key.asbytes())
    if shown not in pins:
        raise HostKeyRefused(
            f"{host.name}: {host.address} shows the {shown.kind} key {shown.fingerprint}, which is not the pinned one",
            at=host.at,
            fix=f"find out why; if it is right: remedy trust {host.name}",
        )


def _log_in(host: Host, transport: paramiko.Transport, identity: paramiko.PKey) -> None:
    user = host.address.user or getpass.getuser()
    transport.auth_timeout = AUTH_S
    try:
        further = transport.auth_publickey(user, identity)
    except (paramiko.SSHException, EOFError, OSError) as error:
        key = f"the {identity.get_name()} key {Pin(identity.get_name(), identity.asbytes()).fingerprint}"
        reason = f"{host.name}: login as {user} with {key} was refused: {error}"
        raise Unreachable(reason, fix="check user and identity in the inventory, and authorized_keys there") from error
    if further:
        raise Unreachable(f"{host.name}: {host.address} asks for more than a key: {', '.join(further)}")


def _start(host: Host, transport: paramiko.Transport, command: str) -> paramiko.Channel:
    try:
        channel = transport.open_session(timeout=CHANNEL_S)
        channel.settimeout(CHANNEL_S)
        channel.exec_command(command)
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise Unreachable(f"{host.name}: {host.address} runs no command: {error}") from error
    return channel
