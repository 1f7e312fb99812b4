"""Finding a secret by its reference, on the controller, at the moment it is to be sent."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from remedy.errors import Invalid
from remedy.model import SecretRef
from remedy.secret import Secret

COMMAND_S = 10
LARGEST_BYTES = 65_536


def resolve_secret(reference: SecretRef) -> Secret:
    """The secret that `env:NAME`, `file:PATH` or `command:[...]` stands for, less one newline at its end.

    Raises Invalid, without a word of the value, when there is none or it cannot be sent.
    """
    kind, _, place = reference.secret.partition(":")
    match kind:
        case "env":
            raw = _from_environment(place)
        case "file":
            raw = _from_file(place)
        case "command":
            raw = _from_command(place)
        case _:
            raise _unusable(reference.secret, "it is none of env:NAME, file:PATH and command:[...]")
    value = raw.removesuffix(b"\n").decode("utf-8", "surrogateescape")
    if not value:
        raise _unusable(reference.secret, "it is empty")
    if len(raw) > LARGEST_BYTES or "\0" in value:
        raise _unusable(reference.secret, "it is too long, or holds a NUL byte")
    return Secret(value)


def _from_environment(name: str) -> bytes:
    value = os.environb.get(os.fsencode(name))
    if value is None:
        raise _unusable(f"env:{name}", "it is not set")
    return value


def _from_file(path: str) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _unusable(f"file:{path}", f"it cannot be read: {error.strerror}") from error


def _from_command(words: str) -> bytes:
    shown = f"command:{words}"
    try:
        argv = json.loads(words)
    except ValueError as error:
        raise _unusable(shown, "it is not a list of arguments") from error
    if not (isinstance(argv, list) and argv and all(isinstance(a, str) and "\0" not in a for a in argv)):
        raise _unusable(shown, "it is not a list of arguments")
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise _unusable(shown, f"it did not end within {COMMAND_S} s") from error
    except OSError as error:
        raise _unusable(shown, f"it cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        raise _unusable(shown, f"it ended with {done.returncode}")
    return done.stdout


def _unusable(reference: str, why: str) -> Invalid:
    return Invalid(f"secret {reference}: {why}", fix="see `remedy explain secrets`")
