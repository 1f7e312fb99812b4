"""Faults for drills: PostgreSQL's connections taken by idle sessions, or a query that runs long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import Duration, Word, param
from remedy.actions.postgres.pg_place import PLACE_SIZE, PgPlace, psql_by_hand
from remedy.actions.words import plural, span_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

OPEN_S = 90  # to begin and to wait


@dataclass(frozen=True, kw_only=True)
class Held:
    """Where sessions would be held, and whether they are."""

    where: str
    is_up: bool
    is_there: bool
    used: int | None
    most: int | None
    ours: int


@dataclass(frozen=True, kw_only=True)
class _Sessions(PgPlace, Action[Held]):
    """What both faults share: a shell that is marked holds the sessions, and ends by itself."""

    risk = Risk.MEDIUM
    drill_only: ClassVar[bool] = True
    kind: ClassVar[str]

    lasts: Duration = param("It ends by itself after this long", default="10m", minimum=5, maximum=3600)

    @property
    def _mark(self) -> str:
        """What its shell is known by among the host's processes."""
        return f"drill-by-remedy:{self.kind}:{self.project or '-'}:{self.service}:{self.host}:{self.port or '-'}"

    @property
    def _name(self) -> str:
        """What its sessions are known by to PostgreSQL."""
        return f"drill-by-remedy:{self.kind}"

    def look(self, host: Host) -> Look:
        return self.ask("fault_sessions_look", *self.place(), self._mark, self._name)

    def see(self, reply: Reply) -> Held:
        ground, told = fields_of(reply.ground), fields_of(reply.evidence)
        if ground.get("state") not in ("up", "down") or ground.get("fault") not in ("there", "none"):
            raise CannotTell(f"the host's answer on {self.is_at} makes no sense")
        return Held(
            where=ground.get("where", ""),
            is_up=ground["state"] == "up",
            is_there=ground["fault"] == "there",
            used=_number(told.get("used", "")),
            most=_number(told.get("most", "")),
            ours=_number(told.get("ours", "")) or 0,
        )

    def verify(self, before: Held, after: Held) -> str:
        return "" if after.is_there else "nothing is held"

    def restored(self, before: Held, after: Held) -> str:
        return "sessions of the drill are there still" if after.is_there or after.ours else ""

    def _change(self, title: str, function: str, arg: str, effect: Effect, lines: tuple[str, ...]) -> Change:
        args = (*self.place(), self._mark, self._name)
        begin = Call(family="fault_sessions", function=function, args=(*args, str(self.lasts), arg), timeout_s=OPEN_S)
        end = Call(family="fault_sessions", function="fault_sessions_end", args=args)
        return Change(
            title=title,
            operations=(begin,),
            effect=effect,
            undo=UndoBy(says="its own sessions are ended, where they are there still", operations=(end,)),
            risk=self.risk,
            lines=lines,
            touches=(self.key,),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        psql = psql_by_hand(operation.args)
        _, name, *rest = map(str, operation.args[PLACE_SIZE:])
        if operation.function == "fault_sessions_end":
            ends = f"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{name}'"  # noqa: S608 - a constant
            return (f"{psql} -c {quoted(ends)} </dev/null",)
        named, seconds = f"set application_name = '{name}';", int(rest[0])
        breaks = note("this breaks it on purpose; it ends by itself")
        if operation.function == "fault_sessions_hold":
            table = (
                ""
                if rest[1] == "-"
                else f'lock table "{rest[1].replace(".", chr(34) + "." + chr(34), 1)}" in share mode; '
            )
            holds = f"{named} begin; {table}select pg_sleep({seconds})"
            return (breaks, f"{{ echo {quoted(holds)} | {psql}; }} >/dev/null 2>&1 &", "sleep 1")
        idle = f"{{ {{ echo {quoted(named)}; sleep {seconds}; }} | {psql}; }} >/dev/null 2>&1 &"
        return (breaks, f"n=0; while [ $n -lt {int(rest[1])} ]; do n=$((n + 1)); {idle} done; sleep 1")


@dataclass(frozen=True, kw_only=True)
class ConnectionsFlood(_Sessions):
    """Take PostgreSQL's connections by idle sessions, for a drill: whoever connects then is refused.

    As many as named, but never those that are kept for superusers. They end by themselves after a while; taken back,
    those sessions are ended and no other.
    """

    name = "fault.connections_flood"
    kind: ClassVar[str] = "flood"
    example = "{project: shop, service: db, sessions: 90, lasts: 10m}"

    sessions: int = param("How many to open, at most", minimum=1, maximum=500)

    def plan(self, seen: Held) -> Change | None:
        if seen.is_there:
            return None
        if not seen.is_up:
            raise Refused(f"{self.name}: {self.is_at} does not accept connections", fix="break what is whole")
        if seen.used is None or seen.most is None or seen.used >= seen.most:
            raise Refused(f"{self.name}: {self.is_at} has no connection left", fix="break what is whole")
        what = plural(self.sessions, "idle session")
        return self._change(
            f"open {what} to {self.is_at} for {span_text(self.lasts)}",
            "fault_sessions_flood",
            str(self.sessions),
            Effect(says=f"up to {what} more", measures={"sessions": self.sessions}),
            (f"{seen.used} of {seen.most} connections used; what is kept for superusers is left alone",),
        )

    def unchanged(self, seen: Held) -> str:
        return f"{plural(seen.ours, 'session')} of a drill are there already"


@dataclass(frozen=True, kw_only=True)
class SlowQuery(_Sessions):
    """Have one query of PostgreSQL run for long, for a drill, in a transaction; with a table, its writers wait.

    It sleeps, and costs nothing but a connection. It ends by itself after a while; taken back, that session is ended
    and no other.
    """

    name = "fault.slow_query"
    kind: ClassVar[str] = "slow"
    example = "{project: shop, service: db, database: shop, table: orders, lasts: 2m}"

    table: Word | None = param("A table that it keeps others from writing to", default=None)
    schema: Word = param("Its schema", default="public")

    def __post_init__(self) -> None:
        super().__post_init__()
        if "." in self.schema:
            raise Invalid("wanted the name of a schema, without a dot", at="schema")

    def plan(self, seen: Held) -> Change | None:
        if seen.is_there:
            return None
        if not seen.is_up or seen.used is None:
            raise Refused(f"{self.name}: {self.is_at} does not accept connections", fix="break what is whole")
        table = f"{self.schema}.{self.table}" if self.table else "-"
        holds = f", and keep {table} from being written to" if self.table else ""
        return self._change(
            f"have a query of {self.is_at} run for {span_text(self.lasts)}{holds}",
            "fault_sessions_hold",
            table,
            Effect(says="a query that runs long", measures={"sessions": 1}),
            (),
        )

    def unchanged(self, seen: Held) -> str:
        return "a query of a drill runs already"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else None


VERBS: tuple[type[Verb], ...] = (ConnectionsFlood, SlowQuery)
