"""The program as a process: what it imports, what it costs, how it answers a signal."""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import PLAYBOOK
from tests.cli.local import REMEDY, plan_and_approve

HEAVY = {"paramiko", "fabric", "docker", "jsonschema", "jinja2", "rich", "yaml", "sqlite3", "click", "asyncio", "ssl"}
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


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["remedy", "app"], {"apply", "approve"}),
        (["remedy", "plan", "sl"], {"slow", "slow-recommendations"}),
        (["remedy", "plan", "slow", "--host", ""], {"here"}),
        (["remedy", "list", "p"], {"plans", "playbooks"}),
    ],
)
def test_a_shell_completes_commands_and_the_names_of_the_home(
    local_home: Path, words: list[str], wanted: set[str]
) -> None:
    asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_REMEDY_COMPLETE": "bash_complete"}
    done = subprocess.run(
        REMEDY, capture_output=True, text=True, timeout=60, check=True, cwd=local_home, env={**os.environ, **asked}
    )

    found = {line.partition(",")[2] for line in done.stdout.splitlines()}
    assert wanted <= found <= wanted | {"disk-full", "service-down"}
    assert done.stderr == ""


def test_a_shell_that_completes_outside_of_a_home_is_not_disturbed(tmp_path: Path) -> None:
    asked = {"COMP_WORDS": "remedy plan --host x", "COMP_CWORD": "3", "_REMEDY_COMPLETE": "bash_complete"}
    done = subprocess.run(
        REMEDY, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env={**os.environ, **asked}
    )

    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.alone
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


@pytest.mark.parametrize(
    "name", ["SIGINT", *(pytest.param(name, marks=pytest.mark.long) for name in ("SIGTERM", "SIGHUP"))]
)
def test_fault_059_a_signal_lets_the_current_step_end_and_begins_no_other(local_home: Path, name: str) -> None:
    plan = plan_and_approve(local_home)
    apply = subprocess.Popen(
        [*REMEDY, "-C", str(local_home), "apply", plan], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert apply.stderr is not None
    said = ""
    while "first ..." not in said:  # the intent of the first step is durable, its answer not yet there
        line = apply.stderr.readline()
        assert line, (said, apply.wait(60), apply.stdout.read() if apply.stdout else "")
        said += line
    apply.send_signal(getattr(signal, name))
    out, err = apply.communicate(timeout=60)
    files = local_home.parent / "files"

    assert "Traceback" not in out + err
    assert apply.returncode == 6, (out, err)
    assert (list((files / "a").iterdir()), len(list((files / "b").iterdir()))) == ([], 1)
    assert "remedy resume" in out

    resumed = subprocess.run([*REMEDY, "-C", str(local_home), "resume"], capture_output=True, timeout=60, check=False)
    assert (resumed.returncode, list((files / "b").iterdir())) == (0, []), resumed
