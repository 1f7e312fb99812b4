"""A home to start with: its files written, none ever overwritten, and the next commands to type."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from remedy.cli import starting
from remedy.cli.home import find_home
from remedy.cli.shown.text import counted, visible
from remedy.cli.world import World
from remedy.errors import Invalid, Refused
from remedy.load.text import shown_path
from remedy.load.writing import Page, text_of_page
from remedy.model import Json

if TYPE_CHECKING:
    from remedy.cli.borrowing import Borrowed

DIRECTORIES = ("playbooks", "inventory")
NO_ENVIRONMENT = (
    "no host has an environment, so no rule of a policy that names one applies: give production hosts theirs"
)


@dataclass
class Begun:
    """What became of a home: each file `made`, `kept` or `linked`."""

    home: Path
    files: dict[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    pinned: Mapping[str, str] = field(default_factory=dict)  # host: fingerprint
    unpinned: tuple[str, ...] = ()
    is_borrowed: bool = False


def begin(world: World, home: Path, borrowed: Borrowed | None) -> Begun:
    """Make the home, with an inventory of its own or a borrowed one. Raises Refused where that one is not to be had."""
    begun = Begun(home)
    if home.exists() and not home.is_dir():
        raise Invalid(f"{shown_path(home)} is no directory", at=shown_path(home))
    if borrowed is not None:
        _demand_room(home, borrowed)
    for name in ("", *DIRECTORIES):
        (home / name).mkdir(mode=0o755, parents=not name, exist_ok=True)
    find_home(str(home), world.environ, world.cwd)  # what others could change is said before anything is written
    for name, text in starting.files().items():
        begun.files[name] = _write(home / name, text)
    if borrowed is None:
        _example(home, begun)
    else:
        _borrow(home, borrowed, begun)
    return _counted(home, begun)


def _example(home: Path, begun: Begun) -> None:
    from remedy.load.ansible.files import candidates  # noqa: PLC0415 — where it is used

    others = [p for p in candidates(home / "inventory") if p.name != "hosts.yml"]
    if not others:
        begun.files["inventory/hosts.yml"] = _write(home / "inventory/hosts.yml", starting.example_hosts())


def _demand_room(home: Path, borrowed: Borrowed) -> None:
    """Raise Refused where another inventory is in the way: it is never overwritten."""
    for name, text in _pages(borrowed).items():
        path = home / name
        if path.exists() and path.read_text("utf-8", "replace") != text:
            fix = "remove it, or name another directory"
            raise Refused(f"{shown_path(path)} is there already, and is not overwritten", at=shown_path(path), fix=fix)
    for name, target in borrowed.links.items():
        path = home / "inventory" / name
        if (path.exists() or path.is_symlink()) and path.resolve() != target.resolve():
            fix = "remove it, or name another directory"
            raise Refused(f"{shown_path(path)} is there already, and is not overwritten", at=shown_path(path), fix=fix)


def _pages(borrowed: Borrowed) -> dict[str, str]:
    if borrowed.page is None:
        return {}
    page = borrowed.page
    head = (starting.schema_line(), *page.head)
    whole = Page(head=head, vars=page.vars, groups=page.groups, hosts=page.hosts)
    return {"inventory/hosts.yml": text_of_page(whole)}


def _borrow(home: Path, borrowed: Borrowed, begun: Begun) -> None:
    for name, text in _pages(borrowed).items():
        begun.files[name] = _write(home / name, text)
    for name, target in borrowed.links.items():
        path = home / "inventory" / name
        begun.files[f"inventory/{name}"] = "kept" if path.is_symlink() else "linked"
        if not path.is_symlink():
            path.symlink_to(target)
    begun.remarks, begun.pinned, begun.is_borrowed = borrowed.remarks, borrowed.pinned, True


def _write(path: Path, text: str) -> str:
    """Write a file that is not there yet; `made` or `kept`."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o644)
    except FileExistsError:
        return "kept"
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return "made"


def _counted(home: Path, begun: Begun) -> Begun:
    """With the hosts that are now in the inventory. Raises Invalid where what was there before is wrong."""
    from remedy.load.inventory import load_inventory  # noqa: PLC0415 — where it is used

    inventory = load_inventory(home / "inventory")
    begun.hosts = tuple(inventory.hosts)
    ways_first = sorted(inventory.hosts.values(), key=lambda h: bool(h.via))
    begun.unpinned = tuple(
        h.name for h in ways_first if h.address.scheme == "ssh" and not h.host_key and not h.known_hosts
    )
    if not begun.remarks:
        left_out = [f"{p.at} {p.message}" for problems in inventory.left_out.values() for p in problems]
        begun.remarks = (*left_out, *(f"{n.at} {n.message}" for n in inventory.notes))
    if begun.is_borrowed and not any(h.environment for h in inventory.hosts.values()):
        begun.remarks += (NO_ENVIRONMENT,)
    return begun


def tell(world: World, begun: Begun, *, as_json: bool) -> None:
    """What was made, what could not be carried over, and what to type next."""
    steps = _next(world, begun)
    if as_json:
        document: Json = {
            "home": str(begun.home),
            "files": [{"path": name, "state": state} for name, state in begun.files.items()],
            "hosts": list(begun.hosts),
            "remarks": list(begun.remarks),
            "pinned": [{"host": h, "fingerprint": f} for h, f in begun.pinned.items()],
            "next": list[Json](steps),
        }
        world.document(document)
        return
    paint = world.paint()
    world.out(f"{paint.bold(visible(str(begun.home)))}: {counted(len(begun.hosts), 'host')}")
    for name, state in begun.files.items():
        world.out(f"  {paint.green(f'{state:<6}') if state != 'kept' else paint.dim(f'{state:<6}')}  {visible(name)}")
    for host, fingerprint in begun.pinned.items():
        world.out(f"  pinned  {visible(host)}  {fingerprint}")
    if begun.remarks:
        world.out("", "not carried over, or to know:")
        world.out(*(f"  {visible(r)}" for r in begun.remarks))
    world.out("", "next:", *(f"  {visible(step)}" for step in steps))


def _next(world: World, begun: Begun) -> Sequence[str]:
    prefix = "remedy" if begun.home == world.cwd else f"remedy -C {shown_path(begun.home)}"
    shown = begun.hosts[0] if begun.hosts else "HOST"
    trust = [f"{prefix} trust {begun.unpinned[0]}"] if begun.unpinned else []
    return [f"{prefix} doctor", *trust, f"{prefix} look --host {shown}"]
