"""Templates: what they can say, and that they can do nothing else."""

from __future__ import annotations

import time

import pytest

from remedy.errors import Invalid
from remedy.load import templates
from remedy.load.template import LARGEST_TEXT, Value
from remedy.model import SecretRef
from tests.load.escapes import ESCAPES, EXHAUSTING

VALUES: dict[str, Value] = {
    "x": "text",
    "n": 3,
    "yes": True,
    "names": ["one", "two"],
    "none_of_it": [],
    "big": "y" * 60_000,
    "key": SecretRef("env:KEY"),
    "seen": {"old-logs": {"free": 5, "files": ["q"]}},
}
KNOWN = {n: None for n in VALUES if n != "seen"}


def rendered(text: str) -> Value:
    """The value of a template whose names are checked as validation does it."""
    template = templates.parse(text)
    templates.check_names(template, KNOWN, steps=frozenset({"old-logs"}))
    return template.render(VALUES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no template", "no template"),
        ("{{ x }}", "text"),
        ("{{x}}", "text"),
        ("{{ n }}", 3),
        ("{{ yes }}", True),
        ("{{ names }}", ["one", "two"]),
        ("{{ key }}", SecretRef("env:KEY")),
        ("/{{ x }}/*.log", "/text/*.log"),
        ("{{ n }}{{ x }}", "3text"),
        (" {{ n }}", " 3"),
        ("{{ n }}\n", "3\n"),
        ("{{ yes }} ", "true "),
        ("} {{ x }} {", "} text {"),
        ("{{ n + 1 }}", 4),
        ("{{ 24 * 60 }}", 1440),
        ("{{ -n }}", -3),
        ("{{ n / 2 }}", 1.5),
        ("{{ x + '!' }}", "text!"),
        ("{{ x ~ n ~ yes }}", "text3true"),
        ("{{ x|upper }}", "TEXT"),
        ("{{ x|replace('t', 'T') }}", "TexT"),
        ("{{ names|join(', ') }}", "one, two"),
        ("{{ names|first }}{{ names|last }}", "onetwo"),
        ("{{ names[1] }}", "two"),
        ("{{ names|length }}", 2),
        ("{{ '42'|int }}", 42),
        ("{{ n|string }}", "3"),
        ("{{ ' a '|trim }}", "a"),
        ("{{ '/var/log/a.log'|basename }}", "a.log"),
        ("{{ 'one' in names }}", True),
        ("{{ 'yes' if yes else 'no' }}", "yes"),
        ("{{ yes and n > 2 and not none_of_it }}", True),
        ("{{ 1 < n <= 3 }}", True),
        ("{{ seen.old_logs.free > 4 }}", True),
        ("{{ seen['old-logs'].files[0] }}", "q"),
        ("{{ seen.old_logs.missing is defined }}", False),
        ("{{ seen.old_logs.missing|default(7) }}", 7),
    ],
)
def test_a_template_says(text: str, value: Value) -> None:
    found = rendered(text)
    assert found == value
    assert type(found) is type(value)


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(set(ESCAPES)) >= 50


@pytest.mark.parametrize("text", ESCAPES)
def test_fault_009_a_template_that_leaves_the_sandbox_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        rendered(text)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", EXHAUSTING, ids=lambda t: t[:40])
def test_fault_010_a_template_that_exhausts_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Invalid):
        rendered(text)
    assert time.perf_counter() - began < 1


def test_fault_010_the_largest_text_is_made_and_no_larger_one() -> None:
    fits = {"a": "y" * (LARGEST_TEXT - 1)}
    assert len(str(templates.parse("{{ a }}z").render(fits))) == LARGEST_TEXT
    with pytest.raises(Invalid, match="longer than"):
        templates.parse("{{ a }}zz").render(fits)


@pytest.mark.parametrize(
    "text", ["{{ missing }}", "{{ missing }}/*", "{{ missing|default('/') }}", "{{ 'x' ~ missing }}"]
)
def test_fault_011_an_undefined_name_is_found_before_rendering(text: str) -> None:
    with pytest.raises(Invalid, match="'missing' is not declared"):
        templates.check_names(templates.parse(text), {"mising": None})


def test_fault_011_a_name_without_a_value_is_never_nothing() -> None:
    for text in ("{{ dir }}/*", "{{ dir }}", "{{ dir ~ '/*' }}", "{{ dir|string }}/*", "{{ dir|upper }}"):
        with pytest.raises(Invalid):
            templates.parse(text).render({})


@pytest.mark.parametrize("value", ["{{ secrets.key }}", "{{ 7*7 }}", "{% raw %}", "{{", "}}", "{# a #}", "{{ x }}"])
def test_fault_012_a_value_is_never_read_as_a_template(value: str) -> None:
    for text in ("{{ v }}", "{{ v|string }}", "{{ v ~ '' }}"):
        assert templates.parse(text).render({"v": value}) == value
    assert templates.parse("a{{ v }}b").render({"v": value}) == f"a{value}b"


@pytest.mark.parametrize(
    "text",
    ["a{{ key }}", "{{ key ~ '' }}", "{{ key|string }}", "{{ [key] }}", "{{ key|default('') }}", "{{ key == 'a' }}"],
)
def test_a_secret_is_no_part_of_a_text(text: str) -> None:
    with pytest.raises(Invalid, match="secret"):
        rendered(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ names }} ", "a list cannot be part"),
        ("{{ n / 0 }}", "division by zero"),
        ("{{ n < x }}", "do not fit"),
        ("{{ names[9] }}", "no '9'"),
        ("{{ none_of_it|first }}", "empty"),
        ("{{ x|int }}", "whole number"),
        ("{{ x if yes }}", "needs an 'else'"),
        ("{{ x", "not a template"),
        ("{{ }}", "not a template"),
        ("{{ x }} {{ y z }}", "not a template"),
        ("{{ '\\u202e' }}", "cannot see"),
        ("{{ '\\0' }}", "cannot see"),
        ("{{ yes + 1 }}", "needs numbers"),
        ("{{ 9223372036854775807 + n }}", "64 bits"),
        ("{{ x|uper }}", "no filter 'uper'"),
        ("{{ seen.rotate.x }}", "no step is called 'rotate'"),
        ("{{ seen.old_logs.missing > 4 }}", "no 'missing'"),
        ("{{ seen.old_logs }}", "neither text"),
    ],
)
def test_a_wrong_template_says_why(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        rendered(text)


def test_a_misspelled_filter_is_answered_with_the_right_one() -> None:
    with pytest.raises(Invalid) as refused:
        rendered("{{ x|uper }}")
    assert refused.value.fix == "did you mean upper?"


def test_seen_is_read_in_when_only() -> None:
    with pytest.raises(Invalid, match="in `when` only"):
        templates.check_names(templates.parse("{{ seen.a.b }}"), KNOWN)
