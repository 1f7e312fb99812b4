"""The conversation over real SSH: login shells, elevation, counts, and a line that is cut or falls silent."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import suppress

import pytest

from remedy.errors import Busy, Lost, RemedyError, Unreachable
from remedy.hosts.transport import Hosts
from remedy.model import Call, SecretRef
from tests.hosts.far import SystemClock, call, change, functions, look
from tests.hosts.over_ssh import Reach, host_of
from tests.hosts.test_values import CORPUS, parts, printed, shown
from tests.lab.relay import Relay, Way
from tests.lab.sshd import SshdHost, SshdLab


@pytest.mark.parametrize("become", [False, True], ids=["", "become"])
@pytest.mark.parametrize("user", ["deploy", "bash", "dash", "ash", "zsh", "mksh", "fish", "tcsh"])
def test_fault_013_every_value_is_the_same_beyond_any_login_shell(
    sshd_host: SshdHost, reach: Reach, user: str, become: bool
) -> None:
    session = reach.connect(host_of(sshd_host, user=user, become=become))
    for some in parts(CORPUS, 400):
        for batch, reply in zip(
            parts(some, 100), session.look([look("t_show", *b) for b in parts(some, 100)]), strict=True
        ):
            assert printed(reply) == shown(batch)
    assert session.facts.user == ("root" if become else user)
    assert session.facts.state_dir == ("/run/remedy" if become else f"/run/lock/remedy.{session.facts.uid}")


@pytest.mark.parametrize("sh", ["bash", "busybox", "mksh", "zsh"])
def test_fault_013_a_change_is_the_same_whatever_sh_is_there(sshd_lab: SshdLab, reach: Reach, sh: str) -> None:
    host = sshd_lab.start(sh_program=f"/bin/{sh}")
    session = reach.connect(host_of(host))
    lease, _ = session.lease("r1", "tester", [])
    reply = session.change(change(lease, call("t_arguments", *CORPUS, timeout_s=90)))
    assert (reply.state, reply.output.sha256) == ("done", hashlib.sha256(shown(CORPUS)).hexdigest())
    session.release("r1")


def test_a_look_is_one_connection_one_login_and_one_execution(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    session = reach.connect(host_of(host))
    session.look([look("t_show", str(n)) for n in range(10)])
    lease, _ = session.lease("r1", "tester", [look("t_show")])
    for at in range(5):
        assert session.change(change(lease, call("t_rc", "0"), id=f"c{at}")).state == "done"
    session.release("r1")
    assert (host.connections(), host.logins(), host.failures(), host.executions()) == (1, 1, 0, 1)


def test_the_command_is_the_same_whatever_is_asked(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start(user="deploy")
    reach.secrets = {"s": "canary-in-a-secret"}
    session = reach.connect(host_of(host, become=True))
    processes: list[str] = []
    lease, _ = session.lease("canary-run", "canary-owner", [look("t_show", "canary-look")])
    arguments = [call("t_show", "canary-argument"), call("t_processes", items=["canary-item"])]
    reply = session.change(change(lease, *arguments))
    processes = reply.output.text.partition("PROCESSES")[2].splitlines()
    assert len([p for p in processes if "sudo -n sh -c" in p]) >= 1
    assert [p for p in processes if "canary" in p] == []


# ---------------------------------------------------------------- counts


def turns(sshd_host: SshdHost, looks: int, changes: int) -> int:
    """Round trips of a session with so many looks and changes: of three, since in a handshake greetings may cross."""
    return min(turns_once(sshd_host, looks, changes) for _ in range(3))


def turns_once(sshd_host: SshdHost, looks: int, changes: int) -> int:
    """Round trips of one session, as the line between sees them."""
    reach = Reach()
    with Relay((sshd_host.address, sshd_host.port), delay_s=0.02) as relay:
        session = reach.connect(host_of(sshd_host, port=relay.port))
        asked = [look("t_show", str(n)) for n in range(looks)]
        if changes == 0:
            session.look(asked)
            return relay.counts().turns
        lease, _ = session.lease("r1", "tester", asked)
        for _ in range(changes):
            session.change(change(lease, call("t_rc", "0"), id=f"c{time.time_ns()}", then=asked[:2]))
        session.release("r1")
        return relay.counts().turns


@pytest.mark.alone
def test_a_look_takes_at_most_nine_round_trips_however_many_looks(sshd_host: SshdHost) -> None:
    few, many = turns(sshd_host, 1, 0), turns(sshd_host, 60, 0)
    print(f"round trips: {few} for one look, {many} for sixty")
    assert few <= 9
    assert many == few


@pytest.mark.alone
def test_an_apply_takes_one_round_trip_for_each_change(sshd_host: SshdHost) -> None:
    none, one, five = turns(sshd_host, 10, 0), turns(sshd_host, 10, 1), turns(sshd_host, 10, 5)
    print(f"round trips: {none} to look, {one} for one change, {five} for five")
    assert one <= 11 + 1
    assert five - one == 4


# ---------------------------------------------------------------- elevation


def test_a_login_that_may_not_become_root_is_unreachable_and_told_so(sshd_host: SshdHost, reach: Reach) -> None:
    session = reach.connect(host_of(sshd_host, user="plain", become=True))
    with pytest.raises(Unreachable, match=r"sudo: .*(password|not allowed|may not run)"):
        session.look([look("t_show", "x")])


def test_fault_053_nothing_answers_sudo(sshd_host: SshdHost, reach: Reach) -> None:
    session = reach.connect(host_of(sshd_host, user="plain", become=True))
    began = time.monotonic()
    with pytest.raises(Unreachable):
        session.lease("r1", "tester", [])
    assert time.monotonic() - began < 8


# ---------------------------------------------------------------- noise


@pytest.mark.parametrize("user", ["bash", "zsh", "fish", "tcsh"])
def test_fault_054_a_login_that_prints_is_heard_past(sshd_lab: SshdLab, reach: Reach, user: str) -> None:
    host = sshd_lab.start(config="Banner /etc/passwd")
    start_up = {"bash": ".bashrc", "zsh": ".zshenv", "fish": ".config/fish/config.fish", "tcsh": ".tcshrc"}[user]
    noise = "echo welcome; echo complaint 1>&2\n" if user in ("bash", "zsh") else "echo welcome\n"
    host.sh(f"mkdir -p /home/{user}/.config/fish; cat >/home/{user}/{start_up}", stdin=noise.encode())
    host.sh(f"chown -R {user} /home/{user}")
    session = reach.connect(host_of(host, user=user))
    assert session.look([look("t_show", "x")])[0].ground[0] == "x"
    assert b"welcome" in session.talk._frames.noise


def test_fault_054_a_login_that_never_stops_printing_is_given_up(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    host.sh("echo 'yes spam' >/home/bash/.bashrc; chown bash /home/bash/.bashrc")
    with pytest.raises(Unreachable, match="prints without end"):
        reach.connect(host_of(host, user="bash")).look([])


def test_fault_054_a_login_without_a_shell_is_unreachable_and_told_so(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start(config="ForceCommand echo This service allows sftp connections only.")
    with pytest.raises(Unreachable, match="sftp connections only"):
        reach.connect(host_of(host)).look([])


# ---------------------------------------------------------------- cut and silent lines


def test_fault_048_a_line_cut_anywhere_in_a_change_never_lies(sshd_host: SshdHost) -> None:
    mark = f"/srv/mark{time.time_ns()}"
    done = 0
    for at, (way, cut) in enumerate(
        [*[(Way.UP, n) for n in range(1, 1500, 130)], *[(Way.DOWN, n) for n in range(1, 400, 40)]]
    ):
        run, reach = f"cut{time.time_ns()}", Reach()
        with Relay((sshd_host.address, sshd_host.port)) as relay:
            session = reach.connect(host_of(sshd_host, port=relay.port))
            lease, _ = session.lease(run, "tester", [])
            relay.cut_after(way, cut)
            state = "lost"
            with suppress(Lost):
                state = session.change(change(lease, call("t_mark", mark, f"m{at}"), seen=look("t_show"))).state
        settle = reach.connect(host_of(sshd_host))
        settle.lease(run, "tester", [], wait_s=10)
        receipts = settle.receipts(run)
        settle.release(run)
        reach.close()
        marks = sshd_host.sh(f"cat {mark} 2>/dev/null || :").split().count(f"m{at}")
        assert marks <= 1
        assert bool(receipts) == bool(marks), (way, cut)
        assert state in ("lost", "done")
        assert state == "lost" or marks == 1
        done += marks
    assert done >= 5


def test_a_line_that_falls_silent_is_lost_in_time_and_the_work_goes_on(sshd_host: SshdHost, reach: Reach) -> None:
    log = f"/srv/log{time.time_ns()}"
    with Relay((sshd_host.address, sshd_host.port)) as relay:
        session = reach.connect(host_of(sshd_host, port=relay.port))
        session.talk.slack_s = 1
        lease, _ = session.lease("silent", "tester", [])
        relay.freeze_after(Way.UP, 2_000_000)
        relay.freeze_after(Way.DOWN, 1)
        began = time.monotonic()
        with pytest.raises(Lost, match="no whole answer came in time"):
            session.change(change(lease, call("t_slowly", log, "1", timeout_s=2)))
        assert time.monotonic() - began < 8
        with pytest.raises(Unreachable):
            session.look([])
        relay.thaw()
    settle = reach.connect(host_of(sshd_host))
    settle.lease("silent", "tester", [], wait_s=10)
    assert settle.receipts("silent")["c1"].rc == 0
    assert sshd_host.sh(f"cat {log}").split() == ["begun", "ended"]
    settle.release("silent")


def test_a_host_that_dies_in_a_change_is_lost(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    session = reach.connect(host_of(host))
    lease, _ = session.lease("r1", "tester", [])
    timer = threading.Timer(0.5, host.stop)
    timer.start()
    with pytest.raises(Lost):
        session.change(change(lease, call("t_slowly", "/srv/x", "30", timeout_s=40)))
    timer.join()
    with pytest.raises(Unreachable):
        reach.connect(host_of(host)).look([])


# ---------------------------------------------------------------- the ledger where it really lies


@pytest.mark.parametrize(("user", "become"), [("root", False), ("deploy", True), ("deploy", False)])
def test_the_ledger_is_private_and_keeps_others_out(sshd_lab: SshdLab, reach: Reach, user: str, become: bool) -> None:
    host = sshd_lab.start()
    session = reach.connect(host_of(host, user=user, become=become))
    lease, _ = session.lease("r1", "tester", [])
    place = session.facts.state_dir
    owner = "root" if become else user
    assert host.sh(f"stat -c '%U %a' {place}").split() == [owner, "700"]
    assert session.change(change(lease)).state == "done"
    session.close()
    with pytest.raises(Busy):
        reach.connect(host_of(host, user=user, become=become)).lease("r2", "other", [])


def test_a_place_that_somebody_else_made_first_is_refused(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    uid = int(host.sh("id -u deploy"))
    host.sh(f"mkdir -m 777 /run/lock/remedy.{uid}; chown bash /run/lock/remedy.{uid}")
    with pytest.raises(RemedyError, match="belongs to somebody else"):
        reach.connect(host_of(host, user="deploy")).lease("r1", "tester", [])


def test_a_home_serves_where_nothing_else_can_be_written(sshd_lab: SshdLab, reach: Reach) -> None:
    host = sshd_lab.start()
    host.sh("chmod 755 /run/lock")
    session = reach.connect(host_of(host, user="deploy"))
    session.lease("r1", "tester", [])
    assert session.facts.state_dir == "/home/deploy/.remedy"


# ---------------------------------------------------------------- size and speed


def test_fault_050_a_hundred_megabytes_over_ssh(sshd_host: SshdHost, reach: Reach) -> None:
    size = 128 * 1_048_576
    session = reach.connect(host_of(sshd_host))
    lease, _ = session.lease("r1", "tester", [])
    began = time.monotonic()
    reply = session.change(change(lease, call("t_large", str(size), timeout_s=60), id=f"c{time.time_ns()}"))
    took = time.monotonic() - began
    session.release("r1")
    print(f"128 MiB over SSH: {took:.1f} s")
    assert (reply.state, reply.output.size_bytes) == ("done", size)
    assert took < 60 / 8


@pytest.mark.alone
def test_the_controllers_cpu_for_a_further_host_is_small(sshd_lab: SshdLab) -> None:
    hosts = [host_of(h) for h in sshd_lab.start_many(20)]
    reach = Reach()
    reach.connect(hosts[0]).look([look("t_show")])
    began = time.process_time()
    for host in hosts[1:]:
        reach.connect(host).look([look("t_show", str(n)) for n in range(10)])
    used_s = (time.process_time() - began) / (len(hosts) - 1)
    reach.close()
    print(f"controller CPU per further host: {used_s * 1000:.1f} ms")
    assert used_s < 0.024  # the goal is 12 ms on an idle machine; CI machines are neither idle nor alike


def test_the_same_secret_is_masked_on_every_host(sshd_lab: SshdLab) -> None:
    hosts = [host_of(h) for h in sshd_lab.start_many(2)]
    reach = Reach()
    reach.secrets = {"s": "canary-for-all-hosts"}
    first, second = (reach.connect(h) for h in hosts)
    lease, _ = first.lease("r1", "tester", [])
    first.change(change(lease, Call(family="t", function="t_rc", args=("0", SecretRef("s")))))
    assert second.look([look("t_show", "canary-for-all-hosts")])[0].ground[0] == "[secret]"
    reach.close()


def test_closing_is_quick(sshd_host: SshdHost) -> None:
    hosts = Hosts(lambda _: pytest.fail("no secret"), SystemClock(), shell_of=functions)
    sessions = [hosts.connect(host_of(sshd_host)) for _ in range(5)]
    for session in sessions:
        session.look([])
    began = time.monotonic()
    hosts.close()
    assert time.monotonic() - began < 0.5
