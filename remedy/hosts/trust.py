"""Ask a host for its key, without logging in, so that a person can compare and pin it."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from remedy.errors import Invalid
from remedy.hosts.greet import close_all, greet
from remedy.hosts.keys import ALGORITHMS, Pin
from remedy.model import Host


@dataclass(frozen=True, kw_only=True)
class OfferedKey:
    """What a host shows as its key. Nobody has vouched for it yet."""

    kind: str
    base64: str
    fingerprint: str

    @property
    def line(self) -> str:
        """As `host_key` in the inventory has it."""
        return f"{self.kind} {self.base64}"


def fetch_host_key(host: Host) -> OfferedKey:
    """The key that the host shows, the strongest type it has. Raises Unreachable, and Invalid for what has none.

    No credential is sent, and no pinned key is looked at.
    """
    if host.address.scheme != "ssh":
        why = ": a plan holds the full id of its container" if host.address.scheme == "docker" else ""
        raise Invalid(f"{host.name}: {host.address} has no host key", at=host.at, fix=f"nothing is to be done{why}")
    transport = greet(host.name, host.address, ALGORITHMS)
    try:
        key = transport.get_remote_server_key()
    finally:
        close_all([transport])
    pin = Pin(key.get_name(), key.asbytes())
    return OfferedKey(kind=pin.kind, base64=base64.b64encode(pin.blob).decode(), fingerprint=pin.fingerprint)
