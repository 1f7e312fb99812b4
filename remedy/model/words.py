"""The words of judgement, and what JSON is."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Risk(IntEnum):
    """How much harm a change can do. Computed by code; a playbook cannot lower it."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def raised(self) -> Risk:
        """One step worse; high stays high."""
        return Risk(min(self + 1, Risk.HIGH))

    @property
    def word(self) -> str:
        return self.name.lower()


class Outcome(StrEnum):
    """What became of a step or a host. Worst first; a host's outcome is the worst of its steps."""

    UNKNOWN = "unknown"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def worst(outcomes: list[Outcome]) -> Outcome:
    """The worst of several outcomes; of none, `unchanged`."""
    order = list(Outcome)
    return min(outcomes, key=order.index, default=Outcome.UNCHANGED)


class Verdict(StrEnum):
    """What a run achieved against its symptom."""

    RESOLVED = "resolved"
    INEFFECTIVE = "ineffective"
    INCONCLUSIVE = "inconclusive"
    RECURRED = "recurred"


class Answer(StrEnum):
    """What a check says. `CANNOT_TELL` is never read as `OK`, nor as its opposite."""

    OK = "ok"
    NOT_OK = "not ok"
    CANNOT_TELL = "cannot tell"
