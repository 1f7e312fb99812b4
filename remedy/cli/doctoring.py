"""One finding after the other about this machine and this home; none of them asks a host."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from remedy.cli.shown.text import counted, visible
from remedy.cli.wiring import Parts
from remedy.cli.world import World
from remedy.codec import encode
from remedy.errors import Refused, RemedyError
from remedy.model import Host
from remedy.terms import CLOCK_SLACK

LIBRARIES = {
    "yaml": "playbooks and inventories",
    "jinja2": "templates",
    "jsonschema": "what is wrong with a file",
    "paramiko": "hosts over SSH",
    "fabric": "a home from ~/.ssh/config",
    "docker": "hosts that are containers",
}
PROGRAMS = {"sshd": "remedy demo uses it where it is there; else a server that comes as a library"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `note` is no fault: something optional is missing."""

    what: str
    state: Literal["ok", "note", "fault"]
    says: str
    fix: str = ""


def examine(parts: Parts) -> list[Finding]:
    """Every finding, in the order in which one would see to them."""
    return [*_machine(), *_home(parts)]


def _machine() -> Iterator[Finding]:
    yield Finding("python", "ok", ".".join(map(str, sys.version_info[:3])))  # an older one does not come this far
    for name, use in LIBRARIES.items():
        if importlib.util.find_spec(name) is None:
            yield Finding(name, "fault", f"is missing: {use}", f"pip install {name}")
        else:
            yield Finding(name, "ok", use)
    for name, use in PROGRAMS.items():
        path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        yield Finding(name, "ok", path) if path else Finding(name, "note", f"is not installed: {use}")


def _home(parts: Parts) -> Iterator[Finding]:
    home = _tried("home", lambda: str(parts.home.path))
    yield home
    if home.state == "fault":
        return
    yield _tried("journal", lambda: _journal(parts))
    yield _tried("clock", lambda: _clock(parts))
    yield _tried("open runs", lambda: _open_runs(parts))
    inventory = _tried("inventory", lambda: counted(len(parts.inventory.hosts), "host"))
    yield inventory
    if inventory.state == "ok":
        yield from _beside(parts)
    yield _tried("policy", lambda: counted(len(parts.policy.rules), "rule") + " besides the built-in ones")
    yield from _playbooks(parts)
    if inventory.state == "ok":
        for host in parts.inventory.hosts.values():
            yield from _host(host, parts)


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except RemedyError as error:
        return Finding(what, "fault", error.message, error.fix)


def _journal(parts: Parts) -> str:
    parts.store.check()
    return "sound, its chain whole"


def _clock(parts: Parts) -> str:
    """Raises Refused where the store has seen later times than this machine's clock shows."""
    ahead = parts.store.latest() - parts.clock.now()
    if ahead > CLOCK_SLACK:
        raise Refused(
            f"is {ahead} behind the latest time the store has seen: no approval can be used",
            fix="set the clock right; where it is right now and was ahead before: remedy unlock --clock",
        )
    return "not behind the store"


def _open_runs(parts: Parts) -> str:
    found = parts.store.runs(10, open_only=True)
    if not found:
        return "none"
    raise Refused(f"{', '.join(r.id for r in found)} not closed", fix="remedy resume")


def _playbooks(parts: Parts) -> Iterator[Finding]:
    from remedy.load.find import playbook_names  # noqa: PLC0415 — where it is used
    from remedy.load.playbook import load_playbook  # noqa: PLC0415 — where it is used

    for name in playbook_names(parts.home.path):
        found = _tried(f"playbook {name}", lambda n=name: load_playbook(n, parts.home.path, parts.catalogue).summary)  # type: ignore[misc]
        if found.state == "fault":
            yield found


def _beside(parts: Parts) -> Iterator[Finding]:
    """What an Ansible inventory holds that remedy cannot use."""
    for problems in parts.inventory.left_out.values():
        for problem in problems:
            yield Finding("inventory", "note", f"{problem.at} {problem.message}")
    for note in parts.inventory.notes:
        yield Finding("inventory", "note", f"{note.at} {note.message}", note.fix)


def _host(host: Host, parts: Parts) -> Iterator[Finding]:
    from remedy.load.identity import check_identity, identity_file  # noqa: PLC0415 — where it is used

    if host.address.scheme == "ssh" and not host.host_key and not host.known_hosts:
        yield Finding(f"host {host.name}", "fault", "its key is not pinned", f"remedy trust {host.name}")
    if host.address.scheme == "docker" and not host.via:
        from remedy.hosts.container import demand_engine  # noqa: PLC0415 — where it is used

        yield from _faults(host, lambda: demand_engine(host))
    if host.identity:
        yield from _faults(host, lambda: check_identity(identity_file(host.identity), parts.home.path))


def _faults(host: Host, demand: Callable[[], None]) -> Iterator[Finding]:
    try:
        demand()
    except RemedyError as error:
        yield Finding(f"host {host.name}", "fault", error.message.removeprefix(f"{host.name}: "), error.fix)


def tell(world: World, findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print them. Returns 1 where something must be seen to."""
    faults = [f for f in findings if f.state == "fault"]
    if as_json:
        world.document({"ok": not faults, "findings": [encode(f) for f in findings]})
    else:
        paint = world.paint()
        styles = {"ok": paint.green, "note": paint.dim, "fault": paint.red}
        for f in findings:
            world.out(f"{styles[f.state](f'{f.state:<5}')}  {visible(f.what)}: {visible(f.says)}")
            if f.fix:
                world.out(f"         fix: {visible(f.fix)}")
        world.out(f"{counted(len(faults), 'fault')}" if faults else "all is well")
    return 1 if faults else 0
