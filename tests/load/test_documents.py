"""YAML is read as it is written: no number, word or key becomes something else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from remedy.errors import Invalid
from remedy.load.documents import DEEPEST, MOST_NODES, read_document
from remedy.load.reading import LARGEST_BYTES
from remedy.load.text import shown
from tests.load.toy import document


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.11", "10.0.0.11"),
        ("20%", "20%"),
        ("7d", "7d"),
        ("100MiB", "100MiB"),
        ("'0644'", "0644"),
        ("'22:22'", "22:22"),
        ("'1.10'", "1.10"),
        ("'2024-01-01'", "2024-01-01"),
        ("'null'", "null"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("0", 0),
        ("-5", -5),
        ("9223372036854775807", 2**63 - 1),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("=", "="),
        ("$(id)", "$(id)"),
        ("'it''s'", "it's"),
        ('"a\\tb\\nc"', "a\tb\nc"),
    ],
)
def test_fault_005_a_value_arrives_as_it_is_written(written: str, value: object) -> None:
    read = document(f"country: {written}\n")
    assert read.flaws.found == []
    assert read.value == {"country": value}
    assert type(read.value["country"]) is type(value)


@pytest.mark.parametrize(
    "written",
    [
        *("0644", "00", "007", "0o17", "0x1F", "0b1", "1_000", "+5", "-0"),
        *("22:22", "1:30:00", "190:20:30.15", "1.10", "1.", ".5", "1e3", "1.0e+3", "1E400"),
        *(".nan", ".NaN", ".inf", "-.INF", "+.inf"),
        *("2024-01-01", "2024-13-45", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"),
        *("9223372036854775808", "-9223372036854775808", "9" * 5000, "0." + "1" * 40),
    ],
)
def test_fault_003_and_fault_005_what_readers_disagree_about_must_be_quoted(written: str) -> None:
    (flaw,) = document(f"mode: {written}\n").flaws.found
    assert (flaw.place.line, flaw.place.column) == (1, 7)
    assert flaw.fix.startswith("quote it")


def test_fault_004_a_duplicate_key_shows_both_places_and_the_first_one_stays() -> None:
    read = document("hosts: a\nother: b\nhosts: all\n", "x.yml")
    (flaw,) = read.flaws.found
    assert str(flaw.place) == "x.yml:3:1"
    assert "x.yml:1:1" in flaw.message
    assert read.value == {"hosts": "a", "other": "b"}


@pytest.mark.parametrize("key", ["1", "true", "~", "1.5", "<<", "[a]", "{a: b}", "'h\u043est'", "*a", "2024-01-01"])
def test_a_key_is_plain_ascii_text(key: str) -> None:
    assert document(f"? {key}\n: x\n").flaws.found


def test_a_quoted_key_may_look_like_a_number() -> None:
    assert document("'1': x\n").value == {"1": "x"}


def test_all_problems_of_a_file_are_found_in_one_go() -> None:
    read = document("a: 0644\nb: *x\nc: !!str y\na: 1\nd: 22:22\n")
    assert [f.place.line for f in read.flaws.found] == [1, 2, 3, 4, 5]


def test_places_are_those_of_the_file() -> None:
    read = document("a:\n  - x\n  - {b: y}\n", "f.yml")
    assert str(read.place("/a/1/b")) == "f.yml:3:9"
    assert str(read.key_place("/a/1/b")) == "f.yml:3:6"
    assert str(read.place("/a/1/missing")) == "f.yml:3:5"


def test_fault_002_the_deepest_that_is_allowed_is_read() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert document(text).flaws.found == []
    assert document(f"[{text}]").flaws.found


def test_fault_002_what_the_parser_itself_gives_up_on_is_said_in_the_same_words() -> None:
    said = document("[" * 5000).flaws.found  # where, depends on the version of libyaml
    assert [flaw.message for flaw in said] == [f"is nested deeper than {DEEPEST} levels"]


def test_fault_008_many_values_and_many_bytes_are_refused(tmp_path: Path) -> None:
    assert "values" in document("- a\n" * (MOST_NODES + 1)).flaws.found[0].message
    big = tmp_path / "big.yml"
    big.write_bytes(b"#" * (LARGEST_BYTES + 1))
    with pytest.raises(Invalid, match="larger than"):
        read_document(big)


def test_fault_008_a_file_of_100_mb_is_not_read_into_memory(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yml"
    with huge.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(Invalid, match="larger than"):
        read_document(huge)


@pytest.mark.parametrize("name", ["missing.yml", "directory", "pipe", "nul\0.yml"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Invalid):
        read_document(tmp_path / name)


def test_windows_line_endings_are_line_endings() -> None:
    assert document(b"a: x\r\nb: |\r\n  one\r\n  two\r\n").value == {"a": "x", "b": "one\ntwo\n"}


def test_fault_007_what_is_shown_has_one_line_and_no_control_character() -> None:
    for character in map(chr, range(sys.maxunicode + 1)):
        text = shown(f"a{character}b")
        assert text.isascii() and text.isprintable(), hex(ord(character))
