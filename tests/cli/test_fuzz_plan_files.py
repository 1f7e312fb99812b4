"""Whatever a plan's file holds, it is the kept plan to the last byte or it is refused. Fault 33."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.cli.plan_file import kept_plan
from remedy.cli.shown.plan_json import file_text
from remedy.errors import Refused
from remedy.store.sqlite import SqliteStore
from tests.fuzz import LONG, bounded, mutated
from tests.memory import forget_peak, peak_bytes
from tests.store.made import StandingClock, a_plan

MOST_BYTES = 256 * 1024 * 1024
PIECES = (
    b"{}",
    b"[]",
    b"null",
    b"9" * 5000,
    b"[" * 20_000,
    b'{"a":' * 5_000,
    b'"',
    b"\\ud800",
    b"\\u0000",
    b"NaN",
    b"1e999",
)
PIECES += (
    b"\xff",
    b"\x00",
    b",",
    b":",
    b"\n",
    b" ",
    b'"id": 5',
    b'"home": null',
    b'"id": "../../etc/passwd"',
    b"\xef\xbb\xbf",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    (tmp_path / "home").mkdir(mode=0o700)
    opened = SqliteStore.open(tmp_path / "home" / ".remedy", StandingClock())
    yield opened
    opened.close()


def fuzz(store: SqliteStore, file: Path, count: int, seed: int) -> int:
    """Offer so many files. Returns how many were refused; every other one must be the kept plan's own."""
    chance, plan = random.Random(seed), a_plan(store.home)
    store.save_plan(plan)
    whole, refused = file_text(plan).encode("ascii"), 0
    for _ in range(count):
        content = mutated(whole, chance, PIECES)
        file.write_bytes(content)
        try:
            with bounded():
                kept_plan(store, file)
        except Refused:
            refused += 1
        else:
            assert content == whole
    return refused


def test_fault_033_a_garbled_plans_file_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    assert fuzz(store, tmp_path / "plan.json", 300, seed=7) > 290


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_fault_033_a_hundred_thousand_garbled_plans_files_are_refused(store: SqliteStore, tmp_path: Path) -> None:
    before = forget_peak()
    for thousand in range(LONG // 1000):
        assert fuzz(store, tmp_path / "plan.json", 1_000, seed=thousand) > 980
    assert peak_bytes() - before < MOST_BYTES
