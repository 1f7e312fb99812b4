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
    assert bench("apply", plan, "--break-glass", "it burns").code == 0
    assert bench.mutations == 1


def test_break_glass_opens_a_window_for_what_needs_nobody(bench: Bench) -> None:
    policy(bench, NIGHTS + "rules: [{risk: [low, medium], people: 0}]\n")

    assert bench("apply", "disk-full", "--host", "prod1").code == 3
    done = bench("apply", "disk-full", "--host", "prod1", "--break-glass", "it burns", "--json")

    assert (done.code, bench.mutations) == (0, 1), done


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
