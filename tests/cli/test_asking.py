"""What is lost is typed by whoever consents, besides what the risk asks for."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from remedy.cli.asking import Consent, demand_consent
from remedy.cli.shown.plan_text import need_words
from remedy.cli.world import World
from remedy.errors import Unapproved
from remedy.model import Need, Plan, Risk
from tests.cli.conftest import Terminal
from tests.engine.test_digest import whole_plan

LOSS = Need(risk=Risk.LOW, people=1, losses=("41 minutes",))
BOTH = replace(LOSS, risk=Risk.HIGH, typed="prod1")


def a_plan(need: Need) -> Plan:
    return replace(whole_plan(), need=need)


def world(typed: str | None) -> World:
    if typed is None:
        return World(stdin=io.StringIO(), stderr=io.StringIO())
    return World(stdin=Terminal(typed), stderr=Terminal())


@pytest.mark.parametrize("said", [Consent(), Consent(yes=True)], ids=["plain", "--yes"])
def test_fault_083_a_loss_is_typed_and_yes_does_not_cover_it(said: Consent) -> None:
    for typed in ("y\n", "41\n", "\n", None):
        with pytest.raises(Unapproved, match="41 minutes"):
            demand_consent_of(LOSS, typed, said)
    demand_consent_of(LOSS, "41 minutes\n", said)


def test_approving_is_no_answer_to_a_loss() -> None:
    with pytest.raises(Unapproved):
        demand_consent(world("y\n"), a_plan(LOSS), Consent(), sufficient=True)
    demand_consent(world("41 minutes\n"), a_plan(LOSS), Consent(), sufficient=True)


def test_with_a_high_risk_the_hosts_name_and_the_loss_are_typed() -> None:
    for typed in ("prod1\ny\n", "41 minutes\nprod1\n", "prod1 41 minutes\n"):
        with pytest.raises(Unapproved):
            demand_consent_of(BOTH, typed, Consent())
    demand_consent_of(BOTH, "prod1\n41 minutes\n", Consent())


def test_break_glass_stands_for_a_loss() -> None:
    demand_consent_of(BOTH, None, Consent(break_glass="the site is down"))


def test_a_plan_says_what_is_to_be_typed() -> None:
    assert need_words(LOSS) == "risk low: type 41 minutes at a terminal"
    assert need_words(BOTH) == "risk high: type prod1 and 41 minutes at a terminal"


def test_a_loss_that_would_write_to_the_terminal_is_typed_as_it_is_shown() -> None:
    need = replace(LOSS, losses=("a\x1b[2Jb",))
    demand_consent_of(need, "a\\x1b[2Jb\n", Consent())


def demand_consent_of(need: Need, typed: str | None, said: Consent) -> None:
    """As an apply asks for it."""
    demand_consent(world(typed), a_plan(need), said)
