"""Files taken away by identity: exactly the listed ones, and back again where there is a quarantine."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, escaped, fields_of, items_of, unescaped
from remedy.actions.by_hand import item_paths, note, quoted
from remedy.actions.params import Duration, Name, Path, Size, param
from remedy.actions.roots import why_not_pruned
from remedy.actions.words import count_of, day_text, directory_text, identity_text, plural, size_text, unseen_text
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Look,
    Reply,
    Risk,
    Undo,
    UndoBy,
    UndoImpossible,
)

SLOWEST_BYTES_S = 10 * 1024**2  # a copy to a quarantine on a slow disk; only for timeouts
LINES_SHOWN = 1000  # of a plan's list; the operation holds all of them


@dataclass(frozen=True, kw_only=True)
class OldFile:
    """One file by identity. `path` is relative to the root, `item` the host's own line for it."""

    path: str
    identity: str
    item: str

    @property
    def size_bytes(self) -> int:
        return int(self.identity.split(":")[2])

    @property
    def changed_at(self) -> int:
        return int(self.identity.split(":")[3])


@dataclass(frozen=True, kw_only=True)
class OldFiles:
    """What may be pruned under a root, and what speaks against it."""

    root_id: str  # device:inode, or "none"
    cutoff: int
    files: tuple[OldFile, ...]
    over: str  # the cap that is passed, or ""
    database: str  # the file that shows the root to be a database's, or ""
    quarantine: str  # "none", "ok ...", or what is wrong with it
    facts: dict[str, str]  # counts, as evidence; empty when looked at again

    @property
    def size_bytes(self) -> int:
        return sum(f.size_bytes for f in self.files)


@dataclass(frozen=True, kw_only=True)
class Prune(Action[OldFiles]):
    """Take away files that are old, by identity: exactly the listed ones, or fewer.

    Symbolic links, other filesystems, mounts, files with several names and files that a process
    holds open are left alone and reported. With a `quarantine` on the host the files are moved there and undo
    brings them back; without one the plan says permanent. Above a cap it refuses, it never truncates. It fails where a
    process still holds open what was taken: that space is not free.
    """

    name = "files.prune"
    example = "{root: /var/log/app, match: '*.log.*', older_than: 7d}"
    risk = Risk.MEDIUM
    by_identity = True  # device, inode, size and time: a log that was rotated since is still the listed file

    root: Path = param("Directory to clean; it must be named by its real path")
    match: Name = param("Pattern that the file's name must match")
    older_than: Duration = param("Only files last changed longer ago than this")
    depth: int = param(
        "Levels of directories to enter; 1 is the root's own files, 0 is any depth", default=0, minimum=0
    )
    keep_newest: int = param("Matching files to keep however old they are, newest first", default=0, minimum=0)
    max_files: int = param("Refuse above this number of files", default=10000, minimum=1, maximum=100000)
    max_bytes: Size = param("Refuse above this size in all", default="10GiB")
    max_share: int = param(
        "Refuse above so many hundredths of the filesystem; 100 is no bound", default=50, minimum=1, maximum=100
    )
    quarantine: Path | None = param("Where the files go; the host's own quarantine unless given here", default=None)

    def look(self, host: Host) -> Look:
        shelf = self.quarantine or host.quarantine
        caps = (str(self.depth), str(self.max_files), str(self.max_bytes))
        args = (self.root, self.match, Ago(self.older_than), *caps, shelf, str(self.max_share))
        return self.ask("files_prune_look", *args, timeout_s=120)

    def see(self, reply: Reply) -> OldFiles:
        header = [line for line in reply.ground if not line.startswith(("over ", "database "))]
        fields = fields_of(tuple(header))
        return OldFiles(
            root_id=fields.get("root", ""),
            cutoff=count_of(fields, "cutoff"),
            files=tuple(_file(key, state) for key, state in items_of(reply.ground).items()),
            over=_first(reply, "over "),
            database=unescaped(_first(reply, "database ")),
            quarantine=fields.get("quarantine", "none"),
            facts=fields_of(tuple(line for line in reply.evidence if not line.startswith("left "))),
        )

    def plan(self, seen: OldFiles) -> Change | None:
        self._refuse(seen)
        files = self._wanted(seen)
        if not files:
            return None
        store = self._store(seen)
        size = sum(f.size_bytes for f in files)
        call = Call(
            family="files",
            function="files_prune",
            args=(self.root, seen.root_id, store),
            items=tuple(f.item for f in files),
            timeout_s=60 + len(files) // 50 + size // SLOWEST_BYTES_S,
        )
        return Change(
            title=f"{'quarantine' if store else 'delete'} {plural(len(files), 'file')} ({size_text(size)})"
            f" under {self.root}",
            operations=(call,),
            effect=Effect(
                says=f"{size_text(size)} freed under {self.root}", measures={"bytes_freed": size, "files": len(files)}
            ),
            undo=self._undo(seen, call, store),
            risk=self.risk,
            lines=self._lines(seen, files),
            touches=(f"path:{self.root}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        root, _, store = (str(a).rstrip("/") for a in operation.args)
        names = [unescaped(key) for key, _ in item_paths(operation)]
        if operation.function == "files_restore":
            return tuple(_moved(store, root, names))
        look = note(
            f"look first, one by one: these {len(names):,} files were listed by inode, size and time; a newer one"
            " of the same name is not meant, nor one that a process holds open"
        )
        if not store:
            return look, *(f"rm -f -- {quoted(f'{root}/{name}')}" for name in names)
        return look, note(f"{store} must be on another filesystem, with room"), "umask 077", *_moved(root, store, names)

    def verify(self, before: OldFiles, after: OldFiles) -> str:
        there = {f.item for f in after.files}
        left = [f.path for f in self._wanted(before) if f.item in there]
        return f"{plural(len(left), 'file')} still there, such as {left[0]}" if left else ""

    def restored(self, before: OldFiles, after: OldFiles) -> str:
        """A file that came back has another inode; name, size and time tell that it is the same."""
        there = {_trace(f) for f in after.files}
        missing = [f.path for f in before.files if _trace(f) not in there]
        return f"not back: {', '.join(missing[:5])}" if missing else ""

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "item":
                key, _, state = rest.rpartition("\t")
                return f"{key}  {identity_text(state)}"
            case "root":
                return f"{self.root}: {directory_text(rest)}"
            case _:
                return super().told(line)

    def unchanged(self, seen: OldFiles) -> str:
        if seen.root_id == "none":
            return f"there is no {self.root}"
        return f"no {self.match} under {self.root} is older than {day_text(seen.cutoff)} UTC and free to go"

    def _refuse(self, seen: OldFiles) -> None:
        why = why_not_pruned(self.root)
        if why:
            raise Refused(f"files.prune: {self.root} {why}", fix="name the one directory whose files may go")
        if seen.database:
            raise Refused(f"files.prune: {self.root} holds a database ({seen.database})", fix="name another directory")
        if seen.over == "files":
            raise Refused(
                f"files.prune: more than max_files ({self.max_files:,}) files match",
                fix="raise max_files, or match fewer",
            )
        if seen.over == "share":
            raise Refused(
                f"files.prune: more than max_share ({self.max_share}%) of the filesystem match",
                fix="look what they are; raise max_share, or match fewer",
            )
        if seen.over:
            raise Refused(
                f"files.prune: more than max_bytes ({size_text(self.max_bytes)}) match",
                fix="raise max_bytes, or match fewer",
            )

    def _wanted(self, seen: OldFiles) -> tuple[OldFile, ...]:
        kept = {f.item for f in sorted(seen.files, key=lambda f: (-f.changed_at, f.path))[: self.keep_newest]}
        return tuple(f for f in seen.files if f.item not in kept)

    def _store(self, seen: OldFiles) -> str:
        """A directory of the quarantine for this plan's files; "" where there is no usable quarantine."""
        state, _, where = seen.quarantine.partition(" ")
        if state != "ok":
            return ""
        _, _, shelf = where.partition(" ")
        return f"{unescaped(shelf).rstrip('/')}/prune-{seen.cutoff}-{seen.root_id.replace(':', '.')}"

    def _undo(self, seen: OldFiles, call: Call, store: str) -> Undo:
        if not store:
            why = {
                "none": "the host has no quarantine",
                "missing": "the quarantine is not there",
                "same-filesystem": "the quarantine is on the same filesystem",
                "unsafe": "the quarantine is not its owner's alone",
                "full": "the quarantine has no room for it",
            }.get(seen.quarantine, "the quarantine cannot be used")
            return UndoImpossible(says=f"permanent: {why}")
        back = Call(
            family="files", function="files_restore", args=call.args, items=call.items, timeout_s=call.timeout_s
        )
        return UndoBy(says=f"the files come back from {store}", operations=(back,))

    def _lines(self, seen: OldFiles, files: tuple[OldFile, ...]) -> tuple[str, ...]:
        rows = [
            f"{size_text(f.size_bytes):>9}  {day_text(f.changed_at)}  {escaped(f.path)}" for f in files[:LINES_SHOWN]
        ]
        if len(files) > LINES_SHOWN:
            rows.append(f"and {len(files) - LINES_SHOWN:,} more")
        holders = f" ({seen.facts['open_by']})" if "open_by" in seen.facts else ""
        for key, text in (
            ("open", f"held open by a process{holders}"),
            ("linked", "with more than one name"),
            ("links", "that are symbolic links"),
        ):
            count = int(seen.facts.get(key, "0"))
            if count:
                rows.append(f"left alone: {count:,} {text}")
        unseen = unseen_text(seen.facts)
        return (*rows, unseen) if unseen else tuple(rows)


def _file(key: str, state: str) -> OldFile:
    parts = state.split(":")
    if len(parts) != 4 or not all(p.removeprefix("-").isdecimal() for p in parts):
        raise CannotTell(f"the host's answer makes no sense: {state!r}")
    return OldFile(path=unescaped(key), identity=state, item=f"{key}\t{state}")


def _moved(origin: str, place: str, names: list[str]) -> list[str]:
    """Each name moved from below one directory to below another, over nothing that is there."""
    folders = dict.fromkeys(f"{place}/{name}".rpartition("/")[0] for name in names)
    made = [f"mkdir -p -- {quoted(folder)}" for folder in folders]
    return [*made, *(f"mv -n -- {quoted(f'{origin}/{name}')} {quoted(f'{place}/{name}')}" for name in names)]


def _trace(file: OldFile) -> tuple[str, int, int]:
    return file.path, file.size_bytes, file.changed_at


def _first(reply: Reply, prefix: str) -> str:
    return next((line.removeprefix(prefix) for line in reply.ground if line.startswith(prefix)), "")


VERBS: tuple[type[Verb], ...] = (Prune,)
