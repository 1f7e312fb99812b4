"""Whether a host's clock is good enough to take away what is old by it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from remedy.actions.words import span_text
from remedy.errors import Refused
from remedy.load.resolved import Resolved
from remedy.model import Ago, Call, PlannedStep
from remedy.terms import CLOCK_SLACK

PART = 10  # of an age, as far as a clock may be ahead: what is nine days old may pass for ten


def demand_told(resolved: Resolved, steps: Iterable[PlannedStep], ahead_s: int) -> None:
    """Raise Refused where a step takes things away by age on a host whose clock is far ahead of this machine's.

    Everything looks old by such a clock. One that is behind only keeps more.
    """
    ages = {s.id: age for s in resolved.steps if s.action for age in _ages(s.action.look(resolved.host).args)}
    for step in steps:
        age_s = ages.get(step.step, 0)
        if not age_s or step.change is None or not any(isinstance(o, Call) and o.items for o in step.change.operations):
            continue
        if ahead_s > max(CLOCK_SLACK.total_seconds(), age_s // PART):
            raise Refused(
                f"{resolved.host.name}: its clock is {span_text(ahead_s)} ahead of this machine's, so step {step.step}"
                f" ({step.action}) cannot tell what is older than {span_text(age_s)}",
                at=resolved.host.name,
                fix="set the clock that is wrong, then plan again",
            )


def _ages(args: Iterable[object]) -> list[int]:
    """The shortest age that a look asks for, if any."""
    found = [arg.ago_s for arg in args if isinstance(arg, Ago) and arg.ago_s > 0]
    return [min(found)] if found else []
