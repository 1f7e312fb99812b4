"""A check of how long a web address takes to answer."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.network.http_asked import Asked
from remedy.actions.params import Duration, Latency, param
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Judgement, Look, Reply

LONGEST_S = 120  # for all requests together


@dataclass(frozen=True, kw_only=True)
class LatencyOf(Asked, Check):
    """See that a web address answers quickly, asked several times from the host itself.

    Held against a bound are the median of the answers, and the slowest but five of a hundred, each by a connection of
    its own. A request that is not answered, or not by one of the statuses, is slower than any bound. Without curl it is
    timed to a hundredth of a second, the start of the program included.
    """

    name = "http.latency"
    example = "{url: 'http://127.0.0.1:8080/items', median: 500ms, p95: 2s}"

    median: Latency | None = param("Ok when the median is not above this", default=None)
    p95: Latency | None = param("Ok when 95 of a hundred answers take no longer than this", default=None)
    samples: int = param("How many requests", default=5, minimum=1, maximum=50)
    timeout: Duration = param("How long each may take", default="5s", minimum=1, maximum=60)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.median is None and self.p95 is None:
            raise Invalid("wanted median or p95, or both", at="median", fix="for example median: 500ms")
        if self.samples * self.timeout > LONGEST_S:
            raise Invalid(
                f"wanted at most {LONGEST_S} s for all requests", at="samples", fix="fewer, or a shorter timeout"
            )

    def look(self, host: Host) -> Look:
        bounds = tuple((bound or "").removesuffix("ms") for bound in (self.median, self.p95))
        args = (self.url, self.statuses, str(self.timeout), str(self.samples), *bounds, self.ca or "", *self.pieces)
        return self.ask("http_latency", *args, timeout_s=self.samples * self.timeout + 10)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("answer"), fields_of(reply.evidence)
        if band not in ("ok", "not-ok") or not {"median", "p95", "failed"} <= set(facts):
            raise CannotTell(f"the host's answer on {self.url} makes no sense")
        return Judgement(
            answer=Answer.OK if band == "ok" else Answer.NOT_OK,
            says=self._says(facts),
            facts={key: int(value) if value.isdecimal() else value for key, value in facts.items()},
        )

    def _says(self, facts: dict[str, str]) -> str:
        if facts.get("fastest") == "none" and facts.get("status", "none") == "none":
            return f"{self.url} does not answer: {facts.get('error', '').strip() or 'no answer'}"
        parts = []
        for key, bound, name in (("median", self.median, "the median"), ("p95", self.p95, "95 of 100")):
            if bound is not None:
                took = f"{facts[key]} ms" if facts[key].isdecimal() else "no answer"
                parts.append(f"{name} in {took} (at most {bound})")
        wrong = f"; {facts['failed']} of {self.samples} failed" if facts["failed"] != "0" else ""
        status = f", by {facts['status']}" if wrong and facts.get("status", "none") != "none" else ""
        return f"{self.url} answers {' and '.join(parts)}{wrong}{status}"


VERBS: tuple[type[Verb], ...] = (LatencyOf,)
