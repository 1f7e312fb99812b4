"""Another process at the same store: `python -m tests.store.child VERB DIRECTORY ...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from remedy.errors import RemedyError, StoreError
from remedy.store.sqlite import SqliteStore
from tests.store.made import ANYBODY, StandingClock, a_draft


def redeem(directory: Path, plan: str, threads: str) -> None:
    """Try to redeem a plan from several threads, once told to; print what became of each."""
    store = SqliteStore.open(directory, StandingClock(), busy_s=20)
    kept = store.plan(plan)

    def attempt(number: int) -> str:
        try:
            store.redeem(kept, ANYBODY, "uid:1000", f"{id(store)}-{number}")
        except RemedyError as error:
            return type(error).__name__
        return "won"

    _wait_for_go()
    with ThreadPoolExecutor(int(threads)) as pool:
        print(json.dumps(list(pool.map(attempt, range(int(threads))))))


def append(directory: Path, name: str, count: str, threads: str) -> None:
    """Append events, each of its own name, and print each number once it is durable."""
    store = SqliteStore.open(directory, StandingClock(), busy_s=20)

    def one(number: int) -> None:
        [event] = store.append([a_draft(f"{name}.{number}")])
        sys.stdout.write(f"{event.seq} {event.step}\n")
        sys.stdout.flush()

    _wait_for_go()
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(one, range(int(count))))


def found(directory: Path) -> None:
    """Open a home that may not exist yet, and print its id."""
    _wait_for_go()
    print(SqliteStore.open(directory, StandingClock(), busy_s=20).home)


def fill(directory: Path) -> None:
    """Append until the disk is full; then make room and say whether all that was told durable is there."""
    ballast = directory.parent / "ballast"
    ballast.write_bytes(b"x" * 65_536)
    store = SqliteStore.open(directory, StandingClock())
    told = 0
    try:
        while True:
            store.append([a_draft(str(told), size_bytes=3000)])
            told += 1
    except StoreError as error:
        print(error.message.partition(": ")[2])
    ballast.unlink()
    store.append([a_draft("after")])
    store.close()
    again = SqliteStore.open(directory, StandingClock())
    again.check()
    steps = [e.step for e in again.events()]
    print(told > 10, steps == [*map(str, range(told)), "after"])


def _wait_for_go() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


VERBS: dict[str, Callable[..., None]] = {"redeem": redeem, "append": append, "found": found, "fill": fill}

if __name__ == "__main__":
    verb, directory, *rest = sys.argv[1:]
    VERBS[verb](Path(directory), *rest)
