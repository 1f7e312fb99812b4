"""The guide's examples are policies that hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from remedy.load.policy import load_policy
from remedy.load.policy_checks import for_fleet
from remedy.model import Address, Host

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/policy.md").read_text()
EXAMPLES = re.findall(r"<!-- example -->\n```yaml\n(.*?)```", GUIDE, re.DOTALL)
HOSTS = [
    Host(name="a", address=Address(scheme="ssh", name="a"), environment="production", groups=("databases",)),
    Host(name="b", address=Address(scheme="ssh", name="b"), environment="test"),
]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_guide_is_a_policy(tmp_path: Path, number: int) -> None:
    (tmp_path / "policy.yml").write_text(EXAMPLES[number])
    found = for_fleet(load_policy(tmp_path), HOSTS, ["service-down"])
    assert found.rules or found.windows or found.caps


def test_the_examples_together_are_one_policy(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("".join(EXAMPLES))
    found = load_policy(tmp_path)
    assert (len(found.rules), len(found.windows), len(found.freezes), len(found.caps)) == (4, 1, 1, 4)
