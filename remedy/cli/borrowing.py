"""An inventory for a new home, taken from Ansible's or from ~/.ssh/config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from remedy.errors import Invalid
from remedy.hosts.ssh_config import Alias, KnownHosts, known_keys, read_ssh_config
from remedy.load.addresses import parse_address
from remedy.load.ansible.arguments import Jump, asked_by
from remedy.load.ansible.converting import converted, read_ansible, sources_at
from remedy.load.ansible.files import VARIABLES
from remedy.load.reading import read_bytes
from remedy.load.text import shown_path
from remedy.load.writing import Line, Page, can_be_written
from remedy.model import Host


@dataclass(frozen=True, kw_only=True)
class Borrowed:
    """A page to write or files to link, what it does not hold, and the keys that it pins."""

    page: Page | None = None
    links: Mapping[str, Path] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    pinned: Mapping[str, str] = field(default_factory=dict)


def from_ansible(path: Path, *, link: bool) -> Borrowed:
    """Ansible's inventory: linked, so that it stays the one list, or converted. Raises Invalid with every problem."""
    inventory = read_ansible(path)
    if not link:
        found = converted(inventory, shown_path(path))
        return Borrowed(page=found.page, remarks=found.remarks)
    sources, directory = sources_at(path)
    links = {_called(s.path): s.path.resolve() for s in sources}
    links |= {n: (directory / n).resolve() for n in VARIABLES if (directory / n).is_dir()}
    return Borrowed(links=links)


def _called(path: Path) -> str:
    """A name under which the file is seen as what it is."""
    return path.name if path.suffix in (".ini", ".yml", ".yaml", ".json") or path.name == "inventory" else "hosts"


def from_ssh_config(path: Path) -> Borrowed:
    """The hosts of ~/.ssh/config that are names. Raises Invalid where it cannot be read."""
    try:
        text = read_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid(f"{shown_path(path)} is not UTF-8", at=shown_path(path)) from None
    try:
        read = read_ssh_config(text)
    except Invalid as wrong:
        raise Invalid(f"{shown_path(path)}: {wrong.message}", at=shown_path(path)) from None
    if not read.aliases:
        fix = "a Host line with a name and without * or ?"
        raise Invalid(f"{shown_path(path)} names no host", at=shown_path(path), fix=fix)
    remarks = [f"{shown_path(path)}:{line}:1 {what}" for line, what in read.cut]
    lines = _Lines({a.name: a for a in read.aliases}, path, remarks)
    hosts = list(lines.made())
    head = [f"From {shown_path(path)}, by remedy init.", *remarks]
    return Borrowed(page=Page(head=head, hosts=hosts), remarks=tuple(remarks))


@dataclass
class _Lines:
    aliases: Mapping[str, Alias]
    path: Path
    remarks: list[str]

    def made(self) -> Iterator[Line]:
        found: dict[str, Host] = {}
        for alias in self.aliases.values():
            host = self._host(alias)
            if host is not None:
                found[alias.name] = host
        found = {n: self._through(self.aliases[n], h, found) for n, h in found.items()} | self._jumps
        for host in found.values():
            via = host.via if host.via in found else ""
            yield Line(host=replace(host, via=via))

    def __post_init__(self) -> None:
        self._jumps: dict[str, Host] = {}

    def _host(self, alias: Alias) -> Host | None:
        if not can_be_written(alias.name):
            self._lost(alias, "is left out: a host is called by letters, digits, dots, dashes and underscores")
            return None
        try:
            at = f"{alias.user}@" if alias.user else ""
            name = f"[{alias.host}]" if ":" in alias.host else alias.host
            address = parse_address(f"ssh://{at}{name}:{alias.port}")
        except Invalid as wrong:
            self._lost(alias, f"is left out: {wrong.message}")
            return None
        return Host(name=alias.name, address=address, identity=_identity(alias))

    def _through(self, alias: Alias, host: Host, known: Mapping[str, Host]) -> Host:
        asked = asked_by(f'-o "ProxyJump={alias.jump}"' if alias.jump else "")
        if alias.command and not alias.jump:
            asked = asked_by(_command(alias))
        if asked.refused:
            self._lost(alias, f"has no 'via': {'; '.join(asked.refused)}")
            return host
        through = ""
        for jump in asked.jumps:
            through = self._jump(jump, through, known)
        return replace(host, via=through) if through != host.name else host

    def _jump(self, jump: Jump, through: str, known: Mapping[str, Host]) -> str:
        name = jump.name.strip("[]")
        if name in known or name in self._jumps:
            return name
        try:
            address = parse_address(jump.address)
        except Invalid as wrong:
            self.remarks.append(f"{shown_path(self.path)}: the jump host {name} is left out: {wrong.message}")
            return ""
        made = name.replace(":", "-")
        self._jumps[made] = Host(name=made, address=address, identity=jump.identity, via=through)
        return made

    def _lost(self, alias: Alias, why: str) -> None:
        self.remarks.append(f"{shown_path(self.path)}: {alias.name} {why}")


def _command(alias: Alias) -> str:
    """A ProxyCommand as an argument; its tokens were resolved, and are put back to be recognized."""
    plain = alias.command.replace(f"{alias.host}:{alias.port}", "%h:%p")
    return "-o 'ProxyCommand={}'".format(plain.replace("'", ""))


def _identity(alias: Alias) -> str:
    """The first key file that is there, as the inventory has it: below the home directory with ~."""
    home = str(Path.home())
    there = [i for i in alias.identities if Path(i).expanduser().exists()] or list(alias.identities)
    if not there:
        return ""
    return f"~{there[0].removeprefix(home)}" if there[0].startswith(f"{home}/") else there[0]


def with_keys(borrowed: Borrowed, path: Path) -> Borrowed:
    """The same, with the keys pinned that a known_hosts file has. Raises Invalid where it cannot be read."""
    if borrowed.page is None:
        return borrowed
    known = known_keys(path)
    pinned: dict[str, str] = {}
    lines = [_pinned(line, known, pinned) for line in borrowed.page.hosts]
    return replace(borrowed, page=replace(borrowed.page, hosts=lines), pinned=pinned)


def _pinned(line: Line, known: KnownHosts, pinned: dict[str, str]) -> Line:
    host = line.host
    if host.address.scheme != "ssh" or host.host_key or host.known_hosts:
        return line
    key = known.key_of(host.address.name, host.address.port) or known.key_of(host.name, host.address.port)
    if key is None:
        return line
    pinned[host.name] = key.fingerprint
    return replace(line, host=replace(host, host_key=(key.line,)))
