"""Two processes, one run; two runs, one host: one acts, the other is refused or leaves it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from remedy.engine.ready import RESUME_WAIT_S
from remedy.engine.report import RunState
from remedy.errors import Unreachable
from remedy.hosts.fake import Fault
from remedy.model import Host, Kind, Look, Outcome, Reply, Verdict
from remedy.ports import Lease, Session
from tests.engine.between import GatedSession, GatedTransport, KillAt, Killed
from tests.engine.story import Story, all_let_go, goal_apart, ladder


@pytest.mark.parametrize("where", ["before append", "before change", "after change", "before look", "before release"])
def test_fault_061_a_process_that_stood_still_does_nothing_more_once_another_took_over(
    tmp_path: Path, where: str
) -> None:
    story = Story(tmp_path / "home", goal_apart)
    resumed: list[RunState] = []

    def stands_still(name: str) -> None:
        if name == where and not resumed and story.scene.machines["h1"].holder:
            wrapped = story.scene.wrap_store, story.scene.wrap_transport
            story.through(None)
            resumed.append(story.scene.resume())  # the whole of it, while this one stands still
            story.scene.wrap_store, story.scene.wrap_transport = wrapped

    late = story.attempt(stands_still)
    assert resumed[0].outcome is Outcome.CHANGED
    assert late is not None
    assert (late.outcome, late.verdict, late.is_closed) == (Outcome.CHANGED, Verdict.RESOLVED, True)
    assert (story.twice(), story.scene.worlds["h1"].level, story.scene.changes()) in (([], 5, 2), ([], 5, 3))
    assert all_let_go(story)
    story.scene.store.close()


def test_fault_060_a_resume_that_finds_the_host_held_leaves_the_run_open(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    assert story.attempt(KillAt(6)) is None
    machine = story.scene.machines["h1"]
    machine.holder, machine.owner = Lease(run="another", fence=99), "second@desk"
    state = story.attempt(None)
    assert state is not None
    assert (state.outcome, state.is_closed, story.scene.changes()) == (Outcome.UNKNOWN, False, 0)
    assert "second@desk" in state.hosts["h1"].reason
    machine.holder = None
    state = story.attempt(None)
    assert state is not None
    assert (state.outcome, story.scene.worlds["h1"].level) == (Outcome.CHANGED, 5)
    story.scene.store.close()


def test_a_host_that_cannot_be_reached_again_after_an_act_stays_unknown(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    story.scene.machines["h1"].fail(Fault(verb="change", when="answered"))
    story.attempt(lambda name: None)
    story.scene.machines["h1"].refuses = Unreachable("no route")
    state = story.attempt(None)
    assert state is not None
    assert (state.outcome, state.is_closed) == (Outcome.UNKNOWN, False)
    story.scene.machines["h1"].refuses = None
    state = story.attempt(None)
    assert state is not None
    assert (state.outcome, story.twice()) == (Outcome.CHANGED, [])
    story.scene.store.close()


def test_a_resume_that_comes_late_finds_what_the_other_one_did(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    assert story.attempt(KillAt(6)) is None
    first: list[RunState] = []

    def meanwhile(name: str) -> None:  # the journal was read, the host is not leased yet
        if name == "before lease" and not first:
            wrapped = story.scene.wrap_store, story.scene.wrap_transport
            story.through(None)
            first.append(story.scene.resume())
            story.scene.wrap_store, story.scene.wrap_transport = wrapped

    late = story.attempt(meanwhile)
    assert late is not None
    assert (first[0].outcome, late.outcome, late.is_closed) == (Outcome.CHANGED, Outcome.CHANGED, True)
    closings = [e for e in story.events() if e.kind is Kind.HOST_CLOSED]
    assert (len(closings), story.twice(), story.scene.changes()) == (1, [], 2)
    assert all_let_go(story)
    story.scene.store.close()


def test_fault_061_a_process_that_was_overtaken_does_not_give_the_others_lease_back(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    held, go_on = Event(), Event()
    resumed: list[RunState] = []

    def waits(name: str) -> None:
        if name == "before change" and not held.is_set():
            held.set()
            assert go_on.wait(30)

    def goes_on_elsewhere() -> None:
        story.through(waits)
        resumed.append(story.scene.resume())

    other = Thread(target=goes_on_elsewhere)

    def stands_still(name: str) -> None:
        if name == "before change" and not other.ident:
            other.start()
            assert held.wait(30)

    late = story.attempt(stands_still)
    assert late is not None
    assert not late.is_closed
    assert story.scene.machines["h1"].holder == Lease(run=late.run, fence=2)
    go_on.set()
    other.join(30)
    assert (resumed[0].outcome, resumed[0].is_closed, story.twice()) == (Outcome.CHANGED, True, [])
    assert all_let_go(story)
    story.scene.store.close()


def test_only_a_resumed_run_waits_for_its_own_runner_to_end(tmp_path: Path) -> None:
    story = Story(tmp_path / "home", ladder)
    waited: list[int] = []

    @dataclass
    class Watched(GatedSession):
        def lease(
            self, run: str, owner: str, looks: Sequence[Look], wait_s: int = 0
        ) -> tuple[Lease, tuple[Reply, ...]]:
            waited.append(wait_s)
            return super().lease(run, owner, looks, wait_s)

    @dataclass
    class WatchedTransport(GatedTransport):
        def connect(self, host: Host) -> Session:
            return Watched(self.transport.connect(host), self.gate)

    gate = KillAt(6)
    story.through(gate)
    story.scene.wrap_transport = lambda transport: WatchedTransport(transport, gate)
    with pytest.raises(Killed):
        story.scene.apply(story.plan)
    gate.is_dead, gate.nth = False, 0
    story.scene.resume()
    assert waited == [0, RESUME_WAIT_S]
    story.scene.store.close()
