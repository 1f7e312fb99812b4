"""However a conversation with a container ends, nothing stays behind in it, and nothing is said that is not known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from remedy.errors import Failed, Lost, Unreachable
from tests.conftest import NewBox
from tests.hosts.far import call, change, look, wait_until
from tests.hosts.over_docker import Door, door_to, host_of
from tests.hosts.over_ssh import Reach, refused
from tests.hosts.test_docker import HERE, WAYS
from tests.hosts.test_output import MEBI, sha256_of
from tests.lab import Box, Engine, busybox_image
from tests.memory import forget_peak, peak_bytes

ROOT = Path(__file__).parents[2]


@pytest.fixture
def reach() -> Iterator[Reach]:
    """Opens sessions, also via this machine."""
    reach = Reach(here=HERE)
    yield reach
    reach.close()


@pytest.fixture
def door(lab_engine: Engine) -> Iterator[Door]:
    """A way to the lab's engine that can be cut."""
    with door_to(lab_engine.socket) as door:
        yield door


def empty(box: Box) -> Callable[[], bool]:
    return lambda: box.processes() == []


# ---------------------------------------------------------------- containers with little in them

LITTLE = [
    pytest.param((), "/.remedy", id="busybox", marks=pytest.mark.long),
    pytest.param(("--read-only",), "/dev/shm/remedy.0", id="read-only", marks=pytest.mark.long),
    pytest.param(("--user=1234",), "/dev/shm/remedy.1234", id="a user without a name", marks=pytest.mark.long),
    pytest.param(("--read-only", "--user=1234"), "/dev/shm/remedy.1234", id="both"),
    pytest.param(("--read-only", "--tmpfs=/run"), "/run/remedy", id="with a run", marks=pytest.mark.long),
    pytest.param(("--read-only", "--cap-drop=ALL"), "/dev/shm/remedy.0", id="without capabilities"),
]


@pytest.mark.parametrize(("options", "place"), LITTLE)
def test_a_container_of_busybox_alone_is_a_host_and_is_left_empty(
    lab_engine: Engine, new_box: NewBox, reach: Reach, options: tuple[str, ...], place: str
) -> None:
    box = new_box(*options, image=busybox_image(lab_engine))
    session = reach.connect(host_of(box))
    lease, replies = session.lease("r1", "tester", [look("t_show", "x", timeout_s=1), look("t_hang", timeout_s=1)])
    assert (session.facts.state_dir, [r.rc for r in replies]) == (place, [0, 124])
    stubborn = "/dev/shm/pids"
    reply = session.change(change(lease, call("t_stubborn", stubborn, timeout_s=3), then=[look("t_state", stubborn)]))
    assert (reply.state, reply.rc) == ("failed", 124)
    assert len(reply.after[0].ground) == 2
    session.release("r1")
    session.close()
    wait_until(empty(box), "the end of every process", 30)


def test_fault_054_what_a_container_lacks_is_named_before_anything_runs(
    lab_engine: Engine, new_box: NewBox, reach: Reach
) -> None:
    session = reach.connect(host_of(new_box(image=busybox_image(lab_engine, "flock"))))
    with pytest.raises(Failed, match="flock is not installed"):
        session.lease("r1", "tester", [look("t_mark", "/tmp/mark", "x")])


# ---------------------------------------------------------------- cut

ONE_WAY = [pytest.param("", marks=pytest.mark.long), "here"]  # what waits for an end takes seconds


@pytest.mark.parametrize("via", ONE_WAY)
def test_fault_048_an_engine_that_goes_away_in_a_change_leaves_it_unknown_and_settled_later(
    new_box: NewBox, reach: Reach, door: Door, via: str
) -> None:
    box = new_box()
    session = reach.connect(host_of(box, via=via, engine=door.url))
    lease, _ = session.lease("r1", "tester", [])

    def cut() -> None:
        wait_until(lambda: "begun" in box.sh("cat /tmp/log 2>/dev/null || :"), "the beginning")
        door.cut()

    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(Lost):
        session.change(change(lease, call("t_slowly", "/tmp/log", "5", timeout_s=40)))
    cutter.join()
    again = reach.connect(host_of(box, via=via, engine=door.url))
    again.lease("r1", "tester", [], wait_s=30)
    assert again.receipts("r1")["c1"].rc == 0, "what was begun went on to its end"
    assert box.sh("cat /tmp/log").split() == ["begun", "ended"]
    again.release("r1")
    again.close()
    door.shut()
    assert isinstance(refused(reach, host_of(box, via=via, engine=door.url)), Unreachable)
    wait_until(empty(box), "the end of every process", 30)


@pytest.mark.parametrize("how", ["kill", "restart", "rm"])
def test_fault_056_a_container_that_ends_in_a_change_leaves_it_unknown(new_box: NewBox, reach: Reach, how: str) -> None:
    box = new_box()
    session = reach.connect(host_of(box))
    lease, _ = session.lease("r1", "tester", [])
    end = ["rm", "--force", box.name] if how == "rm" else [how, *(["--time=0"] if how == "restart" else []), box.name]
    ending = subprocess.Popen(["sh", "-c", 'sleep 0.5; exec "$@"', "sh", *box.engine.command(*end)])
    with pytest.raises(Lost):
        session.change(change(lease, call("t_slowly", "/tmp/log", "60", timeout_s=90)))
    assert ending.wait(30) == 0


CLIENT = """
import sys
from tests.hosts.far import call, change
from tests.hosts.over_docker import Address, Host
from tests.hosts.over_ssh import Reach
name, engine, via = sys.argv[1:]
here = Host(name="here", address=Address(scheme="local"))
host = Host(name=name, address=Address(scheme="docker", name=name), engine=engine, via=via)
reach = Reach(here=here)
session = reach.connect(host)
lease, _ = session.lease("r1", "tester", [])
session.change(change(lease, call("t_stubborn", "/tmp/pids", timeout_s=3)))
"""


@pytest.mark.parametrize("via", ONE_WAY)
def test_fault_056_an_exec_does_not_outlive_a_killed_client_beyond_its_deadline(new_box: NewBox, via: str) -> None:
    box = new_box()
    command = [sys.executable, "-c", CLIENT, box.name, box.engine.url, via]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as client:
        wait_until(lambda: len(box.sh("cat /tmp/pids 2>/dev/null || :").split()) == 2, "the change", 30)
        os.kill(client.pid, signal.SIGKILL)
    wait_until(empty(box), "the end of every process", 40)
    assert "end" in box.sh("cat /run/remedy/receipts.r1"), "the deadline was kept, and recorded"


@pytest.mark.parametrize("via", WAYS)
def test_a_conversation_that_falls_silent_ends_by_itself_and_lets_go(new_box: NewBox, via: str) -> None:
    box, reach = new_box(), Reach(here=HERE)
    reach.hosts.idle_s = 1
    session = reach.connect(host_of(box, via=via))
    session.lease("r1", "tester", [])
    wait_until(empty(box), "the end of the idle runner", 40)
    with pytest.raises((Lost, Unreachable)):
        session.look([])
    reach.close()


# ---------------------------------------------------------------- size


@pytest.mark.parametrize("via", WAYS)
def test_fault_050_a_hundred_megabytes_from_a_container(box: Box, reach: Reach, via: str) -> None:
    session = reach.connect(host_of(box, via=via))
    lease, _ = session.lease("r1", "tester", [])
    reach.connect(host_of(box)).look([])  # so that the library is there
    before, began = forget_peak(), time.monotonic()
    reply = session.change(change(lease, call("t_large", str(64 * MEBI), timeout_s=30), id=token_hex(4)))
    print(f"64 MiB {via}: {time.monotonic() - began:.1f} s, {(peak_bytes() - before) / MEBI:.1f} MiB")
    session.release("r1")
    assert (reply.state, reply.output.size_bytes) == ("done", 64 * MEBI)
    assert reply.output.sha256 == sha256_of(b"x" * 65_536, 64 * MEBI)
    assert peak_bytes() - before < 16 * MEBI


@pytest.mark.long
@pytest.mark.parametrize("via", WAYS)
def test_fault_050_a_gigabyte_from_a_container(box: Box, reach: Reach, via: str) -> None:
    session = reach.connect(host_of(box, via=via))
    lease, _ = session.lease("r1", "tester", [])
    before, began = forget_peak(), time.monotonic()
    reply = session.change(change(lease, call("t_large", "1000000000", timeout_s=110), id=token_hex(4)))
    print(f"1 GB {via}: {time.monotonic() - began:.1f} s, {(peak_bytes() - before) / MEBI:.1f} MiB")
    session.release("r1")
    assert (reply.state, reply.output.size_bytes) == ("done", 1_000_000_000)
    assert peak_bytes() - before < 64 * MEBI
