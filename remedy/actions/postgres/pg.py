"""Checks of PostgreSQL: whether it accepts connections, how many there are, and what runs long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Duration, Percent, param
from remedy.actions.postgres.pg_place import PgPlace, hundredths
from remedy.actions.words import count_of, plural, span_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Ago, Answer, Host, Json, Judgement, Look, Reply

STATES = {
    "down": "does not accept connections",
    "starting": "is starting up, ending, or in crash recovery: let it; a restart would begin that anew",
    "auth": "refuses the login",
    "missing": "has no such database",
    "full": "has no connection left",
    "refused": "refuses the connection",
}


@dataclass(frozen=True, kw_only=True)
class Ready(PgPlace, Check):
    """See that PostgreSQL takes a login to the database and answers, and tell apart why it does not."""

    name = "pg.ready"
    example = "{project: shop, service: db}"

    role: Literal["any", "primary", "standby"] = param(
        "What it must be: the primary, or a standby that follows one", default="any"
    )

    def look(self, host: Host) -> Look:
        return self.ask("pg_ready_look", *self.place())

    def judge(self, reply: Reply) -> Judgement:
        ground, facts = fields_of(reply.ground), fields_of(reply.evidence)
        state, role = ground.get("state", ""), facts.get("role", "")
        if state in STATES:
            why = f" ({facts['why']})" if "why" in facts else ""
            says = f"{self.is_at} {STATES[state]}{why}"
            return Judgement(answer=Answer.NOT_OK, says=says, facts={"state": state})
        if state != "ok" or role not in ("primary", "standby"):
            raise CannotTell(f"the host's answer on {self.is_at} makes no sense")
        is_wanted = self.role in ("any", role)
        wanted = "" if is_wanted else f", not the {self.role}"
        return Judgement(
            answer=Answer.OK if is_wanted else Answer.NOT_OK,
            says=f"{self.is_at} accepts connections as {role}{wanted}, up for {facts.get('up_for', 'unknown')}",
            facts={"state": role, "system": facts.get("system", "")},
        )


@dataclass(frozen=True, kw_only=True)
class Connections(PgPlace, Check):
    """Hold how many connections of PostgreSQL are used against a limit: `above` it, or `at_most` it.

    Exactly one of the two is given. Counted are clients, of what is not reserved for superusers; where none is left at
    all, that is above every limit. The facts tell their states, since when, and whose most of them are.
    """

    name = "pg.connections"
    example = "{project: shop, service: db, above: 80%}"

    above: Percent | None = param("Ok when a larger share than this is used", default=None)
    at_most: Percent | None = param("Ok when no larger share than this is used", default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.above is None) == (self.at_most is None):
            raise Invalid("wanted exactly one of above, at_most", at="above", fix="for example above: 80%")

    def look(self, host: Host) -> Look:
        return self.ask("pg_connections_look", *self.place(), hundredths(self._limit))

    def judge(self, reply: Reply) -> Judgement:
        band = fields_of(reply.ground).get("usage")
        said = [line.partition(" ") for line in reply.evidence]
        facts = {key: value for key, _, value in said}
        if band not in ("above", "within"):
            raise CannotTell(f"the host's answer on {self.is_at} makes no sense")
        kinds = [value.split("\t") for key, _, value in said if key == "kind"]
        owners = [value.split("\t") for key, _, value in said if key == "by"]
        return Judgement(
            answer=Answer.OK if (band == "above") == (self.above is not None) else Answer.NOT_OK,
            says=f"{self.is_at} has {self._used(facts, kinds)}: {'' if band == 'above' else 'not '}above {self._limit}",
            facts={
                **{key: int(facts[key]) for key in ("used", "most") if facts.get(key, "").isdecimal()},
                "kinds": {kind: _number(count) for kind, count, _ in (k for k in kinds if len(k) == 3)},
                "oldest_s": {kind: _number(age) for kind, _, age in (k for k in kinds if len(k) == 3)},
                "by": [_owner(row) for row in owners if len(row) == 4],
            },
        )

    @property
    def _limit(self) -> Percent:
        limit = self.above if self.above is not None else self.at_most
        assert limit is not None
        return limit

    def _used(self, facts: dict[str, str], kinds: list[list[str]]) -> str:
        if "full" in facts:
            return "no connection left"
        idle = [k for k in kinds if len(k) == 3 and k[0] == "idle-in-transaction"]
        held = f", {idle[0][1]} idle in a transaction" if idle else ""
        return f"{count_of(facts, 'used')} of {count_of(facts, 'most')} connections used{held}"


@dataclass(frozen=True, kw_only=True)
class Slow(PgPlace, Check):
    """See that no more than so many queries have run for longer than a time.

    The facts name each: its process, age, role, application, which processes it waits for, and the query without its
    strings and numbers, with a digest of that.
    """

    name = "pg.slow"
    example = "{project: shop, service: db, longer_than: 30s}"

    longer_than: Duration = param("Count queries that are active for longer than this", default="5s")
    at_most: int = param("How many there may be", default=0, minimum=0, maximum=10_000)

    def look(self, host: Host) -> Look:
        return self.ask("pg_slow_look", *self.place(), str(self.at_most), Ago(self.longer_than))

    def judge(self, reply: Reply) -> Judgement:
        band = fields_of(reply.ground).get("slow")
        said = [line.partition(" ") for line in reply.evidence]
        count = count_of({key: value for key, _, value in said}, "count")
        if band not in ("above", "within"):
            raise CannotTell(f"the host's answer on {self.is_at} makes no sense")
        rows = [row for key, _, value in said if key == "query" and len(row := value.split("\t", 6)) == 7]
        worst = f"; {_told(rows[0])}" if rows else ""
        queries = plural(count, "query has", "queries have")
        return Judgement(
            answer=Answer.OK if band == "within" else Answer.NOT_OK,
            says=f"{queries} run for more than {span_text(self.longer_than)} on {self.is_at}{worst}",
            facts={"count": count, "queries": [_query(row) for row in rows]},
        )


def _told(row: list[str]) -> str:
    """The oldest query, for people."""
    waits = "" if row[4] == "-" else f", waits for {row[4]}"
    return f"the oldest for {span_text(_number(row[1]))} by {row[2]}{waits}: {row[6]}"


def _query(row: list[str]) -> Json:
    pid, age, user, application, blocked_by, digest, text = row
    waits_for: list[Json] = [_number(p) for p in blocked_by.split(",") if p != "-"]
    return {
        "pid": _number(pid),
        "age_s": _number(age),
        "user": user,
        "application": application,
        "blocked_by": waits_for,
        "digest": digest,
        "text": text,
    }


def _owner(row: list[str]) -> Json:
    return {"count": _number(row[0]), "application": row[1], "user": row[2], "address": row[3]}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 20 else 0


VERBS: tuple[type[Verb], ...] = (Ready, Connections, Slow)
