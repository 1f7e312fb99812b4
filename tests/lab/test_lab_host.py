"""The test hosts are what the tests take them for."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.conftest import NewLabHost
from tests.lab import DISK, HEALTH, LOG, QUARANTINE, Engine, LabHost
from tests.lab.engine import OWNER_LABEL, engine
from tests.lab.ssh_client import ssh

LINE_BYTES = 16


def _is_healthy(host: LabHost, within_s: float = 5) -> bool:
    deadline_s = time.monotonic() + within_s
    while True:
        answer = host.sh(f"timeout 1 busybox wget -q -O - {HEALTH} 2>/dev/null || :")
        if answer == "ok\n" or time.monotonic() > deadline_s:
            return answer == "ok\n"
        time.sleep(0.05)


def _wait_for_lines(host: LabHost, path: str, at_least: int = 1) -> None:
    host.sh(f'until [ "$(wc -l <{path} || echo 0)" -ge {at_least} ]; do sleep 0.02; done 2>/dev/null', timeout_s=10)


@pytest.mark.parametrize(
    ("login", "shell"), [("root", "bash"), ("deploy", "bash"), ("bish", "bash"), ("zed", "zsh"), ("dasher", "sh")]
)
def test_each_login_reaches_its_shell_by_the_pinned_key_and_may_become_root(
    lab_host: LabHost, tmp_path: Path, login: str, shell: str
) -> None:
    become = "id -un" if login == "root" else "sudo -n id -un"
    done = ssh(lab_host, "127.0.0.1", login, f"id -un; echo $0; {become}", tmp_path / "known")
    assert (done.stdout.split(), done.stderr) == ([login, shell, "root"], "")


def test_plain_may_not_become_root(lab_host: LabHost, tmp_path: Path) -> None:
    done = ssh(lab_host, "127.0.0.1", "plain", "id -un; sudo -n id -un", tmp_path / "known")
    assert (done.stdout, done.returncode) == ("plain\n", 1)


def test_there_is_no_python_on_a_test_host(lab_host: LabHost) -> None:
    assert lab_host.sh("ls /usr/bin /usr/local/bin | grep -i python || :") == ""


def test_a_test_host_reaches_no_network(lab_host: LabHost) -> None:
    assert (
        lab_host.sh("busybox timeout 3 busybox nslookup example.com >/dev/null 2>&1 && echo found || echo no") == "no\n"
    )


def test_systemd_is_up_and_nothing_has_failed(lab_host: LabHost) -> None:
    assert lab_host.sh("systemctl --failed --no-legend; cat /proc/1/comm") == "systemd\n"


def test_a_filled_disk_is_as_full_as_asked_and_quarantine_is_another_one(fresh_lab_host: LabHost) -> None:
    for percent in (60, 95, 30):
        fresh_lab_host.fill(percent)
        assert fresh_lab_host.used_percent() == percent
    assert fresh_lab_host.used_percent(QUARANTINE) == 0
    assert len(set(fresh_lab_host.sh(f"stat -c %d {DISK} {QUARANTINE} /").split())) == 3


def test_a_full_disk_takes_no_further_byte(fresh_lab_host: LabHost) -> None:
    fresh_lab_host.fill(100)
    assert fresh_lab_host.used_percent() == 100
    with pytest.raises(RuntimeError, match="I/O error"):
        fresh_lab_host.sh(f"echo x >{DISK}/one-more")


def test_the_logger_writes_whole_lines_also_when_the_disk_is_full_and_loses_none(fresh_lab_host: LabHost) -> None:
    host = fresh_lab_host
    host.sh("systemctl stop logger-app")
    host.fill(100)
    host.sh("systemctl start logger-app; sleep 0.5; rm /srv/data/ballast.bin")
    _wait_for_lines(host, LOG, int(host.sh(f"wc -l <{LOG}")) + 10)
    host.sh("systemctl stop logger-app")
    log = host.sh(f"cat {LOG}")
    assert len(log) % LINE_BYTES == 0
    starts = [i for i, line in enumerate(log.splitlines()) if line == "line 0000000001"]
    assert log.splitlines()[starts[-1] :] == [f"line {n:010}" for n in range(1, len(log.splitlines()) - starts[-1] + 1)]


def test_the_logger_loses_no_line_when_its_log_is_renamed_and_it_is_told(fresh_lab_host: LabHost) -> None:
    host = fresh_lab_host
    _wait_for_lines(host, LOG)
    host.sh(f"mv {LOG} {LOG}.1 && systemctl reload logger-app")
    _wait_for_lines(host, LOG, 5)
    host.sh("systemctl stop logger-app")
    lines = host.sh(f"cat {LOG}.1 {LOG}").splitlines()
    assert lines == [f"line {number:010}" for number in range(1, len(lines) + 1)]


@pytest.mark.parametrize(
    "break_it",
    ["rm /run/app/www/health", "systemctl stop app", "systemctl kill -s STOP app"],
    ids=["404", "stop", "hang"],
)
def test_a_broken_app_is_healed_by_a_restart(lab_host: LabHost, break_it: str) -> None:
    assert _is_healthy(lab_host)
    lab_host.sh(break_it)
    assert not _is_healthy(lab_host, within_s=0)
    lab_host.sh("systemctl restart app")
    assert _is_healthy(lab_host)


def test_an_app_that_is_broken_for_good_is_not_healed_by_a_restart(fresh_lab_host: LabHost) -> None:
    fresh_lab_host.sh("touch /etc/app/broken; systemctl restart app")
    assert not _is_healthy(fresh_lab_host, within_s=1)
    assert fresh_lab_host.sh("systemctl is-active app") == "active\n"


def test_an_old_file_has_its_size_age_and_owner(lab_host: LabHost) -> None:
    lab_host.write_old_file("/srv/data/old/a b.log", size_bytes=5000, age_s=86400, owner="deploy")
    size, age, owner = lab_host.sh("stat -c '%s %Y %U' '/srv/data/old/a b.log'").split()
    assert (size, owner) == ("5000", "deploy")
    assert 86400 <= int(lab_host.sh("date +%s")) - int(age) < 86400 + 30


def test_an_entry_of_the_inventory_may_be_changed_and_shortened(lab_host: LabHost) -> None:
    entry = lab_host.entry(environment="production", identity=None, vars={"a": 1})
    assert entry == {
        "address": f"ssh://deploy@127.0.0.1:{lab_host.port}",
        "host_key": lab_host.host_key,
        "become": True,
        "environment": "production",
        "quarantine": QUARANTINE,
        "vars": {"a": 1},
    }


def test_a_paused_host_says_nothing_until_it_goes_on(fresh_lab_host: LabHost) -> None:
    fresh_lab_host.pause()
    with socket.create_connection(("127.0.0.1", fresh_lab_host.port), timeout=5) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(4)
        fresh_lab_host.unpause()
        connection.settimeout(5)
        assert connection.recv(4) == b"SSH-"


def test_a_stopped_host_refuses_connections_and_may_be_stopped_again(new_lab_host: NewLabHost) -> None:
    host = new_lab_host()
    host.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", host.port), timeout=5)
    host.stop()


def test_a_failed_command_tells_what_it_complained_about(lab_host: LabHost) -> None:
    with pytest.raises(RuntimeError, match="exit 3: because"):
        lab_host.sh("echo because >&2; exit 3")


def test_what_a_killed_test_run_left_goes_with_the_next_one(lab_engine: Engine) -> None:
    left = f"--label={OWNER_LABEL}=4194304.1.x"  # above the highest process number there can be
    container = lab_engine.docker("create", left, lab_engine.image).strip()
    own = lab_engine.docker("create", f"--label={OWNER_LABEL}={lab_engine.owner}", lab_engine.image).strip()
    with engine():
        listed = lab_engine.docker("ps", "--all", "--quiet", "--no-trunc")
        assert container not in listed
    assert own in listed
    assert own in lab_engine.docker("ps", "--all", "--quiet", "--no-trunc"), "a run that ends leaves others alone"
    lab_engine.docker("rm", own)
