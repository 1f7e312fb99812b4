"""The store's promises in one process: what is recorded is kept, in order, and found again."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from remedy.errors import Bug, Invalid, Refused
from remedy.model import Draft, Json, Kind
from remedy.store.sqlite import SqliteStore
from tests.store.made import ANYBODY, NOBODY, START, StandingClock, a_draft, a_plan, an_approval


def test_the_home_is_made_once_and_kept(state: Path, clock: StandingClock) -> None:
    first = SqliteStore.open(state, clock)
    home = first.home
    first.close()
    second = SqliteStore.open(state, clock)
    assert second.home == home
    assert len(home) == 16
    second.close()


def test_two_homes_are_not_the_same(tmp_path: Path, clock: StandingClock) -> None:
    stores = [SqliteStore.open(tmp_path / name, clock) for name in ("a", "b")]
    assert stores[0].home != stores[1].home
    for store in stores:
        store.close()


def test_only_the_user_can_read_the_state(store: SqliteStore, state: Path) -> None:
    store.append([a_draft()])
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in state.iterdir()}
    assert set(modes) == {"remedy.db", "remedy.db-wal", "remedy.db-shm", "head"}
    assert set(modes.values()) == {0o600}


def test_every_commit_is_synced_and_the_log_is_written_ahead(store: SqliteStore) -> None:
    writer = store._journal._connection
    assert writer.execute("PRAGMA journal_mode") == [("wal",)]
    assert writer.execute("PRAGMA synchronous") == [(2,)]  # FULL
    assert writer.execute("PRAGMA foreign_keys") == [(1,)]
    assert writer.execute("PRAGMA busy_timeout") == [(1000,)]


def test_events_come_back_in_order_after_reopening(state: Path, clock: StandingClock) -> None:
    store = SqliteStore.open(state, clock)
    written = [*store.append([a_draft("one"), a_draft("two")]), *store.append([a_draft("three")])]
    store.close()
    again = SqliteStore.open(state, clock)
    assert list(again.events()) == written
    assert [e.seq for e in written] == [1, 2, 3]
    assert [e.step for e in again.events(after=1)] == ["two", "three"]
    again.check()
    again.close()


def test_events_are_found_by_plan_and_by_run(store: SqliteStore) -> None:
    store.append([a_draft("a", run="r1", plan="p1"), a_draft("b", run="r2", plan="p1"), a_draft("c", run="r2")])
    store.append([a_draft("d", run="r3", plan="p2")])
    assert [e.step for e in store.events(plan="p1")] == ["a", "b", "c"]
    assert [e.step for e in store.events(run="r2")] == ["b", "c"]
    assert [e.step for e in store.events(plan="p2", run="r2")] == []
    assert [e.step for e in store.events(plan="p1", run="r2", after=2)] == ["c"]


def test_more_events_than_a_page_come_back_without_a_gap(store: SqliteStore) -> None:
    store.append([a_draft(str(n)) for n in range(1234)])
    assert [e.step for e in store.events(run="r1")] == [str(n) for n in range(1234)]


def test_a_body_comes_back_as_it_was(store: SqliteStore) -> None:
    body: dict[str, Json] = {
        "name": "caf\u00e9 \udcff \u202e",
        "size": 2**70,
        "share": 0.1,
        "list": [None, True, {"": ""}],
    }
    [event] = store.append([Draft(kind=Kind.CHECKED, body=body)])
    assert list(store.events()) == [event]
    assert event.body == body


def test_appending_nothing_records_nothing(store: SqliteStore) -> None:
    assert store.append([]) == ()
    assert list(store.events()) == []


@pytest.mark.parametrize("kind", [Kind.PLANNED, Kind.APPROVED, Kind.REJECTED, Kind.RUN_CREATED])
def test_what_the_store_itself_records_cannot_be_appended(store: SqliteStore, kind: Kind) -> None:
    with pytest.raises(Bug, match="recorded by the store"):
        store.append([Draft(kind=kind, body={})])
    assert list(store.events()) == []


def test_a_body_that_is_not_json_spoils_nothing(store: SqliteStore) -> None:
    with pytest.raises(Bug):
        store.append([a_draft(), Draft(kind=Kind.CHECKED, body={"x": float("nan")})])
    assert list(store.events()) == []


def test_a_name_that_is_no_text_is_invalid(store: SqliteStore) -> None:
    with pytest.raises(Invalid, match="not a name"):
        store.append([a_draft("caf\udce9")])


def test_fault_035_time_never_goes_back(store: SqliteStore, clock: StandingClock, state: Path) -> None:
    clock.at = START + timedelta(hours=1)
    [first] = store.append([a_draft()])
    clock.at = START - timedelta(days=1)
    [second] = store.append([a_draft()])
    assert first.at == second.at == "2030-01-01T01:00:00.000000+00:00"
    store.close()
    again = SqliteStore.open(state, clock)
    [third] = again.append([a_draft()])
    assert third.at == first.at
    again.close()


def test_a_plan_is_found_by_its_id_or_the_beginning_of_id_or_digest(store: SqliteStore) -> None:
    plan = a_plan(store.home, id="kestrel-1", digest="fee1" + "0" * 60)
    other = a_plan(store.home, id="kestrel-12", digest="fee2" + "0" * 60)
    for p in (plan, other):
        store.save_plan(p)
    assert store.plan("kestrel-1") == plan  # an id wins over being a prefix of another
    assert store.plan("fee1") == plan
    assert store.plan("kestrel-12") == store.plan("fee2") == other


@pytest.mark.parametrize("ref", ["", "nope", "%", "_" * 9, "p' OR 1=1 --", "\udcff", "a\nb"])
def test_an_unknown_plan_or_run_is_invalid(store: SqliteStore, ref: str) -> None:
    store.save_plan(a_plan(store.home))
    with pytest.raises(Invalid, match="no plan"):
        store.plan(ref)
    with pytest.raises(Invalid, match="no run"):
        store.run(ref)


def test_a_prefix_of_two_plans_is_invalid(store: SqliteStore) -> None:
    for id_ in ("abc1", "abc2"):
        store.save_plan(a_plan(store.home, id=id_))
    with pytest.raises(Invalid, match="more than one plan"):
        store.plan("abc")


def test_saving_a_plan_twice_records_it_once(store: SqliteStore) -> None:
    plan = a_plan(store.home)
    store.save_plan(plan)
    store.save_plan(plan)
    assert [e.kind for e in store.events()] == [Kind.PLANNED]
    with pytest.raises(Refused, match="another plan"):
        store.save_plan(a_plan(store.home, id=plan.id))


def test_fault_041_a_plan_of_another_home_is_refused(store: SqliteStore) -> None:
    with pytest.raises(Refused, match="made by home elsewhere"):
        store.save_plan(a_plan("elsewhere"))


def test_plans_are_listed_newest_first_with_their_state(store: SqliteStore) -> None:
    plans = [a_plan(store.home) for _ in range(4)]
    for plan in plans:
        store.save_plan(plan)
    store.reject(plans[1].id, "uid:1001", "not now")
    store.redeem(plans[2], NOBODY, "uid:1000", "r1")
    listed = store.plans(limit=3)
    assert [(p.id, p.state) for p in listed] == [
        (plans[3].id, "open"),
        (plans[2].id, "applied"),
        (plans[1].id, "rejected"),
    ]
    assert (listed[0].hosts, listed[0].changes, listed[0].risk) == (("prod1",), 1, "high")
    assert (listed[0].playbook, listed[0].requester) == ("disk-full", "uid:1000")


def test_runs_are_a_fold_of_the_journal(store: SqliteStore, clock: StandingClock) -> None:
    plans = [a_plan(store.home) for _ in range(2)]
    for n, plan in enumerate(plans):
        store.save_plan(plan)
        store.redeem(plan, NOBODY, "uid:1000", f"run{n}")
    clock.sleep(60)
    store.append([Draft(kind=Kind.RUN_CLOSED, run="run0", body={"verdict": "resolved", "outcome": "changed", "x": 1})])
    row = store.run("run0")
    assert (row.verdict, row.outcome, row.closed_at) == ("resolved", "changed", "2030-01-01T00:01:00.000000+00:00")
    assert (row.plan, row.playbook, row.hosts, row.person) == (plans[0].id, "disk-full", ("prod1",), "uid:1000")
    assert [r.id for r in store.runs()] == ["run1", "run0"]
    assert [r.id for r in store.runs(limit=1)] == ["run1"]
    assert [(r.id, r.closed_at, r.verdict) for r in store.runs(open_only=True)] == [("run1", "", "")]
    with pytest.raises(Invalid, match="more than one run"):
        store.run("run")
    store.check()


def test_a_run_that_is_settled_later_shows_its_last_verdict(store: SqliteStore) -> None:
    plan = a_plan(store.home)
    store.save_plan(plan)
    store.redeem(plan, NOBODY, "uid:1000", "r1")
    for verdict in ("inconclusive", "resolved"):
        store.append([Draft(kind=Kind.RUN_CLOSED, run="r1", body={"verdict": verdict, "outcome": "changed"})])
    assert store.run("r1").verdict == "resolved"
    store.check()


def test_approvals_are_kept_in_order_used_or_not(store: SqliteStore) -> None:
    plan = a_plan(store.home)
    store.save_plan(plan)
    given = [an_approval(plan, p, reason="caf\u00e9 \udcff") for p in ("uid:1000", "uid:1001")]
    for approval in given:
        store.approve(approval)
    assert list(store.approvals(plan.id)) == given
    [used] = store.redeem(plan, ANYBODY, "uid:1000", "r1")
    assert used.used_by == "r1"
    assert [a.used_by for a in store.approvals(plan.id)] == ["r1", ""]
    assert store.approvals("unknown") == ()
