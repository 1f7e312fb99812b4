"""The sshd hosts are what the tests take them for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.lab import SshdHost, SshdLab
from tests.lab.ssh_client import ssh

SHELLS = ["root", "bash", "dash", "ash", "zsh", "mksh", "fish", "tcsh", "deploy"]
OWN_SHELL = {"root": "bash", "deploy": "bash"}


def _run(host: SshdHost, user: str, command: str, aside: Path) -> str:
    done = ssh(host, host.address, user, command, aside / "known")
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("login", SHELLS)
def test_each_login_runs_its_own_shell_and_may_become_root(sshd_host: SshdHost, tmp_path: Path, login: str) -> None:
    said = _run(
        sshd_host, login, 'id -un; sh -c \'tr "\\0" "\\n" </proc/$PPID/cmdline | head -n 1\'; sudo -n id -un', tmp_path
    )
    assert said.split() == [login, OWN_SHELL.get(login, login), "root"]


def test_plain_may_not_become_root(sshd_host: SshdHost, tmp_path: Path) -> None:
    done = ssh(sshd_host, sshd_host.address, "plain", "id -un; sudo -n id -un", tmp_path / "known")
    assert (done.stdout, done.returncode) == ("plain\n", 1)


def test_hosts_share_neither_files_nor_processes(sshd_lab: SshdLab) -> None:
    one, other = sshd_lab.start_many(2)
    for directory in ("/srv/data", "/srv/quarantine", "/home/deploy", "/root", "/run", "/tmp", "/var/tmp"):
        one.sh(f"echo mine >{directory}/mark")
        assert other.sh(f"ls {directory} | grep -x mark || :") == ""
        assert not Path(directory, "mark").exists()
    assert one.outside("/srv/data/mark").read_text(encoding="ascii") == "mine\n"
    one.sh("sleep 54321 >/dev/null 2>&1 &")
    assert "sleep 54321" in one.sh("ps -eo args")
    assert "sleep 54321" not in other.sh("ps -eo args")
    assert one.sh("uname -n") != other.sh("uname -n")


def test_the_rest_of_the_machine_is_read_only_in_a_host(sshd_host: SshdHost) -> None:
    for path in ("/usr/mark", "/var/lib/mark", "/etc/mark"):
        with pytest.raises(RuntimeError, match="Read-only"):
            sshd_host.sh(f"echo x >{path}")


def test_its_disks_have_a_size_of_their_own(sshd_host: SshdHost) -> None:
    sizes = sshd_host.sh("df -B1M --output=size /srv/data /srv/quarantine").split()
    assert sizes[1:] == ["64", "128"]


def test_another_shell_may_stand_as_bin_sh(sshd_lab: SshdLab, tmp_path: Path) -> None:
    host = sshd_lab.start(sh_program="busybox")
    assert "BusyBox" in _run(host, "root", "sh --help 2>&1; /bin/sh --help 2>&1", tmp_path)
    assert _run(host, "deploy", "sudo -n sh -c 'readlink /proc/$$/exe; :'", tmp_path).strip().endswith("/busybox")


def test_a_fleet_is_up_side_by_side_each_with_a_key_and_an_address_of_its_own(
    sshd_lab: SshdLab, tmp_path: Path
) -> None:
    fleet = sshd_lab.start_many(5, user="deploy")
    assert len({host.address for host in fleet}) == len({host.host_key for host in fleet}) == 5
    names = [_run(host, "deploy", "uname -n", tmp_path).strip() for host in fleet]
    assert names == [host.name for host in fleet]


def test_hosts_may_share_a_key(sshd_lab: SshdLab, tmp_path: Path) -> None:
    key = sshd_lab.make_key("shared")
    for host in (sshd_lab.start(host_key=key), sshd_lab.start(host_key=key)):
        assert host.host_key == key.public
        assert _run(host, "root", "echo hi", tmp_path) == "hi\n"


def test_the_log_counts_connections_logins_executions_and_refusals(sshd_lab: SshdLab, tmp_path: Path) -> None:
    host = sshd_lab.start()
    assert (host.connections(), host.logins(), host.executions(), host.failures()) == (0, 0, 0, 0)
    _run(host, "root", "true", tmp_path)
    _run(host, "bash", "true", tmp_path)
    stranger = sshd_lab.make_key("stranger")
    assert ssh(host, host.address, "root", "true", tmp_path / "known", identity=stranger.path).returncode == 255
    assert (host.connections(), host.logins(), host.executions(), host.failures()) == (3, 2, 2, 1)


def test_a_line_of_configuration_goes_before_the_labs_own(sshd_lab: SshdLab, tmp_path: Path) -> None:
    host = sshd_lab.start(config="PermitRootLogin no")
    assert ssh(host, host.address, "root", "true", tmp_path / "known").returncode == 255
    assert _run(host, "deploy", "echo hi", tmp_path) == "hi\n"


def test_a_stopped_host_leaves_no_process_and_comes_again(sshd_lab: SshdLab, tmp_path: Path) -> None:
    host = sshd_lab.start()
    mark = f"sleep {os.getpid()}.54322"
    host.sh(f"echo kept >/srv/data/f; setsid {mark} >/dev/null 2>&1 &")
    deadline = time.monotonic() + 10
    while not _lives(mark):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    host.stop()
    assert not _lives(mark)
    assert ssh(host, host.address, "root", "true", tmp_path / "known").returncode == 255
    host.stop()
    host.again()
    assert _run(host, "root", "cat /srv/data/f; hostname", tmp_path) == f"kept\n{host.name}\n"


def _lives(command: str) -> bool:
    wanted = command.replace(" ", "\0").encode() + b"\0"
    return any(_command_of(path) == wanted for path in Path("/proc").glob("[0-9]*"))


def _command_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_host_is_up_in_a_moment(sshd_lab: SshdLab) -> None:
    """0.1 s on an idle machine; the best of three, for one that is not."""
    took_s = []
    for _ in range(3):
        began_s = time.monotonic()
        sshd_lab.start()
        took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 2
