"""~/.ssh/config as a list of hosts. Nothing in it is run: what would run a program is left out, and said to be.

fabric and paramiko resolve the file; before they see it, whatever would execute or ask the network is cut out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko
from fabric import Config, Connection

from remedy.errors import Invalid

_CUT = {
    "match": "Match",
    "include": "Include",
    "canonicalizehostname": "CanonicalizeHostname",
    "localcommand": "LocalCommand",
    "knownhostscommand": "KnownHostsCommand",
}
_RUNS = re.compile(r"(?i)\bexec\b")
_LINE = re.compile(r"\s*([A-Za-z]+)[\s=]+(.*)")


@dataclass(frozen=True, kw_only=True)
class Alias:
    """One `Host` of the file that is a name and no pattern, resolved."""

    name: str
    host: str
    port: int
    user: str
    identities: tuple[str, ...]
    jump: str  # as ProxyJump has it
    command: str  # a ProxyCommand, never run
    known_hosts: str


@dataclass(frozen=True)
class Read:
    """The file's hosts in its order, and (line, what) of everything that was cut out."""

    aliases: tuple[Alias, ...]
    cut: tuple[tuple[int, str], ...]


def read_ssh_config(text: str) -> Read:
    """The hosts of a configuration. Raises Invalid where the file cannot be read."""
    kept, cut = _without_programs(text)
    proxyless = [line for line in kept if _keyword(line) not in ("proxyjump", "proxycommand")]
    try:
        whole, bare = (paramiko.SSHConfig.from_text("\n".join(lines)) for lines in (kept, proxyless))
        config = Config(ssh_config=bare, lazy=True)  # lazy: no fabric or invoke file of the user's is loaded
        aliases = tuple(_alias(n, whole, config) for n in _names(kept))
    except (paramiko.SSHException, ValueError, KeyError) as error:
        raise Invalid(f"it is no configuration of ssh: {error}") from None
    return Read(aliases, tuple(cut))


def _keyword(line: str) -> str:
    found = _LINE.match(line)
    return found[1].lower() if found else ""


def _without_programs(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """The lines that may be resolved; a cut `Match` takes its block with it."""
    kept: list[str] = []
    cut: list[tuple[int, str]] = []
    skipping = False
    for number, line in enumerate(text.split("\n"), 1):
        word = _keyword(line)
        if word in ("host", "match"):
            skipping = word == "match" and (_RUNS.search(line) is not None or not _is_plain_match(line))
            if skipping:
                why = "a Match that runs a program" if _RUNS.search(line) else "a Match"
                cut.append((number, f"{why} is not followed"))
        elif word in _CUT and not skipping:
            cut.append((number, f"{_CUT[word]} is not followed"))
        kept.append("" if skipping or (word in _CUT and word != "match") else line)
    return kept, cut


def _is_plain_match(line: str) -> bool:
    """`Match host` and `Match originalhost` ask for names alone."""
    words = line.split()[1:]
    return all(w.lower().lstrip("!") in ("host", "originalhost", "all") for w in words[::2])


def _names(lines: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for line in lines:
        if _keyword(line) == "host":
            for name in line.replace("=", " ", 1).split()[1:]:
                bare = name.strip('"')
                if not set(bare) & set("*?!") and bare not in seen:
                    seen.add(bare)
                    yield bare


def _alias(name: str, whole: paramiko.SSHConfig, config: Config) -> Alias:
    options = whole.lookup(name)
    connection = Connection(name, config=config)
    return Alias(
        name=name,
        host=connection.host,
        port=connection.port,
        user=options.get("user", ""),
        identities=tuple(options.get("identityfile", ())),
        jump=options.get("proxyjump", ""),
        command=options.get("proxycommand", ""),
        known_hosts=options.get("userknownhostsfile", "").split(" ")[0],
    )


@dataclass(frozen=True)
class KnownKey:
    """A key that a known_hosts file has for a host: as `host_key` has it, and its fingerprint."""

    line: str
    fingerprint: str


def known_keys(path: Path) -> KnownHosts:
    """What a known_hosts file says. Raises Invalid where it cannot be read."""
    try:
        return KnownHosts(paramiko.HostKeys(str(path)))
    except (OSError, paramiko.SSHException) as error:
        raise Invalid(f"{path} cannot be read: {error}", at=str(path)) from None


@dataclass(frozen=True)
class KnownHosts:
    """A known_hosts file."""

    keys: paramiko.HostKeys

    def key_of(self, name: str, port: int) -> KnownKey | None:
        """The strongest key of a host, or None."""
        from remedy.hosts.keys import ALGORITHMS, Pin  # noqa: PLC0415 - where it is used

        found = self.keys.lookup(name if port == 22 else f"[{name}]:{port}")
        if found is None:
            return None
        for kind in ALGORITHMS:
            if kind in found:
                key = found[kind]
                return KnownKey(f"{kind} {key.get_base64()}", Pin(kind, key.asbytes()).fingerprint)
        return None
