"""How a run of many hosts ended: the bad ones one by one, the others by what is alike, the untouched by name."""

from __future__ import annotations

from pathlib import Path

from remedy.errors import Unreachable
from remedy.hosts.fake import Fault
from tests.cli.conftest import Bench
from tests.cli.test_many import GROUP, make_group
from tests.cli.test_text import same_as


def test_a_run_of_many_hosts_is_told_in_a_few_lines(tmp_path: Path, update_golden: bool) -> None:
    group = make_group(tmp_path / "home", 40, batch=10)
    group.hosts["web03"].refuses = Unreachable("web03: no route to host")
    group.disks["web10"].files.clear()
    done = group("apply", "disk-full", *GROUP, "--yes")

    ended = done.out[done.out.index("web03  unreachable  no route") :]
    same_as("verdict-many.txt", ended, update=update_golden)
    assert "--host web03   plans again" in ended


def test_fault_094_hosts_that_were_not_begun_are_named(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 12, batch=3)
    group.hosts["web02"].fail(Fault(verb="change", when="raised", error=Unreachable("web02: gone")))
    done = group("apply", "disk-full", *GROUP, "--yes")

    assert "not begun  8 hosts: web[05-12]  stopped: 1 host failed before this one" in done.out
    assert [n for n, h in group.hosts.items() if h.changes] == ["web01", "web02", "web03", "web04"]


def test_the_hosts_of_a_run_are_told_in_the_plans_order(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 12, batch=12)
    document = group("apply", "disk-full", *GROUP, "--yes", "--json").document

    assert list(document["hosts"]) == [f"web{n:02}" for n in range(1, 13)]


# ---------------------------------------------------------------- a run that was taken back


def test_a_run_that_was_taken_back_says_so(bench: Bench, update_golden: bool) -> None:
    run = bench("apply", "disk-full", "--host", "test1", "--yes", "--json").document["run"]
    assert "takes it back" in bench("show", run).out
    undo = bench("undo", run, "--yes", "--json").document["run"]

    shown = bench("show", run)

    same_as("run-taken-back.txt", shown.out, update=update_golden)
    assert f"taken back by run {undo} of uid:1000 (oncall): changed, resolved" in shown.out
    assert "next: remedy undo" not in shown.out
    assert bench("show", run, "--json").document["undos"] == [undo]
    assert f"takes back run {run}" in bench("show", undo).out
    assert bench("show", undo, "--json").document["undo_of"] == run


def test_a_run_that_was_taken_back_on_some_hosts_can_be_taken_back_on_the_others(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 4, batch=4)
    run = group("apply", "disk-full", *GROUP, "--yes", "--json").document["run"]
    group.hosts["web02"].refuses = Unreachable("web02: no route to host")
    first = group("undo", run, "--yes", "--json")
    assert (first.code, first.document["hosts"]["web02"]["outcome"]) == (4, "unreachable")
    assert f"next: remedy undo {run}" in group("show", run).out

    group.hosts["web02"].refuses = None
    second = group("undo", run, "--yes", "--json")

    assert second.code == 0, second
    assert group("show", run, "--json").document["undos"] == [first.document["run"], second.document["run"]]
    assert f"next: remedy undo {run}" not in group("show", run).out
    assert all("app.log.1" in disk.files for disk in group.disks.values())
