"""Many hosts in few words: names that count on are written as a range."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from remedy.cli.shown.text import visible

COUNTED = re.compile(r"([^\[\],]*?)([0-9]{1,9})([^0-9\[\],]*)")


def names_text(names: Iterable[str]) -> str:
    """All of them: `web[01-03,07]`, `db1`. In their order, a family where its first member stands."""
    families: dict[tuple[str, str, int], list[str]] = {}
    for name in names:
        found = COUNTED.fullmatch(name)
        if found:
            families.setdefault((found[1], found[3], len(found[2])), []).append(found[2])
        else:
            families.setdefault((name, "", 0), []).append("")
    return ", ".join(
        _family(visible(before), visible(after), numbers) for (before, after, _), numbers in families.items()
    )


def _family(before: str, after: str, numbers: list[str]) -> str:
    if len(numbers) == 1:
        return f"{before}{numbers[0]}{after}"
    return f"{before}[{','.join(_runs(numbers))}]{after}"


def _runs(numbers: list[str]) -> Iterator[str]:
    """Numbers in rising order, each unbroken run as `FIRST-LAST`."""
    run: list[str] = []
    for number in sorted(set(numbers), key=int):
        if run and int(number) != int(run[-1]) + 1:
            yield _run(run)
            run = []
        run.append(number)
    yield _run(run)


def _run(run: list[str]) -> str:
    return run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}"
