"""What one host costs: round trips, channels, executions, controller CPU and memory. The goals are the design's."""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.e2e.home import Home
from tests.lab.relay import Relay
from tests.lab.sshd import SshdHost, SshdLab

LOOK_TURNS = 9  # a whole look, connection and all
APPLY_TURNS = 11  # a whole apply, and one more per change
CPU_MS_PER_HOST = 12  # of the controller, for each further host
MEMORY_MIB = 80  # of the controller, at 50 hosts
LOOK_PROCESSES = 24  # of the host: sshd, the login, the runner, one worker, one look
DAY_S = 86_400

pytestmark = pytest.mark.alone
PLAYBOOK = """
playbook: tidy
summary: Take old files out of three directories
params:
  free: {type: percent, default: 100%, about: Never reached}
symptom:
  - disk.free: {mount: /srv/data, below: "{{ free }}"}
steps:
  - id: one
    files.prune: {root: /srv/data/one, match: "*.log", older_than: 7d}
  - id: two
    files.prune: {root: /srv/data/two, match: "*.log", older_than: 7d}
  - id: three
    files.prune: {root: /srv/data/three, match: "*.log", older_than: 7d}
verify:
  - disk.free: {mount: /srv/data, at_least: 1%}
limits: {hosts: 100, batch: 50}
"""


BARE = """
playbook: bare
summary: As little as a look can be
symptom:
  - disk.free: {mount: /srv/data, below: 1%}
steps:
  - id: one
    files.prune: {root: /srv/data/none, match: "*.log", older_than: 7d}
verify:
  - disk.free: {mount: /srv/data, at_least: 1%}
limits: {hosts: 100, batch: 50}
"""


def arrange(host: SshdHost) -> None:
    """An old file in each of three directories of a small filesystem of its own."""
    host.sh(
        "for d in one two three; do mkdir -p /srv/data/$d; echo x >/srv/data/$d/a.log;"
        " touch -d '9 days ago' /srv/data/$d/a.log; done"
    )


ACCOUNT = """
import json, os, resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024]))
"""  # in a small process of its own: a child counts the memory of the process that it was forked from


@pytest.fixture(scope="module")
def fifty(sshd_lab: SshdLab) -> list[SshdHost]:
    """Fifty hosts for all tests of this module."""
    return sshd_lab.start_many(50)


@dataclass(frozen=True)
class Cost:
    """What one command of the controller took."""

    code: int
    cpu_ms: float
    memory_mib: float


def cost_of(home: Home, *args: str) -> Cost:
    """Run a command as a process of its own and account for it."""
    argv = [sys.executable, "-I", "-S", "-c", ACCOUNT, *home.argv(*args)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=home.environment())
    return Cost(*json.loads(done.stdout))


def test_planning_nine_playbooks_costs_what_planning_one_costs(home: Home, sshd_lab: SshdLab) -> None:
    host = sshd_lab.start()
    arrange(host)
    names = [f"tidy{number}" for number in range(9)]
    for number, name in enumerate(names):
        text = PLAYBOOK.replace("playbook: tidy", f"playbook: {name}").replace(
            "older_than: 7d", f"older_than: {number + 1}d"
        )
        (home.path / "playbooks" / f"{name}.yml").write_text(text)
    with Relay((host.address, host.port), delay_s=0.02) as relay:
        address = f"ssh://{host.user}@127.0.0.1:{relay.port}"
        home.write_inventory({"hosts": {"h1": host.entry(address=address)}})
        logged = (host.connections(), host.executions())
        plans = home.remedy("plan", *names, "--host", "h1", "--json")
        assert plans.code == 0, plans
        assert [plan["playbook"] for plan in plans.document] == names
        assert relay.counts().turns <= LOOK_TURNS, relay.counts()
        assert (host.connections() - logged[0], host.executions() - logged[1]) == (1, 1)


def test_a_plan_and_an_apply_of_one_host_stay_within_their_round_trips(home: Home, sshd_lab: SshdLab) -> None:
    host = sshd_lab.start()
    arrange(host)
    (home.path / "playbooks" / "tidy.yml").write_text(PLAYBOOK)
    quarantine = {"quarantine": "/srv/quarantine"}
    host.sh("chmod 700 /srv/quarantine")
    with Relay((host.address, host.port), delay_s=0.02) as relay:
        address = f"ssh://{host.user}@127.0.0.1:{relay.port}"
        home.write_inventory({"hosts": {"h1": host.entry(address=address, **quarantine)}})
        logged = (host.connections(), host.executions())

        plan = home.remedy("plan", "tidy", "--host", "h1", "--json")

        assert plan.code == 0, plan
        look_turns = relay.counts().turns
        assert look_turns <= LOOK_TURNS, relay.counts()
        assert (host.connections() - logged[0], host.executions() - logged[1]) == (1, 1)

        home.remedy("approve", plan.document["id"])
        before = relay.counts().turns
        applied = home.remedy("apply", plan.document["id"], "--json")

        assert (applied.code, applied.document["outcome"]) == (0, "changed"), applied
        apply_turns = relay.counts().turns - before
        print(f"round trips: look {look_turns}, apply of three changes {apply_turns}")
        assert apply_turns <= APPLY_TURNS + 3, relay.counts()
        assert (host.connections() - logged[0], host.executions() - logged[1]) == (2, 2)


@pytest.mark.timeout(300)
def test_a_further_host_costs_little_and_fifty_fit_in_little_memory(home: Home, fifty: list[SshdHost]) -> None:
    (home.path / "playbooks" / "tidy.yml").write_text(PLAYBOOK)
    names = {f"h{i}": h.entry() for i, h in enumerate(fifty)}
    groups = {"few": {"hosts": list(names)[:10]}, "all50": {"hosts": list(names)}}
    home.write_inventory({"hosts": names, "groups": groups})
    few = min((cost_of(home, "plan", "tidy", "--group", "few") for _ in range(3)), key=lambda c: c.cpu_ms)
    many = min((cost_of(home, "plan", "tidy", "--group", "all50") for _ in range(3)), key=lambda c: c.cpu_ms)
    per_host = (many.cpu_ms - few.cpu_ms) / 40
    print(f"controller: {per_host:.1f} ms CPU per further host, {many.memory_mib:.0f} MiB at 50 hosts")

    assert (few.code, many.code) == (0, 0)
    assert many.memory_mib <= MEMORY_MIB
    assert per_host <= CPU_MS_PER_HOST


def started(host: SshdHost) -> int:
    """How many processes the host has started so far: its process ids are its own, and given in order."""
    return int(host.sh("cat /proc/loadavg").split()[-1])


def test_a_look_and_a_change_cost_the_host_few_processes(home: Home, sshd_lab: SshdLab) -> None:
    """On few cores the hosts' own CPU is what many hosts wait for, and nearly all of it is starting processes."""
    host = sshd_lab.start()
    host.sh("mkdir -p /srv/data/one")
    (home.path / "playbooks" / "bare.yml").write_text(BARE)
    home.write_inventory({"hosts": {"h1": host.entry()}})
    asked = started(host)
    asked = started(host) - asked  # by asking itself

    before = started(host)
    plan = home.remedy("plan", "bare", "--host", "h1", "--json")
    look = started(host) - before - asked

    assert plan.code == 0, plan
    print(f"processes on the host: {look} for a session with one look")
    assert look <= LOOK_PROCESSES


@pytest.mark.timeout(300)
def test_fifty_hosts_take_one_connection_and_one_command_each(home: Home, fifty: list[SshdHost]) -> None:
    (home.path / "playbooks" / "tidy.yml").write_text(PLAYBOOK)
    for host in fifty:
        arrange(host)
    names = {f"h{i}": h.entry() for i, h in enumerate(fifty)}
    home.write_inventory({"hosts": names, "groups": {"all50": {"hosts": list(names)}}})

    before = [(h.connections(), h.logins(), h.executions()) for h in fifty]

    applied = home.remedy("apply", "tidy", "--group", "all50", "--yes", "--json")

    assert (applied.code, applied.document["outcome"]) == (0, "changed"), applied
    after = [(h.connections(), h.logins(), h.executions()) for h in fifty]
    assert {tuple(b - a for a, b in zip(*both, strict=True)) for both in zip(before, after, strict=True)} == {(1, 1, 1)}
