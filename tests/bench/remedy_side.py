"""The ten steps as a playbook of remedy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.bench import work


def playbook(name: str, steps: Sequence[work.Step]) -> str:
    """The playbook `name` of these steps; JSON is YAML."""
    return json.dumps(
        {
            "playbook": name,
            "summary": "Steps of the kind that every runbook has",
            "symptom": [{"disk.free": {"mount": "/srv", "below": "100%"}}],
            "steps": [{"id": f"step{number}", **_written(step)} for number, step in enumerate(steps, 1)],
            "verify": [{"disk.free": {"mount": "/srv", "at_least": "1%"}}],
            "limits": {"hosts": 100, "batch": 50},
        }
    )


def _written(step: work.Step) -> dict[str, Any]:
    match step:
        case work.File(path, content, mode):
            return {"file.put": {"path": path, "content": content, "mode": f"0{mode:o}"}}
        case work.Dir(path, mode):
            return {"dir.make": {"path": path, "mode": f"0{mode:o}"}}
        case work.Gone(path):
            return {"file.remove": {"path": path}}
        case work.Pruned(path):
            return {"files.prune": {"root": path, "match": "*.log", "older_than": f"{work.AGE_DAYS}d"}}
        case work.Ran(unless=unless, command=command):
            return {"command.run": {"argv": list(command), "unless": list(unless)}}
