"""Tables of PostgreSQL vacuumed or analysed, where so many of their rows are dead that it helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import item_paths, note
from remedy.actions.params import Duration, Percent, Text, param
from remedy.actions.postgres.pg_place import PLACE_SIZE, PgPlace, hundredths, psql_by_hand
from remedy.actions.words import day_text, percent_of, plural, size_text, span_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Ago, Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoUnnecessary

STATEMENTS = {"vacuum": "vacuum (analyze, skip_locked, truncate false)", "analyze": "analyze (skip_locked)"}
MARGIN_S = 20  # for psql to connect, and for an older server to count, once a table


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a table holds, for people; nothing is decided by it."""

    stale: int
    rows: int
    size_bytes: int
    last_s: int | None  # seconds since 1970
    is_busy: bool
    name: str


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables that are due, by name with their number; and what is in the way."""

    system: str
    role: str
    is_old: bool
    held: str  # "none", or a kind, an id and a time
    missing: str
    foreign: str
    due: Mapping[str, str]
    told: Mapping[str, Table]  # by number
    holder: str
    slots: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Vacuum(PgPlace, Action[Tables]):
    """Vacuum the tables of a database of which a large share of the rows is dead, or those of them that are named.

    Never `FULL`, which locks everybody out. A table that somebody has locked is left out, none is shortened at its end,
    for that takes a lock; dead rows make room for new ones. Each table has a bounded time, and goes at the pace of
    autovacuum; one that somebody vacuums already is left to that. Refused while a transaction is open so long that what
    died meanwhile could not be removed: end that first. With `what: analyze`, only the planner's statistics are made
    anew, of tables that have changed a lot since.
    """

    name = "pg.vacuum"
    risk = Risk.LOW
    example = "{project: shop, service: db, database: shop, dead_above: 20%}"

    what: Literal["vacuum", "analyze"] = param("Vacuum and analyse, or only analyse", default="vacuum")
    tables: tuple[Text, ...] = param("Only these, as NAME or SCHEMA.NAME; all of the database if empty", default=[])
    dead_above: Percent = param("Those of whose rows a larger share is dead, or has changed", default="20%")
    dead_rows: int = param("Those that have at least so many dead, or changed, rows", default=1000, minimum=1)
    oldest_transaction: Duration = param("Refuse while a transaction is open for longer", default="5m", minimum=1)
    each_within: Duration = param("How long one table may take; it is given up then", default="10m", maximum=21_600)
    at_most: int = param("Refuse more tables than this", default=20, minimum=1, maximum=1000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(not table or "\n" in table for table in self.tables):
            raise Invalid("wanted names of tables, each of one line", at="tables", fix="for example public.orders")
        if self.each_within < 1:
            raise Invalid("wanted at least a second", at="each_within")

    def look(self, host: Host) -> Look:
        limits = (hundredths(self.dead_above), str(self.dead_rows), Ago(self.oldest_transaction))
        return self.ask("pg_vacuum_look", *self.place(), self.what, *limits, "\n".join(self.tables), timeout_s=30)

    def see(self, reply: Reply) -> Tables:
        ground, due = fields_of(reply.ground), items_of(reply.ground)
        said = [line.partition(" ") for line in reply.evidence]
        if not {"system", "role", "version", "held", "missing", "foreign"} <= set(ground):
            raise CannotTell(f"the host's answer on {self.is_at} makes no sense")
        if not all(number.isdecimal() and number.isascii() for number in due.values()):
            raise CannotTell(f"the host's answer on the tables of {self.database} makes no sense")
        rows = [value.split("\t", 6) for key, _, value in said if key == "table"]
        return Tables(
            system=ground["system"],
            role=ground["role"],
            is_old=ground["version"] != "ok",
            held=ground["held"],
            missing=ground["missing"].partition(" ")[2],
            foreign=ground["foreign"].partition(" ")[2],
            due=due,
            told={row[0]: table for row in rows if (table := _table(row))},
            holder=next((value for key, _, value in said if key == "holds"), ""),
            slots=tuple(value for key, _, value in said if key == "slot"),
        )

    def plan(self, seen: Tables) -> Change | None:
        if seen.missing:
            raise Refused(
                f"pg.vacuum: {self.database} of {self.is_at} has no table {seen.missing}", fix="write SCHEMA.NAME"
            )
        if not seen.due and not seen.foreign:
            return None
        self._refuse(seen)
        count, does = len(seen.due), "analyse" if self.what == "analyze" else "vacuum"
        call = Call(
            family="pg_vacuum",
            function="pg_vacuum",
            args=(*self.place(), seen.system, self.what, str(self.each_within)),
            items=tuple(f"{name}\t{number}" for name, number in seen.due.items()),
            timeout_s=(self.each_within + MARGIN_S) * count,
        )
        rows = sum(table.stale for number in seen.due.values() if (table := seen.told.get(number)))
        return Change(
            title=f"{does} {plural(count, 'table')} of {self.database} of {self.is_at}",
            operations=(call,),
            effect=Effect(says=f"{self._rows(rows)} no more in the way", measures={"tables": count, "rows": rows}),
            undo=UndoUnnecessary(says="no row that anybody can read is changed by it"),
            risk=self.risk,
            lines=(*(self._line(name, seen.told.get(number)) for name, number in seen.due.items()), *_slots(seen)),
            touches=(f"database:{self.database}", self.key),
            settle_s=2,
        )

    def verify(self, before: Tables, after: Tables) -> str:
        """Of every table that was due, so few rows are stale that it is due no more."""
        left = {name: after.told.get(n) for name, n in before.due.items() if after.due.get(name) == n}
        said = (f"{name} still has {self._rows(table.stale if table else 0)}" for name, table in left.items())
        return "; ".join(said)

    def told(self, line: str) -> str:
        key, _, value = line.partition(" ")
        match key:
            case "item":
                return value.rpartition("\t")[0]
            case "system":
                return f"the cluster {value}"
            case "version" | "missing" | "foreign":
                return "" if value == "ok" or value.startswith("0") else line
            case "held":
                return "no transaction holds rows" if value == "none" else f"held: {_held(value)}"
            case _:
                return super().told(line)

    def unchanged(self, seen: Tables) -> str:
        busy = [table.name for table in seen.told.values() if table.is_busy]
        if busy:
            return f"somebody vacuums {', '.join(busy)} already"
        of = f"{self.database} of {self.is_at}"
        return f"no table of {of} has more than {self.dead_above} of its rows {self._kind}, and {self.dead_rows:,}"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        _, what, seconds = map(str, operation.args[PLACE_SIZE:])
        psql = psql_by_hand(operation.args)
        lines = [note("look first: does a transaction hold dead rows, or somebody a lock? psql, pg_stat_activity")]
        for _, number in item_paths(operation):
            named = f'{psql} -Atc "select {number}::oid::regclass" </dev/null'
            bound = f"set statement_timeout = '{seconds}s'; set vacuum_cost_delay = 2"
            lines.append(f'table=$({named}) && {psql} -c "{bound}" -c "{STATEMENTS[what]} $table" </dev/null')
        return tuple(lines)

    def _refuse(self, seen: Tables) -> None:
        of = f"{self.database} of {self.is_at}"
        if seen.role != "primary":
            raise Refused(f"pg.vacuum: {self.is_at} is a replica", fix="name the primary")
        if seen.is_old:
            raise Refused(f"pg.vacuum: {self.is_at} is older than version 12", fix="its vacuum waits for locks")
        if seen.foreign:
            raise Refused(f"pg.vacuum: {self.user} may not vacuum {seen.foreign} of {of}", fix="log in as their owner")
        if seen.held != "none" and self.what == "vacuum":
            raise Refused(
                f"pg.vacuum: what died in {of} is held by a transaction: {_held(seen.held)}"
                + (f" ({seen.holder.partition(' since ')[0]})" if seen.holder else ""),
                fix="end it first (pg.terminate; ROLLBACK PREPARED if it is prepared), or raise oldest_transaction",
            )
        if len(seen.due) > self.at_most:
            raise Refused(
                f"pg.vacuum: {plural(len(seen.due), 'table')} of {of} are due, and at_most is {self.at_most}",
                fix="name some as tables, or raise dead_rows or at_most",
            )

    @property
    def _kind(self) -> str:
        return "changed" if self.what == "analyze" else "dead"

    def _rows(self, count: int) -> str:
        return f"{count:,} {self._kind} row{'' if count == 1 else 's'}"

    def _line(self, name: str, table: Table | None) -> str:
        if table is None:
            return name
        last = "never before" if table.last_s is None else f"last {day_text(table.last_s)}"
        share = percent_of(table.stale, table.rows)
        at_most = f"at most {span_text(self.each_within)}"
        return f"{name}: {self._rows(table.stale)} ({share}), {size_text(table.size_bytes)}, {last}; {at_most}"


def _table(row: list[str]) -> Table | None:
    """A table from a line of evidence; None where that makes no sense."""
    match row:
        case [_, stale, rows, size, last, busy, name] if all(n.isdecimal() for n in (stale, rows, size)):
            last_s = int(last) if last.isdecimal() else None
            return Table(
                stale=int(stale),
                rows=int(rows),
                size_bytes=int(size),
                last_s=last_s,
                is_busy=busy == "true",
                name=name,
            )
        case _:
            return None


def _held(held: str) -> str:
    kind, _, rest = held.partition(" ")
    who, _, since = rest.rpartition(" ")
    at = day_text(int(since)) if since.isdecimal() and since.isascii() and len(since) < 20 else since
    return f"process {who}, open since {at}" if kind == "session" else f"{kind} {who}, since {at}"


def _slots(seen: Tables) -> tuple[str, ...]:
    """What replicas hold back, for people: nobody can tell since when."""
    split = (slot.rpartition("\t") for slot in seen.slots)
    return tuple(f"the replication slot {name} holds what died since {age} transactions ago" for name, _, age in split)


VERBS: tuple[type[Verb], ...] = (Vacuum,)
