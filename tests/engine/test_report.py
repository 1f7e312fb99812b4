"""Every view of a run is a fold of its journal: what is told is what was recorded, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TypeAlias

import pytest

from remedy.engine.report import HostState, RunState, as_json, closing, exit_code, fold, is_failure
from remedy.model import Event, Json, Kind, Outcome, Verdict

Told: TypeAlias = tuple[Kind, str, str, Mapping[str, Json]]
INTENT: dict[str, Json] = {"id": "r.s.0", "ground": ["root /a", "item x\t1"], "operations": [], "fence": 1}
CREATED: Told = (Kind.RUN_CREATED, "", "", {"person": "oncall"})


def told(*events: Told) -> RunState:
    """The fold of a journal of (kind, host, step, body)."""
    made = [
        Event(seq=n, at=f"t{n}", kind=kind, body=body, plan="p", run="r", host=host, step=step)
        for n, (kind, host, step, body) in enumerate(events, 1)
    ]
    return fold("r", made)


def leased(fence: int = 1) -> Told:
    return (Kind.HOST_LEASED, "h", "", {"fence": fence})


def intent(**more: Json) -> Told:
    return (Kind.STEP_INTENT, "h", "s", {**INTENT, **more})


def result(outcome: str, fence: int = 1, **more: Json) -> Told:
    return (Kind.STEP_RESULT, "h", "s", {"outcome": outcome, "reason": "because", "fence": fence, **more})


def closed(outcome: str, verdict: str = "resolved", host: str = "h") -> Told:
    return (Kind.HOST_CLOSED, host, "", {"outcome": outcome, "verdict": verdict, "reason": "", "lines": ["- a"]})


def run_closed(outcome: str, verdict: str) -> Told:
    return (Kind.RUN_CLOSED, "", "", {"outcome": outcome, "verdict": verdict})


def test_an_intent_without_a_result_is_in_flight() -> None:
    step = told(CREATED, leased(), intent()).hosts["h"].steps["s"]
    assert (step.in_flight, step.acted, step.is_open, step.outcome) == ("r.s.0", True, True, None)
    assert step.ground == step.before == ("root /a", "item x\t1")


@pytest.mark.parametrize(
    ("outcome", "acted", "is_open"),
    [
        ("changed", True, False),
        ("failed", True, False),
        ("unknown", True, True),
        ("refused", False, False),
        ("unreachable", False, False),
        ("unchanged", False, False),
    ],
)
def test_a_result_ends_what_was_in_flight_unless_it_is_unknown(outcome: str, acted: bool, is_open: bool) -> None:
    step = told(CREATED, leased(), intent(), result(outcome)).hosts["h"].steps["s"]
    assert (step.acted, step.is_open) == (acted, is_open)
    assert step.outcome == outcome


def test_a_change_that_was_never_begun_leaves_the_step_to_be_done() -> None:
    settled: Told = (Kind.STEP_SETTLED, "h", "s", {"outcome": "", "reason": "the host never began it"})
    step = told(CREATED, leased(), intent(), settled).hosts["h"].steps["s"]
    assert (step.outcome, step.acted, step.is_open, step.attempts) == (None, False, False, 1)


def test_what_was_there_before_a_half_done_attempt_is_kept() -> None:
    cut: Told = (Kind.STEP_SETTLED, "h", "s", {"outcome": "", "reason": "cut off", "begun": True})
    again = intent(id="r.s.1", ground=["root /a"])
    step = told(CREATED, leased(), intent(), cut, again).hosts["h"].steps["s"]
    assert (step.before, step.ground, step.attempts) == (("root /a", "item x\t1"), ("root /a",), 2)


def test_fault_061_the_word_of_a_runner_whose_lease_was_taken_over_counts_for_nothing() -> None:
    late: Told = (Kind.HOST_CLOSED, "h", "", {**closed("refused")[3], "fence": 1})
    state = told(CREATED, leased(1), leased(2), intent(fence=2), result("refused", fence=1), late)
    assert state.hosts["h"].steps["s"].in_flight == "r.s.0"
    assert state.hosts["h"].outcome is None


def test_fault_061_nothing_counts_that_is_said_of_a_closed_run() -> None:
    ended = [CREATED, leased(2), closed("changed"), run_closed("changed", "resolved")]
    late = [leased(1), closed("refused"), run_closed("refused", "inconclusive")]
    assert told(*ended, *late) == told(*ended)


def test_a_host_that_counts_its_leases_from_one_again_is_heard() -> None:
    state = told(CREATED, leased(7), leased(1), intent(), result("changed"))
    assert state.hosts["h"].steps["s"].outcome is Outcome.CHANGED


def test_an_undo_is_told_beside_the_step_it_takes_back() -> None:
    begun = told(CREATED, leased(), intent(), result("failed"), intent(id="r.s.undo1", undo=True))
    step = begun.hosts["h"].steps["s"]
    assert (step.outcome, step.undoing, step.undone, step.is_open) == (Outcome.FAILED, "r.s.undo1", False, True)
    done = told(CREATED, leased(), intent(), result("failed"), intent(undo=True), result("changed", undo=True))
    step = done.hosts["h"].steps["s"]
    assert (step.outcome, step.undone, step.is_open) == (Outcome.FAILED, True, False)


def test_an_unknown_host_keeps_its_run_open_and_unknown() -> None:
    state = told(CREATED, leased(), intent(), result("unknown"), closed("unknown", "inconclusive"))
    assert (state.is_closed, state.outcome, exit_code(state)) == (False, Outcome.UNKNOWN, 6)
    assert not state.hosts["h"].closed
    settled = told(CREATED, leased(), intent(), result("unknown"), closed("unknown"), closed("changed"))
    assert (settled.outcome, settled.hosts["h"].closed) == (None, True)


def test_both_sides_of_a_stale_ground_are_in_the_report() -> None:
    state = told(CREATED, closed("refused", "inconclusive"), run_closed("refused", "inconclusive"))
    hosts = as_json(state)["hosts"]
    assert isinstance(hosts, dict)
    assert hosts["h"] == {
        "outcome": "refused",
        "verdict": "inconclusive",
        "reason": "",
        "lines": ["- a"],
        "steps": [],
    }


def test_a_run_of_which_nothing_is_told_is_unknown_in_the_report() -> None:
    document = as_json(told(CREATED))
    assert (document["outcome"], document["verdict"]) == ("unknown", "inconclusive")
    assert exit_code(told(CREATED)) == 6


def test_a_run_is_as_bad_as_its_worst_host() -> None:
    def host(outcome: Outcome | None, verdict: Verdict | None) -> HostState:
        return HostState(host="h", outcome=outcome, verdict=verdict)

    good = host(Outcome.CHANGED, Verdict.RESOLVED)
    assert closing([good, host(Outcome.UNCHANGED, Verdict.RESOLVED)]) == (Outcome.CHANGED, Verdict.RESOLVED)
    assert closing([good, host(Outcome.CHANGED, Verdict.INEFFECTIVE)]) == (Outcome.CHANGED, Verdict.INEFFECTIVE)
    assert closing([good, host(Outcome.FAILED, Verdict.INCONCLUSIVE)]) == (Outcome.FAILED, Verdict.INCONCLUSIVE)
    assert closing([good, host(None, None)]) == (Outcome.UNKNOWN, Verdict.INCONCLUSIVE)


CODES = {
    Outcome.UNKNOWN: {6},
    Outcome.FAILED: {1},
    Outcome.UNREACHABLE: {4},
    Outcome.REFUSED: {3},
}
VERDICT_CODES = {Verdict.RESOLVED: 0, Verdict.INEFFECTIVE: 1, Verdict.RECURRED: 1, Verdict.INCONCLUSIVE: 4}


@pytest.mark.parametrize(("outcome", "verdict"), product(Outcome, Verdict))
def test_the_exit_code_is_zero_only_for_what_was_resolved(outcome: Outcome, verdict: Verdict) -> None:
    code = exit_code(RunState(run="r", outcome=outcome, verdict=verdict))
    assert code in CODES.get(outcome, {VERDICT_CODES[verdict]})


@pytest.mark.parametrize(
    ("outcome", "verdict", "climbed", "partial", "expected"),
    [
        (Outcome.UNKNOWN, Verdict.INCONCLUSIVE, False, False, True),
        (Outcome.FAILED, Verdict.RESOLVED, True, False, True),
        (Outcome.UNREACHABLE, Verdict.INCONCLUSIVE, False, False, False),
        (Outcome.UNREACHABLE, Verdict.INCONCLUSIVE, True, False, True),
        (Outcome.REFUSED, Verdict.INCONCLUSIVE, False, False, False),
        (Outcome.REFUSED, Verdict.INCONCLUSIVE, True, False, True),
        (Outcome.CHANGED, Verdict.RESOLVED, True, False, False),
        (Outcome.CHANGED, Verdict.INEFFECTIVE, True, False, True),
        (Outcome.CHANGED, Verdict.INEFFECTIVE, True, True, False),
        (Outcome.CHANGED, Verdict.INCONCLUSIVE, True, False, True),
        (Outcome.UNCHANGED, Verdict.INEFFECTIVE, True, False, False),
    ],
)
def test_what_counts_against_max_failures(
    outcome: Outcome, verdict: Verdict, climbed: bool, partial: bool, expected: bool
) -> None:
    assert is_failure(outcome, verdict, climbed=climbed, partial=partial) is expected
