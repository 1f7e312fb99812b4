"""Checks of PostgreSQL: whether it accepts connections, how many there are, and what runs long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import param
from remedy.actions.pg_place import PgPlace
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Judgement, Look, Reply

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


VERBS: tuple[type[Verb], ...] = (Ready,)
