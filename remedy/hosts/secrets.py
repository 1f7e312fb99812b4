"""Secrets resolved on the controller, at the last moment: from the environment, a private file, or a program."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from remedy.errors import Invalid, Unsafe
from remedy.model import SecretRef
from remedy.secret import Secret

LARGEST_BYTES = 65_536  # a key or a token is far smaller
COMMAND_S = 10.0


def resolve_secret(ref: SecretRef, environment: Mapping[str, str] | None = None) -> Secret:
    """The value that a reference names. Raises Invalid, or Unsafe for a file that others can read.

    One newline at the end is dropped, as editors and programs add one. No message holds a value.
    """
    kind, _, rest = ref.secret.partition(":")
    match kind:
        case "env":
            value = _from_environment(rest, os.environ if environment is None else environment)
        case "file":
            value = _from_file(Path(rest).expanduser())
        case "command":
            value = _from_command(json.loads(rest))
        case _:
            raise Invalid("a secret is env:NAME, file:PATH or command:[...]")
    if not value or "\0" in value:
        raise Invalid(f"the secret {_told(ref)} is empty or holds a NUL")
    return Secret(value)


def _told(ref: SecretRef) -> str:
    """A reference in a message: of a command, the program alone."""
    kind, _, rest = ref.secret.partition(":")
    return f"command {json.loads(rest)[0]}" if kind == "command" else ref.secret


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise Invalid(f"the environment variable {name} is not set", fix=f"set {name} before you start remedy")
    return environment[name]


def _from_file(path: Path) -> str:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            _check_private(path, found)
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Invalid(f"the secret's file {path} cannot be read: {error.strerror}") from None
    return _text(content, f"the secret's file {path}")


def _check_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Unsafe(f"the secret's file {path} is not a regular file")
    if found.st_uid not in (os.geteuid(), 0):
        raise Unsafe(f"the secret's file {path} belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise Unsafe(f"others can read or write the secret's file {path} (mode {mode:04o})", fix=f"chmod 600 {path}")


def _from_command(arguments: Sequence[str]) -> str:
    name = f"the secret's command {arguments[0]}"
    try:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may repeat the secret
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise Invalid(f"{name} cannot be started: {getattr(error, 'strerror', None) or 'bad argument'}") from None
    deadline = time.monotonic() + COMMAND_S
    try:
        content = _output_until(process, deadline)
        if len(content) > LARGEST_BYTES:
            raise Invalid(f"{name} gives more than {LARGEST_BYTES} bytes")
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise Invalid(f"{name} did not end within {COMMAND_S:g} seconds") from None
    finally:
        _end(process)
    if code != 0:
        raise Invalid(f"{name} ended with {code}", fix="run it by hand to see why")
    return _text(content, name)


def _output_until(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What it prints until it closes its output, or a byte too much."""
    assert process.stdout is not None
    content = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while len(content) <= LARGEST_BYTES:
            if not waiting.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            chunk = os.read(process.stdout.fileno(), LARGEST_BYTES)
            if not chunk:
                return content
            content += chunk
    return content


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and all it started, if any of it still runs."""
    if process.stdout is not None:
        process.stdout.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _text(content: bytes, name: str) -> str:
    if len(content) > LARGEST_BYTES:
        raise Invalid(f"{name} gives more than {LARGEST_BYTES} bytes")
    return content.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
