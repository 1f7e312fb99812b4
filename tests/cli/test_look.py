"""`remedy look`: what is wrong, what to type next; quiet when all is well, honest when it cannot tell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from remedy.errors import HostKeyRefused, Unreachable
from remedy.hosts.fake import Fault
from tests.cli.conftest import Bench
from tests.cli.test_many import make_group

STATE = "--\nup_s 7200\nload 0.10 0.20 0.30\nprocessors 4\n"
WANTS = """\
playbook: wants
summary: Only where its unit is named
params:
  unit: {type: unit, about: The unit}
symptom:
  - disk.free: {mount: /srv, below: 1%}
steps:
  - id: again
    service.restart: {unit: "{{ unit }}"}
"""


def state(text: str = STATE) -> Callable[..., tuple[int, str]]:
    return lambda *_: (0, text)


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """The home without shipped playbooks that this host cannot answer; its hosts say how they are."""
    (bench.path / "playbooks/wants.yml").write_text(WANTS)
    for host in bench.hosts.values():
        host.functions = {**host.functions, "host_state": state()}
    return bench


def test_it_says_what_holds_with_evidence_and_the_command_to_type_next(bench: Bench) -> None:
    done = bench("look", "--host", "test1")
    assert done.code == 0, done
    assert "up 2 h, load 0.10 0.20 0.30 on 4 processors" in done.out
    assert re.search(r"P3  holds +disk-full  /srv/data has [\d.]+ MiB \([\d.]+%\) free, less than 20%", done.out)
    (line,) = [line for line in done.out.splitlines() if "next:" in line]
    again = bench(*shlex.split(line.partition("next: remedy ")[2]), "--yes")
    assert again.code == 0, again
    assert bench("look", "--host", "test1").out.count("holds on test1") == 1


def test_it_changes_nothing_and_needs_one_connection(bench: Bench) -> None:
    assert bench("look", "--host", "test1").code == 0
    assert (bench.mutations, bench.connections) == (0, 1)
    assert [s.verb for s in bench.hosts["test1"].sent] == ["look"]


def test_it_is_quiet_when_all_is_well(bench: Bench) -> None:
    bench.disks["test1"].files.clear()
    done = bench("look", "--host", "test1")
    assert (done.code, len(done.out.splitlines())) == (0, 3), done.out
    assert re.search(r"nothing of what 1 playbook knows holds on test1 \(\d+ do not fit it: -v\)", done.out)


def test_what_does_not_fit_is_told_when_asked_and_is_no_error(bench: Bench) -> None:
    (bench.path / "playbooks/broken.yml").write_text("playbook: broken\nsteps: no\n")
    done = bench("look", "--host", "test1", "-v")
    assert done.code == 0
    assert re.search(r"does not fit +wants +test1: wants needs a value for 'unit': The unit", done.out)
    assert "does not fit   broken" in done.out
    document = bench("look", "--host", "test1", "--json").document
    unfit = {u["playbook"]: u for u in document["hosts"]["test1"]["unfit"]}
    assert "remedy validate" in unfit["broken"]["fix"]
    assert "-p unit=" in unfit["wants"]["fix"]


def test_a_value_that_was_given_is_in_the_next_command_quoted(bench: Bench) -> None:
    bench.disks["test1"].other += 200 << 20
    done = bench("look", "--host", "test1", "-p", "unit=app@1.service", "-p", "mount=/srv/it's", "--json")
    assert done.code == 0, done
    told = {s["playbook"]: s for s in done.document["hosts"]["test1"]["symptoms"]}
    assert shlex.split(told["wants"]["next"]) == [
        "remedy",
        "apply",
        "wants",
        "--host",
        "test1",
        "-p",
        "unit=app@1.service",
    ]
    assert shlex.split(told["disk-full"]["next"])[-1] == "mount=/srv/it's"


def test_a_value_that_no_playbook_declares_is_refused_with_the_nearest(bench: Bench) -> None:
    done = bench("look", "--host", "test1", "-p", "mounts=/")
    assert (done.code, bench.connections) == (2, 0)
    assert "did you mean mount" in done.err


def test_without_a_host_it_says_how_to_name_one(bench: Bench) -> None:
    done = bench("look")
    assert (done.code, "--host NAME" in done.err) == (2, True)


def test_a_symptom_that_cannot_be_told_ends_with_4_and_says_why(bench: Bench) -> None:
    bench.disks["test1"].speechless = True
    done = bench("look", "--host", "test1")
    assert done.code == 4
    assert "cannot tell" in done.out
    assert "the filesystem gives no numbers" in done.out
    assert "nothing of what" not in done.out


@pytest.mark.parametrize(
    ("error", "code"), [(Unreachable("test1: no route", fix="wake it"), 4), (HostKeyRefused("test1: another key"), 3)]
)
def test_a_host_that_says_nothing_is_never_well(bench: Bench, error: Unreachable | HostKeyRefused, code: int) -> None:
    bench.hosts["test1"].refuses = error
    alone = bench("look", "--host", "test1")
    both = bench("look", "--host", "test1", "--host", "prod1")
    assert (alone.code, both.code) == (code, code)
    assert error.message in both.out
    assert "2 hosts: 1 with a symptom that holds, 0 well, 1 not told" in both.out


def test_a_run_that_was_cut_off_is_named_with_the_command_that_goes_on(bench: Bench) -> None:
    bench.hosts["test1"].fail(Fault(verb="change", when="dispatched"))
    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 6
    (run,) = bench("list", "runs", "--json").document
    held = f"{STATE}lease {run['id']} 1700000000 oncall@desk\n"
    bench.hosts["test1"].functions = {**bench.hosts["test1"].functions, "host_state": state(held)}
    done = bench("look", "--host", "test1")
    assert f"run {run['id']} (disk-full) is open and holds the host" in done.out
    assert f"remedy resume {run['id']}" in done.out
    document = bench("look", "--host", "test1", "--json").document["hosts"]["test1"]
    assert [r["id"] for r in document["open_runs"]] == [run["id"]]
    assert document["state"]["lease"]["run"] == run["id"]
    assert "is open" not in bench("look", "--host", "prod1").out


def test_a_lease_of_somebody_else_is_named_with_its_owner(bench: Bench) -> None:
    bench.hosts["test1"].functions = {
        **bench.hosts["test1"].functions,
        "host_state": state(f"{STATE}lease r99 1700000000 second@desk\n"),
    }
    assert "held by second@desk, run r99, since 2023-11-14 22:13 UTC" in bench("look", "--host", "test1").out


def test_what_timers_will_put_back_is_told_and_one_that_is_late_is_not_overlooked(bench: Bench) -> None:
    armed = "timer:01 armed 1700000000 compose:shop/worker\tscaled to 2 again\n"
    late = "timer:02 overdue 1690000000 maintenance:shop\tthe site is open again\n"
    bench.hosts["test1"].functions = {**bench.hosts["test1"].functions, "host_state": state(STATE + armed + late)}
    done = bench("look", "--host", "test1")
    assert "its timer puts back at 2023-11-14 22:13 UTC  compose:shop/worker: scaled to 2 again" in done.out
    assert "its timer of 2023-07-22 04:26 UTC did not run  maintenance:shop: the site is open again" in done.out
    several = bench("look", "--host", "test1", "--host", "prod1").out
    assert "did not run" in several


def test_the_last_runs_on_the_host_are_told(bench: Bench) -> None:
    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 0
    bench.clock.passed_s += 7300
    done = bench("look", "--host", "test1")
    assert "2 h ago  run r" in done.out
    assert "disk-full: changed, resolved" in done.out


def test_a_record_that_cannot_be_read_keeps_nobody_from_looking(bench: Bench) -> None:
    assert bench("apply", "disk-full", "--host", "test1", "--yes").code == 0
    (database,) = (bench.path / ".remedy").glob("*.db")
    database.write_bytes(b"not a database" * 1000)
    done = bench("look", "--host", "prod1")
    assert done.code == 0, done
    assert "disk-full" in done.out
    assert "the record cannot be read" in done.err


def test_a_group_is_told_host_by_host_and_in_one_line(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 5)
    group.disks["web02"].files.clear()
    group.hosts["web04"].refuses = Unreachable("web04: no route to host")
    done = group("look", "--group", "web")
    assert done.code == 4
    assert "5 hosts: 3 with a symptom that holds, 1 well, 1 not told" in done.out
    assert group.connections == 5
    assert done.out.index("web05") < done.out.index("web04  ssh"), "what holds comes first"
    assert "nothing of what the playbooks know holds on web02\n" in done.out
    assert list(group("look", "--group", "web", "--json").document["hosts"]) == [f"web0{n}" for n in range(1, 6)]


def test_a_large_group_that_is_well_is_two_lines(tmp_path: Path) -> None:
    group = make_group(tmp_path / "home", 40)
    for disk in group.disks.values():
        disk.files.clear()
    done = group("look", "--group", "web")
    assert (done.code, len(done.out.strip().splitlines())) == (0, 3), done.out
    assert "web08 and 32 more" in done.out
    assert "40 hosts: 0 with a symptom that holds, 40 well, 0 not told" in done.out


def test_what_a_host_says_cannot_command_the_terminal(bench: Bench) -> None:
    bench.hosts["test1"].functions = {
        **bench.hosts["test1"].functions,
        "host_state": state("--\nup_s 7200\nload \x1b[2J 0 0\nlease r\x1b]0;x 17 o\u202e\n"),
    }
    done = bench("look", "--host", "test1")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
