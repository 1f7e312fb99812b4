"""`validate`: which files it takes for what, and that it says everything of all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from remedy.errors import Invalid
from remedy.load.shipped import shipped
from remedy.load.validate import files_to_validate, validate_paths
from tests.load.toy import CATALOGUE, PLAIN

ROUNDS = 7
MOST_CPU_RATIO = 16.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for place, text in {
        "playbooks/plain.yml": PLAIN,
        "inventory/hosts.yml": "hosts: {a: {address: 'local://'}}\n",
        "inventory/more.yml": "vars: {x: 1}\n",
        "inventory/policy.yml": "rules: []\n",
        "playbooks/.hidden.yml": "nonsense\n",
    }.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text)
    return tmp_path


def test_a_home_without_problems_has_none(home: Path) -> None:
    assert validate_paths([], home, CATALOGUE) == []
    assert [p.name for p in files_to_validate([], home)] == ["plain.yml", "hosts.yml", "more.yml", "policy.yml"]


def test_every_file_is_taken_for_what_it_is(home: Path) -> None:
    (home / "playbooks/plain.yml").write_text(PLAIN.replace("20%", "200%"))
    (home / "inventory/hosts.yml").write_text("hosts: {a: {address: 'telnet://x'}}\n")
    (home / "inventory/more.yml").write_text("hosts: {a: {address: 'local://'}}\n")
    (home / "inventory/policy.yml").write_text("rules: [{people: 9}]\n")
    found = validate_paths([], home, CATALOGUE)
    assert [Path(p.at.rsplit(":", 2)[0]).name for p in found] == ["plain.yml", "policy.yml", "hosts.yml", "more.yml"]
    assert "is here twice" in found[3].message


def test_a_directory_a_path_and_a_name_do(home: Path) -> None:
    for name in ("plain", str(home / "playbooks/plain.yml"), str(home / "playbooks"), str(home)):
        assert validate_paths([name], home, CATALOGUE) == []
    with pytest.raises(Invalid):
        validate_paths(["nothing"], home, CATALOGUE)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(home: Path) -> None:
    (home / "playbooks/broken.yml").symlink_to("/nowhere.yml")
    (home / "playbooks/plain.yml").write_text(PLAIN.replace("20%", "200%"))
    found = validate_paths([], home, CATALOGUE)
    assert ["cannot be read" in p.message for p in found] == [True, False]


def test_an_inventory_elsewhere_is_known_by_its_keys(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("hosts: {a: {address: 'local://', user: x}}\n")
    (found,) = validate_paths([str(tmp_path / "mine.yml")], tmp_path, CATALOGUE)
    assert "no key 'user'" in found.message


@pytest.mark.alone
def test_validating_a_playbook_costs_little_more_than_python_itself(tmp_path: Path) -> None:
    """The goal is CPU, in multiples of a Python that does nothing; the quietest round of each counts.

    Modules are compiled beforehand, as they are where remedy is installed.
    """
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    path = shipped("playbooks") / "disk-full.yml"
    validate = f"import sys; from remedy.cli import main; sys.argv = ['remedy', 'validate', {str(path)!r}]; main()"
    cpu_s(validate, environment)
    rounds = [(cpu_s("pass", environment), cpu_s(validate, environment)) for _ in range(ROUNDS)]
    ratio = min(v for _, v in rounds) / min(b for b, _ in rounds)
    assert ratio <= MOST_CPU_RATIO, f"{ratio:.1f} times bare Python"


def cpu_s(code: str, environment: Mapping[str, str]) -> float:
    """The CPU that a Python of its own spends on this code."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", code], environment, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return used.ru_utime + used.ru_stime
