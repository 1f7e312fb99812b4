"""Nothing of a conversation is left to process 1 as killed: a PostgreSQL there would end all its sessions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.far import Far

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("without", [(), ("setsid",)], ids=["setsid", "timeout"])
def test_no_orphan_of_a_conversation_was_killed(any_far: Far, without: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "tests.hosts.orphans", str(any_far.directory), any_far.shell, *without]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["control"] == [-9], "an orphan that is killed is seen"
    assert {code for code in found["left"] if code not in (0, 1)} == set(), found
