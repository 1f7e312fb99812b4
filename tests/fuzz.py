"""What fuzz tests share: bytes with a few things cut, doubled, flipped or put in, and how long each may take."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LONG = int(os.environ.get("REMEDY_FUZZ", "100000"))  # inputs of each kind in `make long`
MOST_S = 1.0  # of CPU, for one input


def mutated(seed: bytes, chance: random.Random, pieces: Sequence[bytes]) -> bytes:
    """A few things cut, doubled, flipped or put in."""
    content = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(5):
            case 0:
                content[at:at] = chance.choice(pieces)
            case 1:
                del content[at : at + chance.randint(1, 20)]
            case 2:
                content[at:at] = content[at : at + chance.randint(1, 60)]
            case 3 if at < len(content):
                content[at] = chance.randrange(256)
            case _:
                content[at : at + 1] = chance.choice(pieces)
    return bytes(content)


def mutants(seeds: Sequence[bytes], pieces: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many, the same ones for the same number."""
    chance = random.Random(seed)
    for _ in range(count):
        yield mutated(chance.choice(seeds), chance, pieces)


@contextmanager
def bounded() -> Iterator[None]:
    """Fail where what is done inside takes more CPU than one input may."""
    began = time.process_time()
    yield
    assert time.process_time() - began < MOST_S
