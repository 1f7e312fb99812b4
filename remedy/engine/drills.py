"""What a drill did to a host, by its record: which runs are drills, and whether one left something broken. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from remedy.engine.report import RunState
from remedy.load.drills import SUFFIX
from remedy.model import Outcome
from remedy.ports import RunRow

BACK = (Outcome.CHANGED, Outcome.UNCHANGED)


def is_drill(playbook: str) -> bool:
    """Whether a run of this name breaks something on purpose, or takes that back."""
    return playbook.endswith(SUFFIX)


def is_left_broken(state: RunState, undos: Iterable[RunRow]) -> bool:
    """Whether what a drill broke may be broken still: it acted, or may have, and no run took it back whole."""
    if any(row.closed_at and row.outcome in BACK for row in undos):
        return False
    acted = any(s.acted and not s.undone for h in state.hosts.values() for s in h.steps.values())
    return acted or not state.is_closed
