"""Every shipped playbook, drilled on a real host: broken, seen, remedied, put back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from remedy.load.find import playbook_names
from tests.e2e.drills import CASES, KEPT, UNDRILLED, Case
from tests.e2e.home import Done, Home
from tests.e2e.write_drills import PAGE
from tests.lab import LabHost, StackHost
from tests.lab.relay import Relay
from tests.outputs import hold

DRILL_S = 600  # for a whole drill on a busy machine
pytestmark = pytest.mark.timeout(DRILL_S + 170)  # the first one that asks for the site waits for its start

MARKED = [  # the host is asked for by name, so the mark that its fixture gives is given here
    pytest.param(c, marks=[pytest.mark.lab, *([pytest.mark.long] if c.long else [])], id=c.playbook) for c in CASES
]


def drilled(home: Home, case: Case, host: LabHost, *more: str) -> Done:
    """What one drill came to."""
    home.write_inventory({"hosts": {"test1": host.entry(vars=dict(case.values), environment="test", drillable=True)}})
    glass = ("--break-glass", case.break_glass) if case.break_glass else ()
    argv = ("drill", case.playbook, "--host", "test1", "--yes", *glass, "--json", *more)
    done = home.remedy(*argv, timeout_s=DRILL_S)
    hold(argv, done.out)
    return done


def test_a_healthy_site_has_no_symptom_that_a_playbook_knows(home: Home, sira_host: StackHost) -> None:
    home.write_inventory({"hosts": {"site": sira_host.stack_entry()}})

    looked = home.remedy("look", "--host", "site", "--json").document["hosts"]["site"]

    found = {s["playbook"]: s["answer"] for s in looked["symptoms"]}
    assert set(found) >= {c.playbook for c in CASES if c.host == "sira_host"}
    assert {name for name, answer in found.items() if answer == "holds"} == set(), looked["symptoms"]


NINE = (  # the incidents of the site's runbook
    *("application-down", "database-down", "high-latency", "certificate-expiring", "high-error-rate"),
    *("disk-low", "memory-exhausted", "slow-recommendations", "backup-failed"),
)


def test_planning_all_nine_of_the_runbook_costs_no_more_than_one_of_them_twice(
    home: Home, sira_host: StackHost
) -> None:
    with Relay(("127.0.0.1", sira_host.port), delay_s=0.02) as relay:
        address = f"ssh://{sira_host.user}@127.0.0.1:{relay.port}"
        home.write_inventory({"hosts": {"site": {**sira_host.stack_entry(), "address": address}}})
        one = home.remedy("plan", NINE[0], "--host", "site", "--json")
        alone = relay.counts()

        nine = home.remedy("plan", *NINE, "--host", "site", "--json", timeout_s=DRILL_S)

        assert (one.code, nine.code) == (0, 0), nine
        assert [plan["playbook"] for plan in nine.document] == list(NINE)
        together = relay.counts()
        assert together.connections - alone.connections == 1
        assert together.turns - alone.turns <= 2 * alone.turns, (alone, together)


@pytest.mark.parametrize("case", MARKED)
def test_a_shipped_playbook_remedies_its_own_drill(case: Case, home: Home, request: pytest.FixtureRequest) -> None:
    host = request.getfixturevalue(case.host)

    done = drilled(home, case, host)
    if KEPT in os.environ:
        Path(os.environ[KEPT], f"{case.playbook}.json").write_text(done.out)

    assert done.code == 0, done.out + done.err
    assert (done.document["verdict"], done.document["restored"], done.document["why"]) == ("held", True, "")
    assert all(seconds is not None for seconds in done.document["seconds"].values())
    assert home.remedy("check", case.playbook, "--host", "test1").code == 0
    assert home.remedy("drill", "--restore", "--host", "test1").code == 0
    runs = {r["id"]: r["playbook"] for r in home.remedy("list", "runs", "--json").document}
    assert [runs[done.document["runs"][r]] for r in ("injection", "remedy", "again")] == [
        f"{case.playbook}.drill",
        case.playbook,
        case.playbook,
    ]


def test_every_shipped_playbook_is_drilled_or_it_is_said_why_not(home: Home) -> None:
    drilled_ones = {c.playbook for c in CASES}
    assert drilled_ones | set(UNDRILLED) == set(playbook_names(home.path))
    assert not drilled_ones & set(UNDRILLED)


def test_the_page_of_drills_has_every_shipped_playbook_and_what_it_breaks(home: Home) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| [`")]
    told = {row.split("`")[1]: row.split(" | ")[1] for row in rows}
    asked = {name: home.remedy("explain", name, "--json").document for name in sorted(c.playbook for c in CASES)}
    assert told == {name: document["drill"] for name, document in asked.items()}


# ---------------------------------------------------------------- a drill that goes wrong

PLAYBOOK = """\
playbook: app-away
summary: Bring the application back
symptom:
  - not: [port.open: {{port: 8080, address: 127.0.0.1}}]
steps:
  - id: start
    {remedy}
verify:
  - port.open: {{port: 8080, address: 127.0.0.1, within: 20s}}
drill:
  about: The application is stopped
  inject:
    - id: stop
      fault.service_stop: {{unit: {unit}}}
{more}  symptom_within: {within}
"""
START = "command.run: {argv: [systemctl, start, app], unless: [systemctl, is-active, app]}"
NOTHING = "command.run: {argv: ['true'], unless: [test, -e, /run/nothing-such]}"
FAILS = """\
    - id: more
      fault.command: {inject: ['false'], restore: ['true'], broken: [test, -e, /run/nothing-such]}
"""


class Bench:
    """A home with test1, which may be drilled, and a playbook that is written for the test."""

    def __init__(self, home: Home, host: LabHost) -> None:
        self.home, self.host = home, host
        self.mark(drillable=True)

    def mark(self, **entry: object) -> None:
        self.home.write_inventory({"hosts": {"test1": self.host.entry(**{"environment": "test", **entry})}})

    def write(self, remedy: str = START, more: str = "", within: str = "20s", unit: str = "app") -> None:
        text = PLAYBOOK.format(remedy=remedy, more=more, within=within, unit=unit)
        (self.home.path / "playbooks/app-away.yml").write_text(text)

    @property
    def argv(self) -> tuple[str, ...]:
        return ("drill", "app-away", "--host", "test1", "--yes", "--json")

    def drill(self) -> Done:
        done = self.home.remedy(*self.argv)
        hold(self.argv, done.out)
        return done

    def unit(self, name: str = "app") -> str:
        return self.host.sh(f"systemctl is-active {name} || :").strip()

    def begun(self) -> subprocess.Popen[str]:
        """A drill that has stopped logger-app and waits in vain for its symptom."""
        self.write(unit="logger-app", within="10m")
        process = subprocess.Popen(
            self.home.argv(*self.argv),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.home.environment(),
        )
        self.host.sh("until ! systemctl is-active -q logger-app; do sleep 0.1; done", timeout_s=60)
        return process


@pytest.fixture
def bench(home: Home, lab_host: LabHost) -> Iterator[Bench]:
    yield Bench(home, lab_host)
    lab_host.sh("systemctl start app logger-app")


def test_what_fails_half_way_through_is_put_back(bench: Bench) -> None:
    bench.write(more=FAILS)
    done = bench.drill()
    assert (done.code, done.document.get("restored")) == (1, True), done
    assert done.document["why"].startswith("the fault was not made: failed")
    assert bench.unit() == "active"


def test_a_remedy_that_does_not_help_fails_the_drill_and_all_is_put_back(bench: Bench) -> None:
    bench.write(remedy=NOTHING)
    done = bench.drill()
    assert (done.code, done.document["restored"]) == (1, True), done
    assert "app-away did not remedy it" in done.document["why"]
    assert done.document["seconds"]["to_fixed"] is None
    assert bench.unit() == "active"


def test_fault_058_after_a_kill_the_next_drill_is_refused_and_says_how_to_put_it_back(bench: Bench) -> None:
    process = bench.begun()
    process.kill()
    process.communicate()

    refused = bench.drill()
    assert (refused.code, refused.document["error"]["fix"]) == (3, "remedy drill --restore --host test1"), refused
    assert bench.unit("logger-app") == "inactive"

    restored = bench.home.remedy("drill", "--restore", "--host", "test1", "--yes", "--json")
    hold(("drill", "--restore"), restored.out)
    assert (restored.code, len(restored.document["restored"]), restored.document["left"]) == (0, 1, []), restored
    assert bench.unit("logger-app") == "active"


def test_a_drill_that_is_interrupted_puts_all_back(bench: Bench) -> None:
    process = bench.begun()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    document = json.loads(out)
    assert (process.returncode != 0, document["restored"]) == (True, True), err
    assert bench.unit("logger-app") == "active"


def test_where_something_is_wrong_already_nothing_is_broken(bench: Bench) -> None:
    bench.write()
    bench.host.sh("systemctl stop app")
    done = bench.drill()
    assert (done.code, done.document["error"]["fix"]) == (3, "remedy apply app-away --host test1"), done
    assert "something is wrong already" in done.document["error"]["message"]
    assert bench.home.remedy("list", "runs", "--json").document == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [({"drillable": False}, "not marked as drillable"), ({"environment": "production"}, "is of production")],
    ids=["not marked", "production"],
)
def test_a_host_that_is_not_there_for_it_is_refused(bench: Bench, entry: dict[str, object], why: str) -> None:
    bench.write()
    bench.mark(**entry)
    done = bench.drill()
    assert (done.code, why in done.document["error"]["message"]) == (3, True), done


def test_a_host_that_is_not_reached_is_told_with_the_reason(bench: Bench) -> None:
    bench.write()
    bench.mark(drillable=True, address="ssh://deploy@127.0.0.1:1")
    done = bench.drill()
    assert (done.code, "refused" in done.document["error"]["message"]) == (4, True), done


def test_without_a_yes_nobody_consents(bench: Bench) -> None:
    bench.write()
    done = bench.home.remedy("drill", "app-away", "--host", "test1")
    assert (done.code, bench.unit()) == (3, "active"), done
