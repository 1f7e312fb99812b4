"""What an approved change may still do on what is there now: all of it, less, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from remedy.actions.action import Action, items_of
from remedy.engine.ground import SHOWN_LINES, Different, Less, Same, compare, header, is_less
from remedy.engine.plan import seen_of, timed
from remedy.engine.sense import sensible
from remedy.model import Change, PlannedStep, Reply


@dataclass(frozen=True)
class Allowed:
    """This may be sent, resting on this ground.

    `listed` names the members that it acts upon, where others are there that it must leave alone.
    """

    change: Change
    ground: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    listed: frozenset[str] | None = None

    def of_it(self, ground: tuple[str, ...]) -> tuple[str, ...]:
        """A ground without the members that are none of this change's."""
        return ground if self.listed is None else only(ground, self.listed)


@dataclass(frozen=True)
class NotNeeded:
    """Already right, or gone."""

    reason: str


@dataclass(frozen=True)
class Moved:
    """Something else is there now: both sides."""

    lines: tuple[str, ...]


TAB = "\t"

Allowance: TypeAlias = "Allowed | NotNeeded | Moved"


def allow(
    step: PlannedStep, approved: Change, action: Action[Any], found: Reply, *, own: bool, exact: bool
) -> Allowance:
    """What of an approved change may be carried out.

    `own` says that earlier steps of the same run touched the same thing: then what they added or
    altered is left alone instead of making the step stale. `exact` (an undo) allows nothing but the
    very operations approved. Raises CannotTell for a look without an answer.
    """
    seen = seen_of(action, found)
    relation = compare(step.ground, found.ground, action.told)
    if isinstance(relation, Same) or (exact and own):
        return Allowed(approved, found.ground, found.evidence)
    if exact:
        return Moved(_sides(step, relation, action))
    wanted = _wanted(action, seen)
    if isinstance(wanted, NotNeeded):
        return wanted
    if isinstance(relation, Less):
        return _less(step, approved, wanted, Allowed(wanted, found.ground, found.evidence))
    if own and header(step.ground) == header(found.ground):
        return _listed_only(step, approved, action, found)
    return Moved(relation.lines)


def _wanted(action: Action[Any], seen: Any) -> Change | NotNeeded:
    """What the action would do now."""
    with sensible(action.name):
        return action.plan(seen) or NotNeeded(action.unchanged(seen))


def _sides(step: PlannedStep, relation: Less | Different, action: Action[Any]) -> tuple[str, ...]:
    if isinstance(relation, Different):
        return relation.lines
    was = items_of(step.ground)
    return tuple(f"- {action.told(f'item {key}{TAB}{was[key]}')}" for key in relation.gone[:SHOWN_LINES])


def _listed_only(step: PlannedStep, approved: Change, action: Action[Any], found: Reply) -> Allowance:
    """The approved members that are there as they were; what this run added or altered is not among them."""
    listed = listed_of(step, action, found.ground)
    kept = replace(found, ground=only(found.ground, listed))
    seen = seen_of(action, kept)
    wanted = _wanted(action, seen)
    if isinstance(wanted, NotNeeded):
        return wanted
    allowed = Allowed(wanted, found.ground, found.evidence, listed)
    return _less(step, approved, wanted, allowed, by_identity=action.by_identity)


def listed_of(step: PlannedStep, action: Action[Any], ground: tuple[str, ...]) -> frozenset[str]:
    """The members of a ground that the step was approved for, as they were then; by identity, under any name."""
    was, now = items_of(step.ground), items_of(ground)
    if action.by_identity:
        return frozenset(k for k, state in now.items() if state in was.values())
    return frozenset(k for k in was if now.get(k) == was[k])


def _less(
    step: PlannedStep, approved: Change, wanted: Change, allowed: Allowed, *, by_identity: bool = False
) -> Allowance:
    """`allowed`, with the step's own timeouts, unless it holds what was not approved."""
    change = timed(wanted, step.timeout_s)
    if change.typed not in ("", approved.typed):
        lost = f"- {approved.typed or 'nothing'} was typed"
        return Moved((lost, f"+ {change.typed} is to be"))
    if is_less(approved, change, by_identity=by_identity):
        return replace(allowed, change=change)
    return Moved((f"- {approved.title}", f"+ {change.title}: not a part of what was approved"))


def only(ground: tuple[str, ...], keys: Collection[str]) -> tuple[str, ...]:
    """A ground with these members of its set alone."""
    return tuple(x for x in ground if not x.startswith("item ") or next(iter(items_of((x,)))) in keys)
