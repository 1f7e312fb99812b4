"""What keeps a Compose service from taking the host with it, and which service lacks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Check, Verb, items_of
from remedy.actions.params import Word, param
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

SAID = {
    "restart": "no restart policy",
    "memory-limit": "no memory limit",
    "log-limit": "no limit of its log",
    "healthcheck": "no health check",
}


@dataclass(frozen=True, kw_only=True)
class Policy(Check):
    """See that the containers of Compose services have a restart policy, limits of memory and log, and a health check.

    As they run now, whatever the file says: `compose.up` applies an edited one. A log driver that keeps no endless file
    needs no limit.
    """

    name = "compose.policy"
    example = "{project: shop}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services; none is all of them", default=[])
    wanted: tuple[Literal["restart", "memory-limit", "log-limit", "healthcheck"], ...] = param(
        "What each must have", default=["restart", "memory-limit", "log-limit", "healthcheck"], minItems=1
    )

    def look(self, host: Host) -> Look:
        return self.ask("compose_policy", self.project, *self.services)

    def judge(self, reply: Reply) -> Judgement:
        found = {service: set(lacks.split(",")) - {"-"} for service, lacks in items_of(reply.ground).items()}
        missing = [s for s in self.services if s not in found]
        if missing or not found:
            raise CannotTell(f"{self.project} has no container of {', '.join(missing) or 'any service'}")
        lacking: dict[str, list[str]] = {s: [w for w in self.wanted if w in lacks] for s, lacks in found.items()}
        worse = {s: words for s, words in lacking.items() if words}
        facts: dict[str, Json] = {s: [*words] for s, words in worse.items()}
        if not worse:
            return Judgement(answer=Answer.OK, says=f"{', '.join(found)} of {self.project} have all of it")
        says = "; ".join(f"{s} has {', '.join(SAID[w] for w in words)}" for s, words in worse.items())
        return Judgement(answer=Answer.NOT_OK, says=f"of {self.project}, {says}", facts={"lacking": facts})


VERBS: tuple[type[Verb], ...] = (Policy,)
