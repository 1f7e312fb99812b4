"""What every shipped function relies on: text as one line, and back, byte for byte."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remedy.actions.action import escaped, fields_of, items_of, unescaped
from remedy.errors import CannotTell
from tests.actions.far_end import FarEnd

BYTES = st.lists(st.integers(1, 255), max_size=40).map(lambda b: bytes(b).decode("utf-8", "surrogateescape"))
NASTY = st.sampled_from(["", "\\", "\\n", "\n", "\\\\n\n", "a\\", "-n", "-e", "%s", "$(x)", "*", "\t", " ", "\udc81"])
TEXTS = st.lists(st.one_of(NASTY, BYTES), min_size=1, max_size=8)


@given(text=BYTES)
def test_escaped_text_is_one_line_and_comes_back(text: str) -> None:
    assert "\n" not in escaped(text)
    assert unescaped(escaped(text)) == text


@pytest.mark.shells
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS)
def test_the_hosts_and_the_controllers_escape_are_the_same(texts: list[str], far_end: FarEnd) -> None:
    done = far_end.say('for text; do escape "$text"; done', *texts)
    assert done.stdout == os.fsencode("".join(escaped(t) + "\n" for t in texts))


@pytest.mark.shells
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS)
def test_what_the_controller_escaped_the_host_brings_back(texts: list[str], far_end: FarEnd) -> None:
    done = far_end.say('for line; do unescape "$line"; printf %s/ "$unescaped"; done', *(escaped(t) for t in texts))
    assert done.stdout == os.fsencode("".join(t + "/" for t in texts))


@pytest.mark.shells
def test_what_is_lacking_is_named_and_ends_with_three(far_end: FarEnd) -> None:
    done = far_end.say("need stat no-such-tool; echo never")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"no-such-tool is not installed\n")


@pytest.mark.parametrize("line", ["novalue", "a 1\na 2"])
def test_fields_that_make_no_sense_cannot_be_told(line: str) -> None:
    with pytest.raises(CannotTell):
        fields_of(tuple(line.split("\n")))


def test_a_member_may_have_a_tab_in_its_name() -> None:
    assert items_of(("root 1:2", "item a\tb\t1:2:3:4", "item c\tx")) == {"a\tb": "1:2:3:4", "c": "x"}
