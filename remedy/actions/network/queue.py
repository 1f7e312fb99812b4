"""How many jobs wait in a queue, and whether they become fewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Content, Duration, Port, Text, Word, param
from remedy.actions.words import count_of
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Judgement, Look, Reply, SecretRef

LOOK_S = 15  # beside the time between both samples


@dataclass(frozen=True, kw_only=True)
class Length(Check):
    """Hold the length of a Redis list against a limit: `above` it, or `below` it; and tell whether it is draining.

    It is counted twice. With `project` and `service`, Redis is that Compose service's container; without, the host's
    own. A key that is not there is an empty queue; one that is no list cannot be told.
    """

    name = "queue.length"
    example = "{project: shop, service: redis, key: celery, above: 100}"

    key: Text = param("The list")
    above: int | None = param("Holds when more wait than this", default=None, minimum=0)
    below: int | None = param("Holds when fewer wait than this", default=None, minimum=1)
    trend: Literal["any", "draining", "not-draining"] = param("What it must be doing, too", default="any")
    every: Duration = param("Seconds between both samples", default="2s", minimum=1, maximum=30)
    project: Word | None = param("The Compose project; none is the host's own Redis", default=None)
    service: Word = param("Its service", default="redis")
    port: Port = param("Where Redis listens", default=6379)
    database: int = param("Its database", default=0, minimum=0, maximum=1000)
    password: Content | None = param("Its password, as a secret", default=None)

    def __post_init__(self) -> None:
        if (self.above is None) == (self.below is None):
            raise Invalid("wanted either above or below", at="above", fix="give one of them")
        one_secret(self.password)

    def look(self, host: Host) -> Look:
        limit = str(self.below if self.above is None else self.above)
        reach = (self.project or "", self.service, str(self.port), str(self.database))
        asked = (*reach, self.key, str(self.every), limit, one_secret(self.password))
        return self.ask("queue_length", *asked, timeout_s=LOOK_S + self.every)

    def judge(self, reply: Reply) -> Judgement:
        said, band = fields_of(reply.evidence), fields_of(reply.ground).get("length")
        first, last = count_of(said, "first"), count_of(said, "last")
        if band not in ("above", "at", "below"):
            raise CannotTell(f"the host's answer on {self.key} makes no sense")
        draining = last < first
        holds = band == ("below" if self.above is None else "above")
        if self.trend != "any":
            holds = holds and draining == (self.trend == "draining")
        return Judgement(
            answer=Answer.OK if holds else Answer.NOT_OK,
            says=f"{last:,} wait in {self.key}, {_moved(first, last)} in {self.every} s",
            facts={"length": last, "change": last - first, "draining": draining},
        )


def one_secret(password: Content | None, at: str = "password") -> str | SecretRef:
    """The password as one argument. Raises Invalid for one in pieces, `at` naming the parameter."""
    pieces = password or ("",)
    if len(pieces) != 1:
        raise Invalid("wanted one secret, or one text", at=at, fix="put the whole password into one secret")
    return pieces[0]


def _moved(first: int, last: int) -> str:
    if first == last:
        return "as many as before"
    return f"{abs(last - first):,} {'fewer' if last < first else 'more'}"


VERBS: tuple[type[Verb], ...] = (Length,)
