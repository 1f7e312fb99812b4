"""What must hold besides consent in the moment in which a plan is redeemed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from remedy.errors import Refused
from remedy.model import Plan

CLOCK_SLACK = timedelta(seconds=120)  # ordinary corrections by a time service stay below it


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How often runs of a playbook may change one host within a stretch of time; `at` says where it is written."""

    host: str
    most: int
    within: timedelta
    at: str


@dataclass(frozen=True, kw_only=True)
class InHand:
    """Hosts of a run that is open, or one that a run left as it was: `left` says how. `at_once` as the run's batch."""

    run: str
    plan: Plan
    hosts: frozenset[str]
    at_once: int = 1
    left: str = ""

    def without(self, hosts: frozenset[str]) -> InHand:
        """The same, but for these."""
        return replace(self, hosts=self.hosts - hosts)


def always_open(_: datetime) -> Refused | None:
    """It is the time, at any time."""
    return None


def always_room(_: Sequence[InHand]) -> Refused | None:
    """However many hosts are in hand, it may begin."""
    return None


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What must hold besides consent in the moment in which a plan is redeemed, by the store's own clock.

    `closed` says why it is not the time, a window or a freeze; only an approval that broke the
    glass stands for it, for a spent budget, and for `crowded`: that too many hosts are in hand. `standing`: whether
    standing approvals may be used.
    """

    closed: Callable[[datetime], Refused | None] = always_open
    budgets: tuple[Budget, ...] = ()
    crowded: Callable[[Sequence[InHand]], Refused | None] = always_room
    standing: bool = False


UNCONDITIONAL = Conditions()
