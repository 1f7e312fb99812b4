"""What docs/runbooks names is there: checks, actions, playbooks and their steps; and every incident has its lines."""

import re
from pathlib import Path

import pytest
import yaml

from remedy.actions.catalogue import shipped

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
INCIDENTS = {"002.md": 9, "004.md": 8}  # sections that have a table


def _quoted(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", page.read_text("utf-8"))


def _steps(name: str) -> set[str]:
    """The ids of the steps of a playbook that is shipped."""
    path = ROOT / "playbooks" / f"{name}.yml"
    assert path.is_file(), f"there is no playbook {name}"
    book = yaml.safe_load(path.read_text("utf-8"))  # noqa: TID251 - our own file, read by the plainest loader
    return {step["id"] for step in book["steps"]}


def test_both_runbooks_have_a_page() -> None:
    assert {*INCIDENTS} <= {p.name for p in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_check_and_action_that_is_named_is_there(page: Path) -> None:
    catalogue = shipped()
    families = {n.partition(".")[0] for n in (*catalogue.actions, *catalogue.checks)}
    named = [t for t in _quoted(page) if re.fullmatch(r"[a-z]+\.[a-z_]+", t) and t.partition(".")[0] in families]
    assert len(named) > 20
    assert [n for n in named if n not in catalogue.actions and n not in catalogue.checks] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_playbook_and_step_that_is_named_is_there(page: Path) -> None:
    for name, step in re.findall(r"`([a-z]+(?:-[a-z]+)+)/([a-z-]+)`", page.read_text("utf-8")):
        assert step in _steps(name)
    for name in re.findall(r"\(\.\./\.\./playbooks/([a-z-]+)\.yml\)", page.read_text("utf-8")):
        assert _steps(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_line_of_an_incident_has_an_answer(page: Path) -> None:
    text = page.read_text("utf-8")
    tables = [part for part in text.split("\n## ")[1:] if "|---|" in part]
    assert len(tables) == INCIDENTS[page.name]
    for table in tables:
        rows = [row for row in table.splitlines() if row.startswith("| ")][1:]
        assert rows
        for row in rows:
            assert len(row.replace("\\|", "").strip("| ").split(" | ")) == 2, row
            assert len(row.rpartition(" | ")[2]) > 5, row
