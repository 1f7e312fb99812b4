"""A check of access logs: the share of requests that were answered with an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Verb, fields_of
from remedy.actions.logs.log_source import ReadsLogs
from remedy.actions.params import Percent, param
from remedy.actions.words import count_of, percent_of, plural, span_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

LOOK_TIMEOUT_S = 60
FIRST_DIGITS = {"4xx": "4", "5xx": "5", "4xx-and-5xx": "45"}


@dataclass(frozen=True, kw_only=True)
class HttpErrors(ReadsLogs):
    """Hold the share of requests that were answered with an error against a limit, from an access log.

    The log is in the combined or common format, as nginx and others write it. It is a share of the requests, not a
    number per second, so a busy site is not ill by being busy; and of fewer requests than `at_least` nothing is said:
    `above` does not hold then, and `at_most` cannot be told. Shown are the worst pairs of status and path, without
    queries, numbers and identities.
    """

    name = "logs.http_errors"
    example = "{project: shop, service: nginx, above: 2%, at_least: 50, window: 5m}"

    statuses: Literal["5xx", "4xx", "4xx-and-5xx"] = param("Which answers are errors", default="5xx")
    above: Percent | None = param("Ok when more of the requests than this are errors", default=None)
    at_most: Percent | None = param("Ok when no more of them are", default=None)
    at_least: int = param("Of fewer requests nothing is said", default=50, minimum=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.above is not None and self.at_most is not None:
            raise Invalid("wanted one of above and at_most", at="above", fix="for example above: 2%")

    def look(self, host: Host) -> Look:
        args = (*self.source(), FIRST_DIGITS[self.statuses], str(self.at_least), self._limit())
        return self.ask("http_errors_look", *args, timeout_s=LOOK_TIMEOUT_S)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("errors"), fields_of(reply.evidence)
        if band not in ("above", "within", "any", "few"):
            raise CannotTell(f"the host's answer on the requests of {self.source_text()} makes no sense")
        if band == "few" and self.at_most is not None:
            raise CannotTell(f"{self._says(facts)}: too few to tell (wanted {self.at_least:,})")
        ok = band == "any" or (band == "above") == (self.above is not None)
        says = self._says(facts) + (f": too few to tell (wanted {self.at_least:,})" if band == "few" else "")
        return Judgement(answer=Answer.OK if ok else Answer.NOT_OK, says=says, facts=_facts(facts))

    def _limit(self) -> str:
        """The limit in hundredths of a percent."""
        limit = self.above or self.at_most
        if limit is None:
            return ""
        whole, _, part = limit[:-1].partition(".")
        return str(int(whole) * 100 + int((part + "00")[:2]))

    def _says(self, facts: dict[str, str]) -> str:
        errors, requests = count_of(facts, "errors"), count_of(facts, "requests")
        says = f"{self.source_text()}: {errors:,} of {plural(requests, 'request')} of the last {span_text(self.window)}"
        says += f" ({percent_of(errors, requests)})" if requests else ""
        worst = facts.get("pair:1", "").split(" ", 2)
        return f"{says} answered {self.statuses}" + (f", most of all {worst[1]} {worst[2]}" if len(worst) == 3 else "")


def _facts(facts: dict[str, str]) -> dict[str, Json]:
    names = ("requests", "errors", "other_lines", "first", "last")
    numbers: dict[str, Json] = {k: count_of(facts, k) for k in names if k in facts}
    classes: dict[str, Json] = {f"{k[6:]}xx": count_of(facts, k) for k in facts if k.startswith("class:")}
    pairs = (value.split(" ", 2) for key, value in facts.items() if key.startswith("pair:"))
    table: list[Json] = [
        {"count": int(p[0]), "status": p[1], "path": p[2]} for p in pairs if len(p) == 3 and p[0].isdecimal()
    ]
    return numbers | {"by_class": classes, "table": table, "complete": facts.get("complete") == "yes"}


VERBS: tuple[type[Verb], ...] = (HttpErrors,)
