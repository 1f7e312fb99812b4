"""A playbook's drill as a playbook of its own: all is well, break it, see that it is broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from remedy.digest import digest
from remedy.errors import Refused
from remedy.load.resolved import Drill, Playbook
from remedy.model import Json, Limits

SUFFIX = ".drill"
SYMPTOM_WITHIN = "60s"  # unless the drill says how long its symptom takes


def drill_of(raw: Mapping[str, Any]) -> Drill:
    """The drill of a playbook that has no flaws."""
    return Drill(about=raw["about"], values={n: _text(v) for n, v in raw.get("with", {}).items()})


def _text(value: Json) -> str:
    """A value as one types it after `-p NAME=`."""
    return value if isinstance(value, str) else json.dumps(value)


def injection_of(playbook: Playbook) -> Playbook:
    """The playbook that breaks what this one remedies.

    Its symptom is that nothing is wrong yet, its goal that the symptom of the playbook holds: so the engine looks
    before, waits after, and says what came of it, as it does for every playbook. Raises Refused without a drill.
    """
    if playbook.drill is None:
        fix = f"write one, or drill another: remedy explain {playbook.name}"
        raise Refused(f"{playbook.name} has no drill: section", at=playbook.path, fix=fix)
    raw = cast("dict[str, Json]", playbook.body["drill"])
    within = raw.get("symptom_within", SYMPTOM_WITHIN)
    body: dict[str, Json] = {
        "symptom": [{"not": playbook.body["symptom"]}],
        "steps": raw["inject"],
        "verify": _all_within(playbook.body["symptom"], within),
    }
    return replace(
        playbook,
        name=playbook.name + SUFFIX,
        summary=playbook.drill.about,
        digest=digest({"drill of": playbook.digest}),
        limits=Limits(),
        on_failure="stop",
        body=body,
        places=_moved(playbook.places),
        drill=None,
    )


def _all_within(checks: Json, within: Json) -> Json:
    """The same checks, each with this time to come to hold."""
    assert isinstance(checks, list)
    return [_within(one, within) for one in checks if isinstance(one, dict)]


def _within(check: Mapping[str, Json], within: Json) -> Json:
    ((name, given),) = check.items()
    if name in ("any", "not"):
        return {name: _all_within(given, within)}
    assert isinstance(given, dict)
    return {name: {**given, "within": within}}


def _moved(places: Mapping[str, str]) -> dict[str, str]:
    """Where everything is written that was put elsewhere."""
    moved = {}
    for pointer, place in places.items():
        for old, new in (("/drill/inject", "/steps"), ("/symptom", "/symptom/0/not"), ("/symptom", "/verify")):
            if pointer == old or pointer.startswith(old + "/"):
                moved[new + pointer.removeprefix(old)] = place
        if pointer.startswith("/params"):
            moved[pointer] = place
    return moved
