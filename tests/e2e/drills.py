"""The drills of the shipped playbooks: on which host of the lab, with which values. Another one joins by a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab import SIRA

KEPT = "REMEDY_DRILLS_KEPT"  # names a directory that each drill leaves its JSON document in, for docs/drills.md


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
    Case(playbook="compose-service-down", host="sira_host", values={**SIRA, "services": ["frontend"]}),
    *(
        Case(playbook=name, host="sira_host", values=SIRA)
        for name in (
            "application-down",
            "backup-failed",
            "certificate-expiring",
            "database-down",
            "disk-low",
            "high-latency",
            "memory-exhausted",
            "slow-recommendations",
        )
    ),
    Case(
        playbook="high-error-rate", host="sira_host", values={**SIRA, "span": "30s"}
    ),  # so long what failed still counts
    Case(playbook="database-restore", host="sira_host", values=SIRA, break_glass="a drill"),
)

UNDRILLED: Mapping[str, str] = {}  # which of the shipped playbooks have no drill that holds, and why
