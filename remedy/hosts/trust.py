"""Ask a host for its key, without logging in, so that a person can compare and pin it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import paramiko

from remedy.errors import Invalid
from remedy.hosts.greet import close_all, greet
from remedy.hosts.keys import ALGORITHMS, Keyring, Pin
from remedy.model import Host
from remedy.ports import Clock


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


def fetch_host_key(host: Host, route: Sequence[Host] = (), clock: Clock | None = None) -> OfferedKey:
    """The key that the host shows, the strongest type it has. Raises Unreachable, and Invalid for what has none.

    No credential is sent to it, and no pinned key of its own is looked at. The hosts of `route`, which need a
    clock, are logged in to: their keys must be pinned.
    """
    if host.address.scheme != "ssh":
        why = ": a plan holds the full id of its container" if host.address.scheme == "docker" else ""
        raise Invalid(f"{host.name}: {host.address} has no host key", at=host.at, fix=f"nothing is to be done{why}")
    way: list[paramiko.Transport] = []
    if clock is not None and route:
        from remedy.hosts.ssh import log_in_along  # noqa: PLC0415 - most hosts are reached directly

        way = log_in_along(route, Keyring(), clock)
    try:
        way.append(greet(host.name, host.address, ALGORITHMS, way[-1] if way else None))
        key = way[-1].get_remote_server_key()
    finally:
        close_all(way)
    pin = Pin(key.get_name(), key.asbytes())
    return OfferedKey(kind=pin.kind, base64=base64.b64encode(pin.blob).decode(), fingerprint=pin.fingerprint)
