"""`remedy look` on real hosts: one connection and one request, however many playbooks there are."""

import re
import shlex
import time

import pytest

from tests.e2e.home import Home
from tests.e2e.test_counts import LOOK_TURNS
from tests.lab import LabHost
from tests.lab.relay import Relay
from tests.lab.sshd import SshdLab

GENEROUS_S = 6  # the goal is 2 s on an idle machine; this one does other things too
MANY = """
playbook: {name}
summary: One of many
severity: P2
symptom:
  - disk.free: {{mount: /srv/data, below: {below}%}}
  - process.running: {{cmdline: "/bin/nobody-runs-{number}"}}
steps:
  - id: old
    files.prune: {{root: /srv/data/log, match: "*.log.*", older_than: 7d}}
"""
SERVICE = {"unit": "app.service", "url": "http://127.0.0.1:8080/health"}
DISK = {"mount": "/srv/data", "log_dir": "/srv/data/log"}


def test_round_trips_and_connections_do_not_grow_with_the_number_of_playbooks(home: Home, sshd_lab: SshdLab) -> None:
    host = sshd_lab.start()
    turns = []
    for number in (0, 30):
        for n in range(number):
            text = MANY.format(name=f"many{n}", below=n + 1, number=n)
            (home.path / "playbooks" / f"many{n}.yml").write_text(text)
        with Relay((host.address, host.port), delay_s=0.01) as relay:
            address = f"ssh://{host.user}@127.0.0.1:{relay.port}"
            home.write_inventory({"hosts": {"h1": host.entry(address=address)}})
            logged = (host.connections(), host.executions())

            done = home.remedy("look", "--host", "h1", "--json")

            assert done.code == 0, done
            assert (host.connections() - logged[0], host.executions() - logged[1]) == (1, 1)
            turns.append(relay.counts().turns)
    assert len(done.document["hosts"]["h1"]["symptoms"]) >= 31
    print(f"round trips: {turns[0]} with the shipped playbooks, {turns[1]} with 30 more")
    assert turns[1] <= turns[0] + 1
    assert max(turns) <= LOOK_TURNS


SILENT = """
import socket, sys, time
held = socket.create_server(("127.0.0.1", 8099))
print("listening", flush=True)
time.sleep(120)
"""
HANGS = """
playbook: a-hangs
summary: Asks an address that takes the call and never says a word
severity: P1
symptom:
  - not: [http.ok: {url: "http://127.0.0.1:8099/", timeout: 100s}]
steps:
  - id: old
    files.prune: {root: /srv/data/log, match: "*.log.*", older_than: 7d}
"""


@pytest.mark.long
def test_fault_049_a_symptom_that_hangs_delays_the_others_by_its_own_time_once_and_is_told_as_such(
    home: Home, sshd_lab: SshdLab
) -> None:
    host = sshd_lab.start()
    host.sh(
        f"setsid python3 -c {shlex.quote(SILENT)} >/run/silent 2>&1 </dev/null & "
        "until grep -q listening /run/silent; do sleep 0.1; done"
    )
    for name in [f"many{n}" for n in range(5)]:
        (home.path / "playbooks" / f"{name}.yml").write_text(MANY.format(name=name, below=99, number=1))
    (home.path / "playbooks" / "a-hangs.yml").write_text(HANGS)
    home.write_inventory({"hosts": {"h1": host.entry()}})

    begun = time.monotonic()
    done = home.remedy("look", "--host", "h1", "--json")
    took_s = time.monotonic() - begun

    assert done.code == 4, done
    told = {s["playbook"]: s for s in done.document["hosts"]["h1"]["symptoms"]}
    assert told["a-hangs"]["answer"] == "cannot tell"
    assert "no answer within 10 s" in told["a-hangs"]["says"][0]
    assert {told[f"many{n}"]["answer"] for n in range(5)} == {"does not hold"}
    assert 10 <= took_s < 2 * 10, "its own time, once"


@pytest.fixture
def host(home: Home, fresh_lab_host: LabHost) -> LabHost:
    home.write_inventory({"hosts": {"prod1": fresh_lab_host.entry(vars=SERVICE | DISK)}})
    return fresh_lab_host


def test_at_night_it_finds_both_troubles_and_what_it_says_to_type_heals_them(home: Home, host: LabHost) -> None:
    well = home.remedy("look", "--host", "prod1")
    assert (well.code, "holds on prod1" in well.out) == (0, True), well
    for number in range(4):
        host.write_old_file(f"/srv/data/log/app.log.{number}", size_bytes=10 << 20, age_s=9 * 86_400)
    host.fill(90)
    host.sh("systemctl stop app")

    begun = time.monotonic()
    sick = home.remedy("look", "--host", "prod1")
    took_s = time.monotonic() - begun

    assert sick.code == 0, sick
    found = re.findall(r"P\d  holds +(\S+)", sick.out)
    assert found == ["service-down", "disk-full"], sick.out
    for line in re.findall(r"next: remedy (.*)", sick.out):
        healed = home.remedy(*shlex.split(line), "--yes")
        assert healed.code == 0, healed
    assert "holds on prod1" in home.remedy("look", "--host", "prod1").out
    print(f"look: {took_s:.2f} s with all shipped playbooks")
    assert took_s < GENEROUS_S
