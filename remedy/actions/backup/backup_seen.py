"""Backups as a host tells of them: a line for each file, and what its manifest says."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from remedy.actions.words import count_of, day_text, size_text
from remedy.errors import CannotTell
from remedy.model import Reply

WHY = {  # what is wrong with a file that might be a backup, as the rest of a sentence
    "no-manifest": "has no manifest",
    "manifest-broken": "has a manifest that makes no sense",
    "manifest-cut": "has a manifest that is cut off",
    "manifest-of-another": "has the manifest of another file",
    "from-the-future": "was finished in the future, by its manifest",
    "no-bytes": "is empty",
    "size-differs": "has another size than its manifest tells",
    "bytes-differ": "has other bytes than its manifest has the SHA-256 of",
    "cut-off": "does not end as a whole dump does",
    "test-failed": "was restored for a test, and was not what its manifest tells",
}
FIELDS = (
    *("at", "name", "why", "size", "id", "format", "sha256", "database", "source", "server", "started", "kind"),
    *("tables", "rows", "schema", "counts", "next", "bytes", "encoding", "collate", "ctype"),
)
SHRUNK = 0.5  # of the usual size: less than half of it is another database, or a part of one
USUAL_OF = 3  # sizes that make a usual one


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One file, as its manifest describes it; "-" where there is none."""

    name: str
    at: int  # when it was finished, by the manifest; the file's own time where there is none
    why: str  # "ok", or a key of WHY
    size_bytes: int
    id: str  # device:inode
    told: dict[str, str]  # the rest, by FIELDS

    @property
    def is_good(self) -> bool:
        return self.why == "ok" and self.told["kind"] == "backup"

    @property
    def wrong(self) -> str:
        """What is wrong with it, in a sentence."""
        return f"{self.name} {WHY.get(self.why, 'cannot be used')}"


def row_of(line: str) -> Backup:
    """A host's line for one file. Raises CannotTell."""
    words = line.split(" ")
    told = dict(zip(FIELDS, words, strict=False))
    if len(words) != len(FIELDS) or (told["why"] != "ok" and told["why"] not in WHY):
        raise CannotTell(f"the host's answer makes no sense: {line[:120]!r}")
    return Backup(
        name=told["name"],
        at=count_of(told, "at"),
        why=told["why"],
        size_bytes=count_of(told, "size"),
        id=told["id"],
        told=told,
    )


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What a look tells beside its ground: the newest files, newest first, links, and the host's clock."""

    now: int
    rows: tuple[Backup, ...]
    links: dict[str, str]
    facts: dict[str, str]

    @property
    def newest(self) -> Backup | None:
        """The newest good one."""
        return next((b for b in self.rows if b.is_good), None)

    @property
    def passed_over(self) -> tuple[Backup, ...]:
        """Files that are newer than the newest good one, and are none."""
        found = []
        for backup in self.rows:
            if backup.is_good:
                break
            if backup.told["kind"] != "safety":
                found.append(backup)
        return tuple(found)

    def shrunk(self) -> str:
        """What speaks against the newest one's size; "" where it is as usual, or nothing is usual yet."""
        sizes = [b.size_bytes for b in self.rows if b.is_good]
        if len(sizes) <= USUAL_OF:
            return ""
        usual = int(median(sizes[1:8]))
        if sizes[0] >= usual * SHRUNK:
            return ""
        return f"it has {size_text(sizes[0])}, those before it {size_text(usual)}"


def shelf_of(reply: Reply) -> Shelf:
    """The evidence of a reply."""
    rows, links, facts = [], {}, {}
    for line in reply.evidence:
        word, _, rest = line.partition(" ")
        match word:
            case "row":
                rows.append(row_of(rest))
            case "link":
                name, _, target = rest.partition(" ")
                links[name] = target
            case _:
                facts[word] = rest
    now = count_of(facts, "now") if facts else 0
    return Shelf(now=now, rows=tuple(rows), links=links, facts=facts)


def backup_text(backup: Backup) -> str:
    """One backup for people."""
    told = backup.told
    if not backup.is_good and told["kind"] != "safety":
        return f"{day_text(backup.at)}  {size_text(backup.size_bytes):>9}  {backup.wrong}"
    rows = f"{int(told['rows']):,} rows in {int(told['tables']):,} tables"
    kind = ", kept by a restore" if told["kind"] == "safety" else ""
    return f"{day_text(backup.at)}  {size_text(backup.size_bytes):>9}  {backup.name}: {rows}{kind}"
