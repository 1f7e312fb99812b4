"""What an action and a check are. Both are pure: they ask, read the answer, and return data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from remedy.actions.params import parse_params, typed
from remedy.errors import CannotTell
from remedy.model import Await, Call, Change, Host, Json, Judgement, Look, Reply, Risk

Seen = TypeVar("Seen")


class Verb(ABC):
    """What actions and checks share: a dotted name, a family of shell functions, parameters."""

    name: ClassVar[str]
    verified_on: ClassVar[str] = "real"  # real | stub | contract: what its tests ran against
    example: ClassVar[str] = ""  # its parameters in the docs, where those that are required alone show little

    @classmethod
    def family(cls) -> str:
        """The stem of the module, and of the shell file beside it."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def of(cls, params: Mapping[str, Json]) -> Self:
        """An instance from parameters as written or as canonical. Raises Invalid, `at` naming the parameter."""
        return cls(**typed(parse_params(cls, params)))

    def ask(self, function: str, *args: Any, timeout_s: int = 20) -> Look:
        """A look at this family's shell `function`."""
        return Look(family=self.family(), function=function, args=args, timeout_s=timeout_s)

    @abstractmethod
    def look(self, host: Host) -> Look:
        """The read-only question. Ages are given as `Ago`."""


class Check(Verb):
    """Reads only; says ok, not ok or cannot tell, with facts."""

    @abstractmethod
    def judge(self, reply: Reply) -> Judgement:
        """The answer to an answered reply; raises CannotTell where the reply makes no sense."""


class Action(Verb, Generic[Seen]):
    """A verb that can change a host. It looks, then says what it would do, as data.

    Subclasses are frozen dataclasses whose fields are made by `param`. `see` raises CannotTell
    for an answer it cannot read. `plan` returns None when nothing needs doing; given less than
    before it must return fewer operations of the same kind, never others.
    """

    risk: ClassVar[Risk]
    by_identity: ClassVar[bool] = False  # a member's state tells it apart from all others, whatever its name becomes
    drill_only: ClassVar[bool] = False  # it breaks something on purpose: allowed in a playbook's `drill:` alone

    @abstractmethod
    def see(self, reply: Reply) -> Seen:
        """The typed observation in an answered reply."""

    @abstractmethod
    def plan(self, seen: Seen) -> Change | None:
        """What needs doing, or None."""

    @classmethod
    @abstractmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        """What a person would type for the same effect as one operation of this action, undo too.

        Lines of POSIX shell made of the operation alone, for `sh -eu` on the host, with a comment where a
        person must look first. Values are quoted by `by_hand.quoted`, comments made by `by_hand.note`.
        Nothing reads standard input. (A `Put` is the same for all: `by_hand.lines_of` writes it.)
        """

    def verify(self, before: Seen, after: Seen) -> str:
        """ "" when the effect is there, else the reason it is not."""
        left = self.plan(after)
        return "" if left is None else f"still to do: {left.title}"

    def restored(self, before: Seen, after: Seen) -> str:
        """ "" when undo brought back what was seen before the change, else what is missing."""
        return "" if before == after else "it is not as it was"

    def told(self, line: str) -> str:
        """A line of a ground as people read it, where a plan is stale: names, sizes and times before numbers.

        "" for a line that says nothing to them. Whatever the line holds, it is some text: it came from a host.
        """
        return plainly(line)

    def unchanged(self, seen: Seen) -> str:
        """Why nothing needs doing, in a sentence for people."""
        return "already right"


def fields_of(lines: tuple[str, ...]) -> dict[str, str]:
    """`key value` lines as a mapping; `item` lines are left out. Raises CannotTell for a line without a value."""
    found: dict[str, str] = {}
    for line in lines:
        key, space, value = line.partition(" ")
        if key == "item":
            continue
        if not space or key in found:
            raise CannotTell(f"the host's answer makes no sense: {line!r}")
        found[key] = value
    return found


def items_of(lines: tuple[str, ...]) -> dict[str, str]:
    """`item KEY<TAB>STATE` lines as key -> state, in order."""
    items: dict[str, str] = {}
    for line in lines:
        if line.startswith("item "):
            key, _, state = line[5:].rpartition("\t")  # a state holds no tab; a name may
            items[key] = state
    return items


def plainly(line: str) -> str:
    """A line of a ground as it stands, for people."""
    return "  ".join(line[5:].rsplit("\t", 1)) if line.startswith("item ") else line


def escaped(text: str) -> str:
    """Text as one line: a backslash becomes two, a newline becomes backslash-n."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def unescaped(line: str) -> str:
    """The text that `escaped` made this line of."""
    parts = line.split("\\\\")
    return "\\".join(p.replace("\\n", "\n") for p in parts)
