"""What the demo shows: a full disk, a look, a plan, consent, a run that frees it, one that does nothing, the record."""

from __future__ import annotations

import io
import json
import shutil
import socket
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from remedy.cli.edge import run
from remedy.cli.world import World
from remedy.demo.host import ADDRESS, USER, DemoHost, demo_host
from remedy.demo.talk import on_host

NAME = "demo"  # the host, as its inventory calls it
APPLY = ("apply", "disk-full", "--host", NAME)
WAYS = {
    "root+pid": "root made its file systems and processes; you see none of them, and its user has no rights",
    "root": "root made its file systems; you see none of them, and its user has no rights",
    "user+pid": "a user namespace holds its file systems and processes; you see none of them, and root was not needed",
    "user": "a user namespace holds its file systems; you see none of them, and root was not needed",
}
SERVERS = {
    "openssh": "OpenSSH's server",
    "library": "an SSH server from a library (OpenSSH's is not installed here)",
}
INVENTORY = """\
hosts:
  {name}:
    address: ssh://{user}@{address}:{port}
    identity: {identity}
    host_key: {host_key}
    quarantine: {quarantine} # another file system; what is pruned goes there
    vars: {{mount: {disk}, log_dir: {disk}/log}}
"""


def tell(*, assume_yes: bool, keep: bool) -> int:
    """Tell the whole story, clean up, and say so. Returns the exit code."""
    world, began = World(), time.monotonic()
    with demo_host() as host:
        code = Story(at_home(world, host), host).tell(assume_yes=assume_yes)
        _save_crashes(world, host)
        if keep:
            _hold(world, host)
    if host.directory.exists() or _is_listening(host.port):
        world.err(f"the demo could not clean up: see {host.directory} and port {host.port}")
        return code or 1
    took_s = time.monotonic() - began
    world.out("", f"The host has ended and {host.directory} is gone: nothing is left. {took_s:.1f} s in all.")
    return code


@dataclass(frozen=True)
class Story:
    """The demo on one host, told to one terminal."""

    world: World
    host: DemoHost

    def tell(self, *, assume_yes: bool) -> int:
        """The story; it ends at the first thing that does not come true, with that exit code."""
        self._introduce()
        self._look("The disk is really full:")
        if code := self._remedy("What is wrong with it? Nobody has to know a playbook's name:", "look", "--host", NAME):
            return code
        consent = self._consent(assume_yes=assume_yes)
        if code := self._remedy("remedy looks, says what it would do, asks, does it, and verifies:", *APPLY, *consent):
            return code
        first = self._latest_run()
        self._look("The disk now:")
        if code := self._remedy("Once more; what is right already is left alone:", *APPLY, *consent):
            return code
        second = self._latest_run()
        if code := self._remedy("The record of the run that freed the disk:", "show", first["run"]):
            return code
        return self._conclude(first, second)

    def _introduce(self) -> None:
        host, paint = self.host, self.world.paint()
        self.world.out(
            paint.bold("A host to try remedy on"),
            f"  reached by    {SERVERS[host.server]} on {ADDRESS}, port {host.port}",
            f"  lives         apart: {WAYS[host.way]}",
            f"  has           a disk of its own at {host.disk}, full of old logs; an application goes on logging there",
            f"  home          {_home_of(host)}, with this inventory:",
            *(f"    {paint.dim(line)}" for line in _inventory_of(host).splitlines()),
        )

    def _look(self, title: str) -> None:
        command = f"df -h {self.host.disk}; ls -l {self.host.disk}/log"
        self._head(title, f"{NAME}$ {command}")
        self.world.out(*on_host(self.host, command).splitlines())

    def _consent(self, *, assume_yes: bool) -> tuple[str, ...]:
        if assume_yes or self.world.has_person:
            return ("--yes",) if assume_yes else ()
        self.world.out("", "Nobody is at a terminal to be asked: the demo consents to its own plan.")
        return ("--yes",)

    def _remedy(self, title: str, *args: str) -> int:
        """Run a command of remedy as a person would type it."""
        self._head(title, " ".join(("$ remedy", *args)))
        return run(args, self.world)

    def _head(self, title: str, command: str) -> None:
        paint = self.world.paint()
        self.world.out("", paint.bold(title), paint.dim(command))

    def _latest_run(self) -> dict[str, Any]:
        """The last run as `show RUN --json` tells it to a script."""
        listed = json.loads(self._answer("list", "runs", "--json"))
        shown: dict[str, Any] = json.loads(self._answer("show", listed[0]["id"], "--json"))
        return shown

    def _answer(self, *args: str) -> str:
        answer = io.StringIO()
        run(args, replace(self.world, stdout=answer))
        return answer.getvalue()

    def _conclude(self, first: dict[str, Any], second: dict[str, Any]) -> int:
        """Say what came true; 0 only if all of it did."""
        lines, last = on_host(self.host, f"awk 'END {{ print NR, $2 + 0 }}' {self.host.disk}/log/app.log").split()
        verdict, again = first["verdict"], second["hosts"][NAME]["outcome"]
        truths = {
            f"the full disk: {verdict}": verdict == "resolved",
            f"the second apply: {again}": again == "unchanged",
            f"the application logged on: {lines} lines, the last one is number {last}": lines == last,
        }
        self.world.out("", *(f"{'yes' if is_true else 'NO '}  {said}" for said, is_true in truths.items()))
        return 0 if all(truths.values()) else 1


def at_home(world: World, host: DemoHost) -> World:
    """Make a home with the host in its inventory; return the world of somebody who works there."""
    home = _home_of(host)
    home.mkdir(mode=0o700)
    (home / "inventory").mkdir(mode=0o700)
    (home / "inventory/hosts.yml").write_text(_inventory_of(host))
    return replace(world, environ={**world.environ, "REMEDY_HOME": str(home)}, asked_home="")


def _home_of(host: DemoHost) -> Path:
    return host.directory / "home"


def _inventory_of(host: DemoHost) -> str:
    return INVENTORY.format(
        name=NAME,
        user=USER,
        address=ADDRESS,
        port=host.port,
        identity=host.identity,
        host_key=host.host_key,
        quarantine=host.quarantine,
        disk=host.disk,
    )


def _save_crashes(world: World, host: DemoHost) -> None:
    """Keep what a bug left behind for its report; the home will be gone."""
    crashes = _home_of(host) / ".remedy/crashes"
    if crashes.exists():
        saved = Path(tempfile.mkdtemp(prefix="remedy-crash-"))
        shutil.copytree(crashes, saved, dirs_exist_ok=True)
        world.err(f"  the demo's home goes now; the file for the report is in {saved}")


def _hold(world: World, host: DemoHost) -> None:
    world.out("", "The host stays until you press Enter. To go on in another terminal, say taking it all back:")
    world.out(f"  export REMEDY_HOME={_home_of(host)}", "  remedy list runs", "  remedy undo RUN")
    world.stdin.readline()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0
