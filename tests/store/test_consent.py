"""Whose consent is enough: every combination as a line, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from remedy.errors import Refused, Unapproved
from remedy.model import Approval, Need, Plan, Risk
from remedy.store.consent import consent
from tests.store.made import ANYBODY, NOBODY, START, TWO, a_plan, an_approval

ME, ONCALL, SECOND = "uid:1000", "uid:1001", "uid:1002"  # ME is the requester
PLAN = a_plan("home", requester=ME)


def given(*words: str) -> list[Approval]:
    """Approvals from words: a person's name, with ! for break-glass and /STEP for `through`."""
    people = {"me": ME, "oncall": ONCALL, "second": SECOND}
    made = []
    for word in words:
        name, _, through = word.partition("/")
        glass = name.endswith("!")
        made.append(an_approval(PLAN, people[name.rstrip("!")], through=through, break_glass=glass))
    return made


def names(chosen: tuple[Approval, ...]) -> set[str]:
    return {a.person for a in chosen}


@pytest.mark.parametrize(
    ("need", "approvals", "used"),
    [
        (NOBODY, [], set()),
        (NOBODY, ["oncall"], set()),
        (ANYBODY, ["me"], {ME}),
        (ANYBODY, ["oncall"], {ONCALL}),
        (ANYBODY, ["me!"], {ME}),
        (ANYBODY, ["me/prune"], {ME}),
        (TWO, ["me", "oncall"], {ME, ONCALL}),
        (TWO, ["oncall", "me"], {ME, ONCALL}),
        (TWO, ["oncall", "second"], {ONCALL, SECOND}),
        (TWO, ["me!"], {ME}),
        (TWO, ["oncall!"], {ONCALL}),
        (TWO, ["me", "me!"], {ME}),
        (TWO, ["me!", "me", "oncall"], {ME, ONCALL}),
        (TWO, ["me/prune", "oncall/prune"], {ME, ONCALL}),
        (TWO, ["me/rotate", "oncall/prune", "second/prune"], {ONCALL, SECOND}),
        (Need(risk=Risk.HIGH, people=3), ["me", "oncall", "second"], {ME, ONCALL, SECOND}),
    ],
)
def test_enough_people_are_enough(need: Need, approvals: list[str], used: set[str]) -> None:
    assert names(consent(PLAN, need, given(*approvals), START)) == used


@pytest.mark.parametrize(
    ("need", "approvals", "still"),
    [
        (ANYBODY, [], "still needed: one person's approval"),
        (TWO, [], f"still needed: {ME}, and one other person (or 2 other people)"),
        (TWO, ["me"], f"still needed: one other person than {ME}"),
        (TWO, ["me", "me"], f"still needed: one other person than {ME}"),
        (TWO, ["oncall"], f"still needed: {ME}, or another person than {ONCALL}"),
        (TWO, ["oncall", "oncall"], f"still needed: {ME}, or another person than {ONCALL}"),
        (TWO, ["me", "oncall/prune"], f"consented only through step prune: {ONCALL}"),
        (TWO, ["me/rotate", "oncall/prune"], "still needed"),
        (Need(risk=Risk.HIGH, people=3), ["oncall"], "still needed"),
        (Need(risk=Risk.HIGH, people=3), ["me"], f"still needed: 2 other people than {ME}"),
    ],
)
def test_fault_036_too_few_people_are_told_who_is_still_needed(need: Need, approvals: list[str], still: str) -> None:
    with pytest.raises(Unapproved) as refusal:
        consent(PLAN, need, given(*approvals), START)
    assert still in refusal.value.message
    assert f"remedy approve {PLAN.id}" in refusal.value.fix
    assert refusal.value.exit_code == 3


def test_consent_to_a_prefix_is_never_mixed_with_consent_to_all_of_it() -> None:
    for through in ("", "prune"):
        used = consent(PLAN, TWO, given("me", "oncall", "me/prune", f"second/{through}"), START)
        assert {a.through for a in used} == {""}


def test_a_plan_that_stops_early_takes_only_consent_to_that_step() -> None:
    prefix = replace(PLAN, through="prune")
    assert names(consent(prefix, ANYBODY, given("oncall/prune", "second"), START)) == {ONCALL}
    with pytest.raises(Unapproved):
        consent(prefix, ANYBODY, given("oncall", "second/rotate"), START)


@pytest.mark.parametrize("late_s", [0, 1, 86_400])
def test_fault_035_an_expired_approval_is_refused_by_name(late_s: int) -> None:
    approval = an_approval(PLAN, ONCALL, lasts_s=3600)
    assert consent(PLAN, ANYBODY, [approval], START + timedelta(seconds=3599.999999)) == (approval,)
    with pytest.raises(Refused, match=f"that of {ONCALL} expired at 2030-01-01T01:00:00") as refusal:
        consent(PLAN, ANYBODY, [approval], START + timedelta(seconds=3600 + late_s))
    assert not isinstance(refusal.value, Unapproved)


def test_expired_and_missing_consent_are_both_told() -> None:
    with pytest.raises(Unapproved, match=f"one other person than {ME}.*; expired at .*: {ME}"):
        consent(PLAN, TWO, [an_approval(PLAN, ME), an_approval(PLAN, ME, lasts_s=1)], later(2))


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"digest": "f" * 64},
        {"digest": ""},
        {"plan": "another"},
        {"used_by": "r1"},
    ],
)
def test_an_approval_of_something_else_does_not_count(spoilt: dict[str, str]) -> None:
    with pytest.raises(Unapproved, match="nobody has consented"):
        consent(PLAN, ANYBODY, [replace(an_approval(PLAN, ONCALL), **spoilt)], START)  # type: ignore[arg-type]


def test_what_the_policy_forbids_no_approval_allows() -> None:
    never = Need(risk=Risk.HIGH, people=0, never=True, rule="policy.yml:3:5")
    with pytest.raises(Refused, match="forbidden by the policy") as refusal:
        consent(PLAN, never, given("me!", "oncall", "second"), START)
    assert refusal.value.at == "policy.yml:3:5"


def test_break_glass_is_not_spent_where_two_people_agreed() -> None:
    used = consent(PLAN, TWO, given("second!", "me", "oncall"), START)
    assert [a.break_glass for a in used] == [False, False]


def plan_of(requester: str) -> Plan:
    return replace(PLAN, requester=requester)


@pytest.mark.parametrize("requester", [ME, ONCALL, "", "nobody"])
def test_fault_036_one_person_is_never_two(requester: str) -> None:
    with pytest.raises(Unapproved):
        consent(plan_of(requester), TWO, given("oncall", "oncall", "oncall"), START)
