"""Bytes of a file as text whose every character a reader can see."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from remedy.errors import Invalid
from remedy.load.problems import Flaw, Flaws, Place
from remedy.load.text import UNSEEN, named, shown_path

LARGEST_BYTES = 1_048_576  # a playbook of 500 steps is a tenth of it


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file of at most LARGEST_BYTES. Raises Invalid."""
    name = shown_path(path)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Invalid(f"{name} is not a regular file", at=name)
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Invalid(f"{name} cannot be read: {getattr(error, 'strerror', None) or 'not a path'}", at=name) from None
    if len(content) > LARGEST_BYTES:
        raise Invalid(f"{name} is larger than {LARGEST_BYTES} bytes", at=name, fix="split it")
    return content


def text_of(content: bytes, file: str, flaws: Flaws) -> str | None:
    """The text, or None when something is wrong with it; `flaws` says what."""
    if len(content) > LARGEST_BYTES:
        flaws.add(Flaw("", Place(file), f"is larger than {LARGEST_BYTES} bytes", fix="split it"))
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_in(content[: error.start].decode("utf-8"), file)
        byte = f"byte 0x{content[error.start]:02x} is not UTF-8"
        flaws.add(Flaw("", place, byte, "files are UTF-8", "save as UTF-8"))
        return None
    if text.startswith("\ufeff"):
        mark = Flaw("", Place(file, 1, 1), "begins with a byte order mark", "files are UTF-8 without one", "remove it")
        flaws.add(mark)
        return None
    for found in UNSEEN.finditer(text):
        flaws.add(
            Flaw(
                "",
                _place_in(text[: found.start()], file),
                f"holds the character {named(found[0])}",
                "characters that a reader cannot see are refused",
                "remove it",
            )
        )
        if flaws.cut:
            break
    return None if flaws.found else text


def _place_in(before: str, file: str) -> Place:
    line = before.count("\n") + 1
    return Place(file, line, len(before) - (before.rfind("\n") + 1) + 1)
