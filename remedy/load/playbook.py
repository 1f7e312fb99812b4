"""Playbooks: found, read, and refused with every problem at once, or returned as typed values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from remedy.actions.catalogue import Catalogue
from remedy.digest import digest
from remedy.load.documents import Document, read_document
from remedy.load.drills import drill_of
from remedy.load.find import find_playbook
from remedy.load.playbook_checks import Checker, param_spec
from remedy.load.problems import Flaw, below, refuse
from remedy.load.resolved import ParamSpec, Playbook
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import playbook_schema
from remedy.load.text import kind_of
from remedy.model import Json, Limits

MOST_STEPS = 500  # as the schema says; counted before anything is checked


def load_playbook(name_or_path: str, home: Path, catalogue: Catalogue) -> Playbook:
    """The playbook that a name or path means. Raises Invalid, whose `problems` are all that is wrong with it."""
    path = find_playbook(name_or_path, home)
    return playbook_of(checked_playbook(path, catalogue), path)


def checked_playbook(path: Path, catalogue: Catalogue) -> Document:
    """The document with everything in `flaws` that can be known without a host."""
    document = read_document(path)
    check_document(document, path.stem, catalogue)
    return document


def check_document(document: Document, stem: str, catalogue: Catalogue) -> None:
    """Add to the document's flaws whatever makes it no playbook called `stem`."""
    if not document.is_whole:
        return
    document = _of_bounded_length(document)
    Checker(document, catalogue).check(stem)
    hold_against(document, playbook_schema(catalogue))


def _of_bounded_length(document: Document) -> Document:
    """The document, without the steps that are too many: they are one problem, and are not read."""
    value = document.value
    steps = value.get("steps") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(steps, list) or len(steps) <= MOST_STEPS:
        return document
    message = f"'steps' is {kind_of(steps)}"
    document.flaws.add(Flaw("", document.place("/steps"), message, f"wanted at most {MOST_STEPS} members", "split it"))
    return replace(document, value={**value, "steps": steps[:MOST_STEPS]})


def playbook_of(document: Document, path: Path) -> Playbook:
    """The typed playbook. Raises Invalid when the document has flaws."""
    refuse(document.flaws.problems(), document.file)
    body = cast(dict[str, Any], document.value)
    return Playbook(
        name=body["playbook"],
        path=str(path),
        digest=digest(body),
        summary=body["summary"],
        severity=body.get("severity", ""),
        alerts=tuple(body.get("alerts", ())),
        params=_params(document, body.get("params", {})),
        limits=Limits(**body.get("limits", {})),
        on_failure=body.get("on_failure", "stop"),
        notify=tuple(body.get("notify", ())),
        schedule=body.get("schedule", {}),
        body=body,
        places={pointer: str(place) for pointer, place in document.places.items()},
        drill=drill_of(body["drill"]) if "drill" in body else None,
    )


def _params(document: Document, raw: dict[str, Json]) -> tuple[ParamSpec, ...]:
    specs = (param_spec(n, s, str(document.key_place(below("/params", n)))) for n, s in raw.items())
    return tuple(s for s in specs if s is not None)
