"""A group of hosts of which some are down, refused or dumb: the rest is planned, applied and told; nothing hides."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.errors import HostKeyRefused, Lost, Refused, Unreachable
from remedy.hosts.fake import Fault
from tests.cli.box import Disk, full_disk
from tests.cli.conftest import PLAYBOOK, Bench

GROUP = ("--group", "web")


def make_group(home: Path, count: int, *, batch: int = 2, max_failures: int = 0) -> Bench:
    """A home whose group `web` has so many hosts, each with a full disk."""
    for name in ("playbooks", "inventory"):
        (home / name).mkdir(parents=True, mode=0o755)
    home.chmod(0o755)
    limits = f"limits: {{hosts: 500, batch: {batch}, max_failures: {max_failures}}}"
    (home / "playbooks/disk-full.yml").write_text(PLAYBOOK.replace("limits: {hosts: 3, batch: 2}", limits))
    names = [f"web{n:02}" for n in range(1, count + 1)]
    lines = ["groups:", f"  web: {{hosts: [{', '.join(names)}], vars: {{mount: /srv}}}}", "hosts:"]
    for at, name in enumerate(names, 1):
        address = f"ssh://deploy@192.0.2.{at % 250}:{2200 + at // 250}"
        lines.append(f"  {name}: {{address: '{address}', environment: test, quarantine: /var/quarantine}}")
    (home / "inventory/hosts.yml").write_text("\n".join(lines) + "\n")
    disks: dict[str, Disk] = {name: full_disk() for name in names}
    return Bench(home, disks, {name: disk.host() for name, disk in disks.items()})


@pytest.fixture
def ten(tmp_path: Path) -> Bench:
    """Ten hosts, of which web03 and web07 are down, web05 shows another key and web09's disk cannot be read."""
    group = make_group(tmp_path / "home", 10)
    group.hosts["web03"].refuses = Unreachable("web03: no route to host")
    group.hosts["web07"].refuses = Lost("web07: the connection ended before the answer came")
    group.hosts["web05"].refuses = HostKeyRefused("web05: another key")
    group.disks["web09"].speechless = True
    return group


SAID = "4 of 10 hosts are not covered: 2 unreachable (web03, web07), 1 hostkey (web05), 1 cannot-tell (web09)"


def test_fault_044_a_plan_covers_the_hosts_that_answer_and_names_the_others(ten: Bench) -> None:
    done = ten("plan", "disk-full", *GROUP)

    assert done.code == 4, done
    assert "6 of 10 hosts, 6 changes" in done.out
    assert "not covered: 2 unreachable (web03, web07), 1 hostkey (web05), 1 cannot-tell (web09)" in done.out
    assert "web03  unreachable: no route to host" in done.out
    assert SAID in done.err


def test_a_script_reads_which_hosts_are_left_out_and_why(ten: Bench) -> None:
    done = ten("plan", "disk-full", *GROUP, "--json", "--exit-code")

    left_out = {h["host"]: (h["left_out"], h["unreachable"]) for h in done.document["hosts"] if h["left_out"]}
    assert done.code == 4, "changes are pending, and yet not all is known"
    assert left_out == {
        "web03": ("unreachable", "no route to host"),
        "web05": ("hostkey", "another key"),
        "web07": ("unreachable", "the connection ended before the answer came"),
    }
    assert done.document["error"]["message"] == SAID
    assert len(done.document["changes"]) == 6


def test_apply_to_a_group_does_what_it_can_and_ends_as_badly_as_its_worst_host(ten: Bench) -> None:
    done = ten("apply", "disk-full", *GROUP, "--yes", "--json")

    outcomes = {name: h["outcome"] for name, h in done.document["hosts"].items()}
    assert (done.code, ten.mutations) == (4, 6), done
    assert [n for n, o in outcomes.items() if o == "unreachable"] == ["web03", "web07"]
    assert (outcomes["web05"], outcomes["web09"]) == ("refused", "unchanged")
    assert "6 of 10 hosts" in done.err, "the person sees it before it begins"


def test_a_group_of_which_no_host_answers_is_not_applied(ten: Bench) -> None:
    for host in ten.hosts.values():
        host.refuses = Unreachable("no route to host")

    for argv in (("plan",), ("apply", "--yes")):
        done = ten(argv[0], "disk-full", *GROUP, *argv[1:], "--json")
        assert (done.code, done.document["error"]["kind"]) == (4, "unreachable"), done
    assert "10 of 10 hosts" in done.document["error"]["message"]
    assert ten("list", "runs", "--json").document == []


def test_only_refused_hosts_make_a_plan_end_refused(ten: Bench) -> None:
    for name in ("web03", "web07"):
        ten.hosts[name].refuses = Refused("not that one")
    ten.disks["web09"].speechless = False

    assert ten("plan", "disk-full", *GROUP, "--json").code == 3


def test_check_tells_every_host_and_the_sum(ten: Bench) -> None:
    done = ten("check", "disk-full", *GROUP)

    assert done.code == 1, "some are not well, which is worse than not reached"
    assert done.out.splitlines()[-1] == "10 hosts: 6 not ok, 2 unreachable, 1 hostkey, 1 cannot tell"
    for name in ten.disks:
        ten.disks[name].files.clear()
    ten.disks["web09"].speechless = False
    assert ten("check", "disk-full", *GROUP).code == 4
    for name in ("web03", "web07"):
        ten.hosts[name].refuses = None
    assert ten("check", "disk-full", *GROUP).code == 3
    ten.hosts["web05"].refuses = None
    assert ten("check", "disk-full", *GROUP).code == 0


def test_a_plan_that_leaves_hosts_out_is_approved_and_applied_later(ten: Bench) -> None:
    plan = ten("plan", "disk-full", *GROUP, "--json").document["id"]

    assert ten("approve", plan).code == 0
    ten.hosts["web03"].refuses = None
    applied = ten("apply", plan, "--json")

    assert (applied.code, ten.mutations) == (4, 6), "what was not planned is not done, though it answers now"


def test_fault_094_hosts_that_were_not_reached_are_no_failures_and_lost_ones_are(ten: Bench) -> None:
    ten.hosts["web04"].fail(Fault(verb="change", when="raised", error=Unreachable("web04: gone")))
    done = ten("apply", "disk-full", *GROUP, "--yes")

    assert done.code == 4, done
    assert [n for n, h in ten.hosts.items() if h.changes] == ["web01", "web02", "web04"]
