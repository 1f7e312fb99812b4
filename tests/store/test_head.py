"""The head may lag behind the journal and never leads it, whoever is killed when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from remedy.errors import Busy
from remedy.store.head import SLOT_BYTES, Head, Mark


def mark(seq: int) -> Mark:
    return Mark(home="h", seq=seq, hash=f"{seq:064x}")


@pytest.fixture
def head(tmp_path: Path) -> Head:
    made = Head(tmp_path / "head")
    with made.founding(1):
        made.begin(mark(0))
    return made


def test_a_new_file_holds_no_mark(tmp_path: Path) -> None:
    assert Head(tmp_path / "head").read() is None


def test_the_head_moves_on(head: Head, tmp_path: Path) -> None:
    for seq in (1, 2, 5, 6):
        head.advance(mark(seq))
        assert head.read() == mark(seq)
    assert Head(tmp_path / "head").read() == mark(6)
    assert (tmp_path / "head").stat().st_size == 2 * SLOT_BYTES


def test_the_head_never_goes_back(head: Head) -> None:
    head.advance(mark(9))
    for seq in (8, 9, 1):
        head.advance(Mark(home="h", seq=seq, hash="f" * 64))
        assert head.read() == mark(9)


def test_a_torn_write_leaves_the_mark_before_it(head: Head, tmp_path: Path) -> None:
    head.advance(mark(1))
    before = (tmp_path / "head").read_bytes()
    head.advance(mark(2))
    after = (tmp_path / "head").read_bytes()
    for torn in range(0, 2 * SLOT_BYTES, 3):
        (tmp_path / "head").write_bytes(after[:torn] + before[torn:])
        assert head.read() in (mark(1), mark(2))


def test_each_flipped_byte_of_a_mark_is_noticed(head: Head, tmp_path: Path) -> None:
    head.advance(mark(1))
    head.advance(mark(2))
    whole = (tmp_path / "head").read_bytes()
    used = [n for n, byte in enumerate(whole) if byte not in b" \n"]
    for n in used:
        (tmp_path / "head").write_bytes(whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :])
        assert head.read() in (mark(1), mark(2))
    (tmp_path / "head").write_bytes(os.urandom(2 * SLOT_BYTES))
    assert head.read() is None


def test_a_writer_that_is_stopped_makes_the_head_lag_and_stops_nobody(head: Head, tmp_path: Path) -> None:
    other = Head(tmp_path / "head")
    with other.founding(1):
        head.advance(mark(7))
        assert head.read() == mark(0)
        with pytest.raises(Busy), head.founding(0.01):
            pass
    head.advance(mark(7))
    assert head.read() == mark(7)


def test_a_closed_head_stays_closed(head: Head, tmp_path: Path) -> None:
    head.close()
    descriptor = os.open(tmp_path / "other", os.O_CREAT | os.O_RDWR)
    head.close()
    os.fstat(descriptor)  # a second close must not have taken another file's descriptor
    os.close(descriptor)
