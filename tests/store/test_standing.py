"""Consent that stands: for what it was given and nothing more, noticed when forged, and void when time is set back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from remedy.errors import Invalid, Refused, StoreError, Unapproved
from remedy.model import Kind, Need, Plan, Risk, StandingApproval
from remedy.store.sqlite import SqliteStore
from remedy.store.standing import why_not
from remedy.terms import Conditions
from tests.store.made import ANYBODY, START, StandingClock, a_plan, an_approval
from tests.store.test_damage import edit, without_triggers

MIB = 1 << 20
BY_STANDING = Conditions(standing=True)
TWO_MEDIUM = Need(risk=Risk.MEDIUM, people=2, rule="policy.yml:1:1")


def standing(**changes: object) -> StandingApproval:
    approval = StandingApproval(
        id="s1",
        playbook="disk-full",
        playbook_digest="a" * 64,
        person="uid:1001",
        at=START.isoformat(),
        expires_at=(START + timedelta(days=7)).isoformat(),
        group="prod",
        max_bytes=MIB,
        reason="every night",
    )
    return replace(approval, **changes)  # type: ignore[arg-type]  # the caller names fields of StandingApproval


def a_medium_plan(store: SqliteStore, **changes: object) -> Plan:
    plan = a_plan(store.home, need=ANYBODY)
    host = replace(plan.hosts[0], entry={**plan.hosts[0].entry, "groups": ["prod", "web"]})
    plan = replace(plan, hosts=(host,), **changes)  # type: ignore[arg-type]  # the caller names fields of Plan
    store.save_plan(plan)
    return plan


def redeem(store: SqliteStore, plan: Plan, need: Need = ANYBODY, run: str = "r1") -> list[str]:
    return [a.id for a in store.redeem(plan, need, "uid:1000", run, BY_STANDING)]


def test_it_serves_again_and_again_and_each_use_is_in_the_journal(store: SqliteStore) -> None:
    store.stand(standing())
    for n in range(3):
        assert redeem(store, a_medium_plan(store), run=f"r{n}") == ["s1"]
        (created,) = [e for e in store.events(run=f"r{n}") if e.kind is Kind.RUN_CREATED]
        assert (created.body["standing"], created.body["approvals"]) == (["s1"], [])
        assert created.body["approved_by"] == ["uid:1001"]
    store.check()


def test_it_is_never_used_unless_it_is_asked_for(store: SqliteStore) -> None:
    store.stand(standing())
    with pytest.raises(Unapproved):
        store.redeem(a_medium_plan(store), ANYBODY, "uid:1000", "r1")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"playbook_digest": "b" * 64}, "as it was before it changed"),
        ({"group": "db"}, "does not cover prod1"),
        ({"group": "", "host": "prod2"}, "does not cover prod1"),
        ({"host": "prod2"}, "does not cover prod1"),
        ({"max_bytes": MIB - 1}, "covers 1,048,575 bytes, these are 1,048,576"),
        ({"max_hosts": 0}, "covers 0 hosts, these are 1"),
        ({"max_risk": Risk.LOW}, "covers low risk, this is medium"),
        ({"playbook": "service-down"}, "no standing approval of disk-full is given"),
    ],
)
def test_beyond_its_terms_it_does_not_serve_and_says_why(
    store: SqliteStore, changes: dict[str, object], why: str
) -> None:
    store.stand(standing(**changes))
    with pytest.raises(Unapproved, match=why) as refusal:
        redeem(store, a_medium_plan(store))
    assert refusal.value.fix.startswith("remedy approve --standing disk-full")
    assert store.runs() == ()


def test_it_serves_for_no_high_risk_no_typed_name_and_no_undo(store: SqliteStore) -> None:
    plan = a_medium_plan(store)
    assert why_not(standing(), plan, ANYBODY, START) == ""
    assert "covers medium risk" in why_not(standing(), plan, replace(ANYBODY, risk=Risk.HIGH), START)
    assert "typed" in why_not(standing(), plan, replace(ANYBODY, typed="prod1"), START)
    assert "loss" in why_not(standing(), plan, replace(ANYBODY, losses=("41 minutes",)), START)
    assert "back" in why_not(standing(), replace(plan, undo_of="r0"), ANYBODY, START)
    with pytest.raises(Refused, match="never covers a high risk"):
        store.stand(standing(max_risk=Risk.HIGH))


def test_it_ends_when_it_expires_or_is_taken_back(store: SqliteStore, clock: StandingClock) -> None:
    store.stand(standing())
    store.stand(standing(id="s2"))
    taken = store.revoke("s2", "uid:1002", "not any more")
    assert taken.revoked == "uid:1002: not any more"
    assert [(s.id, bool(s.revoked)) for s in store.standing()] == [("s2", True), ("s1", False)]
    with pytest.raises(Refused, match="taken back already"):
        store.revoke("s2", "uid:1002", "")
    with pytest.raises(Invalid, match="no standing 's3'"):
        store.revoke("s3", "uid:1002", "")
    assert redeem(store, a_medium_plan(store)) == ["s1"]
    clock.at += timedelta(days=7)
    with pytest.raises(Unapproved, match=r"s2 was taken back by .*s1 expired at"):
        redeem(store, a_medium_plan(store), run="r2")
    with pytest.raises(Refused, match="expired already"):
        store.stand(standing(id="s4"))


def test_two_people_means_two_who_gave_one_or_one_beside_a_consent(store: SqliteStore) -> None:
    store.stand(standing(id="own", person="uid:1000"))
    plan = a_medium_plan(store)
    with pytest.raises(Unapproved):
        redeem(store, plan, TWO_MEDIUM)
    store.stand(standing(id="own-too", person="uid:1000"))
    with pytest.raises(Unapproved):
        redeem(store, plan, TWO_MEDIUM)
    store.stand(standing(id="other", person="uid:1001"))
    assert sorted(redeem(store, plan, TWO_MEDIUM)) == ["other", "own-too"]
    mixed = a_medium_plan(store)
    store.revoke("own", "uid:1000", "")
    store.revoke("own-too", "uid:1000", "")
    store.approve(an_approval(mixed, "uid:1000"))
    used = store.redeem(mixed, TWO_MEDIUM, "uid:1000", "r2", BY_STANDING)
    assert {a.person for a in used} == {"uid:1000", "uid:1001"}
    store.check()


@pytest.mark.parametrize(
    "forgery",
    [
        "INSERT INTO standing VALUES ('s9', (SELECT event FROM approvals))",
        "UPDATE standing SET event = (SELECT event FROM approvals) WHERE id = 's1'",
        "UPDATE standing SET id = 's9' WHERE id = 's2'",
        "DELETE FROM standing WHERE id = 's1'",
        "DELETE FROM standing WHERE id = 's2'",
        "UPDATE events SET body = replace(body, '\"max_bytes\":1048576', '\"max_bytes\":9999999')",
    ],
)
def test_a_forged_row_is_noticed(state: Path, clock: StandingClock, forgery: str) -> None:
    store = SqliteStore.open(state, clock)
    store.stand(standing())
    store.stand(standing(id="s2"))
    store.revoke("s2", "uid:1002", "")
    store.approve(an_approval(a_medium_plan(store)))
    store.close()
    edit(state, *without_triggers(state), "PRAGMA foreign_keys = OFF", forgery)

    def use() -> None:
        again = SqliteStore.open(state, clock)
        try:
            again.check()
        finally:
            again.close()

    with pytest.raises(StoreError):
        use()


# ---------------------------------------------------------------- a clock that was ahead


def test_fault_068_a_clock_that_was_ahead_for_a_moment_is_accepted_by_a_person_and_voids_what_was_given_before(
    store: SqliteStore, clock: StandingClock
) -> None:
    kept = a_medium_plan(store)
    store.approve(an_approval(kept, lasts_s=86_400))
    store.stand(standing())
    with pytest.raises(Refused, match="not behind"):
        store.accept_clock("uid:1000")
    clock.at += timedelta(days=3650)
    glitch = a_medium_plan(store)
    late = (clock.at + timedelta(hours=1)).isoformat()
    store.approve(an_approval(glitch, expires_at=late))
    clock.at = START + timedelta(minutes=5)
    for plan in (kept, glitch):
        with pytest.raises(Refused, match="clock"):
            store.redeem(plan, ANYBODY, "uid:1000", "r1")
    with pytest.raises(Refused, match="expired already") as refusal:
        store.approve(an_approval(kept))
    assert "remedy unlock --clock" in refusal.value.fix

    event = store.accept_clock("uid:1000")

    assert (event.kind, event.body["person"]) == (Kind.CLOCK_ACCEPTED, "uid:1000")
    assert store.latest() == clock.at
    for plan in (kept, glitch):
        assert [a.void for a in store.approvals(plan.id)] == [True]
        with pytest.raises(Unapproved):
            store.redeem(plan, ANYBODY, "uid:1000", "r1")
    assert [s.void for s in store.standing()] == [True]
    with pytest.raises(Unapproved, match="before the store's time was set back"):
        redeem(store, kept)
    store.approve(an_approval(kept))
    assert len(store.redeem(kept, ANYBODY, "uid:1000", "r1")) == 1
    store.check()


def test_fault_068_after_it_time_still_never_goes_back(state: Path, clock: StandingClock) -> None:
    store = SqliteStore.open(state, clock)
    clock.at += timedelta(days=3650)
    a_medium_plan(store)
    clock.at = START + timedelta(minutes=5)
    store.accept_clock("uid:1000")
    clock.at -= timedelta(days=1)
    plan = a_medium_plan(store)
    store.approve(an_approval(plan))
    with pytest.raises(Refused, match="clock"):
        store.redeem(plan, ANYBODY, "uid:1000", "r1")
    store.close()
    again = SqliteStore.open(state, clock)
    again.check()
    assert again.latest() == START + timedelta(minutes=5)
    again.close()
