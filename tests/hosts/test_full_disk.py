"""A full disk, really full: no half file, no act without a receipt, no false success. Fault 55."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from remedy.actions.catalogue import shipped
from remedy.errors import Failed
from remedy.hosts.session import HostSession
from remedy.model import Put, UndoBy
from tests.hosts.far import call, change
from tests.hosts.over_ssh import Reach, host_of
from tests.lab.sshd import SshdHost, SshdLab

SHELLS = [pytest.param(s, marks=[pytest.mark.long] if s in ("mksh", "zsh") else []) for s in
          ("", "bash", "busybox", "mksh", "zsh")]  # fmt: skip


@pytest.fixture(params=SHELLS)
def host(sshd_lab: SshdLab, request: pytest.FixtureRequest) -> SshdHost:
    """A host of its own for each test: its disks are filled."""
    return sshd_lab.start(sh_program=f"/bin/{request.param}" if request.param else None)


@pytest.fixture
def session(host: SshdHost, reach: Reach) -> Iterator[HostSession]:
    session = reach.connect(host_of(host))
    yield session
    session.close()


def fill(host: SshdHost, directory: str) -> None:
    """Leave not one byte."""
    host.sh(f"dd if=/dev/zero of={directory}/filler bs=64k 2>/dev/null || :; cat /etc/passwd >>{directory}/filler || :")


def test_fault_055_a_file_is_the_old_one_or_the_new_one(host: SshdHost, session: HostSession) -> None:
    host.sh("echo old >/srv/data/file; chmod 644 /srv/data/file")
    lease, _ = session.lease("r1", "tester", [])
    fill(host, "/srv/data")
    reply = session.change(change(lease, Put(path="/srv/data/file", content=("x" * 100_000,))))
    assert (reply.state, reply.failed_at) == ("failed", 0)
    assert "as it was" in reply.output.text
    assert host.sh("cat /srv/data/file; ls -A /srv/data").split() == ["old", "file", "filler"]
    host.sh("rm /srv/data/filler")
    reply = session.change(change(lease, Put(path="/srv/data/file", content=("x" * 100_000,)), id="c2"))
    assert (reply.state, host.sh("wc -c </srv/data/file").strip()) == ("done", "100000")


@pytest.mark.alone
def test_fault_055_a_file_cut_off_by_its_deadline_is_the_old_one(host: SshdHost, session: HostSession) -> None:
    host.sh("echo old >/srv/data/file")
    lease, _ = session.lease("r1", "tester", [])
    put = Put(path="/srv/data/file", content=("y" * 30_000_000,), timeout_s=1)
    state = session.change(change(lease, put)).state
    assert (state, host.sh("head -c 3 /srv/data/file")) in (("failed", "old"), ("done", "yyy"))


def test_fault_055_without_room_for_a_lease_there_is_none(host: SshdHost, session: HostSession) -> None:
    host.sh("mkdir -m 700 /run/remedy; touch /run/remedy/host.lease")
    fill(host, "/run")
    with pytest.raises(Failed, match="the lease cannot be written"):
        session.lease("r1", "tester", [])
    host.sh("rm /run/filler")
    assert session.lease("r1", "tester", [])


def test_fault_055_without_room_for_a_receipt_nothing_is_done(host: SshdHost, session: HostSession) -> None:
    lease, _ = session.lease("r1", "tester", [])
    fill(host, "/run")
    for _ in range(3):
        reply = session.change(change(lease, call("t_mark", "/srv/mark", "x")))
        assert (reply.state, reply.failed_at) == ("failed", -1)
        assert "receipt cannot be written" in reply.reason
    host.sh("test ! -e /srv/mark && rm /run/filler")
    assert session.receipts("r1") == {}
    assert session.change(change(lease, call("t_mark", "/srv/mark", "x"))).state == "done"


def test_fault_055_a_plan_of_a_file_that_finds_no_room_leaves_the_old_one_and_can_be_made_again(
    host: SshdHost, session: HostSession
) -> None:
    host.sh("printf 'old\\n' >/srv/data/file; chmod 640 /srv/data/file")
    there = host_of(host)
    put = shipped().action("file.put", {"path": "/srv/data/file", "content": "x" * 60_000, "mode": "0600"})
    asked = put.look(there)
    (seen,) = session.look([asked])
    if "counts in 32 bits" in seen.error:
        pytest.skip(f"file.put refuses such a host, and says so: {seen.error}")
    planned = put.plan(put.see(seen))
    assert planned is not None
    lease, _ = session.lease("r1", "tester", [])
    fill(host, "/srv/data")
    reply = session.change(change(lease, *planned.operations, seen=asked, ground=seen.ground))
    assert (reply.state, "as it was" in reply.output.text) == ("failed", True)
    assert session.look([asked])[0].ground == seen.ground
    host.sh("rm /srv/data/filler")
    reply = session.change(change(lease, *planned.operations, id="c2", seen=asked, ground=seen.ground))
    assert (reply.state, put.plan(put.see(session.look([asked])[0]))) == ("done", None)
    assert isinstance(planned.undo, UndoBy)
    reply = session.change(change(lease, *planned.undo.operations, id="c3"))
    assert (reply.state, host.sh("cat /srv/data/file; stat -c %a /srv/data/file").split()) == ("done", ["old", "640"])
