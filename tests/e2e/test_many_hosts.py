"""Two hundred hosts, some of them ill: planned, applied, interrupted, resumed, within bounds of time and memory."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.e2e.fleet import GROUP, LIES, start_fleet
from tests.e2e.home import Home
from tests.e2e.test_counts import cost_of
from tests.hosts.far import wait_until
from tests.lab.sshd import SshdLab

WELL = 200
MEMORY_MIB = 120  # of one process that holds them all; at fifty hosts the design allows 80
DEADLINE_S = 400


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.timeout(1500)
def test_two_hundred_hosts_of_which_some_are_ill(home: Home, sshd_lab: SshdLab) -> None:
    began = time.monotonic()
    fleet = start_fleet(sshd_lab, home, WELL)
    print(f"{len(fleet.all)} hosts up in {time.monotonic() - began:.0f} s")

    began = time.monotonic()
    plan = home.remedy("plan", "tidy", *GROUP, "--json")
    print(f"plan: {time.monotonic() - began:.1f} s")

    assert plan.code == 4, plan.err
    changed = {c["host"] for c in plan.document["changes"]}
    assert changed == {*fleet.well, "full", "slow", "willing"}
    assert "6 of 209 hosts are not covered" in plan.document["error"]["message"]
    shown = home.remedy("show", plan.document["id"]).out.splitlines()
    assert len(shown) < 60, "two hundred hosts are two screens"

    few, many = (cost_of(home, "plan", "tidy", *hosts) for hosts in (_named(fleet.well, 50), _named(fleet.well, WELL)))
    per_host = (many.cpu_ms - few.cpu_ms) / (WELL - 50)
    print(f"plan: {per_host:.1f} ms CPU per further host, {few.memory_mib:.0f} MiB at 50, {many.memory_mib:.0f} at 200")
    assert (few.code, many.code) == (0, 0)
    assert many.memory_mib < MEMORY_MIB

    began = time.monotonic()
    cost = cost_of(home, "apply", "tidy", *GROUP, "--yes")
    print(f"apply: {time.monotonic() - began:.1f} s, {cost.cpu_ms / 1000:.1f} s CPU, {cost.memory_mib:.0f} MiB")
    assert cost.code == 1, "the one that lies about its work has failed"
    assert fleet.done() == {*fleet.well, "slow"}
    assert cost.memory_mib < MEMORY_MIB
    run = home.remedy("list", "runs", "--json").document[0]["id"]
    told = home.remedy("show", run, "--json").document["hosts"]
    assert {n for n, h in told.items() if h["outcome"] == "unreachable"} == {
        *LIES,
        "down",
        "forkless",
    } - {"willing", "shuffled"}
    assert (told["shuffled"]["outcome"], told["shuffled"]["verdict"]) == ("unchanged", "inconclusive")
    assert all(not host.outside("/run/remedy/host.lease").exists() or _is_free(host) for host in fleet.well.values())


@pytest.mark.long
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_fault_059_ctrl_c_with_fifty_hosts_open_and_then_a_resume(home: Home, sshd_lab: SshdLab) -> None:
    fleet = start_fleet(sshd_lab, home, 50)
    names = _named(fleet.well, 50)
    child = subprocess.Popen(
        home.argv("apply", "tidy", *names, "--yes", "--json"),
        env=home.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: len(fleet.done()) > 3, "the first hosts", timeout_s=DEADLINE_S)
        child.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = child.communicate(timeout=DEADLINE_S)
        print(f"it ended {time.monotonic() - began:.1f} s after Ctrl-C")
    finally:
        child.kill()

    assert child.returncode == 6, err[-2000:]
    assert "no other is begun" in err
    assert "Traceback" not in out + err
    done = fleet.done()
    assert len(done) < 50, "some were left"
    resumed = home.remedy("resume", home.remedy("list", "runs", "--open", "--json").document[0]["id"], "--json")
    assert resumed.code == 0, resumed.err[-2000:]
    assert fleet.done() == set(fleet.well)
    assert {h["outcome"] for h in resumed.document["hosts"].values()} == {"changed"}


def _named(hosts: dict[str, object], count: int) -> list[str]:
    return [word for name in list(hosts)[:count] for word in ("--host", name)]


def _is_free(host: object) -> bool:
    """Whether the last record of its lease says that it was given back."""
    lines = host.outside("/run/remedy/host.lease").read_text().split()  # type: ignore[attr-defined]
    return "free" in lines[-4:]
