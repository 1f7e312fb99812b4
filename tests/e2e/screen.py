"""The program at a terminal of a fixed width, and what a person sees there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.e2e.home import Home

COLUMNS, ROWS = 110, 50
DEADLINE_S = 90.0
CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n")
STYLE = "m"


@dataclass(frozen=True)
class Typed:
    """What is done once a text stands on the terminal: keys that are typed, or anything else."""

    after: str
    keys: str = ""
    do: Callable[[], None] | None = None


@dataclass(frozen=True)
class Seen:
    """How a command ended, and all that it wrote."""

    code: int
    raw: str

    @property
    def end(self) -> list[str]:
        """The terminal's lines when the command had ended."""
        return drawn(self.raw)

    def when(self, text: str) -> list[str]:
        """The terminal's lines right after this text had been written."""
        return drawn(self.raw[: self.raw.index(text) + len(text)])

    def frame(self, *patterns: str) -> list[str]:
        """The terminal's lines half-way through a table in place that has a line of one of these patterns: of the
        first of them that ever stood there."""
        for pattern in patterns:
            if found := list(re.finditer(pattern, self.raw)):
                return drawn(self.raw[: self.raw.index("\x1b[J", found[len(found) // 2].end())])
        raise AssertionError(f"never on the terminal: {patterns}")


def at_terminal(home: Home, *args: str, typed: Sequence[Typed] = ()) -> Seen:
    """Run a command of the product at a terminal of its own, to its end."""
    pid, terminal = pty.fork()
    if pid == 0:
        environ = {**home.environment(), "TERM": "xterm", "NO_COLOR": "1", "REMEDY_HOME": str(home.path)}
        os.execve(sys.executable, [sys.executable, "-m", "remedy", *args], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    raw, waiting, deadline = "", list(typed), time.monotonic() + DEADLINE_S
    while piece := _read(terminal, deadline - time.monotonic()):
        raw += piece
        if waiting and waiting[0].after in raw:
            answer = waiting.pop(0)
            os.write(terminal, answer.keys.encode())
            if answer.do:
                answer.do()
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert "Traceback" not in raw
    assert not waiting, (waiting, raw)
    return Seen(os.waitstatus_to_exitcode(status), raw)


def _read(terminal: int, within_s: float) -> str:
    ready, _, _ = select.select([terminal], [], [], max(0.0, within_s))
    assert ready, "the program neither ended nor said anything"
    try:
        return os.read(terminal, 4096).decode("utf-8", "replace")
    except OSError:  # the other end is closed: the program has ended
        return ""


def drawn(raw: str) -> list[str]:
    """What stands on a terminal after these bytes: lines wrap nowhere, styles do not show."""
    lines, row, column, at = [""], 0, 0, 0
    for found in CONTROL.finditer(raw):
        row_text = raw[at : found.start()]
        lines[row] = lines[row][:column].ljust(column) + row_text + lines[row][column + len(row_text) :]
        column += len(row_text)
        at = found.end()
        row, column = _moved(found, lines, row, column)
    lines[row] = lines[row][:column].ljust(column) + raw[at:] + lines[row][column + len(raw[at:]) :]
    return [line.rstrip() for line in "\n".join(lines).rstrip("\n").split("\n")]


def _moved(found: re.Match[str], lines: list[str], row: int, column: int) -> tuple[int, int]:
    """Where the cursor is after one control, which may have cleared something."""
    count = int(found[1]) if (found[1] or "").isdecimal() else 1
    match found[0], found[2]:
        case "\r", _:
            return row, 0
        case "\n", _:
            if row + 1 == len(lines):
                lines.append("")
            return row + 1, column
        case _, "K":
            lines[row] = "" if found[1] == "2" else lines[row][:column]
        case _, "J":
            lines[row] = lines[row][:column]
            del lines[row + 1 :]
        case _, "A":
            return max(0, row - count), column
        case _, "B":
            return min(len(lines) - 1, row + count), column
        case _, "G":
            return row, count - 1
    return row, column
