"""What a command knows of the process it runs in: streams, environment, and how the parts are made."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from remedy.cli.shown.text import Paint, is_terminal

if TYPE_CHECKING:
    from remedy.actions.catalogue import Catalogue
    from remedy.model import Json
    from remedy.ports import Clock, Transport

Connect = Callable[["Catalogue"], "Transport"]


@dataclass(frozen=True, kw_only=True)
class World:
    """The process around a command. Tests make their own; nothing else reads the real one.

    `connect`, `clock` and `catalogue` are None where the shipped ones serve. `asked_home` is -C.
    """

    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)
    asked_home: str = ""
    person: str = ""
    connect: Connect | None = None
    clock: Clock | None = None
    catalogue: Catalogue | None = None

    def at_home(self, asked: str) -> World:
        """The same world with this -C."""
        return replace(self, asked_home=asked)

    # ------------------------------------------------------------ saying

    def out(self, *lines: str) -> None:
        """Write lines to standard output. A reader that has gone is no error."""
        _write(self.stdout, "".join(f"{line}\n" for line in lines))

    def err(self, *lines: str) -> None:
        """Write lines to standard error. A terminal that has gone is no error."""
        _write(self.stderr, "".join(f"{line}\n" for line in lines))

    def document(self, value: Json) -> None:
        """Write the one document that `--json` promises."""
        self.out(json.dumps(value, indent=2, ensure_ascii=True))

    def tell(self, lines: list[str], *, aside: bool) -> None:
        """Write lines for people: to standard output, or beside it where that holds a document."""
        (self.err if aside else self.out)(*lines)

    def paint(self, *, aside: bool = False) -> Paint:
        """The styles that `tell` may use."""
        return Paint.of(self.stderr if aside else self.stdout, self.environ)

    @property
    def has_person(self) -> bool:
        """Whether there is somebody to ask: a terminal to read from and one to show the question on."""
        return is_terminal(self.stdin) and is_terminal(self.stderr)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):  # the pipe's reader or the terminal has gone; the work goes on
        return
