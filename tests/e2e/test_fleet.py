"""A group of hosts of which some are down, slow, full, out of processes, or lie: each of those stops only itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.test_terminal import at_terminal
from tests.e2e.fleet import ARRANGE, FILL_RUN, GROUP, Fleet, start_fleet
from tests.e2e.home import Home
from tests.hosts.far import wait_until
from tests.lab.relay import Relay
from tests.lab.sshd import SshdLab

WELL = 4
OPEN_FILES = 64


@pytest.fixture(scope="module")
def arranged(sshd_lab: SshdLab, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Fleet]:
    """One fleet, and a home with it, for all tests of this module, in their order."""
    home = Home(tmp_path_factory.mktemp("fleet"))
    return home, start_fleet(sshd_lab, home, WELL)


def with_few_files(home: Home, *args: str) -> tuple[int, str]:
    """The exit code and all output of a command that may have 64 files open, and no more."""
    argv = ["sh", "-c", f'ulimit -n {OPEN_FILES} && exec "$@"', "sh", *home.argv(*args)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=False, env=home.environment())
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_fault_069_with_few_files_looks_go_in_waves_and_a_run_that_cannot_be_is_not_begun(
    arranged: tuple[Home, Fleet],
) -> None:
    home, fleet = arranged
    code, said = with_few_files(home, "check", "tidy", *GROUP)

    assert code == 1, said
    assert "Too many open files" not in said
    assert said.count("symptom  holds") == WELL + 3, said

    code, said = with_few_files(home, "apply", "tidy", *GROUP, "--yes")

    assert (code, fleet.done()) == (3, set()), said
    assert "13 hosts need more open files than this process may have: there is room for 8" in said
    assert "ulimit -n" in said
    assert home.remedy("list", "runs", "--json").document == []


def test_fault_044_fault_053_a_host_that_is_down_slow_full_or_lies_stops_only_itself(
    arranged: tuple[Home, Fleet],
) -> None:
    home, fleet = arranged
    plan = home.remedy("plan", "tidy", *GROUP, "--json")

    left_out = {h["host"]: h["unreachable"] for h in plan.document["hosts"] if h["left_out"] == "unreachable"}
    dumb = [h["host"] for h in plan.document["hosts"] if h["symptom"] == "cannot tell" and not h["left_out"]]
    assert (plan.code, set(left_out), dumb) == (4, {"down", "forkless", "flood", "endless", "clock"}, ["shuffled"])
    assert "Cannot fork" in left_out["forkless"] or "fork" in left_out["forkless"]
    assert "prints without end" in left_out["flood"]
    assert "no end" in left_out["endless"]
    assert {c["host"] for c in plan.document["changes"]} == {*fleet.well, "full", "slow", "willing"}

    run = home.remedy("apply", "tidy", *GROUP, "--yes", "--json")

    told = {name: (host["outcome"], host["reason"]) for name, host in run.document["hosts"].items()}
    assert run.code == 1, told
    assert {n for n, (outcome, _) in told.items() if outcome == "changed"} == {*fleet.well, "slow"} == fleet.done()
    assert told["full"] == ("refused", "full: the lease cannot be written to /run/remedy")
    assert told["willing"][0] == "failed"
    assert "still there" in run.document["hosts"]["willing"]["steps"][0]["reason"]
    assert all(told[name][0] == "unreachable" for name in left_out)


def test_fault_044_a_host_that_is_down_or_full_only_at_apply_stops_only_itself(arranged: tuple[Home, Fleet]) -> None:
    home, fleet = arranged
    for host in fleet.well.values():
        host.sh(ARRANGE)
    names = [word for name in fleet.well for word in ("--host", name)]
    plan = home.remedy("plan", "tidy", *names, "--json")
    assert plan.code == 0, plan
    home.remedy("approve", plan.document["id"])
    fleet.well["web002"].stop()
    fleet.well["web003"].sh(FILL_RUN)

    run = home.remedy("apply", plan.document["id"], "--json")

    outcomes = {name: host["outcome"] for name, host in run.document["hosts"].items()}
    full = outcomes.pop("web003")  # refused where its lease has no room, failed where only its receipt has none
    assert (full, run.code) in [("failed", 1), ("refused", 4)], (outcomes, run.document["hosts"]["web003"])
    assert outcomes == {"web001": "changed", "web002": "unreachable", "web004": "changed"}
    assert "cannot be written" in json.dumps(run.document["hosts"]["web003"])
    assert fleet.done() & set(fleet.well) == {"web001", "web004"}


def test_fault_059_ctrl_c_does_not_wait_for_a_host_that_hangs(arranged: tuple[Home, Fleet]) -> None:
    home, fleet = arranged
    good = fleet.well["web001"]
    with Relay((good.address, good.port)) as relay:
        relay.freeze()
        hung = good.entry(address=f"ssh://root@127.0.0.1:{relay.port}")
        (home.path / "inventory" / "hung.yml").write_text(f"hosts: {{hung: {hung}}}\n".replace("False", "false"))
        argv = home.argv("plan", "tidy", "--host", "web001", "--host", "hung")
        child = subprocess.Popen(
            argv, env=home.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            wait_until(lambda: relay.counts().connections, "the connection that hangs", timeout_s=30)
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(timeout=8)  # the host's own deadlines are 20 s and more
        finally:
            child.kill()
        (home.path / "inventory" / "hung.yml").unlink()

    assert child.returncode == 4, said
    assert "interrupted" in said
    assert "Traceback" not in said


OPENED = """
import collections, json, os, sys
opened = collections.Counter()
def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        opened[os.fsdecode(args[0])] += 1
sys.addaudithook(hook)
from remedy.cli.edge import process
code = process()
print(json.dumps([code, opened]), file=sys.stderr)
"""  # what the process opens while it does what its arguments say


def opened_by(home: Home, argv: Sequence[str]) -> dict[str, int]:
    """How often a command opened each file."""
    words = [sys.executable, "-c", OPENED, "-C", str(home.path), *argv]
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=True, env=home.environment())
    code, opened = json.loads(done.stderr.splitlines()[-1])
    assert code in (0, 1), done.stdout
    return dict(opened)


def test_one_key_and_one_file_of_known_hosts_are_read_once_for_all_hosts(
    arranged: tuple[Home, Fleet], tmp_path: Path
) -> None:
    home, fleet = arranged
    hosts = {f"known-{n}": h for n, h in fleet.well.items() if n != "web002"}
    known = tmp_path / "known_hosts"
    known.write_text("".join(f"[{h.address}]:{h.port} {h.host_key}\n" for h in hosts.values()))
    entries = {n: h.entry(host_key=None, known_hosts=str(known)) for n, h in hosts.items()}
    (home.path / "inventory" / "known.yml").write_text(json.dumps({"hosts": entries}))
    identity = str(next(iter(hosts.values())).identity)
    one, *_ = hosts

    alone = opened_by(home, ["check", "tidy", "--host", one])
    together = opened_by(home, ["check", "tidy", *(word for name in hosts for word in ("--host", name))])

    assert (alone[str(known)], together[str(known)]) == (1, 1)
    assert alone[identity] == together[identity] > 0


def test_a_run_of_several_hosts_is_a_table_on_a_terminal_and_stays_there(arranged: tuple[Home, Fleet]) -> None:
    pyte = pytest.importorskip("pyte")
    home, fleet = arranged
    names = ["web001", "web004", "slow"]
    for name in names:
        fleet.all[name].sh(ARRANGE)
    argv = ["apply", "tidy", *(word for name in [*names, "down"] for word in ("--host", name)), "--yes"]

    code, said = at_terminal(home.path, argv, [], {"NO_COLOR": "1"})

    terminal = pyte.Screen(80, 100)
    pyte.Stream(terminal).feed(said)
    shown = [line.rstrip() for line in terminal.display if line.strip()]
    assert code == 4, shown
    table = shown.index("4 hosts: 1 unreachable, 3 changed")
    assert [line.split()[:2] for line in shown[table + 1 : table + 5]] == [
        ["web001", "changed"],
        ["web004", "changed"],
        ["slow", "changed"],
        ["down", "unreachable"],
    ]
    assert "down  unreachable  ssh://" in shown[table + 5]
    assert sum("at work" in line for line in shown) == 0, "one table, drawn over itself"
    assert "looking" in said, "it was drawn while hosts were looked at"
