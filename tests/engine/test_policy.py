"""Risk and need are computed; the built-in rules leave nothing out."""

from __future__ import annotations

from itertools import product

import pytest

from remedy.engine.policy import need_of, risk_of
from remedy.model import (
    Change,
    Effect,
    HostPlan,
    Look,
    PlannedStep,
    Policy,
    Risk,
    Rule,
    Undo,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)
from tests.engine.scene import NOTHING

NO_UNDO = UndoImpossible(says="gone")
UNNECESSARY = UndoUnnecessary(says="-")
UNDOS: list[Undo] = [UndoBy(says="back", operations=()), UNNECESSARY, NO_UNDO]


def change(risk: Risk, undo: Undo = UNNECESSARY) -> Change:
    return Change(title="t", operations=(), effect=Effect(says=""), undo=undo, risk=risk)


def part(host: str, risk: Risk | None, environment: str = "") -> HostPlan:
    steps: tuple[PlannedStep, ...] = ()
    if risk is not None:
        look = Look(family="f", function="l")
        steps = (PlannedStep(step="s", action="a", params={}, title="", look=look, change=change(risk), risk=risk),)
    return HostPlan(
        host=host,
        identity="",
        environment=environment,
        entry={},
        params={},
        clock=0,
        symptom=NOTHING,
        until=NOTHING,
        verify=NOTHING,
        steps=steps,
    )


@pytest.mark.parametrize(("risk", "undo", "has_symptom"), product(Risk, UNDOS, [True, False]))
def test_no_undo_and_no_symptom_raise_the_risk_by_one_each(risk: Risk, undo: Undo, has_symptom: bool) -> None:
    expected = min(3, risk + (undo is NO_UNDO) + (not has_symptom))
    assert risk_of(change(risk, undo), has_symptom=has_symptom) == expected


@pytest.mark.parametrize(("risk", "environment"), product(Risk, ["", "staging", "production"]))
def test_the_built_in_rules_cover_every_risk_and_environment(risk: Risk, environment: str) -> None:
    need = need_of("p", [part("h", risk, environment)], Policy())
    is_high = risk is Risk.HIGH
    assert need.risk is risk
    assert need.people == (2 if is_high and environment == "production" else 1)
    assert need.typed == ("h" if is_high else "")
    assert not need.never
    assert need.rule == "built in"


def test_nothing_to_do_needs_nobody() -> None:
    assert need_of("p", [part("h", None)], Policy()).people == 0


def test_the_strictest_host_decides_and_every_high_host_is_typed() -> None:
    hosts = [part("a", Risk.LOW), part("b", Risk.HIGH, "production"), part("c", Risk.HIGH), part("d", None)]
    need = need_of("p", hosts, Policy())
    assert (need.risk, need.people, need.typed) == (Risk.HIGH, 2, "b c")


def test_the_first_rule_that_fits_wins_and_the_built_in_ones_take_the_rest() -> None:
    rules = (
        Rule(risk=(Risk.LOW,), environments=("lab",), people=0, at="policy.yml:1:1"),
        Rule(playbooks=("deadly",), never=True, at="policy.yml:2:1"),
    )
    policy = Policy(rules=rules)
    assert need_of("p", [part("h", Risk.LOW, "lab")], policy).people == 0
    assert need_of("p", [part("h", Risk.LOW, "prod")], policy).people == 1
    assert need_of("p", [part("h", Risk.MEDIUM, "lab")], policy).people == 1
    deadly = need_of("deadly", [part("h", Risk.MEDIUM)], policy)
    assert (deadly.never, deadly.rule) == (True, "policy.yml:2:1")


def test_one_forbidden_host_forbids_the_plan() -> None:
    policy = Policy(rules=(Rule(environments=("vault",), never=True, people=0, at="r"),))
    assert need_of("p", [part("a", Risk.HIGH, "production"), part("b", Risk.LOW, "vault")], policy).never
