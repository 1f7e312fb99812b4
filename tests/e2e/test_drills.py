"""Every shipped playbook, drilled on a real host: broken, seen, remedied, put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from remedy.actions.catalogue import shipped
from remedy.load.find import playbook_names
from remedy.load.playbook import load_playbook
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
    drills = {case.playbook: load_playbook(case.playbook, home.path, shipped()).drill for case in CASES}
    assert told == {name: drill.about for name, drill in drills.items() if drill}
    assert len(told) == len(CASES)
