"""Hosts as a table of at most a screenful: what each is doing, how it ended, how long it took."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from remedy.cli.shown.text import Paint, visible

MOST_LINES = 20  # with the counts above and the rest below
LONGEST_NAME = 28  # columns
ROOM_FOR_DETAIL = 44  # columns, below which only name and word are shown
GOOD = ("changed", "unchanged", "seen")
WAITING, READY = "waiting", "ready"  # not turned to yet; leased and looked at


@dataclass
class Row:
    """One host. `word` is its phase, or how it ended; times are seconds of the monotonic clock."""

    name: str
    word: str = WAITING
    detail: str = ""
    began_s: float | None = None
    ended_s: float | None = None

    @property
    def is_ill(self) -> bool:
        return self.ended_s is not None and self.word not in GOOD

    @property
    def is_active(self) -> bool:
        return self.began_s is not None and self.ended_s is None

    @property
    def counted_as(self) -> str:
        return "at work" if self.is_active else self.word


@dataclass
class HostTable:
    """The rows by host, in the order in which they are to be shown. Used under its owner's lock."""

    rows: dict[str, Row] = field(default_factory=dict)

    def expect(self, names: Iterable[str]) -> None:
        """Begin anew with these hosts, none of which was turned to."""
        self.rows = {name: Row(name) for name in names}

    def at_work(self, name: str, word: str, detail: str, now_s: float) -> None:
        """What is being done there now."""
        row = self.rows.setdefault(name, Row(name))
        row.word, row.detail, row.ended_s = word, detail, None
        row.began_s = now_s if row.began_s is None else row.began_s

    def at_rest(self, name: str, word: str) -> None:
        """Nothing is being done there until its turn comes."""
        row = self.rows.setdefault(name, Row(name))
        row.word, row.detail, row.began_s, row.ended_s = word, "", None, None

    def ended(self, name: str, word: str, detail: str, now_s: float) -> None:
        """How it ended there."""
        row = self.rows.setdefault(name, Row(name))
        row.word, row.detail, row.ended_s = word, detail, now_s

    # ------------------------------------------------------------ what is shown of it

    def lines(self, columns: int, height: int, now_s: float, paint: Paint) -> list[str]:
        """The counts, the rows that matter most, and how many of what are left out; no line is wider than that."""
        most = max(3, min(MOST_LINES, height))
        rows = list(self.rows.values())
        shown = rows if len(rows) < most else _weightiest(rows, most - 2)
        layout = _Layout.of(shown, columns)
        lines = [paint.bold(clipped(f"{len(rows)} hosts: {counts(rows)}", columns))]
        lines += [layout.line(row, now_s, paint) for row in shown]
        if left_out := [r for r in rows if r not in shown]:
            lines.append(paint.dim(clipped(f"… and {len(left_out)} more: {counts(left_out)}", columns)))
        return lines


def counts(rows: Sequence[Row]) -> str:
    """How many of what, the bad ones first and those that wait last."""
    found = Counter(row.counted_as for row in rows)
    rank = {"at work": 1, "changed": 2, "unchanged": 3, "seen": 3, READY: 4, WAITING: 5}
    return ", ".join(f"{found[word]} {word}" for word in sorted(found, key=lambda w: (rank.get(w, 0), w)))


def _weightiest(rows: Sequence[Row], most: int) -> list[Row]:
    """The rows to show, in their own order: those that ended badly, those at work, then those that ended last."""
    ill = [r for r in rows if r.is_ill]
    active = [r for r in rows if r.is_active]
    rest = sorted((r for r in rows if not r.is_ill and r.ended_s is not None), key=lambda r: -(r.ended_s or 0))
    waiting = [r for r in rows if r.began_s is None and r.ended_s is None]
    room = max(most // 2, most - len(active))  # the bad ones leave half of it to what happens now
    chosen = [*ill[:room], *active, *ill[room:], *rest, *waiting][:most]
    names = {r.name for r in chosen}
    return [r for r in rows if r.name in names]


@dataclass(frozen=True)
class _Layout:
    """How wide each column is."""

    columns: int
    name: int
    word: int

    @classmethod
    def of(cls, rows: Sequence[Row], columns: int) -> _Layout:
        name = max((width_of(visible(r.name)) for r in rows), default=0)
        word = max((width_of(visible(r.word)) for r in rows), default=0)
        return cls(columns, min(name, LONGEST_NAME, max(8, columns // 3)), max(9, word))

    def line(self, row: Row, now_s: float, paint: Paint) -> str:
        name = padded(visible(row.name), self.name)
        if self.columns < ROOM_FOR_DETAIL:
            return clipped(f"{name}  {visible(row.word)}", self.columns)
        word = padded(visible(row.word), self.word)
        taken = 0.0 if row.began_s is None else (row.ended_s or now_s) - row.began_s
        elapsed = "" if row.began_s is None else _elapsed(taken)
        room = self.columns - self.name - self.word - 2 - 2 - 2 - 7
        detail = padded(visible(row.detail), max(0, room))
        return f"{name}  {_style(row, paint)(word)}  {detail}  {paint.dim(elapsed.rjust(7))}".rstrip()


def _style(row: Row, paint: Paint) -> Callable[[str], str]:
    if row.is_ill:
        return paint.red
    if row.word == "changed":
        return paint.green
    return paint.yellow if row.is_active else paint.dim


def _elapsed(seconds: float) -> str:
    minutes, whole = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours > 9:
        return f"{hours}h{minutes:02}m"
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


# ---------------------------------------------------------------- widths on a terminal


def width_of(text: str) -> int:
    """Columns that visible text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clipped(text: str, columns: int) -> str:
    """The text in so many columns; one that is cut ends in an ellipsis."""
    if width_of(text) <= columns:
        return text
    kept, left = [], columns - 1
    for character in text:
        left -= _cell(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "…" if columns > 0 else ""


def padded(text: str, columns: int) -> str:
    """The text in exactly so many columns."""
    kept = clipped(text, columns)
    return kept + " " * (columns - width_of(kept))
