"""Output is counted and hashed whole, kept at both ends, and shows no half of a secret."""

from __future__ import annotations

import hashlib
import secrets

import pytest

from remedy.hosts.drain import HEAD_BYTES, TAIL_BYTES, Drain
from remedy.secret import Redactor, Secret

KEPT = HEAD_BYTES + TAIL_BYTES


def drained(text: bytes, size: int, *known: str) -> Drain:
    drain = Drain(Redactor(map(Secret, known)))
    for at in range(0, len(text), size):
        drain.take(text[at : at + size])
    return drain


@pytest.mark.parametrize("size", [1, 7, 4096, 65_536, 10_000_000])
@pytest.mark.parametrize("length", [0, 1, HEAD_BYTES - 1, HEAD_BYTES + 1, KEPT - 1, KEPT])
def test_what_fits_is_kept_whole_however_it_comes(size: int, length: int) -> None:
    if length // size > 100_000:
        size = 3
    text = (b"0123456789abcdef\n" * (length // 17 + 1))[:length]
    output = drained(text, size).output()
    assert (output.text, output.size_bytes, output.truncated) == (text.decode(), length, False)
    assert output.sha256 == (hashlib.sha256(text).hexdigest() if text else "")


@pytest.mark.parametrize("size", [997, 65_536, 10_000_000])
@pytest.mark.parametrize("length", [KEPT + 1, 2 * KEPT, 3_000_000])
def test_fault_050_of_more_both_ends_are_kept(size: int, length: int) -> None:
    text = (b"%08d\n" * (length // 9 + 1) % tuple(range(length // 9 + 1)))[:length]
    output = drained(text, size).output()
    assert output.text == (text[:HEAD_BYTES] + b"\n[...]\n" + text[-TAIL_BYTES:]).decode()
    assert (output.size_bytes, output.sha256) == (length, hashlib.sha256(text).hexdigest())
    assert output.truncated


def test_fault_096_a_secret_at_any_place_of_the_edges_is_masked() -> None:
    value = secrets.token_hex(12)
    filler = b"." * (KEPT + 200_000)
    for edge in (0, HEAD_BYTES, len(filler) - TAIL_BYTES, len(filler)):
        for place in range(edge - 60, edge + 60, 5):
            at = min(max(0, place), len(filler))
            text = filler[:at] + value.encode() + filler[at:]
            shown = drained(text, 4093, value).output().text
            for start in range(len(value) - 5):
                assert value[start : start + 6] not in shown, (edge, place)


def test_fault_052_bytes_that_are_no_text_are_written_as_escapes() -> None:
    output = drained(b"a\xff\xc3(\x00\xe2\x82", 1).output()
    assert output.text == "a\\xff\\xc3(\x00\\xe2\\x82"


def test_fault_050_memory_does_not_grow_with_the_output() -> None:
    drain = Drain(Redactor())
    piece = b"x" * 65_536
    for _ in range(2_000):
        drain.take(piece)
    assert drain.size_bytes == 2_000 * 65_536
    assert len(drain._head) + len(drain._tail) <= HEAD_BYTES + 2 * TAIL_BYTES + 65_536
