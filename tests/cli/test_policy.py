"""The policy at the command line: what it refuses, which line says so, and what would satisfy it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.conftest import Bench

NIGHTS = """\
windows:
  - name: nights
    environment: production
    open: [{hours: 22:00-05:00}]
"""


def policy(bench: Bench, text: str) -> None:
    (bench.path / "inventory/policy.yml").write_text(text)


def test_outside_its_window_nobody_is_asked_and_the_window_is_named(bench: Bench) -> None:
    policy(bench, NIGHTS)

    done = bench("apply", "disk-full", "--host", "prod1", typed="y\n")

    assert (done.code, bench.mutations, "Apply this plan?" in done.err) == (3, 0, False), done
    assert "remedy: closed:" in done.err
    assert "the change window nights is shut; it opens sat 2024-06-01 22:00 UTC" in done.err
    assert "inventory/policy.yml:2:5" in done.err
    assert "fix: apply it from sat 2024-06-01 22:00 UTC on; in an emergency: --break-glass REASON" in done.err
    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 0, "another environment"


def test_a_plan_approved_in_the_window_is_not_applied_after_it(bench: Bench) -> None:
    policy(bench, NIGHTS.replace("windows:", "approval: 12h\nwindows:"))
    bench.clock.at += timedelta(hours=16)  # 04:00
    plan = bench.plan("prod1")
    assert bench("approve", plan).code == 0
    bench.clock.at += timedelta(hours=1, seconds=1)

    done = bench("apply", plan, "--json")

    assert (done.code, done.document["error"]["kind"], bench.mutations) == (3, "closed", 0), done
    broke = bench("apply", plan, "--break-glass", "it burns", "--json")
    assert (broke.code, bench.mutations) == (0, 1)
    shown = bench("show", broke.document["run"]).out
    assert "BREAK-GLASS AGAINST: " in shown
    assert "the change window nights is shut" in shown


def test_break_glass_opens_a_window_for_what_needs_nobody(bench: Bench) -> None:
    policy(bench, NIGHTS + "rules: [{risk: [low, medium], people: 0}]\n")

    assert bench("apply", "disk-full", "--host", "prod1").code == 3
    done = bench("apply", "disk-full", "--host", "prod1", "--break-glass", "it burns", "--json")

    assert (done.code, bench.mutations) == (0, 1), done


def test_fault_091_break_glass_runs_once_more_what_needs_nobody(bench: Bench) -> None:
    policy(bench, "rules: [{risk: [low, medium], people: 0}]\ncaps: [{max_runs_per_hour: 1}]\n")
    assert bench("apply", "disk-full", "--host", "test1").code == 0
    disk = bench.disks["test1"]
    disk.files["more.log.1"] = (50 * 1024**2, 9)
    disk.size = disk.other + sum(size for size, _ in disk.files.values()) + 130 * 1024**2

    explained = bench("explain", bench.plan("test1"), "--json").document
    assert [h["kind"] for h in explained["hindrances"]] == ["spent"], "told before it is refused"
    spent = bench("apply", "disk-full", "--host", "test1")
    assert (spent.code, "remedy: spent:" in spent.err, bench.mutations) == (3, True, 1), spent
    done = bench("apply", "disk-full", "--host", "test1", "--break-glass", "once more")
    assert (done.code, bench.mutations) == (0, 2), done


@pytest.mark.parametrize("argv", [("--yes",), ("--break-glass", "it burns")])
def test_a_cap_is_told_with_its_line_and_by_how_much_it_is_passed(bench: Bench, argv: tuple[str, ...]) -> None:
    policy(bench, "caps:\n  - {risk: [low, medium], max_files: 2}\n")

    plan = bench("plan", "disk-full", "--host", "test1")
    done = bench("apply", "disk-full", "--host", "test1", *argv, "--json")

    assert "forbidden by the policy" in plan.out
    assert "policy.yml:2:5: at most 2 files of low or medium risk; this is 3, 1 too many" in plan.out
    error = done.document["error"]
    assert (done.code, error["kind"], bench.mutations) == (3, "forbidden", 0)
    assert error["at"].endswith("policy.yml:2:5")


def test_fault_020_a_policy_that_names_an_environment_that_no_host_has_is_refused(bench: Bench) -> None:
    policy(bench, NIGHTS.replace("production", "prodution"))

    done = bench("apply", "disk-full", "--host", "prod1", "--yes", "--json")

    error = done.document["error"]
    assert (done.code, error["fix"], bench.connections) == (2, "did you mean production?", 0), error


# ---------------------------------------------------------------- may I?

WHOLE = """\
timezone: UTC
rules:
  - {risk: low, environment: test, people: 0}
  - {risk: [medium, high], environment: production, people: 2}
  - {playbook: disk-full, environment: production, people: 1, typed: true}
  - {risk: high, group: all, never: true}
windows:
  - name: nights
    environment: production
    open: [{hours: 22:00-05:00}]
freezes:
  - {name: sale, environment: production, from: '2024-06-02', until: '2024-06-04 12:00', reason: we sell}
caps:
  - {environment: production, max_hosts: 50%, max_files: 100}
"""


def test_may_i_is_answered_with_every_line_that_says_so(bench: Bench) -> None:
    policy(bench, WHOLE)

    done = bench("explain", "policy", "--host", "prod1", "--risk", "medium", "--playbook", "disk-full")

    said = done.out
    assert (done.code, bench.connections) == (0, 0), done
    assert "may I? disk-full on prod1 (production), 2024-06-01 12:00 UTC" in said
    assert "medium risk: not now: from 2024-06-01 22:00 UTC on, with two people's consent, the host's name" in said
    assert "rule   two people, one of them not the requester" in said
    assert "rule   one person, who types the host's name" in said
    assert "! window nights: open daily 22:00-05:00 UTC (production); shut" in said
    assert "shut  -> opens sat 2024-06-01 22:00 UTC" in said
    assert "freeze sale: sun 2024-06-02 00:00 UTC until tue 2024-06-04 12:00 UTC" in said
    assert "cap    at most 1 host (50% of the inventory's), 100 files (production)" in said
    assert [n for n in range(1, 15) if f"policy.yml:{n}:5" in said] == [4, 5, 8, 12, 14], "rule 3 is for others"


def test_may_i_for_scripts(bench: Bench) -> None:
    policy(bench, WHOLE)

    document = bench("explain", "policy", "--host", "prod1", "--json").document

    answers = {a["risk"]: a for a in document["answers"]}
    assert [answers[r]["may"] for r in ("low", "medium", "high")] == ["later", "later", "never"]
    assert answers["low"]["opens"] == "2024-06-01T22:00:00+00:00"
    (never,) = [r for r in answers["high"]["rulings"] if r["holds"] and r["what"] == "rule"]
    assert never["at"].endswith("policy.yml:6:5")
    free = bench("explain", "policy", "--host", "test1", "--risk", "low", "--json").document["answers"][0]
    assert (free["may"], free["says"]) == ("now", "yes, by itself")


def test_the_whole_policy_is_told_and_without_one_the_built_in_rules(bench: Bench) -> None:
    assert "two people, one of them not the requester" in bench("explain", "policy").out
    policy(bench, WHOLE)
    said = bench("explain", "policy").out
    assert all(f"policy.yml:{line}:5" in said for line in (3, 4, 5, 6, 8, 12, 14))


def test_a_plan_is_explained_before_and_after_it_is_consented_to(bench: Bench) -> None:
    policy(bench, WHOLE.replace("nights", "days").replace("22:00-05:00", "08:00-18:00"))
    plan = bench.plan("prod1")

    said = bench("explain", plan).out
    assert "prod1 old-logs: medium risk: files.prune is of" in said
    assert "the policy: yes, with two people's consent, the host's name typed" in said
    assert "! unapproved:" in said
    assert f"remedy approve {plan}" in said

    bench("approve", plan, typed="prod1\n")
    bench("approve", plan, typed="prod1\n", person="uid:1001 (second)")
    assert f"nothing stands in the way: remedy apply {plan}" in bench("explain", plan).out
    bench.clock.at += timedelta(minutes=50)
    policy(bench, WHOLE)
    assert "! stale:" in bench("explain", plan).out
    assert [h["kind"] for h in bench("explain", plan, "--json").document["hindrances"]] == ["stale"]


def test_a_plan_outside_its_window_or_above_a_cap_is_explained_with_what_would_satisfy_it(bench: Bench) -> None:
    policy(bench, WHOLE.replace("max_files: 100", "max_files: 2"))
    plan = bench.plan("prod1")

    document = bench("explain", plan, "--json").document

    assert (document["may"], {h["kind"] for h in document["hindrances"]}) == ("never", {"closed", "forbidden"})
    assert "this is 3, 1 too many" in bench("explain", plan).out
