"""One value, one text, one hash, whatever the order of keys and the oddness of the text."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.digest import DEPTH, TWO_HALVES, canonical, digest
from remedy.errors import Bug
from remedy.model import Json, Risk, Verdict

# Every code point, surrogates too: names of files come surrogate-escaped.
text = st.text(st.characters(codec=None, exclude_categories=())).filter(lambda t: not TWO_HALVES.search(t))
scalars = (
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False, allow_infinity=False) | text
)
values = cast(
    "st.SearchStrategy[Json]",
    st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20),
)


def reordered(value: Json) -> Json:
    """The same value with the keys of every object the other way round."""
    match value:
        case dict():
            return {key: reordered(value[key]) for key in reversed(value)}
        case list():
            return [reordered(member) for member in value]
        case other:
            return other


def same(one: Json, other: Json) -> bool:
    """Equal in every type too: 1 is not 1.0, nor True, and 0.0 is not -0.0."""
    return repr(one) == repr(other)


def sorted_keys(value: Json) -> Json:
    match value:
        case dict():
            return {key: sorted_keys(value[key]) for key in sorted(value)}
        case list():
            return [sorted_keys(member) for member in value]
        case other:
            return other


@given(values)
def test_the_text_is_the_value_and_nothing_is_lost(value: Json) -> None:
    assert same(json.loads(canonical(value)), sorted_keys(value))


@given(values)
def test_the_order_of_keys_makes_no_difference(value: Json) -> None:
    assert canonical(reordered(value)) == canonical(value)


@given(values)
def test_the_text_of_the_text_is_itself(value: Json) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


@given(values, values)
def test_different_values_have_different_digests(one: Json, other: Json) -> None:
    assert (digest(one) == digest(other)) == same(sorted_keys(one), sorted_keys(other))


@given(values)
def test_the_text_is_printable_ascii_on_one_line(value: Json) -> None:
    assert all(" " <= character <= "~" for character in canonical(value))


@given(values)
def test_the_digest_is_the_sha256_of_the_text(value: Json) -> None:
    assert digest(value) == hashlib.sha256(canonical(value).encode()).hexdigest()


def test_the_form_is_what_it_is_since_the_first_version() -> None:
    value: Json = {"b": [1, 1.0, -0.0, True, None], "a": "caf\u00e9 \udcff \u2028 \U0001f525", "": 2**70, "B": 1e22}
    assert canonical(value) == (
        r'{"":1180591620717411303424,"B":1e+22,"a":"caf\u00e9 \udcff \u2028 \ud83d\udd25","b":[1,1.0,-0.0,true,null]}'
    )
    assert digest(value) == "529a9b6dbde5d4ee8b2b0b23c0b7e93fe88a2bc7363b6a3eb213e871d4c670e3"


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        (1, 2),
        {1: "a"},
        {None: "a"},
        {"a": {1, 2}},
        b"bytes",
        object(),
        Risk.HIGH,
        Verdict.RESOLVED,
        [{"deep": [math.nan]}],
        "\ud83d\udd25",
        {"\ud83d\udd25": 1},
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_what_is_not_json_is_a_bug(value: object) -> None:
    with pytest.raises(Bug):
        canonical(cast(Json, value))


def nested(depth: int) -> Json:
    value: Json = []
    for n in range(depth):
        value = [value] if n % 2 else {"k": value}
    return value


def test_what_is_nested_without_end_is_a_bug_and_no_crash() -> None:
    assert canonical(nested(DEPTH - 1))
    endless: list[Json] = []
    endless.append(endless)
    for value in (nested(DEPTH), nested(50_000), endless):
        with pytest.raises(Bug, match="nested"):
            canonical(value)


def test_the_digest_is_the_same_in_another_process_with_another_hash_seed() -> None:
    value: Json = {name: n for n, name in enumerate("zyxwvutsrqponmlkjihgfedcba")}
    code = "import json, sys; from remedy.digest import digest; print(digest(json.loads(sys.argv[1])))"
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, json.dumps(value)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": seed})
        assert said.stdout.strip() == digest(value)
