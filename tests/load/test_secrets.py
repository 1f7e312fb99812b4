"""Secrets are found where their reference says, at the last moment, and no message holds one."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import pytest

from remedy.errors import Invalid, Unsafe
from remedy.hosts import secrets as resolving
from remedy.hosts.secrets import resolve_secret
from remedy.load.inventory_checks import secret_of
from remedy.model import SecretRef


def command(*arguments: str) -> SecretRef:
    return SecretRef("command:" + json.dumps(arguments))


@pytest.fixture
def value() -> str:
    return secrets.token_urlsafe(24)


def private(path: Path, content: str) -> Path:
    path.touch(0o600)
    path.write_text(content)
    return path


def test_a_variable_a_file_and_a_command_give_their_value(tmp_path: Path, value: str) -> None:
    path = private(tmp_path / "secret", value + "\n")
    assert resolve_secret(SecretRef("env:TOKEN"), {"TOKEN": value}).reveal() == value
    assert resolve_secret(SecretRef(f"file:{path}")).reveal() == value
    assert resolve_secret(command("cat", str(path))).reveal() == value


def test_one_newline_is_dropped_and_no_more(tmp_path: Path, value: str) -> None:
    path = private(tmp_path / "secret", f" {value}\n\n")
    assert resolve_secret(SecretRef(f"file:{path}")).reveal() == f" {value}\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o777])
def test_fault_101_a_file_that_others_can_read_is_refused(tmp_path: Path, value: str, mode: int) -> None:
    path = private(tmp_path / "secret", value)
    path.chmod(mode)
    with pytest.raises(Unsafe) as refused:
        resolve_secret(SecretRef(f"file:{path}"))
    assert value not in refused.value.message
    assert refused.value.fix == f"chmod 600 {path}"


def test_a_command_has_no_shell(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    told = resolve_secret(command("echo", f"$(touch {canary}); touch {canary}")).reveal()
    assert told == f"$(touch {canary}); touch {canary}"
    assert not canary.exists()


def test_fault_099_nothing_that_a_failing_command_prints_is_shown(tmp_path: Path, value: str) -> None:
    path = private(tmp_path / "secret", value)
    with pytest.raises(Invalid) as refused:
        resolve_secret(command("sh", "-c", f"cat {path}; cat {path} >&2; exit 3"))
    assert refused.value.message == "the secret's command sh ended with 3"


def test_a_command_that_does_not_end_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "COMMAND_S", 0.3)
    survivor = tmp_path / "survivor"
    began = time.monotonic()
    with pytest.raises(Invalid, match="did not end"):
        resolve_secret(command("sh", "-c", f"(sleep 0.7; touch {survivor}) & sleep 60"))
    assert time.monotonic() - began < 5
    time.sleep(max(0.0, 0.9 - (time.monotonic() - began)))
    assert not survivor.exists()


def test_a_command_that_never_stops_printing_is_ended() -> None:
    with pytest.raises(Invalid, match="gives more than 65536 bytes"):
        resolve_secret(command("yes"))


@pytest.mark.parametrize(
    "wrong",
    [
        SecretRef("env:NOT_SET"),
        SecretRef("file:/nowhere/at/all"),
        SecretRef("file:/"),
        SecretRef("vault:x"),
        command("/nowhere/at/all"),
        command("true"),
        command("printf", "a\\0b"),
    ],
)
def test_what_gives_no_value_is_refused(wrong: SecretRef) -> None:
    with pytest.raises(Invalid) as refused:
        resolve_secret(wrong, {})
    assert refused.value.exit_code == 2


def test_the_inventory_writes_a_reference_in_one_way_only() -> None:
    assert secret_of("env:DB_PASSWORD") == SecretRef("env:DB_PASSWORD")
    assert secret_of({"command": ["pass", "show", "db"]}) == command("pass", "show", "db")
    assert secret_of("file:~/key") == SecretRef("file:~/key")
    for wrong in (
        "env:",
        "env:A-B",
        "env:A B",
        "file:",
        "file:a",
        "file:/a/../b",
        "command:pass",
        "command:[]",
        "x",
        5,
        None,
    ):
        with pytest.raises(Invalid):
            secret_of(wrong)
