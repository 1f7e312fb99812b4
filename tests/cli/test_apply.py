"""Plan, show, ask, apply, verify: consent as the risk demands, and exit codes that tell the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.hosts.fake import Fault
from tests.cli.conftest import ONCALL, SECOND, Bench


def test_yes_applies_what_was_shown_and_a_second_apply_changes_nothing(bench: Bench) -> None:
    first = bench("apply", "disk-full", "--host", "test1", "--yes")

    assert first.code == 0, first
    assert "quarantine 3 files (150 MiB) under /srv/data/log" in first.out
    assert "resolved" in first.out
    assert list(bench.disks["test1"].files) == ["app.log.young"]

    second = bench("apply", "disk-full", "--host", "test1", "--yes", "--json")

    assert (second.code, second.document["verdict"], second.document["outcome"]) == (0, "resolved", "unchanged")
    assert bench.mutations == 1
    assert len(bench("list", "runs", "--json").document) == 2, "a run is recorded also when nothing was to do"


def test_a_person_at_a_terminal_is_asked_and_y_applies(bench: Bench) -> None:
    done = bench("apply", "disk-full", "--host", "test1", typed="y\n")

    assert done.code == 0, done
    assert "Apply this plan? [y/N]" in done.err


@pytest.mark.parametrize("typed", ["n\n", "\n", "yep\n", ""])
def test_anything_but_y_does_nothing(bench: Bench, typed: str) -> None:
    done = bench("apply", "disk-full", "--host", "test1", typed=typed)

    assert (done.code, bench.mutations) == (3, 0), done


def test_without_a_terminal_nothing_is_asked_and_the_refusal_says_what_to_type(bench: Bench) -> None:
    done = bench("apply", "disk-full", "--host", "test1", "--json")

    error = done.document["error"]
    assert (done.code, error["kind"], bench.mutations) == (3, "unapproved", 0)
    assert "--yes, or remedy approve p" in error["fix"]


def test_yes_never_covers_a_high_risk(bench: Bench) -> None:
    bench.disks["test1"].quarantine = False

    done = bench("apply", "disk-full", "--host", "test1", "--yes", "--json")

    assert (done.code, done.document["error"]["kind"], bench.mutations) == (3, "unapproved", 0)
    assert "--break-glass" in done.document["error"]["fix"]


def test_a_high_risk_takes_the_hosts_name_typed_at_a_terminal(bench: Bench) -> None:
    bench.disks["test1"].quarantine = False

    wrong = bench("apply", "disk-full", "--host", "test1", typed="y\n")
    assert (wrong.code, bench.mutations) == (3, 0), wrong

    right = bench("apply", "disk-full", "--host", "test1", typed="test1\n")
    assert (right.code, bench.mutations) == (0, 1), right


def test_break_glass_stands_for_every_consent_and_is_recorded_in_capitals(bench: Bench) -> None:
    bench.disks["prod1"].quarantine = False

    done = bench("apply", "disk-full", "--host", "prod1", "--break-glass", "the site is down", "--json")

    assert (done.code, bench.mutations) == (0, 1), done
    assert "BREAK-GLASS: the site is down" in bench("show", done.document["run"]).out


def test_production_with_a_high_risk_takes_a_second_person(bench: Bench) -> None:
    bench.disks["prod1"].quarantine = False

    alone = bench("apply", "disk-full", "--host", "prod1", typed="prod1\n")
    assert (alone.code, bench.mutations) == (3, 0), alone
    plan = bench("list", "plans", "--json").document[0]["id"]

    again = bench("approve", plan, typed="prod1\n", person=ONCALL)
    assert "still lacking" in again.out
    assert bench("apply", plan, typed="prod1\n").code == 3, "the same person twice is one person"

    second = bench("approve", plan, typed="prod1\n", person=SECOND)
    assert (second.code, "next: remedy apply" in second.out) == (0, True), second
    assert bench("apply", plan).code == 0
    assert bench.mutations == 1


def test_approve_is_itself_the_answer_and_apply_then_asks_nothing(bench: Bench) -> None:
    plan = bench.plan()

    approved = bench("approve", plan, "--reason", "tonight", "--json")
    assert (approved.code, approved.document["approval"]["given"][0]["reason"]) == (0, "tonight")

    applied = bench("apply", plan, "--json")
    assert (applied.code, applied.document["plan"]) == (0, plan), applied
    again = bench("apply", plan, typed="y\n")
    assert (again.code, "applied already" in again.err, "[y/N]" in again.err) == (3, True, False), again
    assert bench("approve", plan).code == 3


def test_fault_035_an_approval_expires(bench: Bench) -> None:
    plan = bench.plan()
    bench("approve", plan, "--ttl", "15m")
    bench.clock.passed_s += 15 * 60 + 1

    done = bench("apply", plan, "--json")

    assert (done.code, bench.mutations) == (3, 0), done
    assert "expired" in bench("apply", plan, "--json").out or "approve" in done.document["error"]["fix"]


def test_an_approval_lasts_at_most_what_the_policy_says(bench: Bench) -> None:
    done = bench("approve", bench.plan(), "--ttl", "2h", "--json")

    assert (done.code, done.document["error"]["kind"]) == (3, "refused")


def test_approved_through_a_step_the_run_stops_there(bench: Bench) -> None:
    plan = bench.plan()

    assert (
        bench("approve", plan, "--through", "old-lgos", "--json").document["error"]["fix"] == "did you mean old-logs?"
    )
    assert bench("approve", plan, "--through", "old-logs").code == 0
    assert bench("apply", plan).code == 0


def test_a_rejected_plan_is_never_applied(bench: Bench) -> None:
    plan = bench.plan()

    assert bench("reject", plan, "--reason", "wrong host").code == 0
    done = bench("apply", plan, "--yes", "--json")

    assert (done.code, bench.mutations) == (3, 0), done
    assert "rejected" in done.document["error"]["message"]


def test_fault_039_something_else_there_shows_both_sides_and_does_nothing(bench: Bench) -> None:
    plan = bench.plan()
    bench("approve", plan)
    bench.disks["test1"].files["app.log.2"] = (60 * 1024**2, 10)

    done = bench("apply", plan)

    assert (done.code, bench.mutations) == (3, 0), done
    assert any("- app.log.2" in line for line in done.out.splitlines())
    assert any("+ app.log.2" in line for line in done.out.splitlines())


def test_a_symptom_that_cannot_be_told_is_never_nothing_to_do(bench: Bench) -> None:
    bench.disks["test1"].speechless = True

    for argv in (("plan", "disk-full"), ("apply", "disk-full", "--yes"), ("check", "disk-full")):
        assert bench(*argv, "--host", "test1").code == 4, argv
    assert bench.mutations == 0


def test_a_host_that_cannot_be_reached_ends_with_4_and_is_named(bench: Bench) -> None:
    del bench.hosts["test1"]

    plan = bench("plan", "disk-full", "--host", "test1", "--host", "prod1", "--json")

    assert (plan.code, plan.document["error"]["kind"]) == (4, "unreachable")
    assert {h["host"]: bool(h["unreachable"]) for h in plan.document["hosts"]} == {"test1": True, "prod1": False}


def test_a_lost_answer_is_unknown_until_it_is_settled(bench: Bench) -> None:
    bench.hosts["test1"].fail(Fault(verb="change", when="dispatched"))

    lost = bench("apply", "disk-full", "--host", "test1", "--yes", "--json")
    assert lost.code == 6, lost
    run = lost.document["run"]
    assert [r["id"] for r in bench("list", "runs", "--open", "--json").document] == [run]
    assert "what is not known" in bench("show", run).out

    settled = bench("resume", run, "--json")

    assert (settled.code, settled.document["verdict"]) == (0, "resolved"), settled
    assert list(bench.disks["test1"].files) == ["app.log.young"]
    assert bench("resume").out == "no run is open\n"


def test_fault_058_a_run_that_is_cut_off_again_and_again_waits_for_a_person_to_name_it(bench: Bench) -> None:
    def lose_the_answer() -> None:
        bench.hosts["test1"].fail(Fault(verb="change", when="dispatched"))

    lose_the_answer()
    run = bench("apply", "disk-full", "--host", "test1", "--yes", "--json").document["run"]
    for _ in range(3):
        lose_the_answer()
        assert bench("resume", "--json").code == 6
    before = bench.connections

    unasked = bench("resume")

    assert (unasked.code, bench.connections) == (6, before), unasked
    assert f"remedy resume {run}" in unasked.err
    named = bench("resume", run, "--json")
    assert (named.code, named.document["verdict"]) == (0, "resolved"), named


def test_undo_brings_back_what_a_run_took(bench: Bench) -> None:
    before = dict(bench.disks["test1"].files)
    run = bench("apply", "disk-full", "--host", "test1", "--yes", "--json").document["run"]
    assert bench("undo", run).code == 3, "an undo is asked for too"

    done = bench("undo", run, "--yes", "--json")

    assert (done.code, done.document["undo_of"], done.document["playbook"]) == (0, run, "disk-full"), done
    assert dict(sorted(bench.disks["test1"].files.items())) == before


def test_out_writes_a_plan_that_can_be_applied_and_exit_code_says_that_there_are_changes(
    bench: Bench, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"

    planned = bench("plan", "disk-full", "--host", "test1", "--out", str(file), "--exit-code")
    applied = bench("apply", str(file), "--yes")

    assert (planned.code, applied.code) == (5, 0), applied


def test_nothing_to_do_is_no_change_pending(bench: Bench) -> None:
    bench.disks["test1"].files.clear()

    assert bench("plan", "disk-full", "--host", "test1", "--exit-code").code == 0
