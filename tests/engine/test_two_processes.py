"""Two processes, one run; two runs, one host: one acts, the other is refused or leaves it alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.engine.report import RunState
from remedy.errors import Unreachable
from remedy.hosts.fake import Fault
from remedy.model import Outcome, Verdict
from remedy.ports import Lease
from tests.engine.between import KillAt
from tests.engine.story import Story, all_let_go, ladder


@pytest.mark.parametrize("where", ["before append", "before change", "after change", "before look", "before release"])
def test_fault_061_a_process_that_stood_still_does_nothing_more_once_another_took_over(
    tmp_path: Path, where: str
) -> None:
    story = Story(tmp_path / "home", ladder)
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
    machine.holder, machine.owner = Lease(run="another", fence=99), "bob@desk"
    state = story.attempt(None)
    assert state is not None
    assert (state.outcome, state.is_closed, story.scene.changes()) == (Outcome.UNKNOWN, False, 0)
    assert "bob@desk" in state.hosts["h1"].reason
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
