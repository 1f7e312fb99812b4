"""Redeeming: once, by whom it may be, for the plan that was kept."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from remedy.errors import Refused, RemedyError, Unapproved
from remedy.model import Call, Kind, Plan
from remedy.store.sqlite import SqliteStore
from tests.store.made import ANYBODY, NOBODY, START, TWO, StandingClock, a_plan, an_approval


@pytest.fixture
def plan(store: SqliteStore) -> Plan:
    made = a_plan(store.home)
    store.save_plan(made)
    return made


def test_redeeming_creates_the_run_and_says_by_whose_consent(store: SqliteStore, plan: Plan) -> None:
    given = [an_approval(plan, p) for p in ("uid:1000", "uid:1001", "uid:1002")]
    for approval in given:
        store.approve(approval)
    used = store.redeem(plan, TWO, "uid:1000", "r1")
    assert used == tuple(replace(a, used_by="r1") for a in given[:2])
    last = list(store.events(run="r1"))[-1]
    assert last.kind is Kind.RUN_CREATED
    assert last.body["approved_by"] == ["uid:1000", "uid:1001"]
    assert last.body["digest"] == plan.digest
    assert store.run("r1").plan == plan.id
    store.check()


def test_a_refusal_leaves_no_run_and_uses_nothing(store: SqliteStore, plan: Plan) -> None:
    store.approve(an_approval(plan))
    with pytest.raises(Unapproved):
        store.redeem(plan, TWO, "uid:1000", "r1")
    assert store.runs() == ()
    assert [a.used_by for a in store.approvals(plan.id)] == [""]
    assert Kind.RUN_CREATED not in [e.kind for e in store.events()]


def test_fault_034_a_plan_is_applied_once(store: SqliteStore, plan: Plan) -> None:
    store.redeem(plan, NOBODY, "uid:1000", "r1")
    with pytest.raises(Refused, match="applied already, by run r1"):
        store.redeem(plan, NOBODY, "uid:1000", "r2")
    with pytest.raises(Refused, match="applied already"):
        store.approve(an_approval(plan))
    with pytest.raises(Refused, match="applied already"):
        store.reject(plan.id, "uid:1001", "too late")


def test_a_rejected_plan_is_neither_approved_nor_applied(store: SqliteStore, plan: Plan) -> None:
    store.reject(plan.id, "uid:1001", "caf\u00e9 hours")
    for refused in (
        lambda: store.approve(an_approval(plan)),
        lambda: store.redeem(plan, NOBODY, "uid:1000", "r1"),
    ):
        with pytest.raises(Refused, match="rejected by uid:1001: caf\u00e9 hours"):
            refused()
    store.reject(plan.id, "uid:1002", "again")
    store.check()


def test_fault_037_consent_to_another_digest_is_refused(store: SqliteStore, plan: Plan) -> None:
    with pytest.raises(Refused, match="has another"):
        store.approve(an_approval(plan, digest="f" * 64))
    assert store.approvals(plan.id) == ()


def test_consent_to_an_unknown_plan_is_refused(store: SqliteStore) -> None:
    with pytest.raises(Refused, match="no plan"):
        store.approve(an_approval(a_plan(store.home)))
    with pytest.raises(Refused, match="no plan"):
        store.reject("nope", "uid:1000", "")


def test_an_approval_is_recorded_once(store: SqliteStore, plan: Plan) -> None:
    approval = an_approval(plan)
    store.approve(approval)
    with pytest.raises(Refused, match="recorded already"):
        store.approve(approval)
    assert len(store.approvals(plan.id)) == 1


@pytest.mark.parametrize("expires_at", ["soon", "2030-01-01T02:00:00", ""])
def test_an_approval_without_a_real_expiry_is_refused(store: SqliteStore, plan: Plan, expires_at: str) -> None:
    with pytest.raises(RemedyError) as refusal:
        store.approve(an_approval(plan, expires_at=expires_at))
    assert refusal.value.exit_code == 2
    assert store.approvals(plan.id) == ()


def test_fault_035_an_expired_approval_is_not_redeemed(store: SqliteStore, plan: Plan, clock: StandingClock) -> None:
    store.approve(an_approval(plan, lasts_s=60))
    clock.at = START + timedelta(seconds=61)
    with pytest.raises(Refused, match="expired"):
        store.redeem(plan, ANYBODY, "uid:1000", "r1")


def test_fault_035_setting_the_clock_back_revives_nothing(
    store: SqliteStore, plan: Plan, clock: StandingClock, state: Path
) -> None:
    store.approve(an_approval(plan, lasts_s=60))
    clock.at = START + timedelta(seconds=61)  # seen by nobody but the refusal
    with pytest.raises(Refused, match="expired"):
        store.redeem(plan, ANYBODY, "uid:1000", "r1")
    for back in (timedelta(seconds=30), timedelta(days=1), timedelta(days=3650)):
        clock.at = START - back
        again = SqliteStore.open(state, clock)
        with pytest.raises(Refused, match=r"expired|clock"):
            again.redeem(plan, ANYBODY, "uid:1000", "r1")
        with pytest.raises(Refused, match="expired"):
            again.approve(an_approval(plan, lasts_s=10))
        again.close()
    assert store.runs() == ()


def test_fault_035_a_clock_set_back_a_day_makes_no_approval_last_longer(
    store: SqliteStore, plan: Plan, clock: StandingClock
) -> None:
    store.approve(an_approval(plan, lasts_s=60))
    clock.at = START - timedelta(days=1)
    with pytest.raises(Refused, match="1 day, 0:00:00 behind"):
        store.redeem(plan, ANYBODY, "uid:1000", "r1")
    clock.at = START - timedelta(seconds=100)  # a time service's ordinary correction
    assert len(store.redeem(plan, ANYBODY, "uid:1000", "r1")) == 1


def mutations(plan: Plan) -> list[Plan]:
    host, step = plan.hosts[0], plan.hosts[0].steps[0]
    assert step.change is not None
    call = step.change.operations[0]
    assert isinstance(call, Call)
    more = replace(step.change, operations=(replace(call, timeout_s=61),))
    return [
        replace(plan, digest="f" * 64),
        replace(plan, home="elsewhere"),
        replace(plan, playbook="another"),
        replace(plan, playbook_digest="f"),
        replace(plan, policy_digest="f"),
        replace(plan, engine="2/2"),
        replace(plan, requester="uid:1001"),
        replace(plan, made_at=""),
        replace(plan, need=ANYBODY),
        replace(plan, on_failure="undo"),
        replace(plan, limits=replace(plan.limits, hosts=2)),
        replace(plan, undo_of="r0"),
        replace(plan, hosts=()),
        replace(plan, hosts=(host, host)),
        replace(plan, hosts=(replace(host, host="prod2"),)),
        replace(plan, hosts=(replace(host, identity="other"),)),
        replace(plan, hosts=(replace(host, steps=(step, step)),)),
        replace(plan, hosts=(replace(host, steps=()),)),
        replace(plan, hosts=(replace(host, steps=(replace(step, ground=()),)),)),
        replace(plan, hosts=(replace(host, steps=(replace(step, evidence=("free 6",)),)),)),
        replace(plan, hosts=(replace(host, steps=(replace(step, change=more),)),)),
    ]


@pytest.mark.parametrize("which", range(21))
def test_fault_033_a_plan_that_differs_in_any_field_is_not_redeemed(store: SqliteStore, plan: Plan, which: int) -> None:
    with pytest.raises(Refused, match="digest mismatch"):
        store.redeem(mutations(plan)[which], NOBODY, "uid:1000", "r1")
    assert store.runs() == ()


def test_fault_033_a_plan_under_another_id_is_not_redeemed(store: SqliteStore, plan: Plan) -> None:
    with pytest.raises(Refused, match="no plan"):
        store.redeem(replace(plan, id="other"), NOBODY, "uid:1000", "r1")


def test_an_approved_prefix_is_redeemed_as_that_prefix(store: SqliteStore, plan: Plan) -> None:
    store.approve(an_approval(plan, through="prune"))
    [used] = store.redeem(plan, ANYBODY, "uid:1000", "r1")
    assert used.through == "prune"
    assert next(iter(store.events(run="r1"))).body["through"] == "prune"


def outcomes(attempts: list[Callable[[], object]]) -> list[str]:
    """What became of attempts that all start at once."""
    gate = threading.Barrier(len(attempts))

    def attempt(act: Callable[[], object]) -> str:
        gate.wait(timeout=30)
        try:
            act()
        except RemedyError as error:
            return type(error).__name__
        return "won"

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(attempt, attempts))


def test_fault_034_of_100_threads_one_wins(state: Path, clock: StandingClock) -> None:
    stores = [SqliteStore.open(state, clock, busy_s=20) for _ in range(4)]
    plan = a_plan(stores[0].home)
    stores[0].save_plan(plan)
    stores[0].approve(an_approval(plan))
    said = outcomes(
        [lambda n=n: stores[n % 4].redeem(plan, ANYBODY, "uid:1000", f"r{n}") for n in range(100)]  # type: ignore[misc]
    )
    assert sorted(set(said)) == ["Refused", "won"]
    assert said.count("won") == 1
    assert len(stores[0].runs()) == 1
    assert [a.used_by for a in stores[0].approvals(plan.id)] == [stores[0].runs()[0].id]
    stores[0].check()
    for store in stores:
        store.close()


def test_fault_034_of_100_attempts_in_10_processes_one_wins(state: Path, clock: StandingClock) -> None:
    store = SqliteStore.open(state, clock)
    plan = a_plan(store.home)
    store.save_plan(plan)
    store.approve(an_approval(plan))
    command = [sys.executable, "-m", "tests.store.child", "redeem", str(state), plan.id, "10"]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(10)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    said = [word for child in children for word in json.loads(child.communicate(timeout=60)[0])]
    assert len(said) == 100
    assert said.count("won") == 1
    assert set(said) == {"won", "Refused"}
    assert len(store.runs()) == 1
    store.check()
    store.close()
