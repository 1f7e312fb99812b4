"""This very machine as a host: it may be one, and remedy's own things on it may not be touched. Fault 95."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from remedy.cli.ourselves import container_in, units_in
from tests.cli.local import REMEDY
from tests.lab import Box

PRUNE = """\
playbook: tidy
summary: Take old files away
params:
  root: {{type: path, about: Where}}
symptom:
  - disk.free: {{mount: /, at_least: 0%}}
steps:
  - id: old
    files.prune: {{root: "{{{{ root }}}}", match: "*", older_than: 1d}}
"""


def plan(home: Path, root: Path) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [*REMEDY, "-C", str(home), "plan", "tidy", "--host", "here", "-p", f"root={root}", "--json"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_fault_095_the_store_of_the_very_home_is_not_a_place_to_tidy(local_home: Path) -> None:
    (local_home / "playbooks/tidy.yml").write_text(PRUNE.format())
    other = local_home.parent / "files/a"
    code, found = plan(local_home, other)
    assert code == 0, found
    assert found["hosts"][0]["own"] == "the machine that remedy runs on"  # type: ignore[index]  # the promised shape
    old = local_home / ".remedy/kept"
    old.write_text("a copy")
    os.utime(old, (time.time() - 10 * 86_400,) * 2)
    (local_home.parent / "way").symlink_to(local_home)
    for root in (local_home, local_home / ".remedy", local_home.parent / "way/.remedy"):
        code, found = plan(local_home, root)
        assert code == 3, (root, found)
        assert "remedy's own" in json.dumps(found) or "link" in json.dumps(found), found
    assert old.read_text() == "a copy"


def test_the_units_that_a_process_runs_in_are_read_from_its_control_groups() -> None:
    assert units_in("0::/system.slice/remedy.service\n") == ("remedy.service",)
    two = "1:name=systemd:/user.slice/user-1000.slice/user@1000.service/app.slice/remedy.service\n0::/\n"
    assert units_in(two) == ("user@1000.service", "remedy.service")
    assert units_in("0::/\n") == ()


def test_fault_095_a_container_knows_its_own_id_by_the_files_of_its_engine(box: Box) -> None:
    assert container_in(box.sh("cat /proc/self/mountinfo")) == box.id
    assert container_in("1 2 254:0 / / rw - ext4 /dev/vda rw\n\nnonsense\n") == ""
