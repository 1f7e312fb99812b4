"""One file taken away by identity, and back again where there is a quarantine."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of, items_of, unescaped
from remedy.actions.by_hand import item_paths, note, quoted
from remedy.actions.params import Path, param
from remedy.actions.roots import why_not_removed
from remedy.actions.words import day_text, directory_text, identity_text, plural, size_text, unseen_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, Undo, UndoBy, UndoImpossible

TAB = "\t"
SLOWEST_BYTES_S = 10 * 1024**2  # a copy to a quarantine on a slow disk; only for timeouts
NO_QUARANTINE = {
    "none": "the host has no quarantine",
    "missing": "the quarantine is not there",
    "same-filesystem": "the quarantine is on the same filesystem",
    "unsafe": "the quarantine is not its owner's alone",
    "full": "the quarantine has no room for it",
}


@dataclass(frozen=True, kw_only=True)
class FileFound:
    """What is at a path. `what` is file, none, or what is no file; the rest is of a file."""

    directory: str  # device:inode, or "none"
    what: str
    item: str = ""  # the host's own line for it
    identity: str = ""  # device:inode:size:mtime
    database: str = ""  # the file that shows its directory to be a database's, or ""
    names: int = 1
    is_open: bool = False
    quarantine: str = "none"
    holders: tuple[str, ...] = ()  # processes that hold it open, as evidence
    unseen: str = ""  # processes that did not show what they hold open

    @property
    def size_bytes(self) -> int:
        return int(self.identity.split(":")[2])

    @property
    def changed_at(self) -> int:
        return int(self.identity.split(":")[3])


@dataclass(frozen=True, kw_only=True)
class RemoveFile(Action[FileFound]):
    """Take away one file, by identity: the one that was seen, or nothing.

    With a `quarantine` on the host it is moved there and undo brings it back; without one the plan says permanent.
    Refused: links, directories, devices, a file with several names, one that a process holds open (its space would
    stay taken, and the process would go on with it), one of a database or of the system.
    """

    name = "file.remove"
    risk = Risk.MEDIUM
    example = "{path: /etc/nginx/conf.d/broken.conf}"

    path: Path = param("The file, named by its real path")
    quarantine: Path | None = param("Where it goes; the host's own quarantine unless given here", default=None)

    def __post_init__(self) -> None:
        if why := why_not_removed(self.path):
            raise Invalid(f"{self.path} {why}", at="path", fix="name another file")

    def look(self, host: Host) -> Look:
        return self.ask("file_remove_look", self.path, self.quarantine or host.quarantine, timeout_s=60)

    def see(self, reply: Reply) -> FileFound:
        ground = fields_of(reply.ground)
        if not {"dir", "what"} <= set(ground):
            raise CannotTell(f"the host's answer on {self.path} makes no sense")
        (item,) = items_of(reply.ground).items() or [("", "")]
        told = fields_of(tuple(line for line in reply.evidence if not line.startswith("holder ")))
        return FileFound(
            directory=ground["dir"],
            what=ground["what"],
            item="\t".join(item) if item[0] else "",
            identity=_identity(item[1]),
            database=unescaped(ground.get("database", "")),
            names=int(ground.get("linked", "1")),
            is_open="open" in ground,
            quarantine=ground.get("quarantine", "none"),
            holders=tuple(line.removeprefix("holder ") for line in reply.evidence if line.startswith("holder ")),
            unseen=unseen_text(told),
        )

    def plan(self, seen: FileFound) -> Change | None:
        if seen.what == "none" or (seen.what == "file" and not seen.item):
            return None
        self._refuse(seen)
        store = self._store(seen)
        call = Call(
            family="file_remove",
            function="file_remove_take",
            args=(self._folder, seen.directory, store),
            items=(seen.item,),
            timeout_s=60 + seen.size_bytes // SLOWEST_BYTES_S,
        )
        size = size_text(seen.size_bytes)
        return Change(
            title=f"{'quarantine' if store else 'delete'} {self.path} ({size})",
            operations=(call,),
            effect=Effect(says=f"{self.path} is gone", measures={"bytes_freed": seen.size_bytes, "files": 1}),
            undo=self._undo(seen, call, store),
            risk=self.risk,
            lines=self._lines(seen),
            touches=(f"path:{self.path}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        folder, _, store = (str(a).rstrip("/") for a in operation.args)
        ((key, _),) = item_paths(operation)
        path, kept = quoted(f"{folder}/{unescaped(key)}"), quoted(f"{store}/{unescaped(key)}")
        if operation.function == "file_remove_restore":
            return f"[ ! -e {path} ]", f"cp -pP -- {kept} {path}", f"rm -f -- {kept}"
        look = note("look first: the file was seen by inode, size and time, and no process held it open")
        if not store:
            return look, f"rm -f -- {path}"
        return look, f"mkdir -p -m 700 -- {quoted(store)}", f"cp -pP -- {path} {kept}", f"rm -f -- {path}"

    def restored(self, before: FileFound, after: FileFound) -> str:
        """A file that came back has another inode; size and time tell that it is the same."""
        is_back = after.what == before.what and _trace(after) == _trace(before)
        return "" if is_back else f"{self.path} is not back"

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "item":
                return f"{self.path}  {identity_text(rest.rpartition(TAB)[2])}"
            case "dir":
                return f"its directory: {directory_text(rest)}"
            case "open":
                return "a process holds it open"
            case "linked":
                return f"it has {rest} names"
            case _:
                return super().told(line)

    def unchanged(self, seen: FileFound) -> str:
        return f"there is no {self.path}"

    @property
    def _folder(self) -> str:
        return self.path.rpartition("/")[0] or "/"

    def _refuse(self, seen: FileFound) -> None:
        if seen.what != "file":
            kind = {"link": "a symbolic link", "directory": "a directory"}.get(seen.what, "no regular file")
            raise Refused(f"file.remove: {self.path} is {kind}", fix="name one regular file")
        if seen.database:
            raise Refused(f"file.remove: {self.path} lies in a database ({seen.database})", fix="name another file")
        if seen.names > 1:
            raise Refused(
                f"file.remove: {self.path} is one of {plural(seen.names, 'name')} of the same file",
                fix="it would free nothing and could not be brought back as it was",
            )
        if seen.is_open:
            who = f" ({', '.join(seen.holders)})" if seen.holders else ""
            raise Refused(f"file.remove: a process holds {self.path} open{who}", fix="stop it before, or logs.rotate")

    def _store(self, seen: FileFound) -> str:
        state, _, where = seen.quarantine.partition(" ")
        if state != "ok":
            return ""
        shelf = unescaped(where.partition(" ")[2]).rstrip("/")
        return f"{shelf}/remove-{seen.identity.replace(':', '.')}"

    def _undo(self, seen: FileFound, call: Call, store: str) -> Undo:
        if not store:
            return UndoImpossible(
                says=f"permanent: {NO_QUARANTINE.get(seen.quarantine, 'the quarantine cannot be used')}"
            )
        back = Call(
            family="file_remove",
            function="file_remove_restore",
            args=call.args,
            items=call.items,
            timeout_s=call.timeout_s,
        )
        return UndoBy(says=f"the file comes back from {store}", operations=(back,))

    def _lines(self, seen: FileFound) -> tuple[str, ...]:
        line = f"{size_text(seen.size_bytes)}, last changed {day_text(seen.changed_at)} UTC"
        return (line, seen.unseen) if seen.unseen else (line,)


def _identity(text: str) -> str:
    if text and (text.count(":") != 3 or not all(p.removeprefix("-").isdecimal() for p in text.split(":"))):
        raise CannotTell(f"the host's answer makes no sense: {text!r}")
    return text


def _trace(found: FileFound) -> list[str]:
    return found.identity.split(":")[2:]


VERBS: tuple[type[Verb], ...] = (RemoveFile,)
