"""What a host lacks is named before anything runs, and what can be done without it is done. Fault 54."""

from __future__ import annotations

import shutil
import time

import pytest

from remedy.errors import Failed, Unreachable
from tests.hosts.far import Far, ShellPipe, call, change, is_alive, look, wait_until


def test_without_flock_there_is_no_lease_but_there_are_looks(any_far: Far) -> None:
    any_far.without = ("flock",)
    session = any_far.session()
    assert session.look([look("t_show", "x")])[0].ground[0] == "x"
    with pytest.raises(Failed, match="flock is not installed"):
        session.lease("r1", "tester", [])
    assert not any_far.state.exists()


def test_with_nothing_that_makes_groups_nothing_is_asked(any_far: Far) -> None:
    if any_far.shell == "busybox":
        pytest.skip("this busybox has setsid in its own shell")
    any_far.without = ("setsid", "timeout")
    session = any_far.session()
    with pytest.raises(Unreachable, match="neither setsid nor GNU timeout is installed"):
        session.look([look("t_show", "x")])
    with pytest.raises(Unreachable):
        session.lease("r1", "tester", [])
    assert not any_far.state.exists()


def test_a_timeout_that_is_not_gnus_will_not_do(far: Far) -> None:
    far.without = ("setsid", "timeout")
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("needs busybox")
    far.pipe(ShellPipe).close()  # makes the directory of programs
    (far.directory / "bin-dash" / "timeout").symlink_to(busybox)
    with pytest.raises(Unreachable, match="GNU timeout"):
        far.session().look([look("t_show", "x")])


def test_gnu_timeout_serves_where_setsid_is_missing(any_far: Far) -> None:
    any_far.without = ("setsid",)
    pids = any_far.directory / "pids"
    session, lease = any_far.held()
    assert [r.rc for r in session.look([look("t_show", "x"), look("t_rc", "3")])] == [0, 3]
    began = time.monotonic()
    reply = session.change(change(lease, call("t_stubborn", str(pids), timeout_s=1), then=[look("t_show", "y")]))
    assert (reply.state, reply.rc, reply.after[0].ground[0]) == ("failed", 124, "y")
    assert time.monotonic() - began < 4
    left = [int(line) for line in pids.read_text().split()]
    wait_until(lambda: not any(map(is_alive, left)), "the end of all its processes", timeout_s=5)
    assert session.change(change(lease, call("t_count", items=["a", "b"]), id="c2")).output.text.strip() == "2"


def test_what_a_look_needs_is_the_looks_own_affair(far: Far) -> None:
    far.without = ("cat",)
    assert far.session().look([look("t_state", "/etc/passwd"), look("t_show", "x")])[0].rc == 127
