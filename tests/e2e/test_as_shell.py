"""`remedy show PLAN --as-shell`: what it prints, typed on a host in the same state, ends where apply ends."""

import subprocess

import pytest

from tests.e2e.home import Home
from tests.lab import LabHost

# Old files with names that mean something to a shell or a terminal, a large log that nobody writes to, one that a
# service goes on writing to, another service down.
BREAK = r"""set -eu
rm -rf /srv/data/tidy /var/quarantine/*
mkdir -p /srv/data/tidy/sub
cd /srv/data/tidy
for name in "new
line.log.1" "-rf.log.1" '$(touch x).log.1' "it's.log.1" "$(printf 'esc\033[2J\377.log.1')" 'back\slash.log.1'; do
    echo old >"./$name"
    echo older >"sub/$name"
done
find . -name '*.log.1' -exec chmod 640 {} + -exec touch -d '9 days ago' {} +
i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i + 1)); done >big.log
chmod 640 big.log
echo first | gzip -n >big.log.1.gz
touch big.log big.log.1.gz
systemctl stop app logger-app
rm -f /srv/data/log/app.log*
systemctl start logger-app
until [ "$(stat -c %s /srv/data/log/app.log)" -gt 400 ]; do sleep 0.1; done
"""
PICTURE = r"""cd /srv/data/tidy
find . -type f ! -name '*.gz' -exec sha256sum {} + -exec stat -c '%n %a %U %G' {} + | sort
find . -name '*.gz' | sort | while read -r f; do stat -c '%n %a %U %G' "$f"; gzip -dc "$f" | sha256sum; done
find /var/quarantine -type f -exec sha256sum {} + | sed 's|/prune-[^/]*||' | sort
stat -c '%n %a %U %G' /srv/data/log/*
systemctl is-active app
"""
LINES = "systemctl stop logger-app; zcat -f /srv/data/log/app.log.1.gz /srv/data/log/app.log"
PLAYBOOK = """
playbook: tidy
summary: Tidy up, and start the service again
params:
  unit: {type: unit, default: app.service}
symptom:
  - not: [http.ok: {url: "http://127.0.0.1:8080/health"}]
steps:
  - id: rotate
    logs.rotate: {paths: ["/srv/data/tidy/*.log"], larger_than: 10KiB, keep: 3}
  - id: rotate-live
    logs.rotate: {paths: ["/srv/data/log/*.log"], larger_than: 100B, reopen: [logger-app.service]}
  - id: old
    files.prune: {root: /srv/data/tidy, match: "*.log.1", older_than: 7d}
  - id: restart
    service.restart: {unit: "{{ unit }}"}
verify:
  - http.ok: {url: "http://127.0.0.1:8080/health", within: 20s}
"""


@pytest.fixture
def host(home: Home, fresh_lab_host: LabHost) -> LabHost:
    (home.path / "playbooks" / "tidy.yml").write_text(PLAYBOOK)
    home.write_inventory({"hosts": {"prod1": fresh_lab_host.entry()}})
    return fresh_lab_host


def broken(home: Home, host: LabHost) -> str:
    """Break the host again; the id of a plan for it."""
    host.sh("sh -s", stdin=BREAK.encode())
    plan = home.remedy("plan", "tidy", "--host", "prod1", "--json")
    assert plan.code == 0, plan
    assert len(plan.document["changes"]) == 4
    return str(plan.document["id"])


def picture(host: LabHost) -> list[str]:
    return host.sh("sh -s", stdin=PICTURE.encode()).splitlines()


def typed(host: LabHost, script: str) -> None:
    """Give the lines to the shell of the login that the inventory names, as a person would."""
    ssh = ["ssh", "-p", str(host.port), "-i", str(host.identity), "-o", "StrictHostKeyChecking=no"]
    quiet = ["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-T", f"{host.user}@127.0.0.1"]
    done = subprocess.run([*ssh, *quiet], input=script.encode(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_printed_lines_end_where_apply_ends_and_lead_back(home: Home, host: LabHost) -> None:
    applied = home.remedy("apply", broken(home, host), "--yes", "--json")
    assert applied.code == 0, applied
    wanted = picture(host)
    assert wanted[-1] == "active"
    assert sum("/var/quarantine" in line for line in wanted) == 12

    plan = broken(home, host)
    shown = home.remedy("show", plan, "--as-shell")
    assert shown.code == 0, shown
    assert f"# prod1 (ssh -p {host.port} deploy@127.0.0.1)" in shown.out
    assert "sudo sh -eu" in shown.out
    assert "\x1b" not in shown.out
    document = home.remedy("show", plan, "--as-shell", "--json").document["hosts"]["prod1"]
    assert document["reach"] == f"ssh -p {host.port} deploy@127.0.0.1"
    assert document["script"] in shown.out
    typed(host, document["script"])
    assert picture(host) == wanted
    numbers = [int(line.removeprefix("line ")) for line in host.sh(LINES).splitlines()]
    assert numbers == list(range(1, len(numbers) + 1)), "a line was lost"

    typed(host, undone(shown.out))
    assert host.sh("find /srv/data/tidy -name '*.log.1' -printf . | wc -c") == "12\n"


def undone(lines: str) -> str:
    """The way back as it is printed, without the leading # of its lines."""
    commented = lines.partition("without the leading #:\n")[2]
    return "".join(line.removeprefix("# ") + "\n" for line in commented.splitlines())
