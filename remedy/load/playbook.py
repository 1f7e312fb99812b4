"""Playbooks: found, read, and refused with every problem at once, or returned as typed values."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from remedy.actions.catalogue import Catalogue
from remedy.digest import digest
from remedy.load.documents import Document, read_document
from remedy.load.find import find_playbook
from remedy.load.playbook_checks import Checker, param_spec
from remedy.load.problems import below, refuse
from remedy.load.resolved import ParamSpec, Playbook
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import playbook_schema
from remedy.model import Json, Limits


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
    Checker(document, catalogue).check(stem)
    hold_against(document, playbook_schema(catalogue))


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
    )


def _params(document: Document, raw: dict[str, Json]) -> tuple[ParamSpec, ...]:
    specs = (param_spec(n, s, str(document.key_place(below("/params", n)))) for n, s in raw.items())
    return tuple(s for s in specs if s is not None)
