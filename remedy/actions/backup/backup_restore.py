"""A backup put in the place of a database: restored beside, compared, swapped in; the old database is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from remedy.actions.action import Action, Check, Verb, fields_of
from remedy.actions.backup.backup_by_hand import restore_by_hand
from remedy.actions.backup.backup_place import ServerOf
from remedy.actions.backup.backup_refused import RestoreSeen, Source, refuse_source, source_of
from remedy.actions.backup.backup_seen import WHY, shelf_of
from remedy.actions.params import Duration, Text, Word, param
from remedy.actions.words import count_of, day_text, plural, size_text
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
    Answer,
    Argument,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Json,
    Judgement,
    Look,
    Operation,
    Reply,
    Risk,
    UndoBy,
)

SLOWEST_BYTES_S = 5 * 1024**2  # of a dump or a restore on a slow disk; only for timeouts
LOOK_S = 300  # to read through backups, and to count the rows of the live database
SWAP_S = 90  # eight tries of the five seconds that PostgreSQL waits for sessions to end, and more


@dataclass(frozen=True, kw_only=True)
class Restore(ServerOf, Action[RestoreSeen]):
    """Put a backup in the place of a database that is damaged or gone; never in place, and never an unproven one.

    A safety copy is dumped first; the backup is restored into a database beside and compared with its manifest; then
    the sessions of the live database are ended and both databases renamed in one transaction. The old database is kept
    under a dated name, and undo swaps it back. Whatever is newer than the backup is lost: how many minutes is shown,
    and typed by whoever approves. Nothing is done where the live database has what the manifest tells.
    """

    name = "backup.restore"
    risk = Risk.HIGH
    example = "{dir: /backups, database: shop, project: shop, service: db}"

    backup: Word | None = param(
        "The file to restore, or a link there that leads to one; the newest good one unless given", default=None
    )
    at_most_lost: Duration = param("Refuse a backup that was begun longer ago than this", default="26h")
    missing: int = param(
        "Hundredths of a table's rows that must be gone for it to be damaged", default=50, minimum=1, maximum=100
    )
    even_if_right: bool = param(
        "Restore although no table is missing or short of rows: what they hold is wrong", default=False
    )
    source: Text | None = param(
        "System identifier of another server whose backups are taken, too: one that this server replaces", default=None
    )

    def look(self, host: Host) -> Look:
        choice = (Ago(0), self.backup or "", self.source or "", str(self.missing))
        args = (*self.place(), self.dir, self.match, self.database, *choice)
        return self.ask("backup_restore_look", *args, timeout_s=LOOK_S)

    def see(self, reply: Reply) -> RestoreSeen:
        return seen_of(reply, self.dir)

    def plan(self, seen: RestoreSeen) -> Change | None:
        self._refuse_server(seen)
        self._refuse_backup(seen)
        if self._is_right(seen):
            return None
        self._refuse_room(seen)
        backup, minutes = seen.backup, self._minutes(seen)
        return Change(
            title=f"restore {self.database} from {backup.name}: the last {minutes:,} minutes are lost",
            operations=self._operations(seen),
            effect=Effect(
                says=f"{self.database} is as {backup.name} has it; {self._kept(seen)} keeps what was there",
                measures={"minutes_lost": minutes, "sessions_ended": int(seen.shelf.facts.get("sessions", "0"))},
            ),
            undo=UndoBy(says=f"{self._undone(seen)}; what was restored is kept beside", operations=(self._back(seen),)),
            risk=self.risk,
            lines=self._lines(seen, minutes),
            touches=(f"database:{self.database}", f"path:{self.dir}"),
            typed=f"{minutes} minutes",
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        return restore_by_hand(operation)

    def verify(self, before: RestoreSeen, after: RestoreSeen) -> str:
        """Another database has the name now, made of this very backup, with the rows that its manifest tells."""
        if after.live in ("none", before.live):
            return f"{self.database} is not another database"
        if after.marker != before.backup.sha256:
            return f"{self.database} is not what was restored"
        is_same = after.backup.sha256 == before.backup.sha256
        return "" if after.passes or not is_same else f"{self.database} lacks {after.shelf.facts.get('damage', 'rows')}"

    def restored(self, before: RestoreSeen, after: RestoreSeen) -> str:
        return "" if before.live == after.live else f"{self.database} is not the database that it was"

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        words = rest.split(" ")
        match word:
            case "planned" | "dir":
                return ""
            case "live":
                return f"{self.database} is {'gone' if words[0] == 'none' else f'database number {words[0]}'}"
            case "backup":
                return f"the backup is {words[0]}" + (
                    "" if words[1:2] == ["ok"] else f", which {WHY.get(words[1], '')}"
                )
            case "passes":
                return f"it has {'' if rest == 'yes' else 'not '}what the manifest tells"
            case _:
                return super().told(line)

    def unchanged(self, seen: RestoreSeen) -> str:
        if seen.marker == seen.backup.sha256:
            return f"{self.database} was restored from {seen.backup.name} already, and has what its manifest tells"
        return f"{self.database} has what the manifest of {seen.backup.name} tells"

    def _is_right(self, seen: RestoreSeen) -> bool:
        if seen.marker == seen.backup.sha256 and self.even_if_right:
            return True
        return seen.passes and not self.even_if_right

    def _refuse_server(self, seen: RestoreSeen) -> None:
        if seen.role != "primary":
            raise Refused(f"backup.restore: {self.is_at} is a replica", fix="restore on the primary")

    def _refuse_backup(self, seen: RestoreSeen) -> None:
        named = self.backup or ""
        if why := refuse_source(seen, named, self.database, self.source or "", self.at_most_lost):
            raise Refused(f"backup.restore: {why}", fix="name another backup; docs/backups.md says what each must have")

    def _refuse_room(self, seen: RestoreSeen) -> None:
        if seen.room == "yes":
            return
        what = (
            "to restore it beside"
            if seen.room == "beside"
            else "for the safety copy, and without one nothing is restored"
        )
        raise Refused(f"backup.restore: there is no room {what}", fix="free space first")

    def _minutes(self, seen: RestoreSeen) -> int:
        """How much is lost: all since the dump was begun, rounded up."""
        return max(0, seen.planned_at - seen.backup.started_at + 59) // 60

    def _kept(self, seen: RestoreSeen) -> str:
        return f"{self.database}_before_{_stamp(seen.planned_at)}"

    def _undone(self, seen: RestoreSeen) -> str:
        return "the name is taken away again" if seen.live == "none" else f"{self._kept(seen)} gets its name back"

    def _operations(self, seen: RestoreSeen) -> tuple[Operation, ...]:
        backup, at = seen.backup, self.place()
        here = (*at, self.dir, seen.directory, self.database)
        seconds = 600 + backup.database_bytes // SLOWEST_BYTES_S
        keep = self._call("keep", (*here, seen.live, str(seen.planned_at)), seconds)
        fill = self._call("fill", (*here, backup.name, backup.sha256), seconds)
        swap = self._call("swap", (*at, *self._names(seen)), SWAP_S)
        ends = Call(
            family="backup_restore",
            function="backup_restore_ends",
            args=(*at, self.database),
            timeout_s=60,
            always=True,
        )
        return (*((keep,) if seen.live != "none" else ()), fill, swap, ends)

    def _back(self, seen: RestoreSeen) -> Call:
        aside = f"{self.database}_undone_{_stamp(seen.planned_at)}"
        return self._call("back", (*self.place(), *self._names(seen), aside), SWAP_S)

    def _names(self, seen: RestoreSeen) -> tuple[str, ...]:
        return self.database, seen.live, self._kept(seen), seen.backup.name, seen.backup.sha256, seen.server

    def _call(self, what: str, args: tuple[Argument, ...], timeout_s: int) -> Call:
        return Call(family="backup_restore", function=f"backup_restore_{what}", args=args, timeout_s=timeout_s)

    def _lines(self, seen: RestoreSeen, minutes: int) -> tuple[str, ...]:
        backup, facts = seen.backup, seen.shelf.facts
        lines = [
            f"{backup.name}, begun {day_text(backup.started_at)} UTC: {_rows(backup)}",
            f"lost: what was written in the {minutes:,} minutes since then{_transactions(backup, facts)}",
        ]
        if seen.live == "none":
            lines.append(f"there is no database {self.database}: no safety copy is needed")
        else:
            lines.append(f"damage: {facts.get('damage', 'none that is seen; even_if_right is set')}")
            lines.append(
                f"first a safety copy of it; at the swap {plural(int(facts.get('sessions', '0')), 'session')} ended"
            )
        for name, _, why in (p.partition(" ") for p in seen.passed):
            lines.append(f"passed over: {name} {WHY.get(why, why)}")
        for name, _, size in (k.partition(" ") for k in seen.kept):
            lines.append(
                f"kept by a restore before: {name} ({size_text(int(size))}); drop it when it is not needed any more"
            )
        return tuple(lines)


@dataclass(frozen=True, kw_only=True)
class Matches(ServerOf, Check):
    """See that a live database has what its newest good backup tells: every table, and most of its rows.

    A table that is gone or has lost its rows is damage; one that is new, or has more rows, is not. What the rows hold
    is not compared.
    """

    name = "backup.matches"
    example = "{dir: /backups, database: shop, project: shop, service: db}"

    missing: int = param(
        "Hundredths of a table's rows that must be gone for it to be damaged", default=50, minimum=1, maximum=100
    )

    def look(self, host: Host) -> Look:
        choice = (Ago(0), "", "", str(self.missing))
        args = (*self.place(), self.dir, self.match, self.database, *choice)
        return self.ask("backup_restore_look", *args, timeout_s=LOOK_S)

    def judge(self, reply: Reply) -> Judgement:
        seen = seen_of(reply, self.dir)
        backup = seen.backup
        if backup.why != "ok":
            says = f"{self.dir} has no good backup of {self.database} to compare it with"
            return Judgement(answer=Answer.CANNOT_TELL, says=says)
        facts: dict[str, Json] = {"backup": backup.name}
        if seen.passes:
            says = f"{self.database} has what {backup.name} tells ({_rows(backup)})"
            return Judgement(answer=Answer.OK, says=says, facts=facts)
        gone = (
            "is not there" if seen.live == "none" else f"is damaged: {seen.shelf.facts.get('damage', 'rows are gone')}"
        )
        return Judgement(answer=Answer.NOT_OK, says=f"{self.database} {gone}", facts=facts)


def seen_of(reply: Reply, folder: str) -> RestoreSeen:
    """What the look at backups and their live database has found. Raises CannotTell."""
    ground = fields_of(reply.ground)
    server, live = ground.get("server", "").split(" "), ground.get("live", "").split(" ")
    if set(ground) != {"planned", "dir", "server", "live", "backup", "passes", "room"} or len(server + live) != 5:
        raise CannotTell(f"the host's answer on {folder} makes no sense")
    lines = [line for line in reply.evidence if not line.startswith(("passed ", "kept "))]
    return RestoreSeen(
        planned_at=count_of(ground, "planned"),
        directory=ground["dir"],
        server=server[0],
        role=server[1],
        version=server[2],
        live=live[0],
        marker=live[1],
        backup=source_of(ground["backup"]),
        passes=ground["passes"] == "yes",
        room=ground["room"],
        kept=tuple(line.removeprefix("kept ") for line in reply.evidence if line.startswith("kept ")),
        passed=tuple(line.removeprefix("passed ") for line in reply.evidence if line.startswith("passed ")),
        shelf=shelf_of(Reply(rc=0, evidence=tuple(lines))),
    )


def _rows(backup: Source) -> str:
    return f"{backup.rows:,} rows in {plural(backup.tables, 'table')}"


def _transactions(backup: Source, facts: dict[str, str]) -> str:
    now = facts.get("next", "0")
    count = int(now) - backup.next_transaction if now.isdecimal() else 0
    return f", at most {plural(count, 'transaction')} of the whole server" if count > 0 else ""


def _stamp(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%S")


VERBS: tuple[type[Verb], ...] = (Restore, Matches)
