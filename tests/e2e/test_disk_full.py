"""The main job: `remedy apply disk-full --host prod1`, over SSH, on a host whose disk is really full."""

import pytest

from tests.e2e.home import Home
from tests.lab import LabHost

DAY_S = 86_400
LOGS = "/srv/data/log"
PARAMS = {"mount": "/srv/data", "log_dir": LOGS}
EVERYTHING = "find /srv/data /var/quarantine -not -name app.log | sort"


@pytest.fixture
def full(home: Home, fresh_lab_host: LabHost) -> LabHost:
    """prod1: its disk 95 % full, 30 MB of it old logs, a living log among them."""
    host = fresh_lab_host
    home.write_inventory({"hosts": {"prod1": host.entry(vars=PARAMS)}})
    for number in range(1, 4):
        host.write_old_file(f"{LOGS}/app.log.{number}", size_bytes=10_000_000, age_s=9 * DAY_S, owner="deploy")
    host.write_old_file(f"{LOGS}/app.log.young", size_bytes=100_000, age_s=60)
    host.fill(95)
    return host


def test_a_full_disk_is_freed_by_what_was_planned_and_a_second_apply_changes_nothing(home: Home, full: LabHost) -> None:
    assert full.used_percent() >= 94

    first = home.remedy("apply", "disk-full", "--host", "prod1", "--yes", "--json")

    assert (first.code, first.document["verdict"]) == (0, "resolved"), first
    steps = {s["step"]: s["outcome"] for s in first.document["hosts"]["prod1"]["steps"]}
    assert steps["old-logs"] == "changed"
    assert full.used_percent() < 80
    assert full.sh(f"ls {LOGS}").split() == ["app.log", "app.log.young"]

    second = home.remedy("apply", "disk-full", "--host", "prod1", "--yes", "--json")

    assert (second.code, second.document["hosts"]["prod1"]["outcome"]) == (0, "unchanged"), second
    assert full.sh(f"ls {LOGS}").split() == ["app.log", "app.log.young"]


def test_the_plan_lists_every_file_and_changes_nothing(home: Home, full: LabHost) -> None:
    before = full.sh(EVERYTHING)

    plan = home.remedy("plan", "disk-full", "--host", "prod1", "--exit-code")

    assert plan.code == 5, plan
    for name in ("app.log.1", "app.log.2", "app.log.3"):
        assert name in plan.out
    assert "app.log.young" not in plan.out
    assert full.sh(EVERYTHING) == before


def test_undo_brings_back_the_files_as_they_were(home: Home, full: LabHost) -> None:
    listing = f"cd {LOGS} && stat -c '%n %s %Y %U %a' app.log.* && sha256sum app.log.*"
    before = full.sh(listing)
    applied = home.remedy("apply", "disk-full", "--host", "prod1", "--yes", "--json")
    assert applied.code == 0, applied
    run = applied.document["run"]
    assert full.sh(f"ls {LOGS}").split() == ["app.log", "app.log.young"]

    undone = home.remedy("undo", run, "--yes", "--json")

    assert (undone.code, undone.document["verdict"]) == (0, "resolved"), undone
    assert full.sh(listing) == before


# faults 39, 80
def test_a_file_written_to_between_plan_and_apply_makes_the_plan_stale(home: Home, full: LabHost) -> None:
    plan = home.remedy("plan", "disk-full", "--host", "prod1", "--json").document["id"]
    full.sh(f"echo more >>{LOGS}/app.log.2; touch -d '8 days ago' {LOGS}/app.log.2")
    home.remedy("approve", plan)

    applied = home.remedy("apply", plan)

    assert applied.code == 3, applied
    assert "app.log.2" in applied.out + applied.err
    assert full.sh(f"ls {LOGS}").split() == ["app.log", *[f"app.log.{n}" for n in (1, 2, 3)], "app.log.young"]


# fault 39
def test_a_file_gone_between_plan_and_apply_is_left_out(home: Home, full: LabHost) -> None:
    plan = home.remedy("plan", "disk-full", "--host", "prod1", "--json").document["id"]
    full.sh(f"rm {LOGS}/app.log.2")
    full.fill(95)
    home.remedy("approve", plan)

    applied = home.remedy("apply", plan, "--json")

    assert (applied.code, applied.document["verdict"]) == (0, "resolved"), applied
    assert full.sh(f"ls {LOGS}").split() == ["app.log", "app.log.young"]
