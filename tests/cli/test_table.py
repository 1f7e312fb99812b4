"""The table of hosts as it stands on a terminal: in place, within the screen, nothing left behind."""

from __future__ import annotations

import io
import time
from threading import RLock

import pytest

from remedy.cli.progress import Progress
from remedy.cli.shown.live import Live
from remedy.cli.shown.table import MOST_LINES, HostTable, clipped, padded, width_of
from remedy.cli.shown.text import Paint
from remedy.cli.world import World
from remedy.model import Event, Kind
from tests.cli.conftest import Terminal
from tests.cli.test_text import same_as

pyte = pytest.importorskip("pyte")
PLAIN = Paint()


def event(kind: Kind, host: str, step: str = "", **body: object) -> Event:
    return Event(seq=1, at="", kind=kind, body=body, plan="p", run="r", host=host, step=step)  # type: ignore[arg-type]


def names(count: int) -> list[str]:
    return [f"web{n:03}" for n in range(1, count + 1)]


def busy_table(count: int = 200) -> HostTable:
    """A run in its middle: some failed, one batch at work, the rest done or waiting."""
    table = HostTable()
    table.expect(names(count))
    for at, name in enumerate(names(count)):
        if at < 110:
            table.at_work(name, "doing", "old-logs", float(at // 20))
        if at < 90:
            ill = at in (7, 33, 71)
            word, why = ("failed", "done, but 1 file still there, such as a.log") if ill else ("changed", "2 GiB freed")
            table.ended(name, word, why, at // 20 + 3.5)
        elif at >= 110:
            table.at_rest(name, "ready")
    return table


class Screen:
    """A terminal of this size, and the stream that leads to it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.feed = pyte.Stream(self.screen)
        self.stream = Terminal()
        self.written = 0

    def size(self) -> tuple[int, int]:
        return self.screen.columns, self.screen.lines

    @property
    def lines(self) -> list[str]:
        """What is on the screen now."""
        text = self.stream.getvalue()
        self.feed.feed(text[self.written :].replace("\n", "\r\n"))
        self.written = len(text)
        return [line.rstrip() for line in self.screen.display]


def live(screen: Screen, table: HostTable, now_s: float = 30.0) -> Live:
    return Live(screen.stream, lambda c, r: table.lines(c, r, now_s, PLAIN), RLock(), screen.size)


def test_the_table_of_two_hundred_hosts_at_80_by_24(update_golden: bool) -> None:
    screen = Screen(80, 24)
    live(screen, busy_table()).show()

    same_as("table-80x24.txt", "\n".join(screen.lines).rstrip() + "\n", update=update_golden)
    assert screen.lines[0] == "200 hosts: 3 failed, 20 at work, 87 changed, 90 ready"
    assert "… and 182 more:" in screen.lines[19]
    assert screen.lines[20:] == [""] * 4


def test_a_frame_is_drawn_over_the_one_before_and_what_is_above_stays() -> None:
    screen, table = Screen(80, 24), busy_table(12)
    screen.stream.write("a plan\n")
    block = live(screen, table)
    block.show()
    first = screen.lines
    for name in names(12):
        table.ended(name, "changed", "", 31.0)
    block.show()

    assert first[0] == screen.lines[0] == "a plan"
    assert screen.lines[1] == "12 hosts: 12 changed"
    assert [line.split()[0] for line in screen.lines[2:14]] == names(12)
    assert "failed" not in "".join(screen.lines)


def test_a_frame_that_is_shorter_leaves_nothing_behind() -> None:
    screen, table = Screen(80, 24), busy_table(15)
    block = live(screen, table)
    block.show()
    table.expect(names(4))
    block.show()

    assert len([line for line in screen.lines if line]) == 5


def test_nothing_flickers_a_frame_is_one_write_and_clears_no_line_before_it_is_written() -> None:
    screen, writes = Screen(80, 24), []
    block = live(screen, busy_table(10))
    block.show()
    screen.stream.write = lambda text: writes.append(text) or len(text)  # type: ignore[method-assign,assignment,func-returns-value]
    block.show()

    (frame,) = writes
    assert "\x1b[2J" not in frame
    assert "\x1b[2K" not in frame
    assert frame.endswith("\x1b[J")
    assert all(line.endswith("\x1b[K") for line in frame.split("\n")[:-1])


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (30, 10), (43, 24), (60, 24), (80, 8), (200, 60), (1, 1)])
def test_no_size_of_a_terminal_is_too_small(columns: int, rows: int) -> None:
    for now_s in (0.0, 7.0, 100_000.0):
        lines = busy_table().lines(columns, rows, now_s, PLAIN)
        assert len(lines) <= max(3, min(MOST_LINES, rows))
        assert all(width_of(line) <= columns for line in lines)
        assert lines[0].startswith("200 hosts"[: columns - 1])


def test_a_terminal_that_becomes_narrower_keeps_one_table() -> None:
    screen, table = Screen(80, 24), busy_table(6)
    block = live(screen, table)
    block.show()
    lines = [line for line in screen.lines if line]
    screen.screen.reset()
    screen.screen.resize(24, 40)
    screen.feed.feed("".join(f"{line}\r\n" for line in lines))  # as terminals break lines that no longer fit
    block.show()

    assert screen.lines[0].startswith("6 hosts:")
    assert len([line for line in screen.lines if line]) == 7, screen.lines


def test_a_line_from_a_signal_stands_above_the_table_and_once() -> None:
    screen = Screen(80, 24)
    block = live(screen, busy_table(5))
    block.show()
    said = "SIGINT: the current step is finished"
    block.say(said)  # this stream has no descriptor to write to, so it is written here as the handler would
    screen.stream.write(f"\r\x1b[K{said}\n")
    block.show()
    block.show()

    assert screen.lines[0] == said
    assert screen.lines[1].startswith("5 hosts:")
    assert "".join(screen.lines).count("SIGINT") == 1


def test_the_end_of_a_run_stays_and_the_end_of_a_look_goes() -> None:
    for keep in (True, False):
        screen = Screen(80, 24)
        block = live(screen, busy_table(5))
        block.show()
        block.end(keep=keep)
        screen.stream.write("after\n")
        assert screen.lines[6 if keep else 0] == "after"


def test_names_that_hide_or_are_wide_stay_in_their_column() -> None:
    table = HostTable()
    hosts = ["a\x1b[2J", "名前が長いホスト", "e\u0301\u0301", "x" * 90]
    table.expect(hosts)
    for host in hosts:
        table.ended(host, "changed", "\x1b]0;evil\x07", 1.0)
    for line in table.lines(70, 24, 2.0, PLAIN)[1:]:
        assert "\x1b" not in line
        assert width_of(line[: line.index("changed")]) == width_of(padded("", 23 + 2)), line


def test_text_is_cut_to_columns_and_not_to_letters() -> None:
    assert clipped("名前名前", 5) == "名前…"
    assert clipped("abc", 3) == "abc"
    assert clipped("abcd", 3) == "ab…"
    assert clipped("abc", 0) == ""


def test_the_weightiest_rows_are_shown_in_the_order_of_the_hosts() -> None:
    table = HostTable()
    table.expect(names(100))
    for at, name in enumerate(names(100)):
        if at % 2:
            table.ended(name, "failed", "", 1.0)
        elif at < 40:
            table.at_work(name, "doing", "s", 1.0)
    rows = table.lines(80, 20, 2.0, PLAIN)[1:-1]

    assert sum("failed" in row for row in rows) == sum("doing" in row for row in rows) == 9
    assert rows == sorted(rows)


# ---------------------------------------------------------------- what a run tells


def told(count: int, **environ: str) -> tuple[Progress, io.StringIO]:
    err = Terminal()
    world = World(stderr=err, environ={"TERM": "xterm", **environ})
    return Progress(world, names(count), keep=True, clock=lambda: 5.0), err


def screen_of(text: str) -> list[str]:
    screen = Screen(80, 24)
    screen.stream.write(text)
    return [line for line in screen.lines if line]


def run_of_three(progress: Progress) -> None:
    for name in names(3):
        progress.event(event(Kind.HOST_LEASED, name, fence=1))
    progress.event(event(Kind.STEP_INTENT, "web001", "old-logs"))
    progress.event(event(Kind.STEP_RESULT, "web001", "old-logs", outcome="changed", reason="2 GiB freed"))
    progress.event(event(Kind.CHECKED, "web001", what="verify", answer="ok", says=["free"]))
    closed = {"verdict": "resolved", "reason": "20% free"}
    progress.event(event(Kind.HOST_CLOSED, "web001", outcome="changed", **closed))
    progress.event(event(Kind.HOST_CLOSED, "web002", outcome="refused", verdict="inconclusive", reason="busy"))
    progress.event(event(Kind.STEP_INTENT, "web003", "old-logs"))


def test_the_events_of_a_run_are_its_table() -> None:
    progress, err = told(3)
    run_of_three(progress)
    progress.done()

    head, *rows = screen_of(err.getvalue())
    assert head == "3 hosts: 1 refused, 1 at work, 1 changed"
    assert [row.split()[1:] for row in rows] == [
        ["changed", "20%", "free", "0:00"],
        ["refused", "busy"],
        ["doing", "old-logs", "0:00"],
    ]


def test_colour_is_left_out_and_the_table_stays_with_no_color() -> None:
    coloured, plain = told(3), told(3, NO_COLOR="1")
    for progress, _ in (coloured, plain):
        run_of_three(progress)
        progress.done()

    assert "\x1b[1;31m" in coloured[1].getvalue()
    assert "\x1b[1;31m" not in plain[1].getvalue()
    assert screen_of(plain[1].getvalue()) == screen_of(coloured[1].getvalue())


def test_elsewhere_than_on_a_terminal_there_are_plain_lines() -> None:
    for stream, term in ((io.StringIO(), "xterm"), (Terminal(), "dumb")):
        progress = Progress(World(stderr=stream, environ={"TERM": term}), names(3), keep=True)
        run_of_three(progress)
        progress.done()
        assert "\x1b" not in stream.getvalue()
        assert "web001  old-logs  changed  2 GiB freed" in stream.getvalue()


def test_time_that_passes_is_drawn_without_an_event_and_an_event_soon() -> None:
    progress, err = told(2)
    before = len(err.getvalue())
    progress.event(event(Kind.STEP_INTENT, "web002", "old-logs"))
    deadline = time.monotonic() + 10
    while "old-logs" not in err.getvalue()[before:]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    shown = err.getvalue().count("old-logs")
    while err.getvalue().count("old-logs") == shown:
        assert time.monotonic() < deadline, "nothing is drawn while nothing happens"
        time.sleep(0.01)
    progress.done()
