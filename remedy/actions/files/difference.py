"""Two texts side by side for people: a unified difference, bounded in work and in length. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

COMPARED_LINES = 1000  # of each side, after what both begin and end with; above, comparing may take seconds
SHOWN_LINES = 400
SHOWN_CHARACTERS = 400  # of a line
CONTEXT = 3


def difference(old: str, new: str) -> tuple[str, ...]:
    """The lines to take away (-), to add (+), and three around each; at most SHOWN_LINES of them."""
    before, after = _lines(old), _lines(new)
    start = _alike(before, after)
    rest = min(len(before), len(after)) - start
    end = min(_alike(before[::-1], after[::-1]), rest)
    first = max(0, start - CONTEXT)
    parts = [side[first : len(side) - max(0, end - CONTEXT)] for side in (before, after)]
    if max(map(len, parts)) > COMPARED_LINES + 2 * CONTEXT:
        found = [f"@@ {len(before):,} lines become {len(after):,}: too many to compare line by line @@"]
        found += [f"+{line}" for line in parts[1]]
    else:
        found = list(_hunks(parts[0], parts[1], first))
    more = len(found) - SHOWN_LINES
    shown = [_cut(line) for line in found[:SHOWN_LINES]]
    return (*shown, *([f"and {more:,} more lines"] if more > 0 else []))


def _hunks(before: list[str], after: list[str], first: int) -> Iterator[str]:
    for group in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT):
        (_, a, _, b, _), (_, _, c, _, d) = group[0], group[-1]
        yield f"@@ -{_span(first + a, c - a)} +{_span(first + b, d - b)} @@"
        for what, i, j, k, m in group:
            if what == "equal":
                yield from (f" {line}" for line in before[i:j])
                continue
            yield from (f"-{line}" for line in before[i:j])
            yield from (f"+{line}" for line in after[k:m])


def _span(start: int, length: int) -> str:
    return f"{start + 1 if length else start},{length}"


def _lines(text: str) -> list[str]:
    if not text:
        return []
    lines = text.split("\n")
    if not lines[-1]:
        return lines[:-1]
    return [*lines, "\\ no newline at the end"]


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _cut(line: str) -> str:
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}..."
