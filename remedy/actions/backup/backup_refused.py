"""Which backups are never restored, each by name of what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.backup.backup_seen import WHY, Shelf
from remedy.actions.words import day_text, span_text
from remedy.errors import CannotTell

TOLD = (
    "sha256",
    "started",
    "format",
    "database",
    "source",
    "server",
    "kind",
    "tables",
    "rows",
    "schema",
    "counts",
    "next",
    "bytes",
)
ABSENT = {
    "not-there": "is not there",
    "dangling": "is a link that leads nowhere",
    "outside": "is a link that leads out of the directory",
}
LARGEST_S = 253_402_300_799  # the last second of the year 9999


@dataclass(frozen=True, kw_only=True)
class Source:
    """The backup that would be restored, as its manifest describes it."""

    name: str
    why: str  # "ok", or what is wrong with it
    told: dict[str, str]  # by TOLD

    @property
    def sha256(self) -> str:
        return self.told.get("sha256", "")

    @property
    def started_at(self) -> int:
        return self._number("started")

    @property
    def rows(self) -> int:
        return self._number("rows")

    @property
    def tables(self) -> int:
        return self._number("tables")

    @property
    def next_transaction(self) -> int:
        return self._number("next")

    @property
    def database_bytes(self) -> int:
        return self._number("bytes")

    def _number(self, name: str) -> int:
        text = self.told.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 20 else 0


@dataclass(frozen=True, kw_only=True)
class RestoreSeen:
    """The server, the live database, the backup, and what speaks against it."""

    planned_at: int
    directory: str
    server: str  # system identifier
    role: str  # primary | replica
    version: str  # server_version_num
    live: str  # its number, or "none"
    marker: str  # SHA-256 of the backup that it was restored from, or "none"
    backup: Source
    passes: bool
    room: str  # yes | beside | here
    kept: tuple[str, ...]
    passed: tuple[str, ...]
    shelf: Shelf


def source_of(text: str) -> Source:
    """The backup of a look's ground: NAME WHY and what its manifest tells. Raises CannotTell."""
    name, why, *rest = text.strip().split(" ")
    told = dict(zip(TOLD, rest, strict=False))
    if why not in ("ok", *WHY, *ABSENT) or (rest and len(rest) != len(TOLD)) or (why == "ok" and not rest):
        raise CannotTell(f"the host's answer makes no sense: {text[:120]!r}")
    found = Source(name=name, why=why, told=told)
    if why == "ok" and not 0 < found.started_at <= LARGEST_S:
        raise CannotTell(f"the host's answer makes no sense: {text[:120]!r}")
    return found


def refuse_source(seen: RestoreSeen, named: str, database: str, accepted: str, at_most_s: int) -> str:
    """Why this backup is not restored over this database, in a sentence; "" where it may be."""
    backup = seen.backup
    if backup.name == "none":
        return f"there is no backup of {database} from this server"
    if backup.why != "ok":
        return f"{named or backup.name} {WHY.get(backup.why) or ABSENT.get(backup.why, 'cannot be used')}"
    told, age_s = backup.told, seen.planned_at - backup.started_at
    if told["kind"] != "backup" and not named:
        return f"{backup.name} is a safety copy of a database that was replaced; name it if it is meant"
    if told["database"] != database:
        return f"{backup.name} is of another database: {told['database']}"
    if told["source"] not in (seen.server, accepted):
        return f"{backup.name} is of another server: {told['source']}, this one is {seen.server}"
    if _major(told["server"]) > _major(seen.version):
        return f"{backup.name} is of PostgreSQL {_major(told['server'])}, this server is {_major(seen.version)}"
    if backup.tables == 0 or backup.rows == 0:
        return f"{backup.name} holds no rows"
    if age_s > at_most_s:
        begun = f"{backup.name} was begun {span_text(age_s)} ago ({day_text(backup.started_at)} UTC)"
        return f"{begun}; at_most_lost is {span_text(at_most_s)}"
    return ""


def _major(version: str) -> int:
    return int(version) // 10_000 if version.isdecimal() else 0
