"""A check of what was killed for want of memory."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Duration, Word, param
from remedy.actions.words import count_of, day_text, plural, span_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Ago, Answer, Host, Json, Judgement, Look, Reply

LOOK_TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class Events(Check):
    """Count what was killed for want of memory: by the kernel's log, by the Docker engine's events and its containers.

    Both may tell of the same kill, so the larger number counts. The engine keeps few hundred events, and forgets that a
    container was killed when it is started again; the kernel's log takes root. What can be read is shown; where neither
    can, it cannot tell. Shown besides: containers that ended by signal 9 for whatever reason, and units whose control
    group counts kills since it began.
    """

    name = "oom.events"
    example = "{window: 1h, above: 0}"

    window: Duration = param("Kills this long ago or younger", default="1h", minimum=1)
    project: Word | None = param("Only containers of this Compose project; the kernel's log is not read", default=None)
    above: int | None = param("Ok when there were more than this", default=None, minimum=0)
    at_most: int | None = param("Ok when there were no more than this", default=None, minimum=0)

    def __post_init__(self) -> None:
        if self.above is not None and self.at_most is not None:
            raise Invalid("wanted one of above and at_most", at="above", fix="for example above: 0")

    def look(self, host: Host) -> Look:
        limit = self.above if self.above is not None else self.at_most
        args = (Ago(self.window), "" if limit is None else str(limit), self.project or "")
        return self.ask("oom_look", *args, timeout_s=LOOK_TIMEOUT_S)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("kills"), fields_of(reply.evidence)
        if band not in ("above", "within", "any"):
            raise CannotTell("the host's answer on what was killed makes no sense")
        ok = band == "any" or (band == "above") == (self.above is not None)
        total, kills = count_of(facts, "total"), _kills(facts)
        says = f"{plural(total, 'kill')} for want of memory in the last {span_text(self.window)}"
        if self.project:
            says += f" in {self.project}"
        if kills:
            says += f"; the last at {day_text(kills[0][0])} UTC: {kills[0][1]}"
        return Judgement(answer=Answer.OK if ok else Answer.NOT_OK, says=says, facts=_facts(facts, kills))


def _kills(facts: dict[str, str]) -> list[tuple[int, str]]:
    rows = (value.partition(" ") for key, value in facts.items() if key.startswith("kill:"))
    return [(int(at), text) for at, _, text in rows if at.isdecimal()]


def _facts(facts: dict[str, str], kills: list[tuple[int, str]]) -> dict[str, Json]:
    listed: list[Json] = [{"at": at, "text": text} for at, text in kills]
    groups: dict[str, Json] = {k[6:]: count_of(facts, k) for k in facts if k.startswith("group:")}
    ended: list[Json] = [*facts.get("ended_by_9", "").split()]
    return {
        "total": count_of(facts, "total"),
        "kernel": facts.get("kernel", "none"),
        "engine": facts.get("engine", "none"),
        "kills": listed,
        "ended_by_9": ended,
        "groups": groups,
    }


VERBS: tuple[type[Verb], ...] = (Events,)
