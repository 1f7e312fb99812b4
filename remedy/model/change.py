"""What a change is made of: operations, effect, undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from remedy.model.look import Look
from remedy.model.secret_ref import SecretRef
from remedy.model.words import Risk


@dataclass(frozen=True, kw_only=True)
class ResultRef:
    """The typed result of an earlier `Call` of the same change, by name."""

    result: str


@dataclass(frozen=True, kw_only=True)
class Functions:
    """The shipped shell functions of a family, as text: what a timer on the host keeps to act alone later."""

    functions: str  # the family


Argument: TypeAlias = "str | SecretRef | ResultRef | Functions"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A value that a `Call` prints, named for later operations, within a bound that was approved."""

    name: str
    bound: Literal["differs", "equals", "digits"]
    of: str = ""  # what it must differ from, or equal


@dataclass(frozen=True, kw_only=True)
class Call:
    """Run one shipped shell function.

    `items` are the objects it acts upon, delivered a line each on the function's standard
    input: at apply they may be fewer than approved, never more, never others.
    """

    family: str
    function: str
    args: tuple[Argument, ...] = ()
    items: tuple[str, ...] = ()
    timeout_s: int = 60
    always: bool = False  # run also after an earlier operation of the change failed
    result: Result | None = None
    do: Literal["call"] = "call"


@dataclass(frozen=True, kw_only=True)
class Put:
    """Write a file: built beside, compared, renamed over. Text of bytes 1-255 and secrets."""

    path: str
    content: tuple[str | SecretRef, ...]
    mode: str = "0644"
    owner: str = ""  # "" keeps the owner of what is there, else of the login
    group: str = ""
    timeout_s: int = 60
    always: bool = False
    do: Literal["put"] = "put"


@dataclass(frozen=True, kw_only=True)
class Await:
    """Ask again until the ground's first line is `expect`; fail at the deadline."""

    look: Look
    expect: str
    within_s: int
    every_s: int = 1
    always: bool = False
    do: Literal["await"] = "await"


Operation: TypeAlias = "Call | Put | Await"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a change is expected to do, in words and as measures (`bytes_freed`, `restarts`, ...)."""

    says: str
    measures: Mapping[str, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """How many bytes it frees, moves or writes, by its own word."""
        return sum(v for k, v in self.measures.items() if k.startswith("bytes_"))


@dataclass(frozen=True, kw_only=True)
class UndoBy:
    """Operations, computed from what was seen, that bring it back."""

    says: str
    operations: tuple[Operation, ...]
    kind: Literal["operations"] = "operations"


@dataclass(frozen=True, kw_only=True)
class UndoUnnecessary:
    """There is nothing to bring back (a restart, a cache)."""

    says: str
    kind: Literal["unnecessary"] = "unnecessary"


@dataclass(frozen=True, kw_only=True)
class UndoImpossible:
    """It cannot be brought back; this raises the risk by one."""

    says: str
    kind: Literal["impossible"] = "impossible"


Undo: TypeAlias = "UndoBy | UndoUnnecessary | UndoImpossible"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What one action would do on one host, as data. Nothing but this is ever carried out.

    `lines` are for people: the files with size and age, or a diff. `touches` names what may be
    different afterwards (`path:/var/log`, `unit:nginx.service`), so that overlapping steps of one
    plan are known. `settle_s` is how long the effect may take to be seen. `typed` is what a person
    types at a terminal to consent to a loss: a few plain words of one line, such as "41 minutes".
    """

    title: str
    operations: tuple[Operation, ...]
    effect: Effect
    undo: Undo
    risk: Risk
    lines: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    settle_s: int = 0
    typed: str = ""
