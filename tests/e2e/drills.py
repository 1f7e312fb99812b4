"""The drills of the shipped playbooks: on which host of the lab, with which values. Another one joins by a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab import SIRA


@dataclass(frozen=True, kw_only=True)
class Case:
    """One playbook's drill. `host` is the fixture of a host; `break_glass` says why more than a yes is given."""

    playbook: str
    host: str
    values: Mapping[str, object] = field(default_factory=dict)
    break_glass: str = ""
    long: bool = False  # only with the long tests


CASES = (
    Case(playbook="disk-full", host="lab_host", values={"mount": "/srv/data", "log_dir": "/srv/data/log"}),
    Case(playbook="service-down", host="lab_host", values={"unit": "app", "url": "http://127.0.0.1:8080/health"}),
    Case(playbook="compose-service-down", host="docker_host", values={"project": "shop", "services": ["web"]}),
    *(
        Case(playbook=name, host="sira_host", values={**SIRA, "workers": 4, "workers_most": 8}, long=True)
        for name in ("application-down", "backup-failed", "database-down", "high-latency", "slow-recommendations")
    ),
    Case(playbook="database-restore", host="sira_host", values=SIRA, break_glass="a drill", long=True),
)

UNDRILLED = {  # which of the shipped playbooks have no drill that holds, and why
    "certificate-expiring": "no fault makes a certificate old yet",
    "disk-low": "the lab's stack logs to the filesystem of its engine, which no drill may fill",
    "high-error-rate": "no fault asks for pages, and of fewer than fifty requests nothing is said",
    "memory-exhausted": "a leak is made by tests/e2e/test_stack_playbooks.py, by asking for pages",
}
