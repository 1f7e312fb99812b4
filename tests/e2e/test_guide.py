"""What the operator's guide tells a stranger to type is there, and works as it is written."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from remedy.cli.app import make_app
from remedy.cli.world import World
from remedy.demo.host import DemoHost, demo_host
from remedy.load.inventory import load_inventory
from tests.demo.conftest import skip_unless_a_host_is_possible

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = DOCS / "operators.md"
PAGES = sorted(DOCS.glob("*.md"))
COMMAND = re.compile(r"(?m)^\$ remedy (.*?)(?:\s+#.*)?$")
RUN = re.compile(r"(?ms)^<!-- run -->\n```console\n(.*?)^```")
ENDS_WITH = {"check": 1}  # the symptom holds; everything else ends with 0
ASKS = ("apply", "undo")  # nobody is at a terminal here


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_of_a_page_is_one_that_remedy_understands(page: Path) -> None:
    app = make_app()
    for line in COMMAND.findall(page.read_text()):
        words = shlex.split(line)
        root = click.Context(app, info_name="remedy", obj=World())
        if words[0] == "-C":
            words = words[2:]
        command = app.get_command(root, words[0])
        assert command is not None, line
        command.make_context(words[0], words[1:], parent=root)


def test_the_guide_has_commands_that_are_run() -> None:
    said = [c for block in RUN.findall(GUIDE.read_text()) for c in COMMAND.findall(block)]
    assert len(said) >= 8
    assert {c.split()[0] for c in said} >= {"look", "check", "plan", "show", "apply", "undo", "list"}


def test_the_inventory_of_the_guide_is_valid(tmp_path: Path) -> None:
    (shown,) = re.findall(r"(?ms)^```yaml\n(# inventory/hosts.yml\n.*?)^```", GUIDE.read_text())
    (tmp_path / "hosts.yml").write_text(shown)
    assert load_inventory(tmp_path).groups["prod"] == ("prod1",)


@pytest.mark.userns
def test_the_commands_of_the_guide_do_what_it_says_in_its_order(tmp_path: Path) -> None:
    skip_unless_a_host_is_possible()
    with demo_host() as host:
        home = _home(tmp_path, host)
        for block in RUN.findall(GUIDE.read_text()):
            for line in COMMAND.findall(block):
                words = [_filled(home, w) for w in shlex.split(line)]
                asked = ["--yes"] if words[0] in ASKS else []
                done = _remedy(home, *words, *asked)
                assert done.returncode == ENDS_WITH.get(words[0], 0), (line, done.stdout, done.stderr)
        runs = json.loads(_remedy(home, "list", "runs", "--json").stdout)
    assert [r["outcome"] for r in reversed(runs)] == ["changed", "unchanged", "changed"], (
        "mended, left alone, taken back"
    )


def _home(tmp_path: Path, host: DemoHost) -> Path:
    home = tmp_path / "ops"
    (home / "inventory").mkdir(parents=True)
    home.chmod(0o700)
    entry = {
        "address": f"ssh://demo@127.0.0.1:{host.port}",
        "identity": str(host.identity),
        "host_key": host.host_key,
        "quarantine": str(host.quarantine),
        "vars": {"mount": str(host.disk), "log_dir": f"{host.disk}/log"},
    }
    (home / "inventory/hosts.yml").write_text(yaml.safe_dump({"hosts": {"prod1": entry}}))
    return home


def _filled(home: Path, word: str) -> str:
    """A word of the guide; PLAN is the latest plan, RUN the first run that changed something."""
    if word == "PLAN":
        return str(json.loads(_remedy(home, "list", "plans", "--json").stdout)[0]["id"])
    if word == "RUN":
        runs = json.loads(_remedy(home, "list", "runs", "--json").stdout)
        return str([r["id"] for r in runs if r["outcome"] == "changed"][-1])
    return word


def _remedy(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "remedy", *args],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("SSH_")}, "REMEDY_HOME": str(home)},
    )
