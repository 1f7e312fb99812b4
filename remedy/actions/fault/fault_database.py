"""A fault for drills: a table of a database is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import Word, param
from remedy.actions.postgres.pg_place import PLACE_SIZE, PgPlace, psql_by_hand
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

LONGEST_TABLE = 50  # characters: its other name begins with remedy_fault_, and PostgreSQL takes 63


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table by its number, or "none"; `ours` is what we have renamed it to."""

    system: str
    role: str
    table: str
    ours: str


@dataclass(frozen=True, kw_only=True)
class DatabaseDamage(PgPlace, Action[Table]):
    """Take a table out of a database, for a drill: it is renamed, so that whoever asks for it finds none.

    Undo renames it back, where it is still there: in a database that was restored meanwhile there is nothing to do.
    """

    name = "fault.database_damage"
    risk = Risk.HIGH
    drill_only: ClassVar[bool] = True
    example = "{project: shop, service: db, database: shop, table: orders}"

    table: Word = param("The table")
    schema: Word = param("Its schema", default="public")

    def __post_init__(self) -> None:
        PgPlace.__post_init__(self)
        if len(self.table) > LONGEST_TABLE:
            raise Invalid(f"wanted a table's name of at most {LONGEST_TABLE} characters", at="table")

    def look(self, host: Host) -> Look:
        return self.ask("fault_database_look", *self.place(), self.schema, self.table)

    def see(self, reply: Reply) -> Table:
        ground = fields_of(reply.ground)
        if set(ground) != {"system", "role", "database", "table", "ours"}:
            raise CannotTell(f"the host's answer on {self.database} makes no sense")
        return Table(system=ground["system"], role=ground["role"], table=ground["table"], ours=ground["ours"])

    def plan(self, seen: Table) -> Change | None:
        if seen.ours != "none":
            return None
        if seen.role != "primary":
            raise Refused(f"{self.name}: {self.is_at} is a replica", fix="name the primary")
        if seen.table == "none":
            raise Refused(f"{self.name}: {self.database} has no table {self._shown}", fix="break what is whole")
        args = (*self.place(), seen.system, self.schema, self.table, seen.table)
        take = Call(family="fault_database", function="fault_database_take", args=args)
        back = Call(family="fault_database", function="fault_database_back", args=args)
        return Change(
            title=f"take table {self._shown} out of {self.database} of {self.is_at}",
            operations=(take,),
            effect=Effect(says=f"{self.database} has no table {self._shown}", measures={"tables": 1}),
            undo=UndoBy(says="it gets its name back, where it is still there", operations=(back,)),
            risk=self.risk,
            touches=(f"database:{self.database}", self.key),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        _, schema, table, _ = map(str, operation.args[PLACE_SIZE:])
        was, becomes = table, f"remedy_fault_{table}"
        if operation.function == "fault_database_back":
            was, becomes = becomes, was
        renames = f'ALTER TABLE IF EXISTS "{schema}"."{was}" RENAME TO "{becomes}"'
        return note("this breaks it, or mends it, on purpose"), f"{psql_by_hand(operation.args)} -c {quoted(renames)}"

    def restored(self, before: Table, after: Table) -> str:
        return "" if after.table != "none" else f"{self.database} has no table {self._shown}"

    def unchanged(self, seen: Table) -> str:
        return f"{self._shown} is away already"

    @property
    def _shown(self) -> str:
        return self.table if self.schema == "public" else f"{self.schema}.{self.table}"


VERBS: tuple[type[Verb], ...] = (DatabaseDamage,)
