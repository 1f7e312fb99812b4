"""The guide's examples are policies that hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from remedy.cli.starting import files
from remedy.load.find import playbook_names
from remedy.load.inventory import load_inventory
from remedy.load.policy import load_policy
from remedy.load.policy_checks import for_fleet
from remedy.model import Address, Host

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/policy.md").read_text()
EXAMPLES = re.findall(r"<!-- example -->\n```yaml\n(.*?)```", GUIDE, re.DOTALL)
HOSTS = [
    Host(name="a", address=Address(scheme="ssh", name="a"), environment="production", groups=("databases",)),
    Host(name="b", address=Address(scheme="ssh", name="b"), environment="test", groups=("web",)),
]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_guide_is_a_policy(tmp_path: Path, number: int) -> None:
    (tmp_path / "policy.yml").write_text(EXAMPLES[number])
    found = for_fleet(load_policy(tmp_path), HOSTS, ["service-down"])
    assert found.rules or found.windows or found.caps


def uncommented(text: str) -> str:
    """The policy with the examples in its comments put to use."""
    return re.sub(r"(?m)^#(?=[a-z]+:|  )", "", text)


def test_the_shipped_example_holds_with_the_shipped_inventory_and_so_do_its_comments(tmp_path: Path) -> None:
    hosts = load_inventory(ROOT / "inventory").hosts.values()
    found = for_fleet(load_policy(ROOT / "inventory"), hosts, playbook_names(ROOT))
    assert (len(found.rules), len(found.windows), found.caps[0].hosts) == (2, 0, 1)
    (tmp_path / "policy.yml").write_text(uncommented((ROOT / "inventory/policy.yml").read_text()))
    whole = for_fleet(load_policy(tmp_path), hosts, playbook_names(ROOT))
    assert ([w.name for w in whole.windows], [f.name for f in whole.freezes]) == (["nights"], ["year-end"])


def test_the_policy_of_a_new_home_holds_and_so_do_its_comments(tmp_path: Path) -> None:
    text = files()["inventory/policy.yml"]
    (tmp_path / "policy.yml").write_text(text)
    assert load_policy(tmp_path).rules == ()
    (tmp_path / "policy.yml").write_text(uncommented(text))
    found = load_policy(tmp_path)
    assert (len(found.rules), len(found.windows), len(found.freezes), len(found.caps)) == (2, 1, 1, 2)


def test_the_examples_together_are_one_policy(tmp_path: Path) -> None:
    (tmp_path / "policy.yml").write_text("".join(EXAMPLES))
    found = load_policy(tmp_path)
    assert (len(found.rules), len(found.windows), len(found.freezes), len(found.caps)) == (4, 1, 1, 5)
