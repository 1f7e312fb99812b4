"""A plan of many hosts on a screen or two: what is alike is said once, what is grave first, and nothing hides."""

from __future__ import annotations

import base64
import os
import random
from pathlib import Path

import pytest

from remedy.cli.shown.names import names_text
from remedy.cli.shown.plan_text import plan_lines
from remedy.cli.shown.text import Paint
from remedy.errors import HostKeyRefused, Lost, Unreachable
from tests.cli.box import MIB
from tests.cli.conftest import Bench
from tests.cli.test_many import GROUP, make_group
from tests.cli.test_text import same_as

SCREENS = 48  # lines: two of them


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["db"], "db"),
        (["web01", "web02", "web03"], "web[01-03]"),
        (["web1", "web2", "web10", "web11"], "web[1-2], web[10-11]"),
        (["web09", "web10", "web12", "db", "web11"], "web[09-12], db"),
        (["a1.x", "a2.x", "a1.y"], "a[1-2].x, a1.y"),
        (["web01", "web01"], "web[01]"),
        (["x[1-2]", "x[1-3]"], "x[1-2], x[1-3]"),
        (["rack1-web1", "rack1-web2", "rack2-web1"], "rack1-web[1-2], rack2-web1"),
        (["a\x1b1", "a\x1b2"], "a\\x1b[1-2]"),
    ],
)
def test_names_that_count_on_are_a_range(names: list[str], said: str) -> None:
    assert names_text(names) == said


def expanded(text: str) -> set[str]:
    """The names that a text of ranges stands for."""
    found = set()
    for family in filter(None, text.split(", ")):
        before, bracket, rest = family.partition("[")
        for run in rest.partition("]")[0].split(",") if bracket else [""]:
            first, _, last = run.partition("-")
            numbers = range(int(first), int(last or first) + 1) if first else [0]
            found |= {f"{before}{str(n).zfill(len(first)) if first else ''}{rest.partition(']')[2]}" for n in numbers}
    return found


def test_a_range_stands_for_its_names_and_no_others() -> None:
    chance = random.Random(4)
    for _ in range(300):
        kinds = [chance.choice(["web{:02}", "web{}", "db{}.x", "a{:03}b"]) for _ in range(20)]
        names = {kind.format(chance.randrange(99)) for kind in kinds} | {"lone"}
        assert expanded(names_text(sorted(names))) == names


@pytest.fixture
def thirty(tmp_path: Path) -> Bench:
    """Thirty hosts: most alike, some down, one healthy, one whose files would be gone for good."""
    group = make_group(tmp_path / "home", 30)
    group.hosts["web03"].refuses = Unreachable("web03: no route to host")
    group.hosts["web07"].refuses = Lost("web07: the connection ended before the answer came")
    group.hosts["web05"].refuses = HostKeyRefused("web05: another key")
    group.disks["web09"].speechless = True
    group.disks["web10"].files.clear()
    group.disks["web04"].quarantine = False
    group.disks["web02"].files["big.log.9"] = (700 * MIB, 99)
    return group


def test_fault_038_a_plan_of_many_hosts_begins_with_its_counts_and_what_is_permanent(
    thirty: Bench, update_golden: bool
) -> None:
    done = thirty("plan", "disk-full", *GROUP)

    same_as("plan-many.txt", done.out, update=update_golden)
    lines = done.out.splitlines()
    assert "26 of 30 hosts, 25 changes" in lines[2]
    assert "web04  old-logs: delete 3 files" in next(line for line in lines if line.startswith("! "))


def test_fault_038_every_host_that_is_changed_is_named(thirty: Bench) -> None:
    done = thirty("plan", "disk-full", *GROUP, "--json")
    shown = thirty("show", done.document["id"]).out
    heads = [line.partition(": ")[2] for line in shown.splitlines() if " hosts: " in line or "1 host: " in line]

    named = {name for text in heads for name in expanded(text.partition("  ")[0])}
    assert {c["host"] for c in done.document["changes"]} <= named


def test_two_hundred_hosts_are_two_screens_and_all_of_them_when_asked(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 200)
    chance = random.Random(7)
    for disk in group.disks.values():
        disk.files["app.log.0"] = (chance.randrange(1, 900) * MIB, 30)
    done = group("plan", "disk-full", *GROUP, "--json")
    plan = done.document["id"]
    shown, whole = group("show", plan).out.splitlines(), group("show", plan, "--all").out

    assert len(shown) < SCREENS, len(shown)
    assert f"every host in full: remedy show {plan} --all" in shown
    assert "200 hosts, 200 changes" in shown[2]
    for change in done.document["changes"]:
        assert change["title"] in whole
        assert f"{change['host']}  ssh://" in whole
    assert group("plan", "disk-full", *GROUP, "--all").out.count("ssh://") == 200


def test_fault_038_two_hundred_permanent_changes_are_one_warning_with_every_name(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 200)
    for number, disk in enumerate(group.disks.values()):
        disk.quarantine = False
        disk.files["app.log.0"] = (number * MIB + 1, 30)
    done = group("plan", "disk-full", *GROUP)

    (warning,) = [line for line in done.out.splitlines() if line.startswith("! ")]
    assert warning.startswith("! 200 hosts (web[01-99], web[100-200])  old-logs: such as on web01: delete 4 files")
    assert "cannot be taken back" in warning
    assert "approval: risk high: type 200 hosts at a terminal" in done.out

    asked = group("apply", "disk-full", *GROUP, typed="200 hosts\n")
    assert (asked.code, group.mutations) == (0, 200), asked.err[-2000:]


def test_fault_018_names_that_share_a_key_are_said_to_be_one_machine(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 5)
    inventory = group.path / "inventory/hosts.yml"
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + os.urandom(32)
    key = f"ssh-ed25519 {base64.b64encode(blob).decode()}"
    text = inventory.read_text()
    for name in ("web02", "web04"):
        text = text.replace(f"  {name}: {{", f"  {name}: {{host_key: {key}, ")
    inventory.write_text(text)

    assert "one machine, by its key or address: web[02,04]; one after another" in group("plan", "disk-full", *GROUP).out


def test_few_hosts_are_each_shown_in_full(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 3)

    assert group("plan", "disk-full", *GROUP).out.count("1 old-logs") == 3


def test_styles_change_nothing_but_colour(thirty: Bench) -> None:
    from remedy.cli.shown.live import STYLE  # noqa: PLC0415 — one use
    from remedy.store.sqlite import SqliteStore  # noqa: PLC0415 — one use

    plan_id = thirty("plan", "disk-full", *GROUP, "--json").document["id"]
    store = SqliteStore.open(thirty.path / ".remedy", thirty.clock)
    plan = store.plan(plan_id)
    store.close()
    assert [STYLE.sub("", line) for line in plan_lines(plan, Paint(on=True))] == plan_lines(plan, Paint())
