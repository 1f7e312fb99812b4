"""Grounds compared: the same, less, or something else. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from remedy.actions.action import items_of, plainly
from remedy.model import Call, Change, Operation

Told: TypeAlias = Callable[[str], str]


@dataclass(frozen=True)
class Same:
    """What was planned upon is what is there."""


@dataclass(frozen=True)
class Less:
    """Only members of the set are gone; everything else is as it was."""

    gone: tuple[str, ...]


@dataclass(frozen=True)
class Different:
    """Something else is there. `lines` shows both sides, `-` as planned, `+` as found."""

    lines: tuple[str, ...]
    only_more: bool = False  # nothing but new members of the set


SHOWN_LINES = 20  # of each side; a person reads no more before planning again


def compare(planned: tuple[str, ...], found: tuple[str, ...], told: Told = plainly) -> Same | Less | Different:
    """How what is found relates to what was planned upon. The order of a set's members does not count.

    `told` says a line of either in words for people.
    """
    if planned == found:
        return Same()
    before, now = items_of(planned), items_of(found)
    header_before, header_now = header(planned), header(found)
    if len(now) + len(header_now) != len(found):
        return Different(("+ an answer that names the same thing twice",))
    changed = [k for k in before if k in now and before[k] != now[k]]
    more = [k for k in now if k not in before]
    gone = tuple(k for k in before if k not in now)
    if header_before == header_now and not changed and not more:
        return Less(gone)
    was = [x for x in header_before if x not in header_now][:SHOWN_LINES]
    lines = _sides(was, [x for x in header_now if x not in header_before][:SHOWN_LINES], told)
    if header_before != header_now and not lines:
        lines = ["+ the same lines in another order, or another number of times"]
    for key in changed[:SHOWN_LINES]:
        lines += _sides([f"item {key}\t{before[key]}"], [f"item {key}\t{now[key]}"], told)
    lines += _sides([], [f"item {key}\t{now[key]}" for key in more[:SHOWN_LINES]], told)
    return Different(tuple(lines), only_more=header_before == header_now and not changed)


def _sides(was: list[str], now: list[str], told: Told) -> list[str]:
    """Both sides in words; as they stand, too, where the words are the same or say nothing."""
    words = [[told(x) for x in side] for side in (was, now)]
    if words[0] == words[1] or not any(w for side in words for w in side):
        words = [[" ".join(filter(None, (told(x), f"({plainly(x)})"))) for x in side] for side in (was, now)]
    return [f"- {w}" for w in words[0] if w] + [f"+ {w}" for w in words[1] if w]


def header(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that are not members of a set."""
    return tuple(x for x in lines if not x.startswith("item "))


def is_less(approved: Change, wanted: Change, *, by_identity: bool = False) -> bool:
    """Whether every operation wanted was approved: the same, or with fewer items, in the same order.

    `by_identity`: an item is the approved one where its state is, under whatever name.
    """
    remaining = iter(approved.operations)
    return all(any(_covers(a, w, by_identity) for a in remaining) for w in wanted.operations)


def _covers(approved: Operation, wanted: Operation, by_identity: bool) -> bool:
    if approved == wanted:
        return True
    if not (isinstance(approved, Call) and isinstance(wanted, Call)):
        return False
    is_same_verb = replace(wanted, items=approved.items, timeout_s=approved.timeout_s) == approved
    is_no_longer = wanted.timeout_s <= approved.timeout_s  # fewer items may need less time
    listed, left = (Counter(_which(i, by_identity) for i in o.items) for o in (approved, wanted))
    return is_same_verb and is_no_longer and bool(wanted.items) and left <= listed


def _which(item: str, by_identity: bool) -> str:
    return item.rpartition("\t")[2] if by_identity else item


def overlaps(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two steps touch the same thing: equal names, or paths of which one holds the other."""
    return any(_same_thing(a, b) for a in one for b in other)


def _same_thing(a: str, b: str) -> bool:
    if a == b:
        return True
    if not (a.startswith("path:/") and b.startswith("path:/")):
        return False
    a, b = a.rstrip("/") + "/", b.rstrip("/") + "/"
    return a.startswith(b) or b.startswith(a)
