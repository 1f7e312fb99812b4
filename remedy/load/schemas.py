"""The JSON Schemas that editors read and that every document is held against.

`python -m remedy.load.schemas` writes the generated ones, and the generated part of playbook's.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from remedy.actions.catalogue import Catalogue
from remedy.load.shipped import shipped

NAMES = ("playbook", "inventory", "policy", "plan", "event", "report")


@lru_cache(maxsize=16)
def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def schema(name: str) -> dict[str, Any]:
    """A shipped schema, as it lies in the file."""
    found: dict[str, Any] = _read(shipped("schemas") / f"{name}.schema.json")
    return found


def playbook_schema(catalogue: Catalogue) -> dict[str, Any]:
    """The schema of playbooks: the shipped one where it is of this catalogue, else made anew."""
    as_shipped = schema("playbook")
    known = {n for n in as_shipped["$defs"] if n.startswith(("action ", "check "))}
    wanted = {f"action {n}" for n in catalogue.actions} | {f"check {n}" for n in catalogue.checks}
    if known == wanted:
        return as_shipped
    from remedy.load.schema_of import with_catalogue  # noqa: PLC0415 - only catalogues that are not the shipped one

    return with_catalogue(as_shipped, catalogue)


def generated(catalogue: Catalogue) -> dict[str, str]:
    """What the generated files must hold, by name."""
    from remedy import model  # noqa: PLC0415 - only for writing and for the test that compares
    from remedy.load.schema_of import of_type, with_catalogue  # noqa: PLC0415 - the same

    made = {
        "playbook": with_catalogue(schema("playbook"), catalogue),
        "plan": of_type(model.Plan, "A remedy plan"),
        "event": of_type(model.Event, "An event of remedy's journal"),
    }
    return {name: json.dumps(whole, indent=2, ensure_ascii=False) + "\n" for name, whole in made.items()}


def main() -> None:
    from remedy.actions.catalogue import shipped as catalogue  # noqa: PLC0415 - only when run as a program

    for name, text in generated(catalogue()).items():
        (shipped("schemas") / f"{name}.schema.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
