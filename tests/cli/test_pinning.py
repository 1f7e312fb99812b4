"""A key is pinned by one line, or not at all; and only after somebody compared its fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.cli.pinning import pin
from remedy.load.inventory import load_inventory

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJlbWVkeSByZW1lZHkgcmVtZWR5IHJlbWVkeSByZW0="
TEXT = """\
# hosts of the lab
groups:
  web: {hosts: [one]}
hosts:
  one:   # the first
    # it has a comment
    address: ssh://deploy@192.0.2.1:22
    vars: {a: 1}
  two: {address: "ssh://deploy@192.0.2.2:22"}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yml").write_text(TEXT)
    (tmp_path / "hosts.yml").chmod(0o640)
    return tmp_path


def test_one_line_is_added_and_nothing_else_changes(directory: Path) -> None:
    inventory = load_inventory(directory)

    where = pin(directory, inventory, inventory.hosts["one"], KEY)

    after = (directory / "hosts.yml").read_text()
    assert where == str(directory / "hosts.yml")
    assert [x for x in after.splitlines() if x not in TEXT.splitlines()] == [f"    host_key: {KEY}"]
    assert load_inventory(directory).hosts["one"].host_key == (KEY,)
    assert (directory / "hosts.yml").stat().st_mode & 0o777 == 0o640
    assert [p.name for p in directory.iterdir()] == ["hosts.yml"]


@pytest.mark.parametrize("name", ["two"])
def test_what_cannot_be_done_safely_is_left_to_the_person(directory: Path, name: str) -> None:
    inventory = load_inventory(directory)

    assert pin(directory, inventory, inventory.hosts[name], KEY) == ""
    assert (directory / "hosts.yml").read_text() == TEXT


def test_a_name_that_stands_twice_is_not_guessed_at(directory: Path) -> None:
    text = TEXT.replace("  web: {hosts: [one]}\n", "  one:\n    hosts: [one]\n")
    (directory / "hosts.yml").write_text(text)
    inventory = load_inventory(directory)

    assert pin(directory, inventory, inventory.hosts["one"], KEY) == ""
    assert (directory / "hosts.yml").read_text() == text
