"""Sessions of PostgreSQL ended: those that a plan lists, while they still are what they were."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import item_paths, note
from remedy.actions.params import Duration, Percent, Text, param
from remedy.actions.postgres.pg_place import PgPlace, hundredths, psql_by_hand
from remedy.actions.words import day_text, plural, span_text
from remedy.errors import CannotTell, Invalid, Refused
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
    UndoImpossible,
    UndoUnnecessary,
)

STATE = re.compile(r"(idle|active|idle-in-transaction):[0-9]{10,17}:[0-9]{10,17}", re.ASCII)
WORDS = {"idle": "idle", "active": "active", "idle-in-transaction": "idle in a transaction"}
SHOWN_CHARACTERS = 100  # of a query, in a line of a plan
END_S = 90  # to ask, to wait, to end, to wait


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a session is, for people; nothing is decided by it."""

    age_s: str
    login: str
    database: str
    application: str
    address: str
    blocks: str
    query: str


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """The sessions that match, by process, and whether more connections are used than the limit."""

    system: str
    role: str
    usage: str  # above, within, or unasked
    used: str  # "15 of 17"
    states: Mapping[str, str]
    told: Mapping[str, Session]


@dataclass(frozen=True, kw_only=True)
class Terminate(PgPlace, Action[Sessions]):
    """End sessions of PostgreSQL that have been idle, idle in a transaction or active for too long.

    A session is known by its process, when it began, and since when it is as it is: one that has done anything since
    the plan was made is left alone. Never ended: replication, the server's own processes, remedy itself; superusers
    unless named as `of_user`, dumps and restores unless named as `application`. An active query is cancelled first, and
    its session ended only if it goes on. Whatever was not committed is rolled back.
    """

    name = "pg.terminate"
    risk = Risk.MEDIUM
    example = "{project: shop, service: db, idle_in_transaction: 10m, only_above: 80%}"

    idle_in_transaction: Duration | None = param("End those idle in a transaction for longer than this", default=None)
    idle: Duration | None = param("End those idle for longer than this", default=None)
    active: Duration | None = param("End those whose query has run for longer than this", default=None)
    application: Text = param("Only those of this application name", default="")
    of_user: Text = param("Only those of this role", default="")
    of_database: Text = param("Only those connected to this database", default="")
    only_above: Percent | None = param("Only while a larger share of the connections is used", default=None)
    at_most: int = param("Refuse to end more than this", default=10, minimum=1, maximum=1000)
    cancel_first: bool = param("Ask an active query to end before its session is", default=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        ages = (self.idle_in_transaction, self.idle, self.active)
        if all(age is None for age in ages):
            fix = "for example idle_in_transaction: 10m"
            raise Invalid("wanted one of idle_in_transaction, idle, active", at="idle_in_transaction", fix=fix)
        if any(age is not None and age < 1 for age in ages):
            raise Invalid("wanted at least a second", at="idle_in_transaction")

    def look(self, host: Host) -> Look:
        limit = hundredths(self.only_above) if self.only_above else ""
        ages = ("" if age is None else Ago(age) for age in (self.idle_in_transaction, self.idle, self.active))
        whose = (self.application, self.of_user, self.of_database)
        return self.ask("pg_terminate_look", *self.place(), limit, *ages, *whose, timeout_s=30)

    def see(self, reply: Reply) -> Sessions:
        ground, states = fields_of(reply.ground), items_of(reply.ground)
        said = [line.partition(" ") for line in reply.evidence]
        if ground.get("usage") not in ("above", "within", "unasked") or not ground.get("system", "").isdecimal():
            raise CannotTell(f"the host's answer on {self.is_at} makes no sense")
        for pid, state in states.items():
            if not (pid.isdecimal() and pid.isascii() and STATE.fullmatch(state)):
                raise CannotTell(f"the host's answer on the sessions of {self.is_at} makes no sense")
        rows = [value.split("\t", 7) for key, _, value in said if key == "session"]
        return Sessions(
            system=ground["system"],
            role=ground.get("role", ""),
            usage=ground["usage"],
            used=next((value for key, _, value in said if key == "used"), "unknown"),
            states=states,
            told={row[0]: _session(row[1:]) for row in rows if len(row) == 8},
        )

    def plan(self, seen: Sessions) -> Change | None:
        if not seen.states or seen.usage == "within":
            return None
        count = len(seen.states)
        if count > self.at_most:
            raise Refused(
                f"pg.terminate: {plural(count, 'session')} of {self.is_at} match, and at_most is {self.at_most}",
                fix="narrow it by age, application or of_user, or raise at_most",
            )
        kinds = {state.partition(":")[0] for state in seen.states.values()}
        items = tuple(f"{pid}\t{state}" for pid, state in seen.states.items())
        args = (*self.place(), seen.system, "yes" if self.cancel_first else "no")
        what = " and ".join(WORDS[kind] for kind in sorted(kinds, reverse=True))
        return Change(
            title=f"end {plural(count, 'session')} of {self.is_at}, {what}",
            operations=(Call(family="pg_terminate", function="pg_terminate", args=args, items=items, timeout_s=END_S),),
            effect=Effect(says=f"{plural(count, 'session')} ended", measures={"sessions": count}),
            undo=_undo(kinds),
            risk=self.risk.raised() if "active" in kinds else self.risk,
            lines=(
                f"{seen.used} connections used",
                *(self._line(pid, state, seen) for pid, state in seen.states.items()),
            ),
            touches=(self.key,),
            settle_s=5,
        )

    def verify(self, before: Sessions, after: Sessions) -> str:
        """Every listed session is gone or does something else, and the limit is exceeded no more."""
        left = [pid for pid, state in before.states.items() if after.states.get(pid) == state]
        if left:
            return f"still there: {', '.join(left)}"
        return f"{after.used} connections are used, still above {self.only_above}" if after.usage == "above" else ""

    def told(self, line: str) -> str:
        if line.startswith("item "):
            pid, _, state = line[5:].rpartition("\t")
            return _since(pid, state) if STATE.fullmatch(state) else line
        key, _, value = line.partition(" ")
        match key:
            case "system":
                return f"the cluster {value}"
            case "usage":
                limit = self.only_above or ""
                return "" if value == "unasked" else f"connections used: {value} {limit}".rstrip()
            case _:
                return super().told(line)

    def unchanged(self, seen: Sessions) -> str:
        if seen.usage == "within":
            return f"{seen.used} connections of {self.is_at} are used, not above {self.only_above}"
        return f"no session of {self.is_at} has been so for so long; {seen.used} connections used"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        psql = psql_by_hand(operation.args)
        lines = [note("look first: is each of them still idle, or still at the same query?")]
        for pid, state in item_paths(operation):
            kind, began, since = state.split(":")
            change = "query_start" if kind == "active" else "state_change"
            same = f"pid = {pid} and {_micros('backend_start')} = {began} and {_micros(change)} = {since}"
            ends = f"select pg_terminate_backend(pid) from pg_stat_activity where {same}"  # noqa: S608 - all numbers
            lines.append(f'{psql} -c "{ends}" </dev/null')
        return tuple(lines)

    def _line(self, pid: str, state: str, seen: Sessions) -> str:
        told = seen.told.get(pid)
        if told is None:
            return _since(pid, state)
        blocks = "" if told.blocks in ("0", "") else f"; {told.blocks} wait for it"
        age = span_text(int(told.age_s)) if told.age_s.isdecimal() else "unknown"
        who = f"{told.login} from {told.address}" + (f" ({told.application})" if told.application else "")
        query = told.query[:SHOWN_CHARACTERS]
        return f"{pid} is {WORDS[state.partition(':')[0]]} for {age}: {who}, {told.database}{blocks}: {query}"


def _micros(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


def _since(pid: str, state: str) -> str:
    kind, _, since = state.split(":")
    return f"{pid} is {WORDS[kind]} since {day_text(int(since) // 1_000_000)}"


def _session(row: list[str]) -> Session:
    age, login, database, application, address, blocks, query = row
    return Session(
        age_s=age,
        login=login,
        database=database,
        application=application,
        address=address,
        blocks=blocks,
        query=query,
    )


def _undo(kinds: set[str]) -> Undo:
    if kinds == {"idle"}:
        return UndoUnnecessary(says="an idle session holds no work; its client connects anew")
    return UndoImpossible(says="what a session had not committed is rolled back, and cannot be brought back")


VERBS: tuple[type[Verb], ...] = (Terminate,)
