"""Actions and checks for the engine's tests: files that go and come back, services, a level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from remedy.actions.action import Action, Check, fields_of, items_of
from remedy.actions.by_hand import word
from remedy.actions.catalogue import Catalogue
from remedy.actions.params import Text, param
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
    Answer,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Judgement,
    Look,
    Reply,
    Risk,
    Undo,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)

CODE = "disk"  # the family whose code the toys claim as theirs: a version needs files


@dataclass(frozen=True)
class Files:
    """What a look at a directory saw."""

    root: str
    files: dict[str, str]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(f"{k}\t{v}" for k, v in self.files.items())


class FilesAction(Action[Files]):
    """What the toys of a directory share: the look, what it sees, and when files are back."""

    where: Text

    @classmethod
    def family(cls) -> str:
        return CODE

    def look(self, host: Host) -> Look:
        return Look(family=CODE, function="files_look", args=(self.where,))

    def see(self, reply: Reply) -> Files:
        fields = fields_of(reply.ground)
        if "root" not in fields:
            raise CannotTell(f"no directory in {reply.ground!r}")
        return Files(fields["root"], items_of(reply.ground))

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        return _typed(operation)

    def restored(self, before: Files, after: Files) -> str:
        missing = [k for k in before.files if after.files.get(k) != before.files[k]]
        return f"not back: {', '.join(missing)}" if missing else ""

    def change(self, seen: Files, function: str, undo: Undo) -> Change:
        return Change(
            title=f"{function} {len(seen.files)} in {self.where}",
            operations=(Call(family=CODE, function=function, args=(self.where,), items=seen.lines),),
            effect=Effect(says=f"{len(seen.files)} gone"),
            undo=undo,
            risk=self.risk,
            touches=(f"path:{self.where}",),
        )


@dataclass(frozen=True, kw_only=True)
class Drop(FilesAction):
    """Take away every file of a directory; they can be brought back."""

    name = "toy.drop"
    risk = Risk.MEDIUM

    where: Text = param("Directory")
    most: int = param("Refuse above this many", default=1000)

    def plan(self, seen: Files) -> Change | None:
        if len(seen.files) > self.most:
            raise Refused(f"more than {self.most} files")
        if not seen.files:
            return None
        back = Call(family=CODE, function="bring_back", args=(self.where,), items=seen.lines)
        return self.change(seen, "drop", UndoBy(says="they come back", operations=(back,)))


@dataclass(frozen=True, kw_only=True)
class Shift(FilesAction):
    """Give every file of a directory another name, `1-` before the old one; their states stay."""

    name = "toy.shift"
    risk = Risk.LOW

    where: Text = param("Directory")

    def plan(self, seen: Files) -> Change | None:
        left = {k: v for k, v in seen.files.items() if not k.startswith("1-")}
        return self.change(Files(seen.root, left), "shift", UndoUnnecessary(says="only names")) if left else None


@dataclass(frozen=True, kw_only=True)
class DropById(Drop):
    """The same as `toy.drop`, of files that are told apart by their state."""

    name = "toy.drop-by-id"
    by_identity = True


@dataclass(frozen=True, kw_only=True)
class DropOld(Drop):
    """The same as `toy.drop`, of files older than some seconds by the host's clock."""

    name = "toy.drop-old"

    older: int = param("Seconds")

    def look(self, host: Host) -> Look:
        return Look(family=CODE, function="files_look", args=(self.where, Ago(self.older)))


@dataclass(frozen=True, kw_only=True)
class Lose(Drop):
    """The same as `toy.drop`, where a person has to type how many files are lost."""

    name = "toy.lose"

    def plan(self, seen: Files) -> Change | None:
        change = super().plan(seen)
        return change and replace(change, typed=f"{len(seen.files)} files")


@dataclass(frozen=True, kw_only=True)
class Burn(FilesAction):
    """Take away every file of a directory for good, in two operations."""

    name = "toy.burn"
    risk = Risk.MEDIUM

    where: Text = param("Directory")

    def plan(self, seen: Files) -> Change | None:
        if not seen.files:
            return None
        change = self.change(seen, "drop", UndoImpossible(says="ashes"))
        (whole,) = change.operations
        assert isinstance(whole, Call)
        middle = (len(seen.lines) + 1) // 2
        halves = (seen.lines[:middle], seen.lines[middle:])
        return replace(change, operations=tuple(replace(whole, items=half) for half in halves if half))


@dataclass(frozen=True, kw_only=True)
class Grow(FilesAction):
    """Put an `.old` beside every file of a directory; nothing to take back."""

    name = "toy.grow"
    risk = Risk.LOW

    where: Text = param("Directory")

    def plan(self, seen: Files) -> Change | None:
        left = {k: v for k, v in seen.files.items() if not k.endswith(".old") and f"{k}.old" not in seen.files}
        return self.change(Files(seen.root, left), "grow", UndoUnnecessary(says="only names")) if left else None


@dataclass(frozen=True, kw_only=True)
class Start(Action[str]):
    """Start a service that is down."""

    name = "toy.start"
    risk = Risk.LOW

    service: Text = param("Which")
    settle: int = param("Seconds until it is up", default=0)
    since: int = param("An age, to be made absolute", default=60)

    @classmethod
    def family(cls) -> str:
        return CODE

    def look(self, host: Host) -> Look:
        return Look(family=CODE, function="service_look", args=(self.service, Ago(self.since)))

    def see(self, reply: Reply) -> str:
        return fields_of(reply.ground)["state"]

    def plan(self, seen: str) -> Change | None:
        if seen == "up":
            return None
        return Change(
            title=f"start {self.service}",
            operations=(Call(family=CODE, function="start", args=(self.service,)),),
            effect=Effect(says=f"{self.service} is up"),
            undo=UndoUnnecessary(says="a start lasts no longer than a stop"),
            risk=self.risk,
            touches=(f"unit:{self.service}",),
            settle_s=self.settle,
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        return _typed(operation)


def _typed(operation: Call | Await) -> tuple[str, ...]:
    assert isinstance(operation, Call)
    return (" ".join([operation.function, *map(word, operation.args)]),)


@dataclass(frozen=True, kw_only=True)
class Level(Check):
    """Whether the level is below a limit, or at least at it."""

    name = "toy.level"

    below: int = param("Limit", default=-1)
    at_least: int = param("Limit", default=-1)

    @classmethod
    def family(cls) -> str:
        return CODE

    def look(self, host: Host) -> Look:
        limit = max(self.below, self.at_least)
        return Look(family=CODE, function="level_look", args=(str(limit),))

    def judge(self, reply: Reply) -> Judgement:
        band = fields_of(reply.ground).get("band")
        if band is None:
            raise CannotTell("no band")
        wanted = "below" if self.below >= 0 else "at-least"
        level = fields_of(reply.evidence)["level"]
        return Judgement(answer=Answer.OK if band == wanted else Answer.NOT_OK, says=f"level {level} is {band}")


@dataclass(frozen=True, kw_only=True)
class Up(Check):
    """Whether a service is up."""

    name = "toy.up"

    service: Text = param("Which")

    @classmethod
    def family(cls) -> str:
        return CODE

    def look(self, host: Host) -> Look:
        return Look(family=CODE, function="service_look", args=(self.service, "0"))

    def judge(self, reply: Reply) -> Judgement:
        state = fields_of(reply.ground)["state"]
        return Judgement(answer=Answer.OK if state == "up" else Answer.NOT_OK, says=f"{self.service} is {state}")


def catalogue() -> Catalogue:
    """The toys by name."""
    actions: tuple[type[Action[Any]], ...] = (Drop, DropById, DropOld, Lose, Burn, Grow, Shift, Start)
    return Catalogue(actions={a.name: a for a in actions}, checks={c.name: c for c in (Level, Up)})
