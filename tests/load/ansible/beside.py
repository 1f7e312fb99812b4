"""remedy's reading of an inventory and Ansible's, in one form, so that they can be compared."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from remedy.load.ansible.files import ANSIBLE, candidates, source_of
from remedy.load.ansible.gathered import Gathered
from remedy.load.ansible.gathering import gather

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv-ansible"
NOT_COMPARED = ("is ambiguous", "is encrypted", "is a password")  # carried, and refused where it is used


@dataclass(frozen=True)
class Told:
    """Groups with their hosts, and each host's variables."""

    groups: Mapping[str, Sequence[str]]
    hostvars: Mapping[str, Mapping[str, Any]]


def ansible_python() -> Path:
    """The Python that has ansible-core; without it the test is skipped."""
    python = VENV / "bin/python"
    if not python.exists():
        pytest.skip("ansible-core is not installed: make .venv-ansible")
    return python


def write(directory: Path, files: Mapping[str, str]) -> Path:
    """An inventory's files, below a directory of their own."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return directory


def gathered(directory: Path) -> Gathered:
    """What remedy gathers of a directory."""
    sources = [source_of(p) for p in candidates(directory)]
    return gather([s for s in sources if s.form in ANSIBLE], directory)


def told_by_remedy(directory: Path) -> Told:
    """What remedy makes of a directory; nothing is wrong with it."""
    found = gathered(directory)
    assert [f"{p.at} {p.message}" for p in found.flaws.problems()] == []
    hostvars = {
        host: {n: "(not compared)" if v[0].unread.startswith(NOT_COMPARED) else v[0].value for n, v in layer.items()}
        for host, layer in found.layers.items()
    }
    return Told({n: sorted(hosts) for n, hosts in found.groups.items()}, hostvars)


def told_by_ansible(directories: Sequence[Path]) -> dict[Path, Told]:
    """What Ansible makes of them, in one process."""
    config = directories[0].parent / "ansible.cfg"
    config.write_text("")
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")},
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(directories[0].parent / "ansible-home"),  # not the person's own
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [str(ansible_python()), str(Path(__file__).with_name("said_by_ansible.py"))],
        input="".join(f"{d}\n" for d in directories),
        capture_output=True,
        text=True,
        timeout=300,
        env=environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    return {d: Told(**answers[str(d)]) for d in directories}


def differences(ours: Told, theirs: Told) -> list[str]:
    """What differs, a line each."""
    found = []
    if ours.groups != theirs.groups:
        names = sorted({*ours.groups, *theirs.groups})
        both = [(n, ours.groups.get(n), theirs.groups.get(n)) for n in names]
        found += [f"group {n}: {mine} != {other}" for n, mine, other in both if mine != other]
    for host in sorted({*ours.hostvars, *theirs.hostvars}):
        mine, other = ours.hostvars.get(host, {}), theirs.hostvars.get(host, {})
        for name in sorted({*mine, *other}):
            if mine.get(name, "(none)") not in ("(not compared)", other.get(name, "(none)")) or name not in other:
                found.append(f"{host} {name}: {mine.get(name, '(none)')!r} != {other.get(name, '(none)')!r}")
            elif type(mine[name]) is not type(other[name]) and mine[name] != "(not compared)":
                found.append(f"{host} {name}: {mine[name]!r} is of another type than {other[name]!r}")
    return found
