"""The kit: what every action must prove with its real shell functions, and on what.

A scene makes the state that an action is for, in a directory of its own or on a test host. The proofs are the same
for all; `docs/kit.md` is this table, printed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

from remedy.actions.action import Action
from remedy.actions.catalogue import Catalogue
from remedy.model import Await, Change, Host, Json, Look, Operation, Reply, UndoBy
from tests.e2e.whole_run import killed_at_every_gate_of_a_run_it_ends_the_same

YEAR_2001 = 1_000_000_000
SHORTEST_S = 0.0002  # between the moments at which an operation is killed


class End(Protocol):
    """Where shell functions run: here under one shell, or on a test host."""

    @property
    def name(self) -> str: ...

    @property
    def entry(self) -> Mapping[str, object]: ...

    @property
    def secrets(self) -> Mapping[str, str]: ...

    def look(self, look: Look) -> Reply: ...

    def act(self, operation: Operation) -> CompletedProcess[bytes]: ...

    def cut_off(self, operation: Operation, after_s: float) -> bool: ...


@dataclass(frozen=True)
class Ground:
    """Where a scene plays: an empty directory, and a quarantine on another filesystem."""

    root: Path
    shelf: Path


@dataclass(frozen=True)
class Scene:
    """One action and the state it is for. `snapshot` is what must be equal however often it was cut off."""

    name: str
    action: str
    params: Callable[[Ground], dict[str, Json]]
    sick: Callable[[Ground], None]
    healthy: Callable[[Ground], None]
    snapshot: Callable[[Ground], object]


@dataclass(frozen=True)
class Played:
    """A scene on one far end.

    A run of the program cannot look from a later moment: there, what the scene made is `ripe_s` seconds old, and
    `at_once` are the parameters for which that is old enough.
    """

    scene: Scene
    ground: Ground
    end: End
    action: Action[Any]
    host: Host
    now: int = field(default_factory=lambda: int(time.time()))
    cut_every_s: float = 0.008  # how far apart the moments are that a call is killed at
    done: list[str] = field(default_factory=list)
    at_once: Mapping[str, Json] = field(default_factory=dict)
    ripe_s: float = 0

    def see(self) -> Any:
        """What is there now, asked as at first: ages are absolute. A look that is not answered fails the proof."""
        return self.action.see(self.reply())

    def reply(self) -> Reply:
        """The answer itself."""
        reply = self.end.look(self.action.look(self.host).pinned(self.now))
        assert reply.answered, reply.error
        return reply

    def plan(self) -> Change | None:
        return self.action.plan(self.see())

    def act(self, operations: Sequence[Operation]) -> None:
        """Carry out operations; one that fails fails the proof."""
        for operation in operations:
            done = self.end.act(operation)
            assert done.returncode == 0, (done.stdout, done.stderr)

    def finish(self) -> None:
        """Plan and act until nothing is to do: at most twice."""
        for _ in range(2):
            change = self.plan()
            if change is None:
                return
            self.act(change.operations)
        assert self.plan() is None


def play(scene: Scene, ground: Ground, end: End, catalogue: Catalogue, host: Host) -> Played:
    """Make the scene's action for this ground."""
    return Played(scene, ground, end, catalogue.action(scene.action, scene.params(ground)), host)


# ---------------------------------------------------------------- the proofs


def acting_twice_changes_nothing(p: Played) -> None:
    """Act, then plan: nothing is to do, and the effect is seen."""
    p.scene.sick(p.ground)
    reply = p.reply()
    before = p.action.see(reply)
    change = p.action.plan(before)
    assert change is not None
    p.act(change.operations)
    after = p.see()
    assert p.action.verify(before, after) == ""
    recorded = p.action.see(Reply(rc=0, ground=reply.ground))  # after a crash no more is known of what was before
    assert p.action.verify(recorded, after) == ""
    assert p.action.plan(after) is None


def a_healthy_host_is_left_alone(p: Played) -> None:
    """On a healthy host there is no change, and looking changes nothing."""
    p.scene.healthy(p.ground)
    before = p.scene.snapshot(p.ground)
    assert p.plan() is None
    assert p.scene.snapshot(p.ground) == before


def looking_changes_nothing(p: Played) -> None:
    """Looking at a sick host changes nothing, and the same is seen again."""
    p.scene.sick(p.ground)
    before = p.scene.snapshot(p.ground)
    ground = p.reply().ground
    assert p.reply().ground == ground  # evidence may differ: it is what moves by itself
    assert p.scene.snapshot(p.ground) == before


def cut_off_between_operations_it_converges(p: Played) -> None:
    """Stopped after any number of operations, a new plan ends where the uninterrupted one would."""
    p.scene.sick(p.ground)
    change = p.plan()
    assert change is not None
    for count in range(len(change.operations)):
        p.scene.sick(p.ground)
        again = p.plan()
        assert again is not None
        p.act(again.operations[:count])
        p.finish()
        p.done.append(repr(p.scene.snapshot(p.ground)))
    assert len(set(p.done)) == 1


def killed_inside_an_operation_it_converges(p: Played) -> None:
    """Killed at many moments within its calls, a new plan ends where the uninterrupted one would."""
    p.scene.sick(p.ground)
    p.finish()
    wanted = repr(p.scene.snapshot(p.ground))
    cut, every_s = 0, p.cut_every_s
    while not cut and every_s > SHORTEST_S:  # an operation may be quicker than it was when this was written
        cut = sum(_killed(p, every_s * (step + 0.5), wanted) for step in range(12))
        every_s /= 4
    assert cut > 0


def _killed(p: Played, after_s: float, wanted: str) -> bool:
    """Kill one operation after a time, finish, and see that all is as wanted. Returns whether it was cut off."""
    p.scene.sick(p.ground)
    change = p.plan()
    assert change is not None
    is_cut = False
    for operation in change.operations:
        if isinstance(operation, Await):
            p.act((operation,))
            continue
        is_cut = p.end.cut_off(operation, after_s=after_s)
        if is_cut:
            break
    p.finish()
    assert repr(p.scene.snapshot(p.ground)) == wanted
    return is_cut


def undo_brings_back_what_was_seen(p: Played) -> None:
    """Undo brings back what was seen; where there is nothing to bring back, the plan says why."""
    p.scene.sick(p.ground)
    before, snapshot = p.see(), p.scene.snapshot(p.ground)
    change = p.action.plan(before)
    assert change is not None
    if not isinstance(change.undo, UndoBy):
        assert change.undo.says
        return
    p.act(change.operations)
    p.act(change.undo.operations)
    assert p.action.restored(before, p.see()) == ""
    assert p.scene.snapshot(p.ground) == snapshot
    p.act(change.undo.operations)  # taking back twice takes back once
    assert p.scene.snapshot(p.ground) == snapshot


OF_FUNCTIONS: tuple[Callable[[Played], None], ...] = (
    acting_twice_changes_nothing,
    a_healthy_host_is_left_alone,
    looking_changes_nothing,
    cut_off_between_operations_it_converges,
    killed_inside_an_operation_it_converges,
    undo_brings_back_what_was_seen,
)
PROOFS = (*OF_FUNCTIONS, killed_at_every_gate_of_a_run_it_ends_the_same)


# ---------------------------------------------------------------- what scenes are made of


def write(path: Path, content: bytes = b"x" * 100, *, at: float = YEAR_2001, mode: int = 0o644) -> Path:
    """A file with this content, last changed at this time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    os.utime(path, (at, at))
    return path


def tree_of(root: Path) -> dict[str, tuple[object, ...]]:
    """Every file below: content, mode, owner and time; directories too, by name.

    An empty private directory is left out: a run killed between its last unlink and its rmdir leaves one.
    """
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            if not path.name.startswith(".remedy-") or any(path.iterdir()):
                found[name] = ("directory",)
        elif not path.is_file():
            found[name] = ("special", status.st_mode)  # a fifo would be read for ever
        else:
            found[name] = (path.read_bytes(), status.st_mode, status.st_uid, status.st_gid, int(status.st_mtime))
    return found
