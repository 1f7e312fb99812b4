"""The demo's host is real, is its own, and leaves nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from remedy.demo.host import UID, USER, DemoHost, demo_host
from remedy.demo.keys import make_key
from remedy.demo.machine import Server, Way, possible_ways
from tests.demo.conftest import (
    COMBINATIONS,
    END_DEADLINE_S,
    ask,
    assert_nothing_left,
    await_true,
    is_listening,
    log_in,
    processes_of,
    skip_unless_a_host_is_possible,
    skip_unless_possible,
)

HOLD = """
import sys, time
from remedy.demo.host import demo_host
with demo_host() as host:
    print(host.directory, host.port, flush=True)
    time.sleep(60)
"""

pytestmark = pytest.mark.userns


@pytest.fixture(params=COMBINATIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}", scope="module")
def host(request: pytest.FixtureRequest) -> Iterator[DemoHost]:
    server: Server
    way: Way
    server, way = request.param
    skip_unless_possible(server, way)
    with demo_host(server, (way,)) as running:
        yield running


@pytest.fixture
def client(host: DemoHost) -> Iterator[paramiko.SSHClient]:
    with log_in(host) as connected:
        yield connected


def test_its_disk_is_really_95_percent_full(host: DemoHost, client: paramiko.SSHClient) -> None:
    used = ask(client, f"df -P {host.disk} | tail -n 1").out.split()[4]
    assert used == "95%"
    wrote = ask(client, f"head -c 6000000 /dev/zero > {host.disk}/more; rm {host.disk}/more")
    assert "No space left" in wrote.err


def test_its_quarantine_is_another_file_system_with_room(host: DemoHost, client: paramiko.SSHClient) -> None:
    disk, quarantine = ask(client, f"stat -c %d {host.disk} {host.quarantine}").out.split()
    assert disk != quarantine
    used = int(ask(client, f"du -sk {host.disk} | cut -f 1").out)
    free = int(ask(client, f"df -Pk {host.quarantine} | tail -n 1").out.split()[3])
    assert free > used


def test_its_commands_run_as_its_own_user_without_rights(host: DemoHost, client: paramiko.SSHClient) -> None:
    said = ask(client, 'id -u; echo "$HOME"; grep CapEff /proc/$$/status')
    uid, home, capabilities = said.out.splitlines()
    assert (int(uid), home) == (UID, str(host.disk.with_name("home")))
    assert int(capabilities.split()[1], 16) == 0


def test_its_application_goes_on_writing(host: DemoHost, client: paramiko.SSHClient) -> None:
    lines = int(ask(client, f"wc -l < {host.disk}/log/app.log").out)
    waited = ask(client, f"until [ $(wc -l < {host.disk}/log/app.log) -gt {lines} ]; do sleep 0.02; done")
    assert waited.status == 0


def test_it_carries_bytes_both_ways_and_the_exit_status(client: paramiko.SSHClient) -> None:
    sent = bytes(range(256)) * 4096
    said = ask(client, "sha256sum; echo problem >&2; exit 7", sent)
    assert said.out.split()[0] == hashlib.sha256(sent).hexdigest()
    assert (said.status, said.err) == (7, "problem\n")


def test_it_lets_in_its_one_key_and_its_one_user_alone(host: DemoHost, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    for key, user in [(tmp_path / "other", USER), (host.identity, "root")]:
        with pytest.raises(paramiko.AuthenticationException):
            log_in(host, key, user)


def test_nothing_of_it_is_seen_on_this_machine(host: DemoHost) -> None:
    assert str(host.disk) not in Path("/proc/self/mountinfo").read_text()
    assert "remedy-demo" not in Path("/proc/self/mountinfo").read_text()
    assert not (host.directory / "log").read_text().count("mount:")


@pytest.mark.parametrize(("server", "way"), COMBINATIONS)
def test_it_leaves_nothing(server: Server, way: Way) -> None:
    skip_unless_possible(server, way)
    with demo_host(server, (way,)) as running, log_in(running) as connected:
        ask(connected, "setsid sleep 61990 < /dev/null > /dev/null 2>&1 &")
        assert processes_of(running.directory)
    assert_nothing_left(running.directory, running.port)


@pytest.mark.parametrize("way", ["root", "user"])
def test_a_caller_whose_files_are_private_gets_it_too(way: Way) -> None:
    skip_unless_possible("library", way)
    before = os.umask(0o077)
    try:
        with demo_host(ways=(way,)) as running, log_in(running) as connected:
            assert ask(connected, "test -w /run/user/$(id -u) && id -un").out == "demo\n"
    finally:
        os.umask(before)


@pytest.mark.parametrize("way", ["root", "user"])
def test_where_no_usual_place_is_free_it_lives_below_its_own_directory(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_unless_possible("library", way)
    monkeypatch.setattr("remedy.demo.machine.PLACES", ())
    with demo_host(ways=(way,)) as running, log_in(running) as connected:
        assert running.disk == running.directory / "place/disk"
        assert " 95% " in ask(connected, f"df -P {running.disk}").out
    assert_nothing_left(running.directory, running.port)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_however_its_owner_dies_it_leaves_nothing(blow: signal.Signals) -> None:
    with held_host() as (owner, directory, port):
        owner.send_signal(blow)
        owner.wait(timeout=END_DEADLINE_S)
        assert_nothing_left(directory, port)


def test_should_its_watch_be_killed_it_ends_too() -> None:
    with held_host() as (owner, directory, port):
        watch = int(Path(f"/proc/{owner.pid}/task/{owner.pid}/children").read_text().split()[0])
        os.kill(watch, signal.SIGKILL)
        await_true(lambda: not is_listening(port))
        owner.send_signal(signal.SIGINT)
        owner.wait(timeout=END_DEADLINE_S)
        assert_nothing_left(directory, port)


def test_the_boot_refuses_to_mount_where_the_machine_would_see_it() -> None:
    skip_unless_possible("library", possible_ways()[-1])
    boot = Path(sys.modules[demo_host.__module__].__file__ or "").with_name("boot.sh")
    inside = (
        f'sh {boot} "$(readlink /proc/self/ns/mnt)" /nonexistent /nonexistent 1 root openssh true; cat /proc/mounts'
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c", inside]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "this is the machine itself" in said.stderr
    assert "/nonexistent" not in said.stdout


@contextmanager
def held_host() -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """Lend the process that owns a host, the host's directory and its port."""
    skip_unless_a_host_is_possible()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as owner:
        try:
            assert owner.stdout is not None
            directory, port = owner.stdout.readline().split()
            assert processes_of(Path(directory))
            yield owner, Path(directory), int(port)
        finally:
            owner.kill()
