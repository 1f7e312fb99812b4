"""Connections that end, hosts that are held, questions that nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from remedy.engine.report import exit_code
from remedy.hosts.fake import Fault
from remedy.model import Host, Outcome, PlannedStep, Verdict
from remedy.ports import ChangeReply, ChangeRequest, Session
from tests.engine.between import GatedSession, GatedTransport
from tests.engine.conftest import NewScene
from tests.engine.scene import DROP_A, always, asked, drop_until, outcomes_of, question
from tests.engine.story import goal_apart


@pytest.mark.parametrize("when", ["dispatched", "answered", "acting"])
def test_fault_048_a_lost_reply_is_unknown_and_stops_the_host(new_scene: NewScene, when: Any) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when=when))
    state = scene.go(drop_until(4))
    assert outcomes_of(state) == {"first": "unknown", "second": "unchanged"}
    assert (state.outcome, exit_code(state), state.is_closed) == (Outcome.UNKNOWN, 6, False)
    assert scene.machines["h1"].holder is not None  # nobody may build on it
    assert scene.store.runs(open_only=True)


@pytest.mark.parametrize(
    ("when", "operations", "first"),
    [("dispatched", 0, "changed"), ("answered", 0, "changed"), ("acting", 0, "changed"), ("acting", 1, "changed")],
)
def test_a_lost_reply_is_settled_by_resume_and_the_rest_is_done_once(
    new_scene: NewScene, when: Any, operations: int, first: str
) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when=when, operations=operations))
    scene.go(drop_until(4))
    state = scene.resume()
    assert outcomes_of(state) == {"first": first, "second": "changed"}
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.RESOLVED, 0)
    assert (scene.worlds["h1"].twice(), scene.worlds["h1"].level) == ([], 5)
    assert scene.machines["h1"].holder is None
    assert not scene.store.runs(open_only=True)


def test_nothing_sent_is_unreachable_and_closes_the_host(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="change", when="unsent"))
    state = scene.go(drop_until(4))
    assert outcomes_of(state) == {"first": "unreachable", "second": "unchanged"}
    assert (exit_code(state), scene.worlds["h1"].effects) == (4, [])
    assert scene.machines["h1"].holder is None  # given back over a new connection


def test_a_connection_that_ends_at_a_look_is_no_unknown(new_scene: NewScene) -> None:
    scene = new_scene()
    world = scene.worlds["h1"]
    plan = scene.approved(always(DROP_A))
    looks = iter(range(100))

    def intrude(function: str) -> None:
        if function == "files_look" and next(looks) == 1:
            del world.files["/a"]["a0"]
            scene.machines["h1"].fail(Fault(verb="look", when="dispatched"))

    world.before = intrude
    state = scene.apply(plan)
    assert outcomes_of(state) == {"first": "unreachable"}
    assert (state.is_closed, world.effects) == (True, [])


def test_a_verification_that_cannot_be_asked_is_inconclusive_and_the_change_stands(new_scene: NewScene) -> None:
    scene = new_scene()
    scene.machines["h1"].fail(Fault(verb="look", when="dispatched", nth=2))
    state = scene.go(goal_apart())
    assert (state.outcome, state.verdict, exit_code(state)) == (Outcome.CHANGED, Verdict.INCONCLUSIVE, 4)
    assert state.is_closed


def test_fault_060_a_host_that_another_run_holds_is_refused_and_left_alone(new_scene: NewScene) -> None:
    scene = new_scene()
    one, two = scene.approved(drop_until(4)), scene.approved(drop_until(4))
    scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    held = scene.apply(one)
    assert held.outcome is Outcome.UNKNOWN
    state = scene.apply(two)
    assert (state.outcome, exit_code(state)) == (Outcome.REFUSED, 3)
    assert "oncall@desk" in state.hosts["h1"].reason
    assert scene.machines["h1"].holder is not None
    assert scene.resume(held.run).outcome is Outcome.CHANGED


def test_an_answer_without_its_looks_is_looked_for_again(new_scene: NewScene) -> None:
    @dataclass
    class Curt(GatedSession):
        def change(self, request: ChangeRequest) -> ChangeReply:
            return replace(self.session.change(request), after=())

    @dataclass
    class CurtTransport(GatedTransport):
        def connect(self, host: Host) -> Session:
            return Curt(self.transport.connect(host), self.gate)

    scene = new_scene()
    scene.wrap_transport = lambda transport: CurtTransport(transport, lambda name: None)
    state = scene.go(drop_until(4))
    assert outcomes_of(state) == {"first": "changed", "second": "changed"}
    assert state.verdict is Verdict.RESOLVED


# ---------------------------------------------------------------- questions


def test_a_question_without_a_terminal_is_refused_and_nothing_after_it_is_done(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(always(question("sure", "Is the backup there?"), DROP_A))
    assert outcomes_of(state) == {"sure": "refused", "first": "unchanged"}
    assert (exit_code(state), scene.changes()) == (3, 0)


def test_a_host_that_was_refused_is_inconclusive_whatever_its_goal_says(new_scene: NewScene) -> None:
    scene = new_scene()
    state = scene.go(always(question("sure", "Sure?"), DROP_A, verify=asked("toy.up", service="web")))
    assert (state.outcome, state.verdict) == (Outcome.REFUSED, Verdict.INCONCLUSIVE)


def test_an_answer_is_recorded_with_its_person(new_scene: NewScene) -> None:
    scene = new_scene()
    asked_of: list[PlannedStep] = []

    def answer(host: str, one: PlannedStep) -> str:
        asked_of.append(one)
        return "yes, since noon"

    scene.answer = answer
    state = scene.go(always(question("sure", "Is the backup there?"), DROP_A))
    assert state.hosts["h1"].steps["sure"].reason == "answered by oncall: yes, since noon"
    assert [(s.question, s.question_of) for s in asked_of] == [("Is the backup there?", "the owner")]
    assert outcomes_of(state)["first"] == "changed"


def test_a_question_is_not_asked_once_the_ladder_is_high_enough(new_scene: NewScene) -> None:
    scene = new_scene()
    ladder = drop_until(1)
    state = scene.go(replace(ladder, steps=[*ladder.steps, question("more", "Who will make room?")]))
    assert outcomes_of(state) == {"first": "changed", "second": "unchanged", "more": "unchanged"}
    assert state.hosts["h1"].steps["more"].reason.startswith("not needed: ")


def test_a_question_is_asked_where_the_ladder_ends_too_low(new_scene: NewScene) -> None:
    scene = new_scene()
    ladder = drop_until(90)
    state = scene.go(replace(ladder, steps=[*ladder.steps, question("more", "Who will make room?")]))
    assert outcomes_of(state) == {"first": "changed", "second": "changed", "more": "refused"}


def test_a_question_is_not_asked_again_when_the_run_is_resumed(new_scene: NewScene) -> None:
    scene = new_scene()
    asked_of: list[str] = []

    def answer(host: str, one: PlannedStep) -> str:
        asked_of.append(host)
        return "yes"

    scene.answer = answer
    scene.machines["h1"].fail(Fault(verb="change", when="dispatched"))
    scene.go(always(question("sure", "Sure?"), DROP_A))
    scene.resume()
    assert asked_of == ["h1"]
