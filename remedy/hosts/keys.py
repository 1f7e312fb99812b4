"""Who a host must be, and who we are to it: pinned keys, and the one identity that is tried."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import paramiko

from remedy.errors import HostKeyRefused, Unreachable, Unsafe
from remedy.model import Host

# The algorithms that prove a key of each type, strongest first; a type that is missing here is refused.
ALGORITHMS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


@dataclass(frozen=True)
class Pin:
    """A key that a host may show: its type and the key itself."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


class Keyring:
    """Reads each file of keys once for all connections. Used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identities: dict[str, paramiko.PKey] = {}
        self._known: dict[str, paramiko.HostKeys] = {}

    def pins(self, host: Host) -> tuple[Pin, ...]:
        """The keys that the inventory pins for this host. Raises HostKeyRefused when there are none."""
        pins = tuple(_pin(host, line) for line in host.host_key)
        if host.known_hosts:
            pins += self._from_known_hosts(host)
        usable = tuple(p for p in pins if p.kind in ALGORITHMS)
        if not usable:
            why = f"pins only keys of type {pins[0].kind}" if pins else "no host key is pinned"
            raise HostKeyRefused(f"{host.name}: {why}", at=host.at, fix=f"remedy trust {host.name}")
        return usable

    def identity(self, host: Host) -> paramiko.PKey:
        """The one key to log in with: the named file, or the agent's only key."""
        path = str(Path(host.identity).expanduser()) if host.identity else ""
        with self._lock:
            if path not in self._identities:
                self._identities[path] = _private_key(host, Path(path)) if path else _only_agent_key(host)
            return self._identities[path]

    def _from_known_hosts(self, host: Host) -> tuple[Pin, ...]:
        path = str(Path(host.known_hosts).expanduser())
        with self._lock:
            if path not in self._known:
                try:
                    self._known[path] = paramiko.HostKeys(path)
                except OSError as error:
                    raise HostKeyRefused(f"{host.name}: {path} cannot be read: {error}", at=host.at) from error
            name, port = host.address.name, host.address.port
            found = self._known[path].lookup(name if port == 22 else f"[{name}]:{port}")
        return tuple(Pin(kind, key.asbytes()) for kind, key in found.items()) if found else ()


def _pin(host: Host, line: str) -> Pin:
    kind, _, rest = line.strip().partition(" ")
    try:
        return Pin(kind, base64.b64decode(rest.split(" ")[0], validate=True))
    except binascii.Error as error:
        fix = f"remedy trust {host.name}"
        raise HostKeyRefused(f"{host.name}: its pinned host key is not TYPE BASE64", at=host.at, fix=fix) from error


def _private_key(host: Host, path: Path) -> paramiko.PKey:
    if path.suffix == ".pub":
        return _agent_key(host, path)
    _refuse_open_to_others(host, path)
    try:
        return paramiko.PKey.from_path(path)
    except (paramiko.PasswordRequiredException, TypeError):
        return _agent_key(host, path.with_name(f"{path.name}.pub"))
    except (OSError, ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
        reason = f"{host.name}: identity {path} cannot be used: {type(error).__name__}"
        raise Unreachable(reason, at=host.at) from error


def _refuse_open_to_others(host: Host, path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        raise Unreachable(f"{host.name}: identity {path} cannot be read: {error.strerror}", at=host.at) from error
    if status.st_uid not in (0, os.getuid()):
        raise Unsafe(f"identity {path} belongs to somebody else", at=host.at, fix=f"chown it, then chmod 600 {path}")
    if status.st_mode & 0o077:
        raise Unsafe(f"identity {path} is open to others", at=host.at, fix=f"chmod 600 {path}")


def _agent_key(host: Host, public: Path) -> paramiko.PKey:
    """The agent's key that this public key file names."""
    fix = f"ssh-add {public.with_suffix('')}"
    try:
        wanted = base64.b64decode(public.read_text().split()[1])
    except (OSError, IndexError, ValueError) as error:
        raise Unreachable(f"{host.name}: identity {public.with_suffix('')} has a passphrase", fix=fix) from error
    for key in paramiko.Agent().get_keys():
        if key.asbytes() == wanted:
            return key
    raise Unreachable(f"{host.name}: the agent does not hold the key of {public}", fix=fix)


def _only_agent_key(host: Host) -> paramiko.PKey:
    keys = paramiko.Agent().get_keys()
    if len(keys) == 1:
        return keys[0]
    fix = "name one in the inventory: `identity: FILE` (its .pub for a key that the agent holds)"
    held = f"the agent holds {len(keys)} keys" if keys else "there is no agent, or it holds no key"
    raise Unreachable(f"{host.name}: no identity is named, and {held}", at=host.at, fix=fix)
