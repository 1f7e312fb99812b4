"""Every kind of error has a page that tells how the host stands and what to type next."""

from __future__ import annotations

import ast
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import remedy
from remedy.cli.app import COMMANDS
from remedy.cli.kinds import PAGES, errors_page, page_of
from remedy.errors import RemedyError
from tests.cli.conftest import Bench

ROOT = Path(__file__).resolve().parents[2]
LINE = 80  # of a terminal: what to type must be seen without wrapping


def every_kind() -> set[str]:
    """The kinds that any module of the package declares, wherever it does."""
    for module in pkgutil.walk_packages(remedy.__path__, "remedy."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    found, left = set(), [RemedyError]
    while left:
        kind = left.pop()
        found.add(kind.kind)
        left += kind.__subclasses__()
    return {k for k in found if k != RemedyError.kind}


def test_every_kind_that_the_package_declares_has_a_page_and_no_page_is_left_over() -> None:
    mine = {k for k in every_kind() if not k.startswith("test-")}
    assert mine == {p.kind for p in PAGES}
    assert len({p.kind for p in PAGES}) == len(PAGES)


def test_a_kind_is_a_constant_of_its_class_so_that_none_is_made_up_where_it_is_raised() -> None:
    for path in (ROOT / "remedy").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            made_up = [t for t in targets if isinstance(t, ast.Attribute) and t.attr == "kind"]
            assert not made_up, f"{path}:{made_up[0].lineno} sets a kind"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.kind)
def test_a_page_says_what_it_means_how_the_host_stands_and_what_to_type(bench: Bench, page: object) -> None:
    kind = page.kind  # type: ignore[attr-defined]  # a Page
    plain, document = bench("explain", kind), bench("explain", kind, "--json").document

    assert plain.code == 0, plain
    assert page_of(kind).host in plain.out
    assert {"kind", "exit_code", "means", "causes", "host", "next", "then"} <= set(document)
    assert document["next"], "there is always something to type"
    for step in document["next"]:
        words = step["command"].split()
        assert step["command"] in plain.out
        assert len(step["command"]) < LINE
        if words[0] == "remedy":
            assert words[1] in COMMANDS, step


def test_options_named_in_a_page_exist(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    for page in PAGES:
        for command, _ in page.then:
            words = command.split()
            if words[0] != "remedy":
                continue
            bench(words[1], "--help")
            said = capsys.readouterr().out
            for option in re.findall(r"--[a-z-]+", command):
                assert option in said, command


def test_the_reference_of_errors_is_what_the_program_says() -> None:
    assert (ROOT / "docs/errors.md").read_text() == errors_page(), "python -m tests.cli.write_reference"
