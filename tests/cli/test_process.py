"""The program as a process: what it imports, what it costs, how it answers a signal."""

from __future__ import annotations

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import PLAYBOOK

HEAVY = {"paramiko", "fabric", "docker", "jsonschema", "jinja2", "rich", "yaml", "sqlite3", "click", "asyncio", "ssl"}
REMEDY = (sys.executable, "-m", "remedy")
ROUNDS = 15  # at most; a quiet machine needs a third
BARES = 6  # starts of a bare Python per round, as they are short


def modules_after(argv: Sequence[str], cwd: Path) -> set[str]:
    """What is imported once a command line has ended."""
    program = (
        "import sys\n"
        "from remedy.cli import main\n"
        f"sys.argv = ['remedy', *{list(argv)!r}]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "sys.stderr.write('\\n' + ' '.join(m for m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=cwd, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


def cpu_s(argv: Sequence[str], cwd: Path) -> float:
    """The CPU of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(argv), capture_output=True, timeout=60, cwd=cwd, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    """One valid playbook, on its own."""
    path = tmp_path / "disk-full.yml"
    path.write_text(PLAYBOOK)
    return path


def test_the_version_is_told_before_anything_is_imported(tmp_path: Path) -> None:
    loaded = modules_after(["--version"], tmp_path)

    assert not HEAVY & loaded
    assert {m for m in loaded if m.startswith("remedy")} == {"remedy", "remedy.cli"}


def test_validate_imports_neither_hosts_nor_engine_nor_store(playbook: Path) -> None:
    loaded = modules_after(["validate", str(playbook)], playbook.parent)

    assert not loaded & (HEAVY - {"click", "yaml", "jinja2", "jsonschema"})
    assert not [m for m in loaded if m.startswith(("remedy.hosts", "remedy.engine", "remedy.store"))]


def test_a_list_imports_no_way_to_a_host(tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    loaded = modules_after(["list", "runs"], tmp_path)

    assert not loaded & (HEAVY - {"click", "sqlite3"})


@pytest.mark.parametrize(("argv", "most"), [(["--version"], 4), (["validate", "disk-full.yml"], 16)])
def test_what_starting_costs_in_bare_pythons(playbook: Path, argv: list[str], most: int) -> None:
    """The median of many rounds, side by side: other work on the machine then slows both."""
    asked = f"import sys; sys.argv = ['remedy', *{argv!r}]; from remedy.cli import main; main()"
    ratios: list[float] = []
    while len(ratios) < ROUNDS:
        bare = statistics.mean(cpu_s([sys.executable, "-c", "pass"], playbook.parent) for _ in range(BARES))
        ratios.append(cpu_s([sys.executable, "-c", asked], playbook.parent) / bare)
        if len(ratios) >= ROUNDS // 3 and statistics.median(ratios) <= most:
            return
    pytest.fail(f"{statistics.median(ratios):.1f} x of a bare Python, more than {most}")


# ---------------------------------------------------------------- signals


SLOW = """\
playbook: slow
summary: Two steps that take a while
symptom:
  - disk.free: {{mount: /, at_least: 0%}}
steps:
  - id: first
    files.prune: {{root: {root}/a, match: "*.old", older_than: 1d}}
  - id: second
    files.prune: {{root: {root}/b, match: "*.old", older_than: 1d}}
verify:
  - disk.free: {{mount: /, at_least: 0%}}
"""


@pytest.fixture
def local_home(tmp_path: Path) -> Path:
    """A home whose one host is this machine, and two directories with an old file each."""
    home, root = tmp_path / "home", tmp_path / "files"
    (home / "inventory").mkdir(parents=True, mode=0o755)
    (home / "playbooks").mkdir(mode=0o755)
    home.chmod(0o755)
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        (root / name / "x.old").write_bytes(b"x" * 1000)
        os.utime(root / name / "x.old", (time.time() - 10 * 86_400,) * 2)
    (home / "playbooks/slow.yml").write_text(SLOW.format(root=root))
    (home / "inventory/hosts.yml").write_text("hosts:\n  here: {address: 'local://'}\n")
    return home


def plan_and_approve(home: Path) -> str:
    """The id of an approved plan that takes both files, without a quarantine: for good."""
    plan = subprocess.run(
        [*REMEDY, "-C", str(home), "plan", "slow", "--host", "here", "--json"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    identifier = str(json.loads(plan.stdout)["id"])
    approve = [*REMEDY, "-C", str(home), "approve", identifier, "--break-glass", "a test"]
    subprocess.run(approve, capture_output=True, timeout=60, check=True)
    return identifier


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_fault_059_a_signal_lets_the_current_step_end_and_begins_no_other(local_home: Path, name: str) -> None:
    plan = plan_and_approve(local_home)
    apply = subprocess.Popen(
        [*REMEDY, "-C", str(local_home), "apply", plan], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert apply.stderr is not None
    for line in apply.stderr:  # the intent of the first step is durable, its answer not yet there
        if "first ..." in line:
            break
    apply.send_signal(getattr(signal, name))
    out, err = apply.communicate(timeout=60)
    files = local_home.parent / "files"

    assert "Traceback" not in out + err
    assert apply.returncode == 6, (out, err)
    assert (list((files / "a").iterdir()), len(list((files / "b").iterdir()))) == ([], 1)
    assert "remedy resume" in out

    resumed = subprocess.run([*REMEDY, "-C", str(local_home), "resume"], capture_output=True, timeout=60, check=False)
    assert (resumed.returncode, list((files / "b").iterdir())) == (0, []), resumed
