"""Text on its way to a terminal: nothing in it can command the terminal or hide from a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from remedy.actions.words import escaped_text

LONGEST_LINE = 2000  # characters: a path may have 4,095 bytes, a screen has some 200


def visible(text: str) -> str:
    """The text as one line in which every character can be seen, and of bounded length."""
    return _cut(escaped_text(text))


def _cut(text: str) -> str:
    more = len(text) - LONGEST_LINE
    return text if more <= 0 else f"{text[:LONGEST_LINE]}... ({more} more characters)"


def visible_lines(text: str) -> list[str]:
    """The lines of a text, each of them visible."""
    return [visible(line) for line in text.split("\n")]


def counted(count: int, one: str, many: str = "") -> str:
    """The count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@dataclass(frozen=True)
class Paint:
    """ANSI styles, or none of them."""

    on: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Paint:
        """Styles for a terminal that wants them: not with NO_COLOR, not for a dumb one."""
        wanted = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(on=wanted and is_terminal(stream))

    def bold(self, text: str) -> str:
        return self._style("1", text)

    def dim(self, text: str) -> str:
        return self._style("2", text)

    def red(self, text: str) -> str:
        return self._style("1;31", text)

    def yellow(self, text: str) -> str:
        return self._style("33", text)

    def green(self, text: str) -> str:
        return self._style("32", text)

    def _style(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text


def is_terminal(stream: TextIO) -> bool:
    """Whether a person sits at the other end. A closed stream is none."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def columns(rows: Sequence[Sequence[str]], head: Sequence[str], paint: Paint) -> list[str]:
    """Rows as aligned columns under a head, the last column ragged. Cells are made visible."""
    cells = [[visible(c) for c in row] for row in rows]
    widths = [max(len(r[i]) for r in [list(head), *cells]) for i in range(len(head))]
    lines = [paint.bold(_line(head, widths))]
    return [*lines, *(_line(row, widths) for row in cells)]


def _line(row: Iterable[str], widths: Sequence[int]) -> str:
    return "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
