"""What is wrong with a playbook's `drill:` beyond its form: how the fault is made, and that it can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from remedy.load import templates
from remedy.load.problems import below
from remedy.load.resolved import ParamSpec
from remedy.load.text import said, suggestion
from remedy.load.values import parse_value
from remedy.model import Json

if TYPE_CHECKING:
    from remedy.load.playbook_checks import Checker

AT = "/drill"


def check_drill(
    checker: Checker, raw: Mapping[str, Json], params: Mapping[str, ParamSpec | None], *, has_symptom: bool
) -> None:
    """Add what is wrong with a playbook's drill."""
    if not has_symptom:
        why = "a drill waits until the symptom holds"
        checker.flaw(AT, "'drill' in a playbook without a symptom", why, "write a symptom", key=True)
    inject, given = raw.get("inject"), raw.get("with")
    checker.steps(inject if isinstance(inject, list) else [], f"{AT}/inject", params)
    checker.duration(raw.get("symptom_within"), f"{AT}/symptom_within", params)
    for name, value in given.items() if isinstance(given, dict) else ():
        _value(checker, name, value, params)


def _value(checker: Checker, name: str, value: Json, params: Mapping[str, ParamSpec | None]) -> None:
    """A parameter's value in this drill: one that the playbook declares, written out."""
    pointer = below(f"{AT}/with", name)
    if name not in params:
        checker.flaw(pointer, f"there is no parameter {said('', name)}", "", suggestion(name, params), key=True)
    elif isinstance(value, str) and templates.is_template(value):
        checker.flaw(pointer, f"'{name}' is a template", "a drill's own value is written out")
    elif (spec := params[name]) is not None:
        checker.attempt(pointer, value, lambda: parse_value(spec, value))
