"""Processes that are ended by identity, and memory that a drill holds: on this machine, and on a test host."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Call, Host, Json, Reply, UndoBy
from tests.actions import kit
from tests.actions.acting import Acting
from tests.actions.far_end import FarEnd, far_end_in
from tests.actions.kit import Ground, Played, Scene, play
from tests.lab import DockerHost, LabHost

SECRET = "password-hunter2"
MIB = 2**20


class Applied(Acting):
    """An action on a far end, whose looks hold no secret of the processes that they see."""

    def reply(self) -> Reply:
        reply = super().reply()
        assert not any(SECRET in line for line in (*reply.ground, *reply.evidence))
        return reply


Using = Callable[..., Applied]


@pytest.fixture
def using(far_end: FarEnd, catalogue: Catalogue, host: Host) -> Using:
    def make(name: str = "process.terminate", **params: Json) -> Applied:
        return Applied(far_end, catalogue.action(name, params), host)

    return make


Start = Callable[..., "subprocess.Popen[bytes]"]
DEAF = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
MILD = "import sys, time; print(1, flush=True); time.sleep(600)"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a Python program with further arguments; afterwards it is gone."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(program: str, *arguments: str, exe: str = sys.executable) -> "subprocess.Popen[bytes]":
        at_home = {**os.environ, "PYTHONHOME": sys.base_prefix} if exe != sys.executable else None
        process = subprocess.Popen([exe, "-c", program, *arguments], stdout=subprocess.PIPE, env=at_home)
        begun.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def argv(program: str, *arguments: str) -> list[Json]:
    return [sys.executable, "-c", program, *arguments]


@pytest.mark.shells
def test_exactly_one_process_ends_and_its_neighbours_live(using: Using, start: Start) -> None:
    hostile = ["", SECRET, "new\nline", "$(x)", "*", f"of {os.getpid()}"]
    victim = start(MILD, *hostile)
    near = [start(MILD, *hostile, "more"), start(MILD, *hostile[:-1]), start(MILD)]
    session = using(argv=argv(MILD, *hostile))
    session.apply()
    assert victim.wait(10) == -signal.SIGTERM
    assert [p.poll() for p in near] == [None, None, None]
    assert session.plan() is None


@pytest.mark.shells
def test_one_that_does_not_end_when_it_is_told_is_killed(using: Using, start: Start) -> None:
    victim = start(DEAF, "deaf")
    using(argv=argv(DEAF, "deaf"), grace="1s").apply()
    assert victim.wait(10) == -signal.SIGKILL


@pytest.mark.shells
def test_another_process_with_the_same_number_is_left_alone(using: Using, start: Start) -> None:
    other = start(MILD, "other")
    start(MILD, "meant")
    session = using(argv=argv(MILD, "meant"))
    (call,) = session.wanted().operations
    assert isinstance(call, Call)
    pid, _, state = call.items[0].partition("\t")
    lies = (f"{other.pid}\t{state}", f"{pid}\t1{state}", "4194999\t1:2:3:4:5:alone")
    done = session.end.run(call.family, call.function, [str(a) for a in call.args], items=lies)
    assert done.returncode == 0
    assert other.poll() is None
    assert b"is another one now" in done.stderr
    done = session.end.run(call.family, call.function, ["1", "ffffffff"], items=call.items)
    assert b"started anew" in done.stderr
    assert session.plan() is not None


@pytest.mark.shells
def test_a_program_that_holds_too_much_ends_and_one_that_does_not_lives(
    using: Using, start: Start, tmp_path: Path
) -> None:
    exe = str(shutil.copy(Path(sys.executable).resolve(), tmp_path / "holder"))  # or these very tests were meant, too
    hold = f"import time; x = bytearray(b'x') * {150 * MIB}; print(1, flush=True); time.sleep(600)"
    large, small = start(hold, exe=exe), start(MILD, exe=exe)
    found = using(exe=exe, memory_above="150MiB", at_most=20).wanted()
    assert f"process:{large.pid}" in found.touches
    assert f"process:{small.pid}" not in found.touches


@pytest.mark.shells
def test_one_that_listens_on_a_port_is_found_by_it(using: Using, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); print(1, flush=True); time.sleep(600)"
    )
    victim = start(serve)
    session = using(listens=port)
    session.apply()
    assert victim.wait(10) == -signal.SIGTERM
    assert session.plan() is None


@pytest.mark.shells
def test_fault_095_what_our_own_session_rests_on_is_refused(using: Using) -> None:
    mine = [a.decode() for a in Path("/proc/self/cmdline").read_bytes().split(b"\0")[:-1]]
    with pytest.raises(Refused, match=f"process {os.getpid()} is never ended: our own session rests on it"):
        using(argv=[*mine]).plan()


# ---------------------------------------------------------------- on a test host


@pytest.fixture
def there(lab_host: LabHost) -> Iterator[FarEnd]:
    lab_host.sh("mkdir -pm 700 /run/remedy")
    yield far_end_in(lab_host)
    lab_host.sh("systemctl stop victim 2>/dev/null; pkill -KILL -f drill-by-remed[y]; rm -rf /run/remedy; true")


@pytest.mark.parametrize(
    "main", ["echo 1", "systemctl show -p MainPID --value systemd-journald"], ids=["init", "journal"]
)
def test_the_first_process_and_what_serves_the_host_are_never_ended(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host, main: str
) -> None:
    args = lab_host.sh(f"tr '\\0' '\\n' </proc/$({main})/cmdline").splitlines()
    with pytest.raises(Refused, match="is never ended"):
        Applied(there, catalogue.action("process.terminate", {"argv": [*args], "at_most": 20}), host).plan()


def test_a_unit_that_is_started_again_needs_no_way_back(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    lab_host.sh("systemd-run --unit victim --property Restart=always sleep 4242")
    action = catalogue.action("process.terminate", {"argv": ["/usr/bin/sleep", "4242"]})
    session = Applied(there, action, host)
    change = session.apply()
    assert change.undo.kind == "unnecessary"
    assert change.risk.word == "high"  # it always acts
    lab_host.sh("until systemctl -q is-active victim; do sleep 0.1; done", timeout_s=20)


LAB_PROOFS = [p for p in kit.PROOFS if p is not kit.killed_inside_an_operation_it_converges]


def _victim(lab_host: LabHost) -> Scene:
    end = "systemctl stop victim 2>/dev/null; systemctl reset-failed victim 2>/dev/null"
    return Scene(
        "process.terminate",
        "process.terminate",
        lambda _: {"argv": ["/usr/bin/sleep", "4242"]},
        lambda _: lab_host.sh(f"{end}; systemd-run --quiet --unit victim sleep 4242") and None,
        lambda _: lab_host.sh(f"{end}; true") and None,
        lambda _: lab_host.sh("pgrep -c -x -f '/usr/bin/sleep 4242'; true"),
    )


def _leak(lab_host: LabHost) -> Scene:
    end = "pkill -KILL -f drill-by-remed[y]"
    hold = "setsid sh -c 'sleep \"$1\"; :' drill-by-remedy:leak:-:- 600 8 </dev/null >/dev/null 2>&1 &"

    def held(_: Ground) -> None:
        lab_host.sh(f"{end}; true")
        lab_host.sh(f"{hold} sleep 0.3")

    return Scene(
        "fault.memory_leak",
        "fault.memory_leak",
        lambda _: {"size": "8MiB"},
        lambda _: lab_host.sh(f"{end}; true") and None,
        held,
        lambda _: lab_host.sh("pgrep -c -f 'drill-by-remed[y]'; true"),
    )


def _traffic(lab_host: LabHost) -> Scene:
    url = "http://127.0.0.1:8080/health"
    end = "pkill -KILL -f drill-by-remed[y]"
    ask = f"setsid sh -c 'sleep \"$2\"; :' drill-by-remedy:traffic:{url} {url} 600 </dev/null >/dev/null 2>&1 &"

    def asked(_: Ground) -> None:
        lab_host.sh(f"{end}; true")
        lab_host.sh(f"{ask} sleep 0.3")

    return Scene(
        "fault.http_traffic",
        "fault.http_traffic",
        lambda _: {"url": url},
        lambda _: lab_host.sh(f"{end}; true") and None,
        asked,
        lambda _: lab_host.sh("pgrep -f 'drill-by-remed[y]' >/dev/null && echo there; true"),
    )


SCENES = {"process.terminate": _victim, "fault.memory_leak": _leak, "fault.http_traffic": _traffic}


@pytest.mark.parametrize("proof", LAB_PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_the_kit_on_a_host(
    scene: Callable[[LabHost], Scene],
    proof: Callable[[Played], None],
    there: FarEnd,
    lab_host: LabHost,
    catalogue: Catalogue,
    host: Host,
    tmp_path: Path,
) -> None:
    proof(play(scene(lab_host), Ground(tmp_path, tmp_path), there, catalogue, host))


@pytest.mark.long
def test_a_leak_on_a_host_ends_by_itself(there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host) -> None:
    session = Applied(there, catalogue.action("fault.memory_leak", {"size": "40MiB", "lasts": "5s"}), host)
    session.apply()
    lab_host.sh("while pgrep -f 'drill-by-remed[y]'; do sleep 0.2; done", timeout_s=30)
    assert session.plan() is not None


@pytest.mark.long
def test_an_address_is_asked_again_and_again_until_its_time_is_over(
    there: FarEnd, lab_host: LabHost, catalogue: Catalogue, host: Host
) -> None:
    lab_host.sh("systemd-run --quiet --unit asked busybox httpd -f -vv -p 127.0.0.1:8181 -h /run")
    params: dict[str, Json] = {"url": "http://127.0.0.1:8181/none", "lasts": "5s"}
    session = Applied(there, catalogue.action("fault.http_traffic", params), host)
    session.apply()
    lab_host.sh("while pgrep -f 'drill-by-remed[y]'; do sleep 0.2; done", timeout_s=30)
    assert session.plan() is not None
    answers = lab_host.sh("systemctl stop asked; journalctl --no-pager -o cat -u asked | grep -c 'response:404'")
    assert 5 <= int(answers) <= 30


def test_a_leak_in_a_container_is_taken_back_and_does_not_outlive_a_restart(
    docker_host: DockerHost, catalogue: Catalogue, host: Host
) -> None:
    params: dict[str, Json] = {"project": "shop", "service": "web", "size": "30MiB"}
    session = Applied(far_end_in(docker_host), catalogue.action("fault.memory_leak", params), host)
    usage = "docker stats --no-stream --format '{{.MemUsage}}' shop-web-1"
    change = session.apply()
    assert session.plan() is None
    assert float(docker_host.sh(usage).partition("MiB")[0]) > 30
    assert isinstance(change.undo, UndoBy)
    for _ in range(2):
        assert session.end.act(change.undo.operations[0]).returncode == 0
    session.apply()
    docker_host.docker("restart -t 1 shop-web-1")
    deadline = time.monotonic() + 20
    while session.plan() is None:
        assert time.monotonic() < deadline
    assert session.end.act(change.undo.operations[0]).returncode == 0
