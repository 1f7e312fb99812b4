"""Whatever the rows of a journal or of a plan hold, it is what was written or refused with its row. Faults 65, 71."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest

from remedy.codec import encode
from remedy.digest import canonical
from remedy.errors import Invalid, StoreError
from remedy.model import Draft, Event, Kind
from remedy.store import rows
from remedy.store.audit import sha256
from remedy.store.chain import genesis, link, verify_links
from remedy.store.connection import Cell
from tests.fuzz import LONG, bounded, mutated
from tests.memory import forget_peak, peak_bytes
from tests.store.made import a_draft, a_plan

HOME = "home-of-fuzz"
MOST_BYTES = 256 * 1024 * 1024
PIECES = (
    b"{}",
    b"[]",
    b"null",
    b"9" * 5000,
    b"[" * 2000,
    b'"',
    b"\\ud800",
    b"\\u0000",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"\xff",
)
PIECES += (
    b"\x00",
    b",",
    b":",
    b'{"secret":"env:X"}',
    b"run_created",
    b"true",
    b"\xe2\x80\xae",
    b"'; DROP TABLE events; --",
)


def journal() -> list[Event]:
    drafts = [a_draft(str(n), size_bytes=200) for n in range(5)]
    drafts.append(Draft(kind=Kind.RUN_CLOSED, run="r1", body={"verdict": "resolved", "outcome": "changed"}))
    first = Event(seq=0, at="2026-01-01T00:00:00.000000Z", kind=Kind.PLANNED, body={}, hash=genesis(HOME))
    return list(link(drafts, at="2026-01-01T00:00:01.000000Z", after=first))


def garbled(row: Sequence[Cell], chance: random.Random) -> list[Cell]:
    """The row with one or two of its columns changed."""
    made = list(row)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(made))
        text = mutated(str(made[at]).encode("utf-8", "surrogatepass"), chance, PIECES).decode("utf-8", "replace")
        made[at] = chance.choice((text, text, text, None, -1, 1 << 62, 1.5, b"\xff\x00"))
    return made


def fuzz_events(count: int, seed: int) -> tuple[int, int]:
    """Read so many rows and what follows them. Returns how many were refused and how many were as written."""
    chance, events = random.Random(seed), journal()
    refused = same = 0
    for _ in range(count):
        at = chance.randrange(len(events))
        row = garbled(list(rows.cells(events[at]).values()), chance)
        try:
            with bounded():
                found = rows.event(order(row))
                verify_links([*events[:at], found, *events[at + 1 :]], seq=0, before=genesis(HOME))
        except StoreError as refusal:
            refused += 1
            said = refusal
        else:
            same += 1
            assert found == events[at]
            continue
        assert said.at.startswith("events.seq=")
        assert said.fix
    return refused, same


def order(cells: Sequence[Cell]) -> list[Cell]:
    """The columns as a query gives them."""
    names = ("seq", "at", "kind", "plan", "run", "host", "step", "body", "before", "hash")
    known = dict(zip(rows.cells(journal()[0]), cells, strict=True))
    return [known[name] for name in names]


def fuzz_plans(count: int, seed: int) -> int:
    """Read so many garbled documents of a plan, each vouched for by a journal. Returns how many were refused."""
    chance, plan = random.Random(seed), a_plan(HOME)
    document = canonical(encode(plan)).encode()
    refused = 0
    for _ in range(count):
        text = mutated(document, chance, PIECES).decode("utf-8", "replace")
        made = Event(
            seq=1, at="", kind=Kind.PLANNED, plan=plan.id, body={"digest": plan.digest, "document_sha256": sha256(text)}
        )
        try:
            with bounded():
                found = rows.plan(plan.id, text, made, sha256(text))
        except (StoreError, Invalid):
            refused += 1
        else:  # another text of a plan: other spaces, a key that has its default
            assert (found.id, found.digest) == (plan.id, plan.digest)
            assert json.loads(text) is not None
    return refused


def test_fault_071_a_garbled_event_is_refused_or_is_what_was_written() -> None:
    refused, same = fuzz_events(2_000, seed=5)
    assert refused > 1_500
    assert refused + same == 2_000


def test_fault_065_a_garbled_plan_is_refused_or_is_one() -> None:
    assert fuzz_plans(300, seed=6) > 150


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fault_071_a_hundred_thousand_garbled_events_are_refused() -> None:
    before = forget_peak()
    for thousand in range(LONG // 1000):
        fuzz_events(1_000, seed=thousand)
    assert peak_bytes() - before < MOST_BYTES


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fault_065_a_hundred_thousand_garbled_plans_are_refused() -> None:
    before = forget_peak()
    for thousand in range(LONG // 1000):
        fuzz_plans(1_000, seed=thousand)
    assert peak_bytes() - before < MOST_BYTES
