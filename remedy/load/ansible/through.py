"""Jump hosts that ssh's arguments name: a host of the inventory where one is meant, else one that is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from remedy.errors import Invalid
from remedy.load.addresses import parse_address
from remedy.load.ansible.arguments import Jump
from remedy.load.ansible.connection import Way
from remedy.load.inventory_checks import Entry
from remedy.model import Host


@dataclass(frozen=True)
class Routes:
    """The hosts so far, and how Ansible's are reached."""

    hosts: Mapping[str, Host]
    ways: Mapping[str, Way]
    entries: Mapping[str, Entry]

    def added(self) -> dict[str, Host]:
        """Hosts whose `via` is now their jump host, and the jump hosts that no inventory names."""
        found: dict[str, Host] = {}
        for name, way in self.ways.items():
            host = self.hosts.get(name)
            said_otherwise = name in self.entries and self.entries[name].given & {"via", "address"}
            if host is None or not way.jumps or host.via or said_otherwise or host.address.scheme != "ssh":
                continue
            through = ""
            for jump in way.jumps:
                through = self._named(jump, host, through, way.jump_at, found)
            if through != name:  # the jump host itself is in the group that names it
                found[name] = replace(host, via=through)
        return found

    def _named(self, jump: Jump, host: Host, through: str, at: str, found: dict[str, Host]) -> str:
        known = {**self.hosts, **found}
        name = jump.name.strip("[]")
        if name in known:
            return name
        for other in known.values():
            if other.address.name == name and other.address.port == jump.port and jump.user in ("", other.address.user):
                return other.name
        try:
            address = parse_address(jump.address)
        except Invalid:
            return name  # told as a `via` that names no host
        made = name.replace(":", "-") if ":" in name else name
        identity = jump.identity or host.identity
        found[made] = Host(
            name=made, address=address, identity=identity, known_hosts=host.known_hosts, via=through, at=at
        )
        return made
