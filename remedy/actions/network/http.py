"""A check of web addresses, asked from the host itself."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.network.http_asked import Asked, expected, unlike
from remedy.actions.params import Duration, Text, param
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class Ok(Asked, Check):
    """See that a web address answers as it should, asked from the host itself.

    Uses what the host has: curl, wget, busybox, or bash alone (http only). Redirections are not followed. The address
    is on a command line of the host while it is asked, so it must hold no secret; headers are not, and may (with
    curl, or bash). Of a page of JSON, up to 64 KiB, `json` says what must be where: names and places in lists, from 0,
    joined by dots.
    """

    name = "http.ok"

    timeout: Duration = param("How long an answer may take", default="5s", minimum=1, maximum=120)
    contains: Text | None = param("Text that must be in the first 256 KiB of the answer", default=None)
    json: tuple[Text, ...] = param("What its JSON must say, as PATH=VALUE: components.database=ok", default=[])

    def __post_init__(self) -> None:
        super().__post_init__()
        expected(self.json)

    def look(self, host: Host) -> Look:
        args = (self.url, self.statuses, str(self.timeout), self.contains or "")
        more = (self.ca or "", expected(self.json), *self.pieces)
        return self.ask("http_look", *args, *(more if any(more) else ()), timeout_s=self.timeout + 10)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("answer"), fields_of(reply.evidence)
        if band not in ("ok", "not-ok"):
            raise CannotTell(f"the host's answer on {self.url} makes no sense")
        status = facts.get("status", "none")
        if status == "none":
            says = f"{self.url} does not answer: {facts.get('error', 'no answer').strip() or 'no answer'}"
        else:
            says = f"{self.url} answers {status}"
            says += f", without {self.contains!r}" if facts.get("found") == "no" else ""
            says += "".join(f", {wrong}" for wrong in unlike(self.json, facts))
        return Judgement(answer=Answer.OK if band == "ok" else Answer.NOT_OK, says=says, facts={**facts})


VERBS: tuple[type[Verb], ...] = (Ok,)
