"""`validate`: every problem of every file, without a host and without an inventory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from remedy.actions.catalogue import Catalogue
from remedy.errors import Invalid, Problem
from remedy.load.documents import Document, read_document
from remedy.load.find import POLICY_STEMS, SUFFIXES, find_playbook, inventory_files, yaml_files
from remedy.load.playbook import check_document
from remedy.load.policy import held_policy


def files_to_validate(names: Sequence[str], home: Path) -> list[Path]:
    """The files that these paths, directories or playbooks' names mean; of none, all files of the home.

    Raises Invalid for a name that means nothing.
    """
    if not names:
        return [p for d in (home / "playbooks", home / "inventory") for p in yaml_files(d)]
    return [path for name in names for path in _files(name, home)]


def _files(name: str, home: Path) -> list[Path]:
    if "\0" not in name and Path(name).is_dir():
        below = sorted(p for p in Path(name).rglob("*") if p.suffix in SUFFIXES and p.is_file())
        return [p for p in below if not any(part.startswith(".") for part in p.relative_to(name).parts)]
    return [find_playbook(name, home)]


def validate_paths(names: Sequence[str], home: Path, catalogue: Catalogue) -> list[Problem]:
    """All problems of these files, in order; none means that they are valid."""
    problems: list[Problem] = []
    inventories: list[Document] = []
    for path in files_to_validate(names, home):
        try:
            document = read_document(path)
        except Invalid as wrong:
            problems.append(Problem(at=wrong.at, message=wrong.message, fix=wrong.fix))
            continue
        if _is_inventory(path, document):
            inventories.append(document)
        else:
            _check(path, document, catalogue)
            problems += document.flaws.problems()
    return problems + _of_inventory(inventories)


def _of_inventory(documents: list[Document]) -> list[Problem]:
    if not documents:
        return []
    from remedy.load.inventory import read_inventory  # noqa: PLC0415 — a playbook alone is validated without it

    return list(read_inventory(documents)[1].problems())


def _check(path: Path, document: Document, catalogue: Catalogue) -> None:
    if path.stem in POLICY_STEMS or "rules" in _keys(document):
        held_policy(document)
    else:
        check_document(document, path.stem, catalogue)


def _is_inventory(path: Path, document: Document) -> bool:
    if path.stem in POLICY_STEMS or "playbook" in _keys(document):
        return False
    in_place = path.absolute().parent.name == "inventory" and path in inventory_files(path.parent)
    return in_place or bool(_keys(document) & {"hosts", "groups"})


def _keys(document: Document) -> set[str]:
    return set(document.value) if isinstance(document.value, dict) else set()
