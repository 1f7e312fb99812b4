"""One run holds a host at a time; its fence grows; a lease outlives whoever took it. Faults 58 to 62."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from remedy.errors import Busy, Failed, Lost
from remedy.hosts.session import HostSession
from remedy.ports import Lease
from tests.hosts.far import Far, call, change, is_alive, look, wait_until


def runner_pid(session: HostSession) -> int:
    pid: int = session.talk.pipe._child.pid  # type: ignore[attr-defined]
    return pid


def test_the_lease_comes_with_the_looks_in_one_request(any_far: Far) -> None:
    session = any_far.session()
    lease, replies = session.lease("r1", "me", [look("t_show", "x"), look("t_warn", "y")])
    assert (lease.run, [r.rc for r in replies], session.talk.requests) == ("r1", [0, 0], 1)
    assert lease.fence >= session.facts.now


def test_another_run_is_told_who_holds_the_host(any_far: Far) -> None:
    first, _ = any_far.held("run 1")
    with pytest.raises(Busy, match=r"held by tester, run run 1, since 20\d\d-") as busy:
        any_far.session().lease("r2", "other", [look("t_show", "x")])
    assert "remedy unlock" in busy.value.fix
    first.release("run 1")
    lease, _ = any_far.session().lease("r2", "other", [])
    assert lease.run == "r2"


def test_every_lease_has_a_higher_fence(any_far: Far) -> None:
    fences = []
    for at in range(5):
        session, lease = any_far.held(f"r{at // 2}")
        fences.append(lease.fence)
        session.release(lease.run)
        session.close()
    assert fences == sorted(set(fences))


def test_a_fence_grows_though_the_hosts_memory_of_it_is_gone(far: Far) -> None:
    session, lease = far.held()
    session.close()
    (far.state / "host.lease").write_text(f"held r0 {lease.fence + 1000} 1 x .\nfree r0 {lease.fence + 1000} .\n")
    _, after = far.held("r2")
    assert after.fence == lease.fence + 1001


def test_a_session_may_renew_its_own_lease_and_the_old_fence_is_void(any_far: Far) -> None:
    session, old = any_far.held()
    new, _ = session.lease("r1", "tester", [])
    assert new.fence > old.fence
    assert [session.change(change(lease, id=i)).state for lease, i in ((old, "a"), (new, "b"))] == ["fenced", "done"]


def test_forty_racers_have_one_winner(far: Far) -> None:
    sessions = [far.session() for _ in range(40)]
    for session in sessions:
        session.look([])
    start = threading.Barrier(40)

    def race(number: int) -> str:
        start.wait()
        try:
            sessions[number].lease(f"r{number}", f"racer {number}", [])
        except Busy as busy:
            return busy.message
        return "won"

    with ThreadPoolExecutor(40) as pool:
        results = list(pool.map(race, range(40)))
    assert results.count("won") == 1
    winner = results.index("won")
    assert all(f"run r{winner}," in r for r in results if r != "won")


def test_the_same_run_takes_over_when_its_old_runner_has_ended(any_far: Far) -> None:
    old, first = any_far.held()
    old.talk.pipe._child.kill()  # type: ignore[attr-defined]
    new = any_far.session()
    second, _ = new.lease("r1", "me again", [], wait_s=5)
    assert second.fence > first.fence


def test_the_same_run_waits_for_its_old_runner_and_then_gives_up(any_far: Far) -> None:
    any_far.held()
    began = time.monotonic()
    with pytest.raises(Busy, match="run r1"):
        any_far.session().lease("r1", "me again", [], wait_s=2)
    assert 1.5 < time.monotonic() - began < 6


def test_a_take_over_waits_until_the_old_runners_operation_has_ended(any_far: Far) -> None:
    old, lease = any_far.held()
    log = any_far.directory / "log"
    thread = threading.Thread(target=lambda: _ignore_lost(old, lease, log))
    thread.start()
    wait_until(log.exists, "the beginning of the operation")
    old.talk.pipe.hang_up()  # type: ignore[attr-defined] # the controller is gone; the operation is not
    new = any_far.session()
    taken, _ = new.lease("r1", "me again", [], wait_s=15)
    assert log.read_text().split() == ["begun", "ended"]
    assert new.receipts("r1")["c1"].rc == 0
    assert new.change(change(taken)).state == "repeated"
    thread.join()


def _ignore_lost(session: HostSession, lease: Lease, log: Path) -> None:
    with pytest.raises(Lost):
        session.change(change(lease, call("t_slowly", str(log), "2", timeout_s=5)))


def test_fault_062_a_dead_controllers_lease_is_never_broken_by_itself(any_far: Far) -> None:
    session, _ = any_far.held()
    os.kill(runner_pid(session), signal.SIGKILL)
    session.close()
    with pytest.raises(Busy, match="held by tester, run r1"):
        any_far.session().lease("r2", "other", [])
    other = any_far.session()
    with pytest.raises(Busy):
        other.unlock("somebody else")
    assert other.unlock("tester")
    assert not other.unlock("tester")
    assert any_far.session().lease("r2", "other", [])


@pytest.mark.parametrize("owner", ["tester", "r1"])
def test_unlocking_takes_the_exact_owner_or_run(any_far: Far, owner: str) -> None:
    session, lease = any_far.held()
    other = any_far.session()
    for wrong in ("teste", "tester ", "TESTER", "r", "*", "?1", "r1 "):
        with pytest.raises(Busy):
            other.unlock(wrong)
    assert other.unlock(owner)
    assert session.change(change(lease)).state == "fenced"


def test_an_unlocked_run_that_still_lives_keeps_others_out_but_may_do_nothing(any_far: Far) -> None:
    session, lease = any_far.held()
    assert any_far.session().unlock("tester")
    with pytest.raises(Busy):
        any_far.session().lease("r2", "other", [])
    assert session.change(change(lease)).state == "fenced"
    session.close()
    assert any_far.session().lease("r2", "other", [])


def test_fault_061_a_stopped_controller_that_wakes_up_may_do_nothing(any_far: Far) -> None:
    session, lease = any_far.held()
    os.kill(runner_pid(session), signal.SIGSTOP)
    with pytest.raises(Busy):
        any_far.session().lease("r2", "other", [])
    assert any_far.session().unlock("r1")
    os.kill(runner_pid(session), signal.SIGCONT)
    assert session.change(change(lease, call("t_mark", str(any_far.directory / "m"), "x"))).state == "fenced"
    assert not (any_far.directory / "m").exists()


def test_a_runner_that_hears_nothing_ends_and_lets_the_lock_go(any_far: Far) -> None:
    any_far.idle_s = 1
    session, _ = any_far.held()
    wait_until(lambda: not is_alive(runner_pid(session)), "the end of the idle runner", timeout_s=8)
    any_far.idle_s = 900
    again, _ = any_far.session().lease("r1", "tester", [])
    assert again.run == "r1"


def test_a_request_that_stops_in_the_middle_does_not_keep_the_lock(any_far: Far) -> None:
    any_far.idle_s = 1
    session, _ = any_far.held()
    session.talk.pipe.send(b"%s part 3 20 look\nab" % session.talk._frames.nonce.encode(), 5)
    wait_until(lambda: not is_alive(runner_pid(session)), "the end of the idle runner", timeout_s=8)


def test_a_runner_that_is_busy_is_not_idle(any_far: Far) -> None:
    any_far.idle_s = 1
    session, lease = any_far.held()
    assert session.change(change(lease, call("t_slowly", "/dev/null", "3"))).state == "done"


def test_nothing_is_left_running_when_sessions_end(any_far: Far) -> None:
    sessions = [any_far.held()[0]]
    group = runner_pid(sessions[0])
    sessions[0].look([look("t_show", "x")])
    sessions[0].close()
    wait_until(lambda: not _of_session(group), "the end of every process of the session", timeout_s=5)


def _of_session(leader: int) -> list[int]:
    """The processes that still belong to a runner's session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found


def test_releasing_is_for_the_holder_and_may_be_repeated(any_far: Far) -> None:
    session, lease = any_far.held()
    any_far.session().release("r2")
    assert session.change(change(lease)).state == "done"
    session.release("r1")
    session.release("r1")
    assert any_far.session().lease("r2", "other", [])


def test_a_lease_left_behind_can_be_released_by_its_own_run(any_far: Far) -> None:
    session, _ = any_far.held()
    session.talk.pipe._child.kill()  # type: ignore[attr-defined]
    any_far.session().release("r1")
    assert any_far.session().lease("r2", "other", [])


def test_a_live_runners_lease_is_not_released_under_it(any_far: Far) -> None:
    any_far.held()
    with pytest.raises(Busy):
        any_far.session().release("r1")


def test_half_a_record_of_a_lease_does_not_count(far: Far) -> None:
    far.state.mkdir(mode=0o700)
    (far.state / "host.lease").write_text("held r9 99999999999 1 x\n\nheld r8 1\nheld r7 5 1\nfree")
    assert far.held("r1")[1].run == "r1"
    text = (far.state / "host.lease").read_text().split("\n")
    assert "free" in text  # what was cut off stays a line of its own


def test_the_log_of_leases_stays_small(far: Far) -> None:
    fences = [0]
    for number in range(80):
        session, lease = far.held(f"r{number}")
        fences.append(lease.fence)
        session.release(lease.run)
        session.close()
    assert len((far.state / "host.lease").read_text().split("\n")) < 200
    assert fences == sorted(set(fences))


def test_a_directory_of_somebody_else_or_a_link_is_refused(far: Far, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    far.state.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failed, match="is a link"):
        far.session().lease("r1", "me", [])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_directory_that_cannot_be_made_is_refused(far: Far) -> None:
    far.state.write_text("a file")
    with pytest.raises(Failed):
        far.session().lease("r1", "me", [])
