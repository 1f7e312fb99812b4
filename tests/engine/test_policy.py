"""Risk and need are computed; the built-in rules leave nothing out."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remedy.engine.policy import fits, need_of, risk_of, subjects_of
from remedy.model import (
    Cap,
    Change,
    Effect,
    HostPlan,
    Look,
    Need,
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


def losing(host: str, *losses: str) -> HostPlan:
    whole = part(host, Risk.LOW)
    (step,) = whole.steps
    assert step.change is not None
    steps = tuple(replace(step, step=said, change=replace(step.change, typed=said)) for said in losses)
    return replace(whole, steps=steps)


def test_a_loss_takes_a_person_who_types_it_whatever_the_policy_lets_through() -> None:
    by_itself = Policy(rules=(Rule(people=0, at="1"),))
    need = need_of("p", [losing("a", "41 minutes", "3 rows"), losing("b", "3 rows"), part("c", Risk.LOW)], by_itself)
    assert (need.people, need.typed, need.losses, need.is_typed) == (1, "", ("41 minutes", "3 rows"), True)


def test_what_no_rule_fits_the_built_in_ones_decide() -> None:
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


def test_of_several_rules_that_fit_the_strictest_counts_whatever_their_order() -> None:
    loose = Rule(environments=("prod",), risk=(Risk.LOW, Risk.MEDIUM), people=0, at="1")
    strict = Rule(playbooks=("p",), people=2, at="2")
    typed = Rule(groups=("db",), people=1, typed=True, at="3")
    for rules in permutations((loose, strict, typed)):
        need = need_of("p", [grouped(part("h", Risk.LOW, "prod"), "db", "web")], Policy(rules=rules))
        assert (need.people, need.typed, need.rule) == (2, "h", "2; 3")


def test_high_risk_is_never_done_by_itself() -> None:
    assert need_of("p", [part("h", Risk.HIGH)], Policy(rules=(Rule(people=0, at="r"),))).people == 1


def grouped(host: HostPlan, *groups: str) -> HostPlan:
    return replace(host, entry={"groups": list(groups)})


risks = st.lists(st.sampled_from(list(Risk)), max_size=2, unique=True).map(tuple)
words = st.lists(st.sampled_from(["prod", "test", "db"]), max_size=2, unique=True).map(tuple)
rules_ = st.builds(
    Rule,
    risk=risks,
    environments=words,
    groups=words,
    playbooks=st.sampled_from([(), ("p",), ("q",)]),
    people=st.integers(0, 2),
    never=st.booleans(),
    typed=st.booleans(),
    at=st.just("r"),
)
caps_ = st.builds(Cap, risk=risks, environments=words, hosts=st.integers(1, 3), files=st.none() | st.integers(0, 3))
hosts_ = st.lists(
    st.builds(
        lambda n, risk, environment, groups: grouped(part(f"h{n}", risk, environment), *groups),
        st.integers(0, 99),
        st.sampled_from(list(Risk)),
        st.sampled_from(["", "prod", "test", "production"]),
        words,
    ),
    min_size=1,
    max_size=4,
)


def strictness(need: Need) -> tuple[bool, int, frozenset[str]]:
    return need.is_forbidden, need.people, frozenset(need.typed.split())


def no_looser(after: Need, before: Need) -> bool:
    now, was = strictness(after), strictness(before)
    return now[0] >= was[0] and now[1] >= was[1] and now[2] >= was[2]


@settings(max_examples=150, deadline=None)
@given(hosts_, st.lists(rules_, max_size=4), st.lists(caps_, max_size=2), rules_, caps_, st.randoms())
def test_a_rule_or_a_cap_more_never_makes_anything_looser(
    hosts: list[HostPlan], rules: list[Rule], caps: list[Cap], rule: Rule, cap: Cap, chance: Random
) -> None:
    """Where a rule fits already. Where none does, the first one replaces the built-in ones: that is its purpose."""
    policy = Policy(rules=tuple(rules), caps=tuple(caps))
    before = need_of("p", hosts, policy)

    assert no_looser(need_of("p", hosts, replace(policy, caps=(*caps, cap))), before)
    decided = [h for h in hosts if any(fits(r, subjects_of("p", [h])[0]) for r in rules)]
    if decided:
        grown = [*rules, rule]
        chance.shuffle(grown)
        assert no_looser(need_of("p", decided, replace(policy, rules=tuple(grown))), need_of("p", decided, policy))
    stricter = replace(rule, people=2, typed=True)
    assert no_looser(need_of("p", hosts, replace(policy, rules=(*rules, stricter))), before)
