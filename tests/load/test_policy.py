"""The policy: typed rules in order, or refused; absent, the built-in ones alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from remedy.errors import Invalid
from remedy.load.policy import load_policy
from remedy.load.policy_checks import for_fleet
from remedy.model import Address, Host, Policy, Risk, Rule

POLICY = """
rules:
  - {risk: [low, medium], environment: lab, people: 0}
  - {risk: high, environment: [production, staging], people: 2, typed: true}
  - {playbook: db-restore, never: true}
max_hosts: 5
approval: 30m
"""


def written(directory: Path, text: str) -> Path:
    (directory / "policy.yml").write_text(text)
    return directory


def test_rules_are_typed_and_keep_their_order(tmp_path: Path) -> None:
    found = load_policy(written(tmp_path, POLICY))
    assert [(r.risk, r.environments, r.playbooks, r.people, r.never, r.typed) for r in found.rules] == [
        ((Risk.LOW, Risk.MEDIUM), ("lab",), (), 0, False, False),
        ((Risk.HIGH,), ("production", "staging"), (), 2, False, True),
        ((), (), ("db-restore",), 2, True, False),
    ]
    assert isinstance(found.rules[0], Rule)
    assert found.rules[0].at.endswith("policy.yml:3:5")
    assert (found.max_hosts, found.approval_s) == (5, 1800)


def test_fault_042_the_digest_changes_with_the_content_alone(tmp_path: Path) -> None:
    before = load_policy(written(tmp_path, POLICY)).digest
    assert before
    assert load_policy(written(tmp_path, "# note\n" + POLICY)).digest == before
    assert load_policy(written(tmp_path, POLICY.replace("max_hosts: 5", "max_hosts: 6"))).digest != before


def test_without_a_policy_there_are_no_rules(tmp_path: Path) -> None:
    assert load_policy(tmp_path) == Policy()


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{risk: low, people: 3}]",
        "rules: [{risk: low, people: true}]",
        "rules: [{risk: low, people: '0'}]",
        "rules: [{risk: tiny, people: 0}]",
        "rules: [{people: 0, never: true}]",
        "rules: [{risk: low}]",
        "rules: [{never: false}]",
        "rules: [{risk: low, people: 0, aprove: false}]",
        "rules: {risk: low, people: 0}",
        "rules: [{risk: low, risk: high, people: 0}]",
        "rules: [{environment: 'a b', people: 0}]",
        "rules: null",
        "max_hosts: 0",
        "max_hosts: 5.0",
        "approval: soon",
        "approval: '1h\\n'",
        "rules: [{people: 0}]",
        "rules: [{risk: [low, high], people: 0}]",
        "timezone: Europe/Atlantis",
        "timezone: '../../etc/passwd'",
        "windows: [{name: n, open: []}]",
        "windows: [{name: n, open: [{hours: '22:00'}]}]",
        "windows: [{name: n, open: [{hours: '25:00-26:00'}]}]",
        "windows: [{name: n, open: [{hours: '22:00-22:00'}]}]",
        "windows: [{name: n, open: [{hours: '22:00-00:00'}]}]",
        "windows: [{name: n, open: [{hours: '22:00-05:00', days: mon-fry}]}]",
        "windows: [{name: n, open: [{hours: '22:00-05:00', day: mon}]}]",
        "windows: [{open: [{hours: '22:00-05:00'}]}]",
        "windows: [{name: n, timezone: Mars/Base, open: [{hours: '22:00-05:00'}]}]",
        "windows: [{name: n, open: [{hours: 22:00-05:00}]}, {name: n, open: [{hours: 01:00-05:00}]}]",
        "freezes: [{name: n, from: '2030-01-01', until: '2030-02-01'}]",
        "freezes: [{name: n, from: 2030-01-01, until: '2030-02-01', reason: r}]",
        "freezes: [{name: n, from: '2030-02-30', until: '2030-03-01', reason: r}]",
        "freezes: [{name: n, from: '2030-03-01 10:00', until: '2030-03-01 10:00', reason: r}]",
        "freezes: [{name: n, from: '2030-03-01', until: '2030-02-01', reason: r}]",
        "caps: [{risk: high}]",
        "caps: [{max_hosts: 0}]",
        "caps: [{max_hosts: 101%}]",
        "caps: [{max_bytes: lots}]",
        "caps: [{max_files: -1}]",
        "caps: [{max_runs_per_hour: 0}]",
        "caps: [{max_hosts_at_once: 0}]",
        "standing: forever",
        "allow: all",
        "[]",
        "",
    ],
)
def test_fault_020_a_wrong_policy_is_refused_and_never_loosened(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        load_policy(written(tmp_path, text))
    assert refused.value.exit_code == 2
    assert refused.value.problems


TIMES = """
timezone: Europe/Berlin
windows:
  - name: nights
    environment: production
    risk: [medium, high]
    open:
      - {days: mon-fri, hours: 22:00-05:00}
      - {days: [sun, sat], hours: 00:00-24:00}
freezes:
  - {name: year-end, group: shop, from: '2030-12-20', until: '2031-01-02 06:00', reason: nobody is here, timezone: UTC}
caps:
  - {environment: production, max_hosts: 25%}
  - {risk: high, max_hosts: 1, max_bytes: 1GiB, max_files: 100}
  - {playbook: service-down, max_runs_per_hour: 3}
  - {environment: production, max_hosts_at_once: 1}
standing: 30d
"""


def test_windows_freezes_and_caps_are_typed(tmp_path: Path) -> None:
    found = load_policy(written(tmp_path, TIMES))
    (nights,), (freeze,) = found.windows, found.freezes
    assert (nights.name, nights.environments, nights.risk) == ("nights", ("production",), (Risk.MEDIUM, Risk.HIGH))
    assert str(nights.zone) == "Europe/Berlin"
    assert [(s.days, s.begins_min, s.ends_min) for s in nights.spans] == [
        ((0, 1, 2, 3, 4), 1320, 300),
        ((5, 6), 0, 1440),
    ]
    assert (freeze.since, freeze.until) == (
        datetime(2030, 12, 20, tzinfo=UTC),
        datetime(2031, 1, 2, 6, 0, tzinfo=UTC),
    )
    assert [(c.hosts, c.host_parts, c.size_bytes, c.files, c.runs, c.at_once) for c in found.caps] == [
        (None, 2500, None, None, None, None),
        (1, None, 1024**3, 100, None, None),
        (None, None, None, None, 3, None),
        (None, None, None, None, None, 1),
    ]
    assert found.standing_s == 30 * 86_400
    assert nights.at.endswith("policy.yml:4:5")


@pytest.mark.parametrize(("days", "numbers"), [("fri-mon", (0, 4, 5, 6)), ("wed", (2,)), ("mon-sun", tuple(range(7)))])
def test_days_run_over_the_end_of_the_week(tmp_path: Path, days: str, numbers: tuple[int, ...]) -> None:
    text = f"windows: [{{name: n, open: [{{days: {days}, hours: '01:00-02:00'}}]}}]"
    assert load_policy(written(tmp_path, text)).windows[0].spans[0].days == numbers


def test_a_freeze_holds_through_a_doubled_hour_and_from_the_earlier_side_of_a_missing_one(tmp_path: Path) -> None:
    text = (
        "timezone: Europe/Berlin\nfreezes: [{name: n, from: '2030-03-31 02:30', until: '2030-10-27 02:30', reason: r}]"
    )
    (freeze,) = load_policy(written(tmp_path, text)).freezes
    assert freeze.since == datetime(2030, 3, 31, 0, 30, tzinfo=UTC)
    assert freeze.until == datetime(2030, 10, 27, 1, 30, tzinfo=UTC)


def fleet(count: int) -> list[Host]:
    address = Address(scheme="ssh", name="x")
    return [
        Host(name=f"h{n}", address=address, environment="production" if n % 2 else "test", groups=("shop",))
        for n in range(count)
    ]


@pytest.mark.parametrize(("hosts", "most"), [(2, 1), (8, 1), (16, 2), (40, 5)])
def test_fault_017_a_share_is_of_the_hosts_it_speaks_of_and_one_at_least(tmp_path: Path, hosts: int, most: int) -> None:
    found = for_fleet(load_policy(written(tmp_path, TIMES)), fleet(hosts), ["service-down"])
    assert found.caps[0].hosts == most
    assert found.digest == load_policy(tmp_path).digest


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("rules: [{environment: producton, never: true}]", "did you mean production?"),
        ("windows: [{name: n, group: shp, open: [{hours: 01:00-02:00}]}]", "did you mean shop?"),
        ("caps: [{playbook: service-dwn, max_files: 3}]", "did you mean service-down?"),
    ],
)
def test_fault_020_a_word_that_nothing_has_is_refused_for_it_would_hold_nothing_back(
    tmp_path: Path, text: str, near: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        for_fleet(load_policy(written(tmp_path, text)), fleet(4), ["service-down"])
    assert (refusal.value.fix, refusal.value.at.rsplit("/", 1)[-1].startswith("policy.yml:1:")) == (near, True)


def test_two_policies_are_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    with pytest.raises(Invalid, match="two policies"):
        load_policy(written(tmp_path, POLICY))
