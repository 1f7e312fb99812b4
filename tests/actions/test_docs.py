"""The reference says what the code says, and what it shows works."""

from pathlib import Path

import pytest
import yaml

from remedy.actions.catalogue import Catalogue, shipped
from remedy.actions.docs import pages
from tests.actions import matrix

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", pages(shipped()))
def test_a_page_of_the_reference_is_not_stale(name: str, catalogue: Catalogue) -> None:
    page = ROOT / "docs" / "actions" / name
    assert page.read_text("utf-8") == pages(catalogue)[name], "run: make docs"


def test_the_reference_has_no_page_of_something_that_is_gone(catalogue: Catalogue) -> None:
    assert {p.name for p in (ROOT / "docs" / "actions").iterdir()} == {*pages(catalogue)}


def test_the_table_of_proofs_is_not_stale() -> None:
    assert (ROOT / matrix.PAGE).read_text("utf-8") == matrix.text(), "run: make docs"


@pytest.mark.parametrize("name", sorted(pages(shipped())))
def test_the_example_of_a_page_is_valid(name: str, catalogue: Catalogue) -> None:
    if name == "README.md":
        return
    example = pages(catalogue)[name].partition("```yaml\n")[2].partition("```")[0]
    (use,) = yaml.safe_load(example)  # noqa: TID251 - our own text, read by the plainest loader
    verb = name.removesuffix(".md")
    made = (catalogue.action if verb in catalogue.actions else catalogue.check)(verb, use[verb])
    assert made.name == verb


def test_every_parameter_has_a_meaning_and_every_verb_a_promise(catalogue: Catalogue) -> None:
    for text in pages(catalogue).values():
        assert "|  |\n" not in text
        assert text.endswith("\n")
