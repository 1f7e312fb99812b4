"""Whatever bytes a file holds, they are valid or they are refused with a place: nothing else ever happens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remedy.errors import Invalid, Problem, Refused
from remedy.load import templates
from remedy.load.expressions import parsed
from remedy.load.inventory import read_inventory
from remedy.load.policy import policy_of
from remedy.load.resolve import resolve
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import schema
from remedy.load.template import Value
from remedy.load.text import shown
from tests.fuzz import LONG, bounded, mutants
from tests.load.escapes import ESCAPES
from tests.load.golden import HOSTILE
from tests.load.test_inventory import HOSTS
from tests.load.test_policy import POLICY
from tests.load.toy import CATALOGUE, PLAIN, document, host, playbook

SEEDS = (
    PLAIN.encode(),
    HOSTS.encode(),
    POLICY.encode(),
    *(p.read_bytes()[:3000] for p in sorted(HOSTILE.glob("*.yml"))),
)
PIECES = (
    *(
        b"{{ free }}",
        b"{{",
        b"}}",
        b"{%",
        b"&a ",
        b"*a",
        b"!!str ",
        b"!x ",
        b"---\n",
        b"...\n",
        b"\t",
        b"\0",
        b"\xff",
        b"\r",
    ),
    *(
        b"0644",
        b"22:22",
        b"1.10",
        b".nan",
        b"2024-01-01",
        b"9" * 30,
        b"~",
        b"NO",
        b"null",
        b"[]",
        b"{}",
        b"[",
        b"}",
        b"'",
        b'"',
    ),
    *(
        b"playbook: x\n",
        b"steps:\n",
        b"- id: a\n",
        b"hosts:\n",
        b"? ",
        b": ",
        b", ",
        b"- ",
        b"#",
        b"|\n",
        b">\n",
        b"<<: ",
        b"\n",
    ),
    *(
        "\u202e".encode(),
        "\u00e9".encode(),
        "e\u0301".encode(),
        b'"\\u202e"',
        b'"\\0"',
        b"x" * 200,
        b"%YAML 1.1\n",
        b"@",
        b"`",
    ),
)


def survives(content: bytes) -> None:
    """Read as each kind of document and see that all that happens is an Invalid with printable, located problems."""
    with bounded():
        problems = said_of_playbook(content) + said_of_policy(content)
        problems += read_inventory([document(content)])[1].problems()
    for p in problems:
        assert p.at.count(":") == 2, p
        assert all(" " <= c <= "~" for c in p.at + p.message + p.rule + p.fix), p


def said_of_playbook(content: bytes) -> list[Problem]:
    try:
        resolve(playbook(content), host(free="30%"), {}, CATALOGUE)
    except Refused as refused:
        return [Problem(at=refused.at, message=refused.message, fix=refused.fix)]
    except Invalid as refused:
        return list(refused.problems)
    return []


def said_of_policy(content: bytes) -> list[Problem]:
    read = document(content)
    if read.is_whole:
        hold_against(read, schema("policy"))
    try:
        policy_of(read)
    except Invalid as refused:
        return list(refused.problems)
    return []


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_refused_with_a_place(content: bytes) -> None:
    survives(content)


def test_mutated_files_are_valid_or_refused_with_a_place() -> None:
    for content in mutants(SEEDS, PIECES, 300, seed=2):
        survives(content)


@pytest.mark.long
@pytest.mark.parametrize("thousand", range(LONG // 1000))
def test_a_hundred_thousand_mutated_files_are_valid_or_refused_with_a_place(thousand: int) -> None:
    for content in mutants(SEEDS, PIECES, 1000, seed=thousand):
        survives(content)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*ESCAPES, "{{ x }}", "x", "|", "(", ")", ".", "[0]", "~", "+", "__class__", "'", "{{", "}}"])
    )
)
def test_no_mixture_of_templates_does_anything_but_render_or_be_refused(pieces: list[str]) -> None:
    text = "".join(pieces)
    for whole in (text, "{{ " + text.replace("{{", "").replace("}}", "") + " }}"):
        try:
            value = templates.parse(whole).render({"x": "text"})
        except Invalid:
            continue
        assert "<" not in str(value) or "<" in whole, value


@given(st.text())
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    assert shown(text).isascii()
    assert shown(text).isprintable()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["{{ x }}", "{{x}}", "{{\n y\t}}", " ", "/", "a", "\n", "%", "'", "#", "é"])))
def test_a_template_of_names_says_the_same_with_and_without_jinja(pieces: list[str]) -> None:
    text = "{{ x }}" + "".join(pieces)
    values: dict[str, Value] = {"x": 7, "y": "{{ y }}"}
    try:
        slow = parsed(text).render(values)
    except Invalid:
        return  # `{%` and `{#` may come together, and Jinja2 alone bounds how many names there are
    assert templates.parse(text).render(values) == slow
