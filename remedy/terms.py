"""What must hold besides consent in the moment in which a plan is redeemed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from remedy.errors import Refused

CLOCK_SLACK = timedelta(seconds=120)  # ordinary corrections by a time service stay below it


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How often runs of a playbook may change one host within a stretch of time; `at` says where it is written."""

    host: str
    most: int
    within: timedelta
    at: str


def always_open(_: datetime) -> Refused | None:
    """It is the time, at any time."""
    return None


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What must hold besides consent in the moment in which a plan is redeemed, by the store's own clock.

    `closed` says why it is not the time, a window or a freeze; only an approval that broke the
    glass stands for it, and for a spent budget. `standing`: whether standing approvals may be used.
    """

    closed: Callable[[datetime], Refused | None] = always_open
    budgets: tuple[Budget, ...] = ()
    standing: bool = False


UNCONDITIONAL = Conditions()
