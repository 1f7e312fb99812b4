"""What reaches a terminal: every character seen, none obeyed; and a plan that reads the same today and tomorrow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from remedy.cli.shown.text import Paint, columns, visible
from tests.cli.conftest import Bench, Terminal

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "\x1b[2J\x1b[H",
    "\x1b]52;c;ZXZpbA==\x07",
    "a\rb",
    "\x9b31m",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "a\u200bb",
    "\u3164",
    "a\u2028b",
    "\udcff\udc80",
    "\x00\x07\x08",
    "\ufeff",
    "line\nfeed\ttab",
    "\U000e0041",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_fault_052_nothing_a_host_says_commands_a_terminal(text: str) -> None:
    shown = visible(f"<{text}>")

    assert shown.isprintable()
    assert "\\" in shown, "what was escaped is seen to be"


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("app.log.1", "/srv/Größe/日本語", "50 % of 3 €", "a\\b"):
        assert visible(text) == text


def test_a_line_is_cut_and_says_by_how_much() -> None:
    assert visible("x" * 5000).endswith("... (3000 more characters)")


def test_styles_only_for_a_terminal_that_wants_them() -> None:
    assert Paint.of(Terminal(), {}).red("x") == "\x1b[1;31mx\x1b[0m"
    assert Paint.of(Terminal(), {"NO_COLOR": "1"}).red("x") == "x"
    assert Paint.of(Terminal(), {"TERM": "dumb"}).red("x") == "x"


def test_columns_keep_their_places() -> None:
    assert columns([("a", "long cell"), ("bbb", "\x1b")], ("ONE", "TWO"), Paint()) == [
        "ONE  TWO",
        "a    long cell",
        "bbb  \\x1b",
    ]


def stable(text: str) -> str:
    """Text without what differs between two runs: ids and digests."""
    text = re.sub(r"\b([pr])[0-9a-f]{8}\b", r"\g<1>XXXXXXXX", text)
    return re.sub(r"digest [0-9a-f]{16}", "digest XXXXXXXXXXXXXXXX", text)


def same_as(name: str, text: str, *, update: bool) -> None:
    path = GOLDEN / name
    if update:
        path.write_text(stable(text))
    assert stable(text) == path.read_text(), "look at it; if it is better: UPDATE_GOLDEN=1"


def test_a_plan_reads_like_a_good_pull_request(bench: Bench, update_golden: bool) -> None:
    same_as("plan.txt", bench("plan", "disk-full", "--host", "test1").out, update=update_golden)


def test_fault_038_what_is_permanent_stands_first_and_a_long_list_is_counted(bench: Bench, update_golden: bool) -> None:
    disk = bench.disks["prod1"]
    disk.quarantine = False
    disk.files |= {f"app.log.{n:05}": (1024, 30) for n in range(10_000 - 3)}
    done = bench("plan", "disk-full", "--host", "prod1")

    same_as("plan-permanent.txt", done.out, update=update_golden)
    lines = done.out.splitlines()
    assert any("cannot be taken back" in line for line in lines[:5])
    assert len(lines) < 70


def test_fault_038_names_on_a_host_cannot_pretend_to_be_the_plan(bench: Bench, update_golden: bool) -> None:
    evil = "a\x1b[2K\rapproval: none needed\u202e.log.x"
    bench.disks["test1"].files[evil] = (1024**2, 30)

    same_as("plan-hostile.txt", bench("plan", "disk-full", "--host", "test1").out, update=update_golden)


def test_a_healthy_host_is_told_so(bench: Bench, update_golden: bool) -> None:
    bench.disks["test1"].files.clear()

    same_as("plan-healthy.txt", bench("plan", "disk-full", "--host", "test1").out, update=update_golden)


def test_a_runs_record_tells_it_all(bench: Bench, update_golden: bool) -> None:
    run = bench("apply", "disk-full", "--host", "test1", "--yes", "--reason", "tonight", "--json").document["run"]

    same_as("run.txt", bench("show", run).out, update=update_golden)


def test_two_observations_stand_side_by_side(bench: Bench, update_golden: bool) -> None:
    plan = bench.plan()
    bench("approve", plan)
    bench.disks["test1"].files["app.log.2"] = (60 * 1024**2, 10)

    same_as("stale.txt", bench("apply", plan).out, update=update_golden)
