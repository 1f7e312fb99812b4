"""The main job on a container: `remedy apply disk-full`, by its engine and via a host; and fault 56."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import NewBox
from tests.e2e.home import Home
from tests.hosts.far import wait_until
from tests.lab import Box

DISKS = ("--tmpfs=/srv/data:size=64m", "--tmpfs=/var/quarantine:size=128m,mode=700")
VARS = {"mount": "/srv/data", "log_dir": "/srv/data/log", "rotate_above": "50MiB"}
FILL = """mkdir -p /srv/data/log && cd /srv/data/log
old=$(($(date +%s) - 777600))
for n in 1 2 3; do yes "old line $n" | head -c 10000000 >app.log.$n; touch -d @$old app.log.$n; done
yes young | head -c 100000 >app.log.young
head -c 30000000 /dev/zero >/srv/data/ballast"""
PICTURE = "cd /srv/data/log && stat -c '%n %s %Y %U %a' * && sha256sum *"


@pytest.fixture
def full(new_box: NewBox) -> Box:
    """A container whose disk is 95 % full, 30 MB of it old logs."""
    box = new_box(*DISKS)
    box.sh(FILL)
    return box


@pytest.fixture
def at(home: Home, full: Box) -> Home:
    """A home that has it twice: as `box`, and as `through`, via this machine's own docker command."""
    entry = full.entry(quarantine="/var/quarantine", vars=VARS)
    hosts = {"box": entry, "through": {**entry, "via": "here"}, "here": {"address": "local://"}}
    home.write_inventory({"hosts": hosts})
    return home


def planned(at: Home, host: str = "box") -> str:
    """An approved plan."""
    plan = str(at.remedy("plan", "disk-full", "--host", host, "--json").document["id"])
    assert at.remedy("approve", plan).code == 0
    return plan


@pytest.mark.parametrize("host", ["box", pytest.param("through", marks=pytest.mark.long)])
def test_a_full_disk_of_a_container_is_freed_and_can_be_taken_back(at: Home, full: Box, host: str) -> None:
    before = full.sh(PICTURE)

    first = at.remedy("apply", "disk-full", "--host", host, "--yes", "--json")
    assert (first.code, first.document["verdict"]) == (0, "resolved"), first
    assert full.sh("ls /srv/data/log").split() == ["app.log.young"]

    second = at.remedy("apply", "disk-full", "--host", host, "--yes", "--json")
    assert (second.code, second.document["hosts"][host]["outcome"]) == (0, "unchanged"), second

    undone = at.remedy("undo", first.document["run"], "--yes", "--json")
    assert (undone.code, undone.document["verdict"]) == (0, "resolved"), undone
    assert full.sh(PICTURE) == before
    assert full.processes() == []


# ---------------------------------------------------------------- fault 56


def replaced(box: Box) -> None:
    box.replace()
    box.sh(FILL)


def restarted(box: Box) -> None:
    box.do("restart")
    box.sh(FILL)


@pytest.mark.parametrize(
    ("host", "change"),
    [
        ("box", replaced),
        ("through", restarted),
        pytest.param("box", restarted, marks=pytest.mark.long),
        pytest.param("through", replaced, marks=pytest.mark.long),
    ],
)
def test_fault_056_a_container_changed_after_the_plan_is_not_acted_on(
    at: Home, full: Box, host: str, change: Callable[[Box], None]
) -> None:
    plan = planned(at, host)
    by_hand = f"docker --host {full.engine.url} exec -it {full.name} sh"
    assert by_hand in at.remedy("show", plan, "--as-shell").out
    change(full)
    before = full.sh(PICTURE)

    applied = at.remedy("apply", plan, "--json")

    assert applied.code == 3, applied
    told = applied.document["hosts"][host]
    assert told["outcome"] == "refused", told
    assert full.name in told["reason"]
    assert full.sh(PICTURE) == before
    assert full.sh("ls -A /run | grep remedy || :") == "", "not even a lease is taken there"


@pytest.mark.long
def test_fault_056_what_was_done_in_a_container_that_is_gone_is_not_taken_back_in_the_next(at: Home, full: Box) -> None:
    run = at.remedy("apply", "disk-full", "--host", "box", "--yes", "--json").document["run"]
    full.replace()
    undone = at.remedy("undo", run, "--yes", "--json")
    assert undone.code == 3, undone
    assert "is another container now" in undone.document["error"]["message"]


def test_fault_056_a_container_that_stopped_after_the_plan_is_unreachable(at: Home, full: Box) -> None:
    plan = planned(at)
    full.do("stop")
    applied = at.remedy("apply", plan, "--json")
    assert applied.code == 4, applied
    assert applied.document["hosts"]["box"]["outcome"] == "unreachable"


# ---------------------------------------------------------------- cut off in the middle

TIDY = """playbook: tidy
summary: Old logs go
symptom: [disk.free: {mount: /, below: 100%}]
steps: [{id: old, files.prune: {root: /srv/log, match: "*.log.*", older_than: 7d}}]
verify: [disk.free: {mount: /, at_least: 0%}]
"""
OLD = "mkdir -p /srv/log && cd /srv/log && for n in 1 2 3; do echo $n >a.log.$n; touch -d '9 days ago' a.log.$n; done"


@pytest.fixture
def cut(home: Home, new_box: NewBox) -> tuple[Home, Box, str]:
    """A run on `box` whose process was killed just before its change was sent."""
    box = new_box("--volume=/var/quarantine")  # it stays through a restart
    box.sh(OLD)
    home.write_inventory({"hosts": {"box": box.entry(quarantine="/var/quarantine")}})
    (home.path / "playbooks" / "tidy.yml").write_text(TIDY)
    record, driver = home.path / "gates", str(Path(__file__).with_name("killed.py"))
    apply = ("-C", str(home.path), "apply", "tidy", "--host", "box", "--yes", "--json")
    command = [sys.executable, driver, str(record), "before change", *apply]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        wait_until(lambda: record.exists() and "before change" in record.read_text(), "the change", 60)
        process.send_signal(signal.SIGKILL)
    return home, box, str(home.remedy("list", "runs", "--json").document[0]["id"])


def test_fault_056_a_run_that_was_cut_off_never_goes_on_in_the_next_container(cut: tuple[Home, Box, str]) -> None:
    home, box, run = cut
    box.replace()
    box.sh(OLD)

    resumed = home.remedy("resume", run, "--json")
    assert resumed.code == 6, resumed
    assert "is another container now" in resumed.document["hosts"]["box"]["reason"]

    assert home.remedy("settle", run, "old", "--as", "not-done").code == 0
    closed = home.remedy("resume", run, "--json")
    assert (closed.code, closed.document["hosts"]["box"]["outcome"]) == (3, "refused"), closed
    assert box.sh("ls /srv/log").split() == ["a.log.1", "a.log.2", "a.log.3"]
    assert box.sh("ls -A /run | grep remedy || :") == ""


def test_a_run_that_was_cut_off_goes_on_after_a_restart_of_the_container(cut: tuple[Home, Box, str]) -> None:
    home, box, run = cut
    box.do("restart")
    resumed = home.remedy("resume", run, "--json")
    assert (resumed.code, resumed.document["hosts"]["box"]["outcome"]) == (0, "changed"), resumed
    assert box.sh("ls /srv/log") == ""


def test_a_container_by_two_names_is_one_machine(home: Home, full: Box) -> None:
    entry = full.entry(quarantine="/var/quarantine", vars=VARS)
    by_id = {**entry, "address": f"docker://{full.id}"}
    home.write_inventory(
        {
            "hosts": {"a": entry, "b": by_id, "c": {**entry, "via": "here"}, "here": {"address": "local://"}},
            "groups": {"all3": {"hosts": ["a", "b", "c"]}},
        }
    )
    shipped = Path(home.remedy("explain", "disk-full", "--json").document["path"]).read_text()
    text = shipped.replace("playbook: disk-full", "playbook: wide").split("limits:")[0]
    (home.path / "playbooks" / "wide.yml").write_text(f"{text}limits: {{hosts: 3, batch: 3, max_failures: 3}}\n")
    applied = home.remedy("apply", "wide", "--group", "all3", "--yes", "--json")
    outcomes = sorted(h["outcome"] for h in applied.document["hosts"].values())
    assert outcomes == ["changed", "unchanged", "unchanged"], applied
