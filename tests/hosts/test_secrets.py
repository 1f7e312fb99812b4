"""A secret is found by its reference, and no error says a word of its value."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import pytest

from remedy.errors import Invalid
from remedy.hosts.secrets import resolve_secret
from remedy.model import SecretRef


def test_an_environment_variable_a_file_and_a_command_give_the_same_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = secrets.token_urlsafe(24)
    (tmp_path / "s").write_text(value + "\n")
    monkeypatch.setenv("HOSTS_TEST_SECRET", value)
    references = ["env:HOSTS_TEST_SECRET", f"file:{tmp_path}/s", "command:" + json.dumps(["cat", f"{tmp_path}/s"])]
    assert [resolve_secret(SecretRef(r)).reveal() for r in references] == [value] * 3


def test_only_the_last_newline_is_left_out_and_bytes_that_are_no_text_stay(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"one\n\xff two \n\n")
    assert resolve_secret(SecretRef(f"file:{tmp_path}/s")).reveal().encode("utf-8", "surrogateescape") == (
        b"one\n\xff two \n"
    )


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("env:HOSTS_TEST_NOT_SET", "not set"),
        ("file:/nonexistent/s", "cannot be read"),
        ("file:/dev/null", "empty"),
        ("file:/dev/zero", "too long"),
        ("command:ls /", "not a list"),
        ('command:["false"]', "ended with 1"),
        ('command:["/nonexistent/s"]', "cannot be started"),
        ('command:["yes"]', "too much"),
        ("plain", "none of"),
    ],
)
def test_a_reference_without_a_secret_is_invalid(reference: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        resolve_secret(SecretRef(reference))


def test_a_command_is_no_shell(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    hostile = f"$(touch {canary}); touch {canary}"
    assert resolve_secret(SecretRef("command:" + json.dumps(["printf", "%s", hostile]))).reveal() == hostile
    assert not canary.exists()


@pytest.mark.long
def test_a_command_that_hangs_is_given_up_after_ten_seconds() -> None:
    began = time.monotonic()
    with pytest.raises(Invalid, match="did not end"):
        resolve_secret(SecretRef('command:["sleep","60"]'))
    assert 9 < time.monotonic() - began < 12
