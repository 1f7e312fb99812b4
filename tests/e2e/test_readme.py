"""The README prints what remedy prints."""

import re
from pathlib import Path

from tests.e2e.home import Home
from tests.lab import LabHost

README = Path(__file__).parents[2] / "README.md"
DAY_S = 86_400
MIB = 2**20
OLD = {  # number: size in bytes, age in days
    1: (9 * MIB - 331_776, 1),
    2: (9 * MIB, 9),
    3: (11 * MIB, 16),
    4: (12 * MIB, 23),
    5: (10 * MIB, 30),
    6: (10 * MIB, 37),
}
PLAN = r"^\$ remedy plan disk-full --host prod1\n(.*?)^```"
MOVING = (
    (r"p[0-9a-f]{8}", "PLAN"),
    (r"digest [0-9a-f]{16}", "digest DIGEST"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "DAY"),
    (r"uid:\d+ \(\w+\)", "PERSON"),
    (r"ssh://\S+", "ADDRESS"),
    (r"prune-\d+-\d+\.\d+", "STORE"),
    (r"\d\.\d MiB \(\d\.\d%\) free", "FREE"),
)


def still(text: str) -> list[str]:
    """The lines of a plan, without what differs from one time to the next."""
    for pattern, name in MOVING:
        text = re.sub(pattern, name, text)
    kept = re.sub(r"(?m)^ +\S+ \S+ +(dir|file|deleted) .*\n|^ +.* did not show what .* open\n", "", text)
    return [line.rstrip() for line in kept.strip().splitlines()]


def test_the_plan_in_the_readme_is_the_plan_that_is_printed(home: Home, fresh_lab_host: LabHost) -> None:
    host = fresh_lab_host
    for number, (size_bytes, days) in OLD.items():
        host.write_old_file(f"/srv/data/log/app.log.{number}", size_bytes=size_bytes, age_s=days * DAY_S)
    host.fill(95)
    host.sh("mv /srv/data/ballast.bin /srv/data/.ballast 2>/dev/null || true")
    values = {"mount": "/srv/data", "log_dir": "/srv/data/log"}
    home.write_inventory({"hosts": {"prod1": host.entry(environment="production", vars=values)}})
    shown = re.search(PLAN, README.read_text(), re.DOTALL | re.MULTILINE)
    assert shown

    printed = home.remedy("plan", "disk-full", "--host", "prod1")

    assert still(printed.out) == still(shown[1])


def test_the_playbook_in_the_readme_is_valid(home: Home) -> None:
    shown = re.search(r"^```yaml\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    assert shown
    (home.path / "playbooks" / "disk-full.yml").write_text(shown[1])
    home.write_inventory({"hosts": {"prod1": {"address": "local://"}}})

    checked = home.remedy("validate")

    assert checked.code == 0, checked
