"""Requests and frames as bytes, without a host."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from remedy.actions.catalogue import shell_of
from remedy.actions.families import FAMILIES
from remedy.errors import Bug, Invalid
from remedy.hosts import shell, wire
from remedy.hosts.wire import Frame, Frames
from remedy.model import Ago, Look

NONCE = "0f" * 16
MARK = f"\n{NONCE} "
TEXT = some.text(some.characters(exclude_categories=[]), max_size=40).map(
    lambda t: t.encode("utf-8", "surrogatepass")
) | some.binary(max_size=60)


def joined(events: list[Frame | bytes]) -> list[Frame | bytes]:
    """Neighbouring texts as one."""
    found: list[Frame | bytes] = []
    for event in events:
        if found and isinstance(event, bytes) and isinstance(found[-1], bytes):
            found[-1] += event
        else:
            found.append(event)
    return found


@given(noise=TEXT, texts=some.lists(TEXT, min_size=1, max_size=5), cuts=some.lists(some.integers(0, 400), max_size=12))
def test_frames_come_out_whole_however_the_bytes_come(noise: bytes, texts: list[bytes], cuts: list[int]) -> None:
    stream = noise + b"".join(f"{MARK}3 op {at}\n".encode() + text for at, text in enumerate(texts))
    stream += f"{MARK}3 end\n".encode()
    places = sorted({0, len(stream), *(c for c in cuts if c < len(stream))})
    frames = Frames(NONCE, seq=3)
    events = [e for a, b in pairwise(places) for e in frames.feed(stream[a:b])]
    expected: list[Frame | bytes] = []
    for at, text in enumerate(texts):
        expected += [Frame(("op", str(at))), *([text] if text else [])]
    assert joined(events) == [*expected, Frame(("end",))]
    assert frames.noise == noise


@given(some.text(max_size=60))
def test_a_token_is_one_word_and_comes_back(text: str) -> None:
    try:
        word = wire.token(text)
    except Invalid:
        assert not text or len(text) > 10
        return
    assert word.isascii()
    assert not set(word) & set(" \t\r\n'\"$`\\*?[]/&;|<>()~#!{}^")
    assert wire.untoken(word) == text


@given(some.text(max_size=300))
def test_an_arguments_lines_are_marked_each(value: str) -> None:
    if "\0" in value:
        with pytest.raises(Invalid):
            wire.octets(value)
        return
    if not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value):
        return
    asked = [Look(family="t", function="t_x", args=(value, Ago(5)))]
    lines = wire.questions(asked, lambda reference: pytest.fail("no secret is asked for")).split(b"\n")
    assert lines[-3:] == [b"@5", b"go t_x", b""]
    assert [line[:1] for line in lines[:-3]] == [b"=", *[b"+"] * value.count("\n")]
    assert b"\n".join(line[1:] for line in lines[:-3]).decode() == value


def test_a_request_counts_its_lines_and_bytes() -> None:
    assert wire.request("n", "look", (1, "a"), b"x\ny\n") == b"n look 3 6 1 a\nx\ny\n.\n"
    assert wire.request("n", "look", ()) == b"n look 1 2\n.\n"
    with pytest.raises(Bug):
        wire.request("n", "look", (), b"half a line")


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(Bug):
        shell.sized("t", lambda _: b"x" * 200_000)
    with pytest.raises(Bug):
        shell.sized("t", lambda _: b"a\0b")


@pytest.mark.parametrize("name", ["runner", "worker", "ledger", "change", "put"])
def test_the_far_ends_text_is_sound_and_short(name: str) -> None:
    file = Path(shell.__file__).with_name(f"{name}.sh")
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:/usr/bin")
    assert shellcheck
    done = subprocess.run([shellcheck, "-s", "sh", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    subprocess.run(["dash", "-n"], input=shell.own(name), check=True)
    assert not [line for line in shell.own(name).splitlines() if line.lstrip().startswith(b"#")]


@pytest.mark.shells
@pytest.mark.parametrize("name", [*FAMILIES, "common"])
def test_shipped_functions_mean_the_same_without_their_comments(name: str) -> None:
    if shutil.which("bash") is None:
        pytest.skip("needs bash")
    whole, short = shell_of(name), shell.sized(name, shell_of)
    meanings = [
        subprocess.run(
            ["bash", "-c", 'eval "$(cat)"; declare -f; declare -p'], input=t, capture_output=True, check=True
        )
        for t in (whole, short)
    ]
    kept = [[line for line in m.stdout.splitlines() if b"BASH" not in line] for m in meanings]
    assert kept[0] == kept[1]


def test_all_that_a_look_sends_is_a_few_packets() -> None:
    begin = shell.bootstrap(NONCE, ["disk"], shell_of, can_change=False)
    length, _, text = begin.partition(b"\n")
    assert int(length) == len(text)
    assert text.isascii()
    assert len(text) < 24_000


def test_the_command_holds_no_value_and_nothing_that_a_login_shell_would_expand() -> None:
    assert shell.COMMAND.count("'") == 2
    assert "!" not in shell.COMMAND
    assert "\n" not in shell.COMMAND
    assert shell.ELEVATED.startswith("exec sudo -n sh -c '")
