"""A drill that goes wrong, is cut off, or may not be: all is put back, or it says how."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.home import Done, Home
from tests.lab import LabHost
from tests.outputs import hold

pytestmark = pytest.mark.timeout(600)  # a drill waits, and the machine may do other things

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
