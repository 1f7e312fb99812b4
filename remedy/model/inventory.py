"""Hosts and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from remedy.model.secret_ref import SecretRef
from remedy.model.words import Json


@dataclass(frozen=True, kw_only=True)
class Address:
    """How a host is reached: `ssh://user@name:port`, `docker://container`, `local://`."""

    scheme: Literal["ssh", "docker", "local"]
    name: str = ""
    port: int = 22
    user: str = ""

    def __str__(self) -> str:
        match self.scheme:
            case "ssh":
                at = f"{self.user}@" if self.user else ""
                name = f"[{self.name}]" if ":" in self.name else self.name  # IPv6
                return f"ssh://{at}{name}:{self.port}"
            case other:
                return f"{other}://{self.name}"


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A value and the FILE:LINE:COL it was written at. A secret is a `SecretRef`, never text.

    Where `unread` is not "", the value is only carried: it says why no parameter can take it.
    """

    value: Json | SecretRef
    at: str
    layer: str  # "all", "group NAME", "host NAME", "-p", "default"
    unread: str = ""


@dataclass(frozen=True, kw_only=True)
class Host:
    """Something with a shell, as the inventory describes it; groups and variables already merged."""

    name: str
    address: Address
    identity: str = ""  # private key file; "" leaves it to the agent
    host_key: tuple[str, ...] = ()  # pinned "TYPE BASE64" lines
    known_hosts: str = ""  # a known_hosts file to pin from, instead
    become: bool = False
    via: str = ""  # the host that this one is reached through
    engine: str = ""  # of a container: unix:///SOCKET of its engine; "" is Docker's own
    environment: str = ""
    drillable: bool = False  # drills may break something there on purpose
    quarantine: str = ""  # absolute path on another filesystem; "" means none
    groups: tuple[str, ...] = ()
    vars: Mapping[str, Sourced] = field(default_factory=dict)
    at: str = ""  # FILE:LINE:COL of its entry
    container: str = ""  # the one it must be, as a plan found it: its full id, and when it was started; "" is any

    @property
    def way(self) -> str:
        """Its address, and the host that it is reached through."""
        return f"{self.address} via {self.via}" if self.via else str(self.address)


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """All hosts by name, and the names of the hosts of each group, in file order."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, tuple[str, ...]]
