"""What came of a drill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """A drill as far as it came. Times are in seconds; None where it did not come so far.

    `to_symptom_s` is from the fault to its symptom, the other two from the symptom on. Runs are named by their
    ids, "" where there was none.
    """

    playbook: str
    host: str
    about: str
    verdict: Literal["held", "failed"] = "failed"
    why: str = ""  # the first thing that did not hold
    restored: bool = False
    injection: str = ""
    remedy: str = ""
    again: str = ""
    restore: str = ""
    to_symptom_s: float | None = None
    to_plan_s: float | None = None
    to_fixed_s: float | None = None

    @property
    def held(self) -> bool:
        """Whether the remedy remedied it, once, and all is as it was."""
        return self.verdict == "held" and self.restored
