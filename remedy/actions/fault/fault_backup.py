"""A fault for drills: the newest backup is spoilt, and its original kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.backup.backup_place import ShelfOf
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import param
from remedy.errors import CannotTell, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy


@dataclass(frozen=True, kw_only=True)
class NewestBackup:
    """The newest good backup, and the one that is spoilt already."""

    directory: str
    name: str  # or "none"
    sha256: str
    ours: str  # or "none"


@dataclass(frozen=True, kw_only=True)
class BackupCorrupt(ShelfOf, Action[NewestBackup]):
    """Spoil the newest good backup of a database, for a drill. Undo brings back the very file.

    Its manifest stays, and its time: it is found out only by reading it. The original is kept in the same directory
    under a hidden name.
    """

    name = "fault.backup_corrupt"
    risk = Risk.MEDIUM
    drill_only: ClassVar[bool] = True
    example = "{dir: /backups, database: shop}"

    how: Literal["garbled", "truncated", "empty"] = param("What becomes of it", default="garbled")

    def look(self, host: Host) -> Look:
        return self.ask("fault_backup_look", self.dir, self.match, self.database, timeout_s=60)

    def see(self, reply: Reply) -> NewestBackup:
        ground = fields_of(reply.ground)
        if set(ground) != {"dir", "newest", "ours"}:
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        name, _, sha256 = ground["newest"].partition(" ")
        return NewestBackup(directory=ground["dir"], name=name, sha256=sha256, ours=ground["ours"])

    def plan(self, seen: NewestBackup) -> Change | None:
        if seen.ours != "none":
            return None
        if seen.name == "none":
            raise Refused(f"{self.name}: {self.dir} has no good backup of {self.database}", fix="take one first")
        here = (self.dir, seen.directory, seen.name)
        spoil = Call(family="fault_backup", function="fault_backup_spoil", args=(*here, seen.sha256, self.how))
        mend = Call(family="fault_backup", function="fault_backup_mend", args=here)
        return Change(
            title=f"make {seen.name} in {self.dir} {self.how}",
            operations=(spoil,),
            effect=Effect(says=f"the newest backup of {self.database} cannot be restored", measures={"files": 1}),
            undo=UndoBy(says="the original gets its name back", operations=(mend,)),
            risk=self.risk,
            touches=(f"path:{self.dir}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        folder, _, name, *rest = map(str, operation.args)
        path, kept = quoted(f"{folder}/{name}"), quoted(f"{folder}/.remedy-fault-{name}")
        if operation.function == "fault_backup_mend":
            return (f"[ ! -e {kept} ] || mv -f -- {kept} {path}",)
        new = quoted(f"{folder}/.remedy-spoilt")
        half = f'"$(($(stat -c %s -- {path}) / 2))"'
        makes = {
            "truncated": f"head -c {half} -- {path} >{new}",
            "empty": f": >{new}",
        }.get(rest[1], f"cp -p -- {path} {new}; printf 'remedy drill' | dd of={new} bs=1 seek={half} conv=notrunc")
        return note("this spoils it on purpose"), f"ln -- {path} {kept}", makes, f"mv -f -- {new} {path}"

    def restored(self, before: NewestBackup, after: NewestBackup) -> str:
        return f"{after.ours} is spoilt still" if after.ours != "none" else ""

    def unchanged(self, seen: NewestBackup) -> str:
        return f"{seen.ours} is spoilt already"


VERBS: tuple[type[Verb], ...] = (BackupCorrupt,)
