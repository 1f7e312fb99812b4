"""Hosts side by side: each on its own, as many at once as there is room for, and nobody waits for one that hangs."""

from __future__ import annotations

from signal import SIGINT, pthread_kill
from threading import Barrier, Event, Lock, get_ident, main_thread
from time import monotonic

import pytest

from remedy.engine.fleet import FILES_BESIDE, FILES_EACH, THREADS, Fleet, on_all, room_for
from remedy.errors import Refused, Unreachable
from remedy.hosts.fake import FakeHost, FakeTransport
from tests.engine.conftest import NewScene
from tests.engine.scene import drop_until, full
from tests.engine.test_fleet import fleet, limits

DEADLINE_S = 20


def text(number: int) -> str:
    return str(number)


def test_as_many_hosts_as_there_are_threads_are_visited_at_once() -> None:
    all_at_once = Barrier(THREADS)
    met = on_all(range(THREADS), lambda _: all_at_once.wait(DEADLINE_S) >= 0, text)
    assert list(met) == [str(n) for n in range(THREADS)]


def test_no_more_than_the_given_number_are_visited_at_once() -> None:
    threads, lock = set(), Lock()

    def visit(_: int) -> None:
        with lock:
            threads.add(get_ident())

    on_all(range(200), visit, text, 3)
    assert 1 <= len(threads) <= 3


def test_an_error_is_its_own_hosts_alone_and_the_order_is_that_of_the_hosts() -> None:
    def visit(number: int) -> int:
        if number % 2:
            raise Unreachable(str(number))
        return number

    met = on_all(range(6), visit, text)
    assert list(met) == list("012345")
    assert [m.message if isinstance(m, Unreachable) else m for m in met.values()] == [0, "1", 2, "3", 4, "5"]


def test_what_nobody_foresaw_begins_no_further_host_and_is_raised() -> None:
    begun = []

    def visit(number: int) -> None:
        begun.append(number)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        on_all(range(10), visit, text, 1)
    assert begun == [0]


def test_what_nobody_foresaw_is_raised_once_the_hosts_that_were_begun_have_ended() -> None:
    both, ended = Barrier(2), []

    def visit(number: int) -> None:
        both.wait(DEADLINE_S)
        if number == 0:
            raise ZeroDivisionError
        ended.append(number)

    with pytest.raises(ZeroDivisionError):
        on_all(range(2), visit, text)
    assert ended == [1]


def test_who_is_interrupted_does_not_wait_for_a_host_that_hangs() -> None:
    begun, never = Event(), Event()

    def visit(number: int) -> None:
        if number == 0:
            begun.set()
            never.wait(DEADLINE_S)
        elif begun.wait(DEADLINE_S):
            pthread_kill(main_thread().ident or 0, SIGINT)

    began = monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            on_all(range(2), visit, text)
    finally:
        never.set()
    assert monotonic() - began < DEADLINE_S / 2


# ---------------------------------------------------------------- room


def test_fault_069_room_is_what_the_files_allow_and_never_none() -> None:
    assert room_for(0) == 1
    assert room_for(FILES_BESIDE + 10 * FILES_EACH) == 10


def test_fault_069_where_there_is_room_for_three_no_more_are_open_at_once(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 12)
    transport = FakeTransport(scene.machines)
    narrow = Fleet(transport, 3)
    most, lock = [0], Lock()

    def visit(name: str) -> FakeHost:
        narrow.session(scene.inventory[name]).look([])
        with lock:
            most[0] = max(most[0], sum(s.is_open for s in transport.sessions))
        return scene.machines[name]

    assert len(narrow.look_at_all(list(scene.machines), visit, str)) == 12
    assert most[0] <= 3
    assert not any(s.is_open for s in transport.sessions)


def test_fault_069_a_run_without_room_for_its_hosts_is_not_begun(new_scene: NewScene) -> None:
    scene = fleet(new_scene, 4, h1=full(level=50))
    plan = scene.approved(drop_until(4, limits=limits(batch=4)))
    runner = scene.runner()
    runner.fleet.room = 3
    with pytest.raises(Refused, match="4 hosts need more open files"):
        runner.start(plan, scene.inventory)
    assert list(scene.store.runs()) == []
    assert scene.apply(plan).is_closed, "its approval was not used up"
