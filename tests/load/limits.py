"""Reads files as a command would and says what each cost: `python -m tests.load.limits FILE...`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from remedy.errors import RemedyError
from remedy.load.inventory import read_inventory
from remedy.load.playbook import check_document
from remedy.load.reading import read_bytes
from tests.load.toy import CATALOGUE, document
from tests.memory import peak_bytes


def as_playbook(path: Path) -> int:
    """How many problems a file has when it is read as a playbook."""
    read = document(read_bytes(path), path.name)
    check_document(read, path.stem, CATALOGUE)
    return len(read.flaws.found)


def as_inventory(path: Path) -> int:
    """How many problems a file has when it is read as an inventory."""
    return len(read_inventory([document(read_bytes(path), path.name)])[1].found)


def cost_of(path: Path, count: Callable[[Path], int]) -> tuple[int, float]:
    """How many problems there are, and the CPU seconds it took to find them."""
    began = time.process_time()
    try:
        found = count(path)
    except RemedyError:
        found = 1
    return found, time.process_time() - began


if __name__ == "__main__":
    costs = {}
    for path in map(Path, sys.argv[1:]):
        costs[f"{path.name} as a playbook"] = cost_of(path, as_playbook)
        costs[f"{path.name} as an inventory"] = cost_of(path, as_inventory)
    sys.stdout.write(json.dumps({"rss_kib": peak_bytes() // 1024, "costs": costs}))
