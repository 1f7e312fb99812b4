"""A fleet of sshd hosts for one group, of which some are down, slow, full, out of processes, or lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.e2e.home import Home
from tests.lab.sshd import SshdHost, SshdLab

LIES = ("flood", "endless", "shuffled", "clock", "willing")
LIAR = Path(__file__).with_name("liar.py")
GROUP = ("--group", "web")
PLAYBOOK = """
playbook: tidy
summary: Take old logs away
symptom:
  - disk.free: {mount: /srv/data, below: 100%}
steps:
  - id: old-logs
    files.prune: {root: /srv/data/log, match: "*.log", older_than: 7d}
verify:
  - disk.free: {mount: /srv/data, at_least: 1%}
limits: {hosts: 500, batch: 20, max_failures: 5}
"""
ARRANGE = "mkdir -p /srv/data/log; echo x >/srv/data/log/a.log; touch -d '9 days ago' /srv/data/log/a.log"
FILL_RUN = "mount -o remount,size=1m /run; dd if=/dev/zero of=/run/fill bs=4k 2>/dev/null || :"


@dataclass(frozen=True)
class Fleet:
    """The hosts by the names that the inventory has for them; the first ones are well."""

    well: dict[str, SshdHost]
    ill: dict[str, SshdHost]

    @property
    def all(self) -> dict[str, SshdHost]:
        return {**self.well, **self.ill}

    def done(self) -> set[str]:
        """Where the old log is gone."""
        return {name for name, host in self.all.items() if not host.outside("/srv/data/log/a.log").exists()}


def start_fleet(lab: SshdLab, home: Home, count: int) -> Fleet:
    """`count` hosts that are well and nine that are not, in one group of a home."""
    well = {f"web{n:03}": host for n, host in enumerate(lab.start_many(count), 1)}
    ill = {"down": lab.start(), "full": lab.start()}
    ill["slow"] = lab.start(config='ForceCommand sleep 1; eval "$SSH_ORIGINAL_COMMAND"')
    ill["forkless"] = lab.start(user="bash", config='ForceCommand ulimit -u 1; eval "$SSH_ORIGINAL_COMMAND"')
    for lie in LIES:
        ill[lie] = lab.start(config=f"ForceCommand /run/liar {lie}")
        _place(ill[lie], LIAR)
    fleet = Fleet(well, ill)
    for host in fleet.all.values():
        host.sh(ARRANGE)
    ill["full"].sh(FILL_RUN)
    ill["down"].stop()
    (home.path / "playbooks" / "tidy.yml").write_text(PLAYBOOK)
    entries = {n: h.entry(become=None) for n, h in fleet.all.items()}
    home.write_inventory({"hosts": entries, "groups": {"web": {"hosts": list(entries)}, "ill": {"hosts": list(ill)}}})
    return fleet


def _place(host: SshdHost, program: Path) -> None:
    there = host.outside("/run/liar")
    there.write_bytes(program.read_bytes())
    there.chmod(0o755)
