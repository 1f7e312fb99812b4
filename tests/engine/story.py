"""One home with an approved plan, for tests that kill, resume and compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from remedy.engine.report import RunState
from remedy.model import Event, Kind, Limits, Plan
from tests.engine.between import Gate, GatedStore, GatedTransport, KillAt, Killed
from tests.engine.scene import NOTHING, Remedy, Scene, asked, drop_until, full, same_store, same_transport, step
from tests.engine.world import World

BURN = [
    step("burn", "toy.burn", where="/a"),
    step("grow", "toy.grow", where="/b"),
    step("drop", "toy.drop", where="/b"),
]


def ladder() -> Remedy:
    """As disk-full is: two rungs that can be taken back, and a goal that is reached."""
    return drop_until(4)


def goal_apart() -> Remedy:
    """Two rungs and one that is not needed, and a goal that is asked by itself after them."""
    steps = [*ladder().steps, step("third", "toy.drop", where="/c")]
    return replace(drop_until(5), steps=steps, verify=asked("toy.up", service="web", within_s=3))


def mixed() -> Remedy:
    """Several operations, steps on what other steps made, a start; the first act makes the symptom go."""
    more = [step("shift", "toy.shift", where="/c"), step("id", "toy.drop-by-id", where="/c")]
    start = step("up", "toy.start", service="db")
    return Remedy(
        symptom=asked("toy.level", below=1), steps=[*BURN, *more, start], verify=asked("toy.up", service="db")
    )


def undone() -> Remedy:
    """The last step fails, and what came before is taken back."""
    steps = [*ladder().steps, step("third", "toy.start", service="db")]
    return Remedy(symptom=asked("toy.level", below=100), steps=steps, on_failure="undo")


def worse() -> Remedy:
    """Both steps take the service down that the goal asks for; taking the last one back brings it up."""
    up = asked("toy.up", service="web")
    return replace(ladder(), symptom=asked("toy.level", below=100), until=NOTHING, verify=up, on_failure="undo")


def worlds_of(remedy: Callable[[], Remedy], hosts: int = 1) -> dict[str, World]:
    broken = {"start"} if remedy is undone else set()
    harmful, healing = ({"drop"}, {"bring_back"}) if remedy is worse else (set(), set())
    names = [f"h{n}" for n in range(1, hosts + 1)]
    return {n: full(broken=set(broken), harmful=set(harmful), healing=set(healing)) for n in names}


class Story:
    """One home in a directory of its own, with a plan that is approved and ready."""

    def __init__(self, place: Path, remedy: Callable[[], Remedy], hosts: int = 1) -> None:
        place.mkdir(mode=0o700)
        self.scene = Scene(place, worlds_of(remedy, hosts))
        wide = replace(remedy(), limits=Limits(hosts=10, batch=2, max_failures=10))
        self.plan: Plan = self.scene.approved(wide)

    def through(self, gate: Gate | None) -> None:
        """From now on every call passes this gate."""
        scene = self.scene
        scene.wrap_store = (lambda store: GatedStore(store, gate)) if gate else same_store
        scene.wrap_transport = (lambda transport: GatedTransport(transport, gate)) if gate else same_transport

    def attempt(self, gate: Gate | None) -> RunState | None:
        """Apply, or resume what was begun. None when it was killed."""
        self.through(gate)
        try:
            if not self.scene.store.runs():
                return self.scene.apply(self.plan)
            return self.scene.resume()
        except Killed:
            return None

    def picture(self) -> list[Any]:
        return [w.picture() for w in self.scene.worlds.values()]

    def twice(self) -> list[Any]:
        return [x for w in self.scene.worlds.values() for x in w.twice()]

    def events(self) -> list[Event]:
        return list(self.scene.store.events())


def uninterrupted(place: Path, remedy: Callable[[], Remedy], hosts: int = 1) -> tuple[RunState, list[Any], list[str]]:
    """How it ends when nobody kills it, and every boundary that it passes."""
    story, gate = Story(place, remedy, hosts), KillAt(0)
    state = story.attempt(gate)
    assert state is not None
    assert state.is_closed
    story.scene.store.close()
    return state, story.picture(), gate.passed


def intents_cover_dispatches(story: Story) -> bool:
    """Whether every change that reached a host had its intent in the journal."""
    recorded = {str(e.body["id"]) for e in story.events() if e.kind is Kind.STEP_INTENT}
    return all(c.id in recorded for m in story.scene.machines.values() for c in m.changes)


def all_let_go(story: Story) -> bool:
    return all(m.holder is None for m in story.scene.machines.values())
