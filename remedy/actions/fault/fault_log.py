"""A fault for drills: a log that was flooded, or old generations of one."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import Duration, Path, Size, param
from remedy.actions.roots import why_not_written
from remedy.actions.words import plural, size_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

SLOWEST_BYTES_S = 5 * 1024**2  # of a slow disk; only for timeouts
MOST_BYTES = 20 * 1024**3


@dataclass(frozen=True, kw_only=True)
class Flood:
    """Which of the files are there: none, part, all, or other where another is called so."""

    dir_id: str
    files: str


@dataclass(frozen=True, kw_only=True)
class LogFlood(Action[Flood]):
    """Write a log full of errors, or old generations of one, under a name that nothing has yet; taken back, they go.

    Every line says that it is a flood of a drill; no file without that is touched, and no log that something writes
    to. With `old` it writes FILE.1, FILE.2 and so on instead of FILE. What was rotated or compressed since goes too.
    """

    name = "fault.log_flood"
    drill_only = True
    risk = Risk.MEDIUM
    example = "{file: /var/log/app/flood.log, size: 200MiB}"

    file: Path = param("The log; nothing is called so yet, and its directory is named by its real path")
    size: Size = param("Size of each file, at least")
    old: int = param("Write so many old generations instead", default=0, minimum=0, maximum=99)
    aged: Duration = param("How long ago they are to seem to have been changed", default="0s")

    def __post_init__(self) -> None:
        if why := why_not_written(self.file):
            raise Invalid(f"{self.file} {why}", at="file", fix="name another file")
        if not 1 <= self.size * max(1, self.old) <= MOST_BYTES:
            raise Invalid(f"wanted 1 byte to {size_text(MOST_BYTES)} in all", at="size", fix="for example 200MiB")

    def look(self, host: Host) -> Look:
        return self.ask("fault_log_look", self.file, str(self.old))

    def see(self, reply: Reply) -> Flood:
        ground = fields_of(reply.ground)
        if "dir" not in ground or ground.get("files") not in ("none", "part", "all", "other"):
            raise CannotTell(f"the host's answer on {self.file} makes no sense")
        return Flood(dir_id=ground["dir"], files=ground["files"])

    def plan(self, seen: Flood) -> Change | None:
        if seen.files == "all":
            return None
        if seen.files == "other":
            raise Refused(f"{self.name}: {self.file} is there, and is no flood", fix="name a file that is not there")
        count = max(1, self.old)
        size = count * self.size
        flood = (self.file, seen.dir_id, str(self.old), str(self.size), str(self.aged))
        call = Call(family="fault_log", function="fault_log_flood", args=flood, timeout_s=60 + size // SLOWEST_BYTES_S)
        clear = Call(family="fault_log", function="fault_log_clear", args=(self.file, seen.dir_id))
        what = f"{plural(self.old, 'old generation')} of {self.file}" if self.old else self.file
        return Change(
            title=f"write {what} ({size_text(size)})",
            operations=(call,),
            effect=Effect(says=f"{size_text(size)} of errors in {what}", measures={"bytes_written": size}),
            undo=UndoBy(says=f"{what} taken away, where there still", operations=(clear,)),
            risk=self.risk,
            touches=(f"path:{self.file.rpartition('/')[0] or '/'}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        file, _, *more = (str(a) for a in operation.args)
        if not more:
            look = note("look first: are they still the drill's? head -n 1")
            return (look, f"rm -f -- {quoted(file)} {quoted(file)}.[0-9]*")
        old, size, age = map(int, more)
        names = [f"{file}.{n}" for n in range(1, old + 1)] or [file]
        says = "ERROR flood of a drill by remedy: nothing is wrong beyond it"
        lines = [f"yes {quoted(says)} | head -c {size} >{quoted(name)}" for name in names]
        return (*lines, note(f"changed {age} s ago, by touch -d, where the drill wants them old"))

    def verify(self, before: Flood, after: Flood) -> str:
        return "" if after.files == "all" else f"{self.file} is not written"

    def restored(self, before: Flood, after: Flood) -> str:
        return "" if after.files in ("none", "other") else f"{self.file} is there still"

    def unchanged(self, seen: Flood) -> str:
        return f"{self.file} is flooded already"


VERBS: tuple[type[Verb], ...] = (LogFlood,)
