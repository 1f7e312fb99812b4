"""`validate`: every problem of every file, without a host and without an inventory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from remedy.actions.catalogue import Catalogue
from remedy.errors import Invalid, Problem
from remedy.load.documents import Document, read_document
from remedy.load.find import POLICY_STEMS, SUFFIXES, find_playbook, yaml_files
from remedy.load.playbook import check_document


def files_to_validate(names: Sequence[str], home: Path) -> list[Path]:
    """The files that these paths, directories or playbooks' names mean; of none, all files of the home.

    Raises Invalid for a name that means nothing.
    """
    if not names:
        return [*yaml_files(home / "playbooks"), *_of_directory(home / "inventory")]
    return [path for name in names for path in _files(name, home)]


def _files(name: str, home: Path) -> list[Path]:
    if "\0" in name and not Path(name).is_dir():
        return [find_playbook(name, home)]
    path = Path(name)
    if path.is_dir():
        from remedy.load.ansible.files import candidates  # noqa: PLC0415 — a playbook alone is validated without it

        found = sorted(
            {*path.rglob("*.yml"), *path.rglob("*.yaml"), *(p for d in _inventories(path) for p in candidates(d))}
        )
        return [p for p in found if p.is_file() and not _is_aside(p.relative_to(path))]
    if path.is_file() and path.suffix not in SUFFIXES and _is_ansible(path):
        return [path]
    return [find_playbook(name, home)]


def _of_directory(directory: Path) -> list[Path]:
    from remedy.load.ansible.files import candidates  # noqa: PLC0415 — a playbook alone is validated without it

    return sorted(
        {*yaml_files(directory), *(p for p in candidates(directory) if p.suffix in SUFFIXES or _is_ansible(p))}
    )


def _inventories(path: Path) -> list[Path]:
    """The directories called inventory, here and below."""
    return [d for d in (path, *path.rglob("inventory")) if d.name == "inventory" and d.is_dir()]


def _is_aside(path: Path) -> bool:
    """Hidden, or variables of Ansible's, which are read with the inventory that they belong to."""
    return any(part.startswith(".") or part in ("group_vars", "host_vars") for part in path.parts)


def _is_ansible(path: Path) -> bool:
    from remedy.load.ansible.files import ANSIBLE, source_of  # noqa: PLC0415 — a playbook alone is validated without it

    try:
        return source_of(path).form in ANSIBLE
    except Invalid:
        return True  # what is wrong with it is told


def validate_paths(names: Sequence[str], home: Path, catalogue: Catalogue) -> list[Problem]:
    """All problems of these files, in order; none means that they are valid."""
    problems: list[Problem] = []
    inventories: list[Path] = []
    for path in files_to_validate(names, home):
        if path.suffix not in SUFFIXES:
            inventories.append(path)
            continue
        try:
            document = read_document(path)
        except Invalid as wrong:
            problems.append(Problem(at=wrong.at, message=wrong.message, fix=wrong.fix))
            continue
        if _is_inventory(path, document):
            inventories.append(path)
        else:
            _check(path, document, catalogue)
            problems += document.flaws.problems()
    return problems + _of_inventories(inventories)


def _of_inventories(paths: Sequence[Path]) -> list[Problem]:
    """The problems of inventories; the files of one directory are one inventory."""
    if not paths:
        return []
    from remedy.load.inventory import read_files  # noqa: PLC0415 — a playbook alone is validated without it

    directories = dict.fromkeys(p.parent for p in paths)
    read = [read_files([p for p in paths if p.parent == d], d, {}) for d in directories]
    return [problem for one in read for problem in one.flaws.problems()]


def _check(path: Path, document: Document, catalogue: Catalogue) -> None:
    if path.stem in POLICY_STEMS or "rules" in _keys(document):
        from remedy.load.policy import held_policy  # noqa: PLC0415 — a playbook alone is validated without it

        held_policy(document)
    else:
        check_document(document, path.stem, catalogue)


def _is_inventory(path: Path, document: Document) -> bool:
    if path.stem in POLICY_STEMS or "playbook" in _keys(document):
        return False
    in_place = path.absolute().parent.name == "inventory"
    return in_place or bool(_keys(document) & {"hosts", "groups"}) or _is_ansibles_tree(document)


def _is_ansibles_tree(document: Document) -> bool:
    if "rules" in _keys(document):
        return False
    from remedy.load.ansible.files import ANSIBLE, form_of_tree  # noqa: PLC0415 — a playbook is told without it

    return form_of_tree(document) in ANSIBLE


def _keys(document: Document) -> set[str]:
    return set(document.value) if isinstance(document.value, dict) else set()
