"""Many threads, many processes, a locked or full disk, and kill -9: what was told durable is there."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from remedy.errors import Busy, RemedyError, StoreError
from remedy.model import Event
from remedy.store.head import Head, Mark
from remedy.store.sqlite import SqliteStore
from tests.store.made import NOBODY, StandingClock, a_draft, a_plan

Child = subprocess.Popen[bytes]


def start(state: Path, *words: str) -> Child:
    command = [sys.executable, "-m", "tests.store.child", words[0], str(state), *words[1:]]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def go(*children: Child) -> None:
    """Let children begin at once, after all are ready."""
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()


def acknowledged(output: bytes) -> set[tuple[int, str]]:
    """The whole lines SEQ STEP that a child printed."""
    lines = output.split(b"\n")[:-1]
    return {(int(seq), step.decode()) for seq, step in (line.split() for line in lines)}


class CountingHead(Head):
    """A head that counts how often it is moved: once per commit."""

    moves = 0

    def advance(self, mark: Mark) -> None:
        self.moves += 1
        super().advance(mark)


def test_threads_that_append_at_once_share_a_commit(store: SqliteStore, state: Path) -> None:
    journal = store._journal
    journal._head = head = CountingHead(state / "head")
    with ThreadPoolExecutor(50) as pool:
        with journal._turn:  # a commit is under way
            waiting = [pool.submit(store.append, [a_draft(f"{n}.a"), a_draft(f"{n}.b")]) for n in range(50)]
            while len(journal._queue) < 50:
                time.sleep(0.001)
        appended = [future.result(timeout=10) for future in waiting]
    assert head.moves == 1
    assert [[e.step for e in events] for events in appended] == [[f"{n}.a", f"{n}.b"] for n in range(50)]
    assert all(b.seq == a.seq + 1 for a, b in appended)
    assert sorted(e.seq for events in appended for e in events) == list(range(1, 101))
    store.check()
    head.close()


def test_each_thread_finds_its_events_when_append_returns(store: SqliteStore) -> None:
    def one(number: int) -> bool:
        return all(event in list(store.events()) for event in store.append([a_draft(str(number))]))

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(one, range(60)))


def test_a_draft_that_cannot_be_written_fails_alone(store: SqliteStore) -> None:
    def one(number: int) -> str:
        try:
            return store.append([a_draft("bad\n" if number % 5 == 0 else str(number))])[0].step
        except RemedyError as error:
            return type(error).__name__

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(one, range(50)))
    assert said == ["Invalid" if n % 5 == 0 else str(n) for n in range(50)]
    assert len(list(store.events())) == 40


def test_processes_that_find_no_home_make_one_together(state: Path) -> None:
    children = [start(state, "found") for _ in range(6)]
    go(*children)
    homes = {child.communicate(timeout=60)[0] for child in children}
    assert len(homes) == 1
    assert {child.returncode for child in children} == {0}


def test_processes_that_append_at_once_make_one_chain(state: Path, clock: StandingClock) -> None:
    children = [start(state, "append", name, "60", "4") for name in "abcd"]
    go(*children)
    said = set.union(*(acknowledged(child.communicate(timeout=60)[0]) for child in children))
    assert {child.returncode for child in children} == {0}
    store = SqliteStore.open(state, clock)
    store.check()
    events = list(store.events())
    assert [e.seq for e in events] == list(range(1, 241))
    assert {(e.seq, e.step) for e in events} == said
    mark = store._head.read()
    assert mark is not None
    assert mark.seq <= 240
    store.close()


def kill_while_appending(state: Path, after_lines: int) -> set[tuple[int, str]]:
    """What a process was told durable before it was killed in the middle of appending."""
    child = start(state, "append", f"k{after_lines}", "100000", "3")
    go(child)
    assert child.stdout is not None
    lines = b"".join(child.stdout.readline() for _ in range(after_lines))
    child.send_signal(signal.SIGKILL)
    rest = child.communicate(timeout=30)[0]
    assert child.returncode == -signal.SIGKILL
    return acknowledged(lines + rest)


def survives_kills(state: Path, kills: list[int]) -> int:
    """Kill and reopen again and again; returns how many acknowledged events were all found."""
    told: set[tuple[int, str]] = set()
    for after_lines in kills:
        told |= kill_while_appending(state, after_lines)
        store = SqliteStore.open(state, StandingClock())
        store.check()
        there = [(e.seq, e.step) for e in store.events()]
        mark = store._head.read()
        assert told <= set(there)
        assert [seq for seq, _ in there] == list(range(1, len(there) + 1))
        assert mark is not None
        assert mark.seq <= len(there)
        store.append([a_draft("between")])
        store.close()
    return len(told)


def test_fault_057_what_was_acknowledged_before_a_kill_is_there(state: Path) -> None:
    assert survives_kills(state, [0, 1, 7, 40, 90]) >= 138


@pytest.mark.long
@pytest.mark.timeout(900)
def test_fault_057_what_was_acknowledged_before_100_kills_is_there(state: Path) -> None:
    assert survives_kills(state, [n * 7 % 101 for n in range(100)]) >= 100


@contextmanager
def locked_elsewhere(state: Path) -> Iterator[None]:
    with closing(sqlite3.connect(state / "remedy.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_fault_063_a_locked_store_is_busy_in_time_for_every_thread(
    store: SqliteStore, state: Path, clock: StandingClock
) -> None:
    hurried = SqliteStore.open(state, clock, busy_s=0.3)
    plan = a_plan(store.home)
    store.save_plan(plan)

    def attempt(number: int) -> tuple[str, float]:
        begun_s = time.monotonic()
        act: Callable[[], object] = lambda: hurried.append([a_draft()])  # noqa: E731
        if number % 10 == 0:
            act = lambda: hurried.redeem(plan, NOBODY, "uid:1000", f"r{number}")  # noqa: E731
        with pytest.raises(Busy, match=r"nothing was recorded|another process|busy") as refusal:
            act()
        return refusal.value.fix, time.monotonic() - begun_s

    with locked_elsewhere(state), ThreadPoolExecutor(30) as pool:
        said = list(pool.map(attempt, range(30)))
        assert len(list(hurried.events())) == 1  # reading goes on
    assert all(fix for fix, _ in said)
    assert max(waited_s for _, waited_s in said) < 5  # the lock is never waited out
    assert len(list(hurried.events())) == 1
    hurried.append([a_draft()])
    hurried.check()
    hurried.close()


def test_fault_063_a_locked_store_can_still_be_opened_read_and_checked(
    store: SqliteStore, state: Path, clock: StandingClock
) -> None:
    store.append([a_draft()])
    with locked_elsewhere(state):
        reader = SqliteStore.open(state, clock, busy_s=0.1)
        assert [e.step for e in reader.events()] == ["prune"]
        reader.check()
        with pytest.raises(Busy):
            reader.append([a_draft()])
        reader.close()


def test_a_short_lock_is_waited_for(store: SqliteStore, state: Path) -> None:
    with locked_elsewhere(state):
        thread = threading.Thread(target=store.append, args=([a_draft()],))
        thread.start()
        time.sleep(0.05)
    thread.join(timeout=10)
    assert len(list(store.events())) == 1


def test_fault_064_at_every_size_of_a_full_disk_nothing_is_half_written(
    store: SqliteStore, state: Path, clock: StandingClock
) -> None:
    writer = store._journal._connection
    [(pages,)] = writer.execute("PRAGMA page_count")
    told: list[Event] = []
    refusals = []
    for limit in range(int(pages or 0), int(pages or 0) + 51):
        writer.execute(f"PRAGMA max_page_count = {limit}")
        for _ in range(40):
            try:
                told += store.append([a_draft("a", size_bytes=1500), a_draft("b", size_bytes=1500)])
            except StoreError as error:
                refusals.append(error.message)
                break
        assert list(store.events()) == told
    assert len(refusals) > 40
    assert all("nothing was recorded" in message for message in refusals)
    writer.execute("PRAGMA max_page_count = 100000")
    told += store.append([a_draft("after")])
    store.check()
    assert list(store.events()) == told


def test_fault_064_on_a_full_disk_a_plan_is_saved_and_redeemed_wholly_or_not_at_all(store: SqliteStore) -> None:
    writer = store._journal._connection
    [(pages,)] = writer.execute("PRAGMA page_count")
    saved, redeemed, refusals = set(), set(), 0
    for limit in range(int(pages or 0), int(pages or 0) + 51):
        writer.execute(f"PRAGMA max_page_count = {limit}")
        plan = a_plan(store.home)
        try:
            store.save_plan(plan)
            saved.add(plan.id)
            store.redeem(plan, NOBODY, "uid:1000", f"r{limit}")
            redeemed.add(plan.id)
        except StoreError:
            refusals += 1
        assert {p.id for p in store.plans(limit=100)} == saved
        assert {r.plan for r in store.runs(limit=100)} == redeemed
        store.check()
    assert refusals > 5
    assert redeemed


# A tmpfs of the namespace's own, never a view of a directory of the machine.
TINY_DISK = """
set -e
mount -t tmpfs -o size=512k,mode=0700 tmpfs "$1"
exec "$2" -m tests.store.child fill "$1/.remedy"
"""


@pytest.mark.userns
def test_fault_064_on_a_disk_that_is_really_full_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    probe = ["unshare", "-rm", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("an unprivileged user namespace (unshare -rm) is missing")
    command = ["unshare", "-rm", "sh", "-c", TINY_DISK, "sh", str(tmp_path), sys.executable]
    said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert said.stdout.splitlines()[1:] == ["True True"], said.stdout + said.stderr
    assert said.stderr == ""
