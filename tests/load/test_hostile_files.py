"""Every file of the hostile corpus is refused, with the very words that its golden file holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.load.golden import HOSTILE, expected, said
from tests.load.toy import PLAIN, said_of

FILES = sorted(HOSTILE.glob("*.yml"))
PLACED = re.compile(r"[^:\n]+\.yml:[1-9][0-9]*:[1-9][0-9]* \S")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_hostile_file_is_refused_in_these_words(path: Path) -> None:
    # faults 1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 19, 20, 22, 23, 99
    assert said(path) == expected(path).read_text("utf-8"), "if the words are better now: python -m tests.load.golden"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_problem_has_a_place_and_is_printable(path: Path) -> None:
    lines = said(path).splitlines()
    assert lines, "nothing is said of it"
    for line in lines:
        assert PLACED.match(line), line
        assert all(" " <= c <= "~" for c in line), line


def test_the_plain_playbook_has_no_problem() -> None:
    """Without this the tests above could pass by refusing everything."""
    assert said_of(PLAIN) == []


def test_fault_099_no_message_holds_a_value_that_may_be_a_secret() -> None:
    assert "hunter2" not in said(HOSTILE / "099-secrets-are-not-echoed.yml")
    assert "0123456789" not in said(HOSTILE / "099-secrets-are-not-echoed.yml")


def test_fault_006_no_tag_runs_code(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    tagged = PLAIN + f"severity: !!python/object/apply:os.system ['touch {canary}']\n"
    assert "is a tag" in said_of(tagged)[0]
    assert not canary.exists()
