"""A scene of the kit played by the program on the scene's own host: one step of a playbook, or one fault of a drill."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.home import Home
from tests.e2e.namespace import Namespace
from tests.e2e.sweep import sweep, sweep_of_a_drill

if TYPE_CHECKING:
    from tests.actions.kit import Played

LEAVE = ("--break-glass", "a test", "--json")  # what is risky asks a person otherwise
STEP = """
playbook: sweep
summary: One action
symptom:
  - disk.free: {mount: /, below: 100%}
steps:
  - {id: it, ACTION: PARAMS}
verify:
  - disk.free: {mount: /, at_least: 0%}
"""
FAULT = """
playbook: sweep
summary: One fault, whose symptom never shows
symptom:
  - not: [disk.free: {mount: /, at_least: 0%}]
steps:
  - {id: never, command.run: {argv: ["true"], unless: ["true"]}}
verify:
  - disk.free: {mount: /, at_least: 0%}
drill:
  about: One fault
  inject:
    - {id: it, ACTION: PARAMS}
  symptom_within: 1s
"""


@dataclass(frozen=True)
class PlayedStory:
    """A scene, and a home whose playbook is this one step or fault."""

    home: Home
    played: Played
    namespace: Namespace | None
    apply: Sequence[str]
    changes: int = 1

    def inside(self, *command: str) -> list[str]:
        return self.namespace.inside(*command) if self.namespace else list(command)

    def sicken(self) -> None:
        self.played.scene.sick(self.played.ground)
        time.sleep(self.played.ripe_s)

    def picture(self) -> object:
        return repr(self.played.scene.snapshot(self.played.ground))


def killed_at_every_gate_of_a_run_it_ends_the_same(p: Played) -> None:
    """In a whole run of the program that is killed at any boundary and resumed, the end is the uninterrupted one's."""
    _killed(p)


def killed_within_its_change_it_ends_the_same(p: Played) -> None:
    """The same at one boundary alone: the change was sent, and nothing has come back."""
    _killed(p, "within change")


def _killed(p: Played, *gates: str) -> None:
    if p.action.drill_only:
        with _told(p, FAULT, "drill") as (story, record):
            assert set(sweep_of_a_drill(story, record, gates=gates)) == {"put back"}
    else:
        with _told(p, STEP, "apply") as (story, record):
            assert set(sweep(story, record, gates=gates)) == {"the same"}


@contextmanager
def _told(p: Played, playbook: str, verb: str) -> Iterator[tuple[PlayedStory, Path]]:
    """The story of a scene, and where its gates are written down; on this machine, leases have a place of their own."""
    make = Namespace.make_as_root if os.geteuid() == 0 else Namespace.make
    namespace = make("mount -t tmpfs -o mode=755 tmpfs /run") if p.end.entry["address"] == "local://" else None
    params = {**p.scene.params(p.ground), **p.at_once}
    entry = {**p.end.entry, "environment": "test", "drillable": True}
    if "password" in params:
        playbook += "params: {password: {type: text, about: Of a server}}\n"
        (entry["vars"],) = [{"password": secret} for secret in params["password"]]
        params["password"] = "{{ password }}"
    with tempfile.TemporaryDirectory(prefix="remedy-sweep-") as folder:
        home = Home(Path(folder), {name.removeprefix("env:"): value for name, value in p.end.secrets.items()})
        text = playbook.replace("ACTION", p.scene.action).replace("PARAMS", json.dumps(params))
        (home.path / "playbooks" / "sweep.yml").write_text(text)
        home.write_inventory({"hosts": {"there": entry}})
        try:
            yield PlayedStory(home, p, namespace, (verb, "sweep", "--host", "there", *LEAVE)), home.path / "gates"
        finally:
            if namespace:
                namespace.end()
