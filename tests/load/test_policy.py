"""The policy: typed rules in order, or refused; absent, the built-in ones alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.errors import Invalid
from remedy.load.policy import load_policy
from remedy.model import Policy, Risk, Rule

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


def test_two_policies_are_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    with pytest.raises(Invalid, match="two policies"):
        load_policy(written(tmp_path, POLICY))
