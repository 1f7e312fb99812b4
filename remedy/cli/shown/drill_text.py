"""How a drill went, for people and for scripts."""

from __future__ import annotations

from remedy.cli.shown.text import Paint, visible
from remedy.model import Json
from remedy.model.drilled import Drilled


def drill_lines(found: Drilled, paint: Paint) -> list[str]:
    """The times, what was put back, and whether all of it held."""
    verdict = paint.green("held") if found.held else paint.red("failed")
    restored = "put back, the symptom is gone" if found.restored else paint.red("NOT put back")
    runs = [r for r in (found.injection, found.remedy, found.again, found.restore) if r]
    return [
        "",
        paint.bold(f"drill of {visible(found.playbook)} on {visible(found.host)}: {visible(found.about)}"),
        f"  to the symptom  {_time(found.to_symptom_s)}",
        f"  to the plan     {_time(found.to_plan_s)}",
        f"  to fixed        {_time(found.to_fixed_s)}",
        f"  what was broken {restored if found.injection else 'nothing'}",
        paint.dim(f"  runs            {' '.join(runs) or 'none'}"),
        f"drill {verdict}" + (f": {visible(found.why)}" if found.why else ""),
    ]


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"


def drill_json(found: Drilled) -> Json:
    """The drill as `--json` prints it; its shape is part of the contract."""
    return {
        "playbook": found.playbook,
        "host": found.host,
        "about": found.about,
        "verdict": "held" if found.held else "failed",
        "why": found.why,
        "restored": found.restored,
        "seconds": {"to_symptom": found.to_symptom_s, "to_plan": found.to_plan_s, "to_fixed": found.to_fixed_s},
        "runs": {
            "injection": found.injection,
            "remedy": found.remedy,
            "again": found.again,
            "restore": found.restore,
        },
    }
