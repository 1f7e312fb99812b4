"""Old backups taken away, never the last good ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from remedy.actions.action import Action, Verb, fields_of, items_of, unescaped
from remedy.actions.backup.backup_place import ServerOf
from remedy.actions.backup.backup_seen import Shelf, backup_text, shelf_of
from remedy.actions.files.file_remove import NO_QUARANTINE
from remedy.actions.files.files import SLOWEST_BYTES_S, Prune
from remedy.actions.params import Duration, Path, param
from remedy.actions.roots import why_not_pruned_of_backups
from remedy.actions.words import count_of, day_text, identity_text, plural, size_text, span_text
from remedy.errors import CannotTell, Refused
from remedy.model import Ago, Await, Call, Change, Effect, Host, Look, Reply, Risk, Undo, UndoBy, UndoImpossible

LOOK_S = 600  # to read the good ones through


@dataclass(frozen=True, kw_only=True)
class OldBackups:
    """What may go, and what stays."""

    directory: str
    cutoff: int
    newest: str  # the newest good one, or "none"
    is_recent: bool  # it is younger than twice the interval
    kept: tuple[str, ...]
    files: tuple[str, ...]  # the host's own lines: dump, manifest and test of each
    database: str  # the file that shows the directory to be a database's, or ""
    quarantine: str
    left: tuple[str, ...]
    shelf: Shelf

    @property
    def size_bytes(self) -> int:
        return sum(int(f.rpartition("\t")[2].split(":")[2]) for f in self.files)


@dataclass(frozen=True, kw_only=True)
class PruneBackups(ServerOf, Action[OldBackups]):
    """Take away backups that are old, while enough good ones stay, each read to its last byte first.

    However old they are, the `keep` newest good backups stay; only what is older than those may go. Where the newest
    good one is older than twice the interval, backups fail: it refuses, because what is old may be all there is. What
    has no manifest goes by its name and time; copies that a restore kept, and backups of others, are left alone.
    """

    name = "backup.prune"
    risk = Risk.MEDIUM
    by_identity = True
    example = "{dir: /backups, database: shop, project: shop, service: db}"

    keep: int = param("Good backups that stay, however old", default=7, minimum=1, maximum=1000)
    older_than: Duration = param("Only backups that were finished longer ago than this", default="7d")
    interval: Duration = param("How often backups are made", default="24h")
    quarantine: Path | None = param("Where they go; the host's own quarantine unless given here", default=None)

    def look(self, host: Host) -> Look:
        shelf = self.quarantine or host.quarantine
        bounds = (Ago(self.older_than), Ago(2 * self.interval), str(self.keep), shelf)
        args = (*self.place(), self.dir, self.match, self.database, *bounds)
        return self.ask("backup_prune_look", *args, timeout_s=LOOK_S)

    def see(self, reply: Reply) -> OldBackups:
        fields = fields_of(reply.ground)
        if not {"cutoff", "dir", "newest", "recent", "quarantine"} <= set(fields):
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        lines = tuple(line for line in reply.evidence if not line.startswith("left "))
        return OldBackups(
            directory=fields["dir"],
            cutoff=count_of(fields, "cutoff"),
            newest=fields["newest"],
            is_recent=fields["recent"] == "yes",
            kept=tuple(key.removeprefix("keep:") for key in fields if key.startswith("keep:")),
            files=tuple(_file(key, state) for key, state in items_of(reply.ground).items()),
            database=unescaped(fields.get("database", "")),
            quarantine=fields["quarantine"],
            left=tuple(line.removeprefix("left ") for line in reply.evidence if line.startswith("left ")),
            shelf=shelf_of(replace(reply, evidence=lines)),
        )

    def plan(self, seen: OldBackups) -> Change | None:
        self._refuse(seen)
        if not seen.files:
            return None
        store = self._store(seen)
        call = Call(
            family="backup_prune",
            function="backup_prune_take",
            args=(self.dir, seen.directory, store),
            items=seen.files,
            timeout_s=60 + seen.size_bytes // SLOWEST_BYTES_S,
        )
        count = plural(len(self._dumps(seen)), "old backup")
        return Change(
            title=f"{'quarantine' if store else 'delete'} {count} ({size_text(seen.size_bytes)}) in {self.dir}",
            operations=(call,),
            effect=Effect(
                says=f"{size_text(seen.size_bytes)} freed; {plural(len(seen.kept), 'good backup')} stay",
                measures={"bytes_freed": seen.size_bytes, "files": len(seen.files)},
            ),
            undo=self._undo(seen, call, store),
            risk=self.risk,
            lines=self._lines(seen),
            touches=(f"path:{self.dir}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        is_back = operation.function == "backup_prune_back"
        return Prune.by_hand(replace(operation, function="files_restore" if is_back else "files_prune"))

    def verify(self, before: OldBackups, after: OldBackups) -> str:
        there = set(after.files)
        left = [f for f in before.files if f in there]
        if left:
            return f"{plural(len(left), 'file')} still there, such as {_name(left[0])}"
        gone = [name for name in before.kept if name not in after.kept]
        return f"a good backup is gone: {gone[0]}" if gone and len(after.kept) < self.keep else ""

    def restored(self, before: OldBackups, after: OldBackups) -> str:
        """A file that came back has another inode; name, size and time tell that it is the same."""
        missing = Counter(map(_trace, before.files)) - Counter(map(_trace, after.files))
        return f"not back: {', '.join(sorted(name for name, *_ in missing)[:5])}" if missing else ""

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        if word == "item":
            key, _, state = rest.rpartition("\t")
            return f"{key}  {identity_text(state)}"
        return f"{word[5:]} is good, and stays" if word.startswith("keep:") else super().told(line)

    def unchanged(self, seen: OldBackups) -> str:
        if len(seen.kept) < self.keep:
            return f"{plural(len(seen.kept), 'good backup')} of {self.database}; {self.keep} stay in any case"
        return f"nothing but what stays was finished before {day_text(seen.cutoff)} UTC"

    def _refuse(self, seen: OldBackups) -> None:
        if why := why_not_pruned_of_backups(self.dir):
            raise Refused(f"backup.prune: {self.dir} {why}", fix="name the one directory of the backups")
        if seen.database:
            raise Refused(f"backup.prune: {self.dir} holds a database ({seen.database})", fix="name another directory")
        if seen.files and not seen.is_recent:
            raise Refused(
                f"backup.prune: the newest good backup, {seen.newest}, is older than {span_text(2 * self.interval)}",
                fix="backups fail: see to them first (backup.create); what is old may be all there is",
            )

    def _dumps(self, seen: OldBackups) -> tuple[str, ...]:
        return tuple(n for n in map(_name, seen.files) if not n.endswith((".manifest", ".tested")))

    def _store(self, seen: OldBackups) -> str:
        state, _, where = seen.quarantine.partition(" ")
        if state != "ok":
            return ""
        shelf = unescaped(where.partition(" ")[2]).rstrip("/")
        return f"{shelf}/backups-{seen.cutoff}-{seen.directory.replace(':', '.')}"

    def _undo(self, seen: OldBackups, call: Call, store: str) -> Undo:
        if not store:
            why = NO_QUARANTINE.get(seen.quarantine, "the quarantine cannot be used")
            return UndoImpossible(says=f"permanent: {why}")
        return UndoBy(
            says=f"the backups come back from {store}", operations=(replace(call, function="backup_prune_back"),)
        )

    def _lines(self, seen: OldBackups) -> tuple[str, ...]:
        rows = {b.name: b for b in seen.shelf.rows}
        goes = [backup_text(rows[name]) if name in rows else name for name in self._dumps(seen)]
        stays = [f"stays: {backup_text(rows[name]) if name in rows else name}" for name in seen.kept]
        left = [
            f"left alone: {name} {'is held open' if why == 'open' else 'has another name'}"
            for why, name in self._left(seen)
        ]
        return (*goes, *stays, *left)

    def _left(self, seen: OldBackups) -> list[tuple[str, str]]:
        return [(why, name) for why, _, name in (line.partition(" ") for line in seen.left)]


def _file(key: str, state: str) -> str:
    parts = state.split(":")
    if len(parts) != 4 or not all(p.removeprefix("-").isdecimal() for p in parts):
        raise CannotTell(f"the host's answer makes no sense: {state!r}")
    return f"{key}\t{state}"


def _name(file: str) -> str:
    return file.rpartition("\t")[0]


def _trace(file: str) -> tuple[str, ...]:
    return _name(file), *file.rpartition("\t")[2].split(":")[2:]


VERBS: tuple[type[Verb], ...] = (PruneBackups,)
