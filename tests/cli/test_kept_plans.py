"""A plan is applied only if everything it was made from is as it was, to the last byte; else no host is asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Bench
from tests.cli.test_pinning import KEY


@pytest.fixture
def file(bench: Bench, tmp_path: Path) -> Path:
    """A kept plan, as its file."""
    path = tmp_path / "plan.json"
    assert bench("plan", "disk-full", "--host", "test1", "--out", str(path)).code == 0
    return path


def refused_without_asking(bench: Bench, what: str) -> str:
    """The message of the refusal; every host must have been left alone."""
    before = bench.connections
    done = bench("apply", what, "--yes", "--json")
    assert (done.code, bench.connections, bench.mutations) == (3, before, 0), done
    return str(done.document["error"]["message"])


def test_fault_033_a_plans_file_with_any_byte_flipped_is_refused(bench: Bench, file: Path) -> None:
    whole = file.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 100)):
        for bit in (0x01, 0x20):
            flipped = bytes([*whole[:at], whole[at] ^ bit, *whole[at + 1 :]])
            file.write_bytes(flipped)
            assert "digest mismatch" in refused_without_asking(bench, str(file)), (at, flipped[at - 20 : at + 20])


@pytest.mark.parametrize("field", ["digest", "playbook", "summary", "requester", "made_at", "hosts", "need", "limits"])
def test_fault_033_a_plans_file_with_a_field_changed_is_refused(bench: Bench, file: Path, field: str) -> None:
    document = json.loads(file.read_text())
    document[field] = "x" if isinstance(document[field], str) else []
    file.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")

    assert "digest mismatch" in refused_without_asking(bench, str(file))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"id": 1, "home": 2}', b"[" * 5000, b"\xff"])
def test_fault_033_a_file_that_is_no_plan_is_refused(bench: Bench, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)

    assert "digest mismatch" in refused_without_asking(bench, str(tmp_path / "x.json"))


def test_fault_041_a_plan_of_another_home_is_refused(bench: Bench, file: Path) -> None:
    shutil.rmtree(bench.path / ".remedy")
    bench.plan()

    assert "made by the home" in refused_without_asking(bench, str(file))


def test_fault_024_a_playbook_that_changed_makes_the_plan_stale(bench: Bench) -> None:
    plan = bench.plan()
    playbook = bench.path / "playbooks/disk-full.yml"
    playbook.write_text(playbook.read_text().replace("older_than: 7d", "older_than: 6d"))

    assert "the playbook disk-full has changed" in refused_without_asking(bench, plan)


def test_fault_024_a_playbook_named_by_its_path_is_compared_too(bench: Bench, tmp_path: Path) -> None:
    playbook = tmp_path / "disk-full.yml"
    shutil.copy(bench.path / "playbooks/disk-full.yml", playbook)
    plan = bench("plan", str(playbook), "--host", "test1", "--json").document["id"]
    playbook.write_text(playbook.read_text().replace("older_than: 7d", "older_than: 6d"))

    assert "the playbook disk-full has changed" in refused_without_asking(bench, plan)


def test_fault_040_a_host_with_another_key_makes_the_plan_stale(bench: Bench) -> None:
    plan = bench.plan()
    inventory = bench.path / "inventory/hosts.yml"
    text = inventory.read_text().replace("    environment: test\n", f"    environment: test\n    host_key: {KEY}\n")
    inventory.write_text(text)

    assert "test1" in refused_without_asking(bench, plan)


def test_fault_041_a_host_of_another_environment_makes_the_plan_stale(bench: Bench) -> None:
    plan = bench.plan()
    inventory = bench.path / "inventory/hosts.yml"
    inventory.write_text(inventory.read_text().replace("environment: test", "environment: production"))

    assert "environment" in refused_without_asking(bench, plan)


def test_fault_042_a_policy_that_changed_makes_the_plan_stale(bench: Bench) -> None:
    plan = bench.plan()
    (bench.path / "inventory/policy.yml").write_text("rules:\n  - {risk: medium, people: 0}\n")

    assert "the policy has changed" in refused_without_asking(bench, plan)


def test_a_plan_is_named_by_a_prefix_and_a_wrong_name_is_answered(bench: Bench) -> None:
    plan = bench.plan()

    assert bench("show", plan[:5], "--json").document["id"] == plan
    wrong = bench("show", "zz", "--json")
    assert (wrong.code, "remedy list plans" in wrong.document["error"]["fix"]) == (2, True)


def test_a_playbook_without_a_host_is_told_apart_from_a_plan(bench: Bench) -> None:
    done = bench("apply", "disk-full", "--json")

    assert (done.code, done.document["error"]["fix"]) == (2, "remedy apply disk-full --host NAME")
