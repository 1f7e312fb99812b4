"""A fault for drills: a filesystem that a file of ballast fills."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, word
from remedy.actions.params import Duration, Path, Percent, Size, param
from remedy.actions.words import size_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

LEAST_PERCENT = 2  # that stays free: a full disk breaks more than the drill means to
FILL_S = 600


@dataclass(frozen=True, kw_only=True)
class Filling:
    """Where the ballast would lie, and how full its filesystem is. `file` is none, ballast or other."""

    dir_id: str
    is_root: bool
    is_full: bool
    file: str
    surplus_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class DiskFill(Action[Filling]):
    """Fill a filesystem with one file of ballast until less than a share of it is free; taken back, that file goes.

    The ballast says in its first line what it is, and no other file is ever touched. What is free never falls below
    2 %. The filesystem of / is refused unless `even_root` says so: give a drill a filesystem of its own.
    """

    name = "fault.disk_fill"
    drill_only = True
    risk = Risk.MEDIUM

    file: Path = param("The file of ballast; nothing is called so yet, and its directory is named by its real path")
    below: Percent = param("Until less than this is free, at least 2%")
    aged: Duration = param("How long ago the file is to seem to have been changed", default="0s")
    at_most: Size = param("Refuse to write more than this", default="20GiB")
    even_root: bool = param("Even where it is the filesystem of /", default=False)

    def __post_init__(self) -> None:
        if self._parts() < LEAST_PERCENT * 100:
            raise Invalid(f"wanted at least {LEAST_PERCENT}%", at="below", fix="for example below: 5%")

    def _parts(self) -> int:
        whole, _, part = self.below[:-1].partition(".")
        return int(whole) * 100 + int((part + "00")[:2])

    def look(self, host: Host) -> Look:
        return self.ask("fault_disk_look", self.file, str(self._parts()))

    def see(self, reply: Reply) -> Filling:
        ground, evidence = fields_of(reply.ground), fields_of(reply.evidence)
        if not {"dir", "filesystem", "free", "file"} <= set(ground) or ground["file"] not in (
            "none",
            "ballast",
            "other",
        ):
            raise CannotTell(f"the host's answer on {self.file} makes no sense")
        surplus = evidence.get("surplus_bytes", "0")
        return Filling(
            dir_id=ground["dir"],
            is_root=ground["filesystem"] == "root",
            is_full=ground["free"] == "below",
            file=ground["file"],
            surplus_bytes=int(surplus) if surplus.isdecimal() else 0,
        )

    def plan(self, seen: Filling) -> Change | None:
        if seen.file == "other":
            raise Refused(f"{self.name}: {self.file} is there, and is no ballast", fix="name a file that is not there")
        if seen.is_full:
            return None
        if seen.is_root and not self.even_root:
            fix = "name a file on a filesystem of its own, or even_root: true"
            raise Refused(f"{self.name}: {self.file} would fill the filesystem of /", fix=fix)
        if seen.surplus_bytes > self.at_most:
            wanted, most = size_text(seen.surplus_bytes), size_text(self.at_most)
            raise Refused(f"{self.name}: that takes {wanted}, more than {most}", fix="raise at_most")
        clear = Call(family="fault_disk", function="fault_disk_clear", args=(self.file, seen.dir_id))
        fill = ("fault_disk_fill", self.file, seen.dir_id, str(self._parts()), str(self.aged))
        return Change(
            title=f"fill the filesystem of {self.file} until less than {self.below} is free",
            operations=(Call(family="fault_disk", function=fill[0], args=fill[1:], timeout_s=FILL_S),),
            effect=Effect(
                says=f"about {size_text(seen.surplus_bytes)} of ballast",
                measures={"bytes_written": seen.surplus_bytes},
            ),
            undo=UndoBy(says=f"{self.file} is taken away, where it is there still", operations=(clear,)),
            risk=self.risk,
            touches=(f"path:{self.file}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        file = word(operation.args[0])
        if operation.function == "fault_disk_clear":
            return (note("look first: is it still the ballast?"), f"rm -f -- {file}")
        percent = f"{int(str(operation.args[2])) / 100:g}"
        return (
            note(f"until df calls less than {percent} % available; the first line says what it is"),
            f"echo 'ballast of a drill by remedy' >{file}",
            f"fallocate -l 1G {file}",
            note(f"changed {operation.args[3]} s ago, by touch -d, where the drill wants it old"),
        )

    def verify(self, before: Filling, after: Filling) -> str:
        return "" if after.is_full else f"not less than {self.below} is free"

    def restored(self, before: Filling, after: Filling) -> str:
        return f"{self.file} is there still" if after.file == "ballast" else ""

    def told(self, line: str) -> str:
        key, _, value = line.partition(" ")
        match key:
            case "free":
                return f"{'less' if value == 'below' else 'not less'} than {self.below} is free"
            case "filesystem":
                return f"it is {'the filesystem of /' if value == 'root' else 'a filesystem of its own'}"
            case "file":
                return f"{self.file} is {'not there' if value == 'none' else value}"
            case "dir":
                return "its directory is another one"
            case _:
                return super().told(line)

    def unchanged(self, seen: Filling) -> str:
        return f"less than {self.below} is free already"


VERBS: tuple[type[Verb], ...] = (DiskFill,)
