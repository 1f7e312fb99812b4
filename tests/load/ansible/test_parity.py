"""Groups, hosts and every variable of every host are what the real ansible-core makes of the same files."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.load.ansible.beside import differences, told_by_ansible, told_by_remedy, write
from tests.load.ansible.worlds import world


def compare(tmp_path: Path, count: int, seed: int) -> None:
    """Hold this many random inventories against Ansible."""
    random = Random(seed)
    directories = [write(tmp_path / f"w{n}", world(random)) for n in range(count)]
    theirs = told_by_ansible(directories)
    compared = 0
    for directory in directories:
        ours = told_by_remedy(directory)
        assert differences(ours, theirs[directory]) == [], _files(directory)
        compared += sum(v != "(not compared)" for host in ours.hostvars.values() for v in host.values())
    assert compared > count * 10, "the random inventories have become too poor to prove anything"


def _files(directory: Path) -> str:
    return "\n".join(
        f"== {p.relative_to(directory)}\n{p.read_text()}" for p in sorted(directory.rglob("*")) if p.is_file()
    )


def test_random_inventories_are_read_as_ansible_reads_them(tmp_path: Path) -> None:
    compare(tmp_path, 200, seed=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 15))
def test_thousands_of_random_inventories_are_read_as_ansible_reads_them(tmp_path: Path, seed: int) -> None:
    compare(tmp_path, 500, seed)
