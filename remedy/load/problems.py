"""Everything wrong with a file, gathered before anything is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from remedy.errors import Invalid, Problem
from remedy.load.text import printable

MOST_PROBLEMS = 100  # of one file; more say nothing new


@dataclass(frozen=True)
class Place:
    """Where something is written. Lines and columns are counted from 1; 0 is the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{max(self.line, 1)}:{max(self.column, 1)}"


def place_of(at: str) -> Place:
    """The place that FILE:LINE:COL says."""
    file, line, column = at.rsplit(":", 2)
    return Place(file, int(line), int(column))


@dataclass(frozen=True)
class Flaw:
    """A problem and the JSON pointer it is about."""

    pointer: str
    place: Place
    message: str
    rule: str = ""
    fix: str = ""

    def problem(self) -> Problem:
        """The same for a person; names and values in it may be anybody's."""
        at = str(self.place)
        return Problem(at=at, message=printable(self.message), rule=printable(self.rule), fix=printable(self.fix))


@dataclass
class Flaws:
    """The flaws of one file, at most one for the same place."""

    found: list[Flaw] = field(default_factory=list)
    cut: bool = False

    def add(self, flaw: Flaw) -> None:
        """Keep it, unless there are enough."""
        if len(self.found) >= MOST_PROBLEMS:
            self.cut = True
        elif flaw not in self.found:
            self.found.append(flaw)

    def touch(self, pointer: str) -> bool:
        """Whether something at, above or below this pointer is already known to be wrong."""
        return any(_overlap(pointer, f.pointer) for f in self.found)

    def within(self, pointer: str) -> bool:
        """Whether something at or below this pointer is already known to be wrong."""
        return any(f.pointer == pointer or f.pointer.startswith(pointer + "/") for f in self.found)

    def problems(self) -> tuple[Problem, ...]:
        """All of them, in the order of the file."""
        ordered = sorted(self.found, key=lambda f: (f.place.file, f.place.line, f.place.column))
        listed = [f.problem() for f in ordered]
        if self.cut:
            left_out = f"more than {MOST_PROBLEMS} problems; the rest is left out"
            listed.append(Problem(at=listed[-1].at, message=left_out))
        return tuple(listed)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


def refuse(problems: Iterable[Problem], what: str) -> None:
    """Raise Invalid with all problems, if there is one."""
    listed = tuple(problems)
    if listed:
        count = "one problem" if len(listed) == 1 else f"{len(listed)} problems"
        raise Invalid(f"{count} in {what}", at=listed[0].at, fix=listed[0].fix, problems=listed)


def below(pointer: str, key: str | int) -> str:
    """The JSON pointer of a member."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
