"""Backups of PostgreSQL: taken with a manifest, seen to be fresh and valid, and restored on trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Action, Check, Verb, fields_of
from remedy.actions.backup.backup_by_hand import by_hand_of
from remedy.actions.backup.backup_place import ServerOf, ShelfOf
from remedy.actions.backup.backup_seen import WHY, Shelf, backup_text, shelf_of
from remedy.actions.params import Duration, param
from remedy.actions.words import size_text, span_text
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
    Answer,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Json,
    Judgement,
    Look,
    Reply,
    Risk,
    UndoUnnecessary,
)

SHOWN = 5
SLOWEST_BYTES_S = 5 * 1024**2  # of a dump or a restore on a slow disk; only for timeouts
LOOK_S = 300  # to read through backups


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What backups there are, and whether another can be taken."""

    directory: str
    source: str  # the server's system identifier
    role: str  # primary | replica
    fresh: str  # the newest good one that is young enough, or "none"
    has_room: bool
    shelf: Shelf


@dataclass(frozen=True, kw_only=True)
class Create(ServerOf, Action[Taken]):
    """Take a backup, with a manifest beside it that says what is in it, unless a good one is young enough.

    The rows that the manifest counts are those of the very snapshot that is dumped. It is built beside under a hidden
    name, read through to the line that ends every dump, and renamed: a file under its final name is whole. A dump that
    fails leaves nothing.
    """

    name = "backup.create"
    risk = Risk.LOW
    example = "{dir: /backups, database: shop, project: shop, service: db}"

    younger_than: Duration = param("Nothing is done while a good backup is younger than this", default="20h")
    format: Literal["custom", "plain"] = param(
        "custom: for pg_restore (NAME.dump); plain: compressed SQL (NAME.sql.gz)", default="custom"
    )

    def look(self, host: Host) -> Look:
        args = (*self.place(), self.dir, self.match, self.database, Ago(self.younger_than))
        return self.ask("backup_create_look", *args, timeout_s=LOOK_S)

    def see(self, reply: Reply) -> Taken:
        ground = fields_of(reply.ground)
        if set(ground) != {"dir", "server", "fresh", "room"}:
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        source, _, role = ground["server"].partition(" ")
        return Taken(
            directory=ground["dir"],
            source=source,
            role=role,
            fresh=ground["fresh"].partition(" ")[0],
            has_room=ground["room"] == "yes",
            shelf=shelf_of(reply),
        )

    def plan(self, seen: Taken) -> Change | None:
        if seen.fresh != "none":
            return None
        facts = seen.shelf.facts
        if seen.role != "primary":
            raise Refused(f"backup.create: {self.is_at} is a replica", fix="name the primary")
        if not seen.has_room:
            wanted, free = (size_text(int(facts.get(k, "0"))) for k in ("wanted", "free"))
            raise Refused(
                f"backup.create: {self.dir} has {free} free, and a backup may need {wanted}",
                fix="free space there first; backup.prune takes old backups away",
            )
        size = int(facts.get("large", "0"))
        args = (*self.place(), self.dir, seen.directory, self.database, self.format, seen.source)
        call = Call(family="backup", function="backup_create", args=args, timeout_s=600 + size // SLOWEST_BYTES_S)
        return Change(
            title=f"back up {self.database} of {self.is_at} to {self.dir}",
            operations=(call,),
            effect=Effect(says=f"one more whole backup of {self.database}", measures={"backups": 1}),
            undo=UndoUnnecessary(says="one backup more harms nobody; backup.prune takes it in its time"),
            risk=self.risk,
            lines=self._lines(seen.shelf),
            touches=(f"path:{self.dir}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        return by_hand_of(operation)

    def verify(self, before: Taken, after: Taken) -> str:
        """There is a fresh one, and it is not much smaller than those before it."""
        if after.fresh == "none":
            return "there is no fresh backup"
        shrunk = after.shelf.shrunk()
        return f"{after.fresh} is no backup of all: {shrunk}" if shrunk else ""

    def unchanged(self, seen: Taken) -> str:
        return f"{seen.fresh} is good, and younger than {span_text(self.younger_than)}"

    def _lines(self, shelf: Shelf) -> tuple[str, ...]:
        rows = tuple(backup_text(b) for b in shelf.rows[:SHOWN])
        return ("those there are:", *rows) if rows else (f"there is no backup of {self.database} yet",)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """The newest backup, and when any was last restored on trial."""

    directory: str
    role: str
    newest: str
    why: str
    sha256: str
    is_tested: bool
    has_room: bool
    shelf: Shelf


@dataclass(frozen=True, kw_only=True)
class Test(ServerOf, Action[Tried]):
    """Restore the newest backup into a scratch database, compare it with its manifest, and drop it again.

    What it came to is written beside the backup (NAME.tested), where `backup.valid` finds it. No other database is
    touched. A backup that was not equal counts as none from then on.
    """

    name = "backup.test"
    risk = Risk.LOW
    example = "{dir: /backups, database: shop, project: shop, service: db}"

    every: Duration = param("Nothing is done while the last good test is younger than this", default="30d")

    def look(self, host: Host) -> Look:
        args = (*self.place(), self.dir, self.match, self.database, Ago(self.every))
        return self.ask("backup_test_look", *args, timeout_s=LOOK_S)

    def see(self, reply: Reply) -> Tried:
        ground = fields_of(reply.ground)
        newest = ground.get("newest", "").split(" ")
        if set(ground) != {"dir", "server", "tested", "newest", "room"} or len(newest) != 3:
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        return Tried(
            directory=ground["dir"],
            role=ground["server"].partition(" ")[2],
            newest=newest[0],
            why=newest[1],
            sha256=newest[2],
            is_tested=ground["tested"] == "yes",
            has_room=ground["room"] == "yes",
            shelf=shelf_of(reply),
        )

    def plan(self, seen: Tried) -> Change | None:
        if seen.is_tested:
            return None
        self._refuse(seen)
        scratch = f"{self.database}_remedy_scratch"
        newest = next((b for b in seen.shelf.rows if b.name == seen.newest), None)
        size = int(newest.told["bytes"]) if newest else 0
        args = (*self.place(), self.dir, seen.directory, self.database, seen.newest, seen.sha256)
        ends = (*self.place(), self.database)
        return Change(
            title=f"restore {seen.newest} into {scratch}, compare, and drop it",
            operations=(
                Call(family="backup", function="backup_test", args=args, timeout_s=600 + size // SLOWEST_BYTES_S),
                Call(family="backup", function="backup_scratch_ends", args=ends, timeout_s=60, always=True),
            ),
            effect=Effect(says=f"it is known whether {seen.newest} can be restored", measures={"restores": 1}),
            undo=UndoUnnecessary(says="the scratch database is dropped in any case"),
            risk=self.risk,
            lines=(backup_text(newest),) if newest else (),
            touches=(f"database:{scratch}", f"path:{self.dir}"),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        return by_hand_of(operation)

    def unchanged(self, seen: Tried) -> str:
        of, at, _ = seen.shelf.facts.get("test", "a backup 0 equal").split(" ")
        return f"{of} was restored {span_text(seen.shelf.now - int(at))} ago, and was what its manifest tells"

    def _refuse(self, seen: Tried) -> None:
        if seen.newest == "none":
            raise Refused(f"backup.test: {self.dir} has no backup of {self.database}", fix="backup.create takes one")
        if seen.why != "ok":
            raise Refused(
                f"backup.test: {seen.newest} {WHY.get(seen.why, seen.why)}", fix="backup.create takes another"
            )
        if seen.role != "primary":
            raise Refused(f"backup.test: {self.is_at} is a replica", fix="name the primary")
        if not seen.has_room:
            raise Refused("backup.test: there is no room beside the databases for one more", fix="free space there")


@dataclass(frozen=True, kw_only=True)
class Fresh(ShelfOf, Check):
    """See that a good backup is young enough, by its manifest and not by the file's time, and as large as usual.

    No byte of it is read, and no server is asked: `backup.valid` does. A link there that leads nowhere is told.
    """

    name = "backup.fresh"
    example = "{dir: /backups, database: shop, younger_than: 26h}"

    younger_than: Duration = param("How old the newest good backup may be", default="26h")

    def look(self, host: Host) -> Look:
        return self.ask("backup_fresh_look", self.dir, self.match, self.database, Ago(self.younger_than), timeout_s=60)

    def judge(self, reply: Reply) -> Judgement:
        band, shelf = fields_of(reply.ground).get("fresh"), shelf_of(reply)
        if band not in ("yes", "no"):
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        newest = shelf.newest
        wrong = [b.wrong for b in shelf.passed_over[:SHOWN]]
        wrong += [f"{name} leads nowhere" for name, target in shelf.links.items() if target == "dangling"]
        if newest is None:
            says = "; ".join((f"{self.dir} has no good backup of {self.database}", *wrong))
            return Judgement(answer=Answer.NOT_OK, says=says)
        age_s = shelf.now - newest.at
        facts: dict[str, Json] = {"name": newest.name, "age_s": age_s, "size_bytes": newest.size_bytes}
        says = f"{newest.name} is {span_text(age_s)} old"
        shrunk, dangling = shelf.shrunk(), any(t == "dangling" for t in shelf.links.values())
        is_ok = band == "yes" and not shrunk and not dangling
        told = "; ".join((says, *((shrunk,) if shrunk else ()), *wrong))
        return Judgement(answer=Answer.OK if is_ok else Answer.NOT_OK, says=told, facts=facts)


@dataclass(frozen=True, kw_only=True)
class Valid(ServerOf, Check):
    """See that the newest backup is whole to its last byte, and that backups of the database can be restored.

    It is read through and held against its manifest: SHA-256, size, the line that ends every dump. That backups can be
    restored is known from the last one that `backup.test` restored into a scratch database: a check changes nothing, so
    it restores nothing itself.
    """

    name = "backup.valid"
    example = "{dir: /backups, database: shop, project: shop, service: db}"

    tested_within: Duration = param("How long ago the last good restore may be", default="35d")
    untested: bool = param("Ok although none was ever restored, where the newest is whole", default=False)

    def look(self, host: Host) -> Look:
        args = (*self.place(), self.dir, self.match, self.database, Ago(self.tested_within))
        return self.ask("backup_valid_look", *args, timeout_s=LOOK_S)

    def judge(self, reply: Reply) -> Judgement:
        ground, shelf = fields_of(reply.ground), shelf_of(reply)
        newest, _, why = ground.get("newest", "").partition(" ")
        if set(ground) != {"newest", "tested"} or (why not in WHY and why not in ("ok", "none")):
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        if newest == "none":
            return Judgement(answer=Answer.NOT_OK, says=f"{self.dir} has no backup of {self.database}")
        facts: dict[str, Json] = {"name": newest, "why": why}
        if why != "ok":
            return Judgement(answer=Answer.NOT_OK, says=f"{newest} {WHY[why]}", facts=facts)
        test = shelf.facts.get("test", "").split(" ")
        if self.untested:
            return Judgement(answer=Answer.OK, says=f"{newest} is whole", facts=facts)
        if len(test) != 3:
            says = f"{newest} is whole, but no backup of {self.database} was ever restored: backup.test does"
            return Judgement(answer=Answer.NOT_OK, says=says, facts=facts)
        came = "was what its manifest tells" if test[2] == "equal" else "was not what its manifest tells"
        says = f"{newest} is whole; {test[0]} was restored {span_text(shelf.now - int(test[1]))} ago, and {came}"
        answer = Answer.OK if ground["tested"] == "yes" else Answer.NOT_OK
        return Judgement(answer=answer, says=says, facts=facts)


VERBS: tuple[type[Verb], ...] = (Create, Test, Fresh, Valid)
