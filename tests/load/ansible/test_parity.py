"""Groups, hosts and every variable of every host are what the real ansible-core makes of the same files."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.load.ansible.beside import ansible_python, differences, told_by_ansible, told_by_remedy, write
from tests.load.ansible.corpus import CORPUS
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


def test_inventories_as_people_write_them_are_read_as_ansible_reads_them(tmp_path: Path) -> None:
    directories = {name: write(tmp_path / f"c{n}", files) for n, (name, files) in enumerate(CORPUS.items())}
    theirs = told_by_ansible(list(directories.values()))
    for name, directory in directories.items():
        ours = told_by_remedy(directory)
        assert differences(ours, theirs[directory]) == [], name
        assert ours.hostvars, name


def test_the_command_ansible_inventory_says_the_same(tmp_path: Path) -> None:
    """The other tests ask Ansible's classes; this one asks the program that people type."""
    program = ansible_python().with_name("ansible-inventory")
    directory = write(tmp_path / "inventory", CORPUS["documentation, INI"])
    argv = [str(ansible_python()), str(program), "-i", str(directory), "--list"]
    environ = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "ansible-home")}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path, env=environ)
    listed = json.loads(done.stdout)
    ours = told_by_remedy(directory)
    assert listed["_meta"]["hostvars"] == {h: dict(v) for h, v in ours.hostvars.items() if v}
    direct = {g for g, body in listed.items() if body.get("hosts")}
    assert direct
    assert all(set(listed[g]["hosts"]) <= set(ours.groups[g]) for g in direct)
    assert set(listed) - {"_meta"} <= set(ours.groups)


def test_random_inventories_are_read_as_ansible_reads_them(tmp_path: Path) -> None:
    compare(tmp_path, 100, seed=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 15))
def test_thousands_of_random_inventories_are_read_as_ansible_reads_them(tmp_path: Path, seed: int) -> None:
    compare(tmp_path, 500, seed)
