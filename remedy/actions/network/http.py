"""A check of web addresses, asked from the host itself."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Duration, Path, Text, Url, param
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class Ok(Check):
    """See that a web address answers as it should, asked from the host itself.

    Uses what the host has: curl, wget, busybox, or bash alone (http only). Redirections are not
    followed. The address is on a command line of the host while it is asked, so it must hold no secret.
    """

    name = "http.ok"

    url: Url = param("The address, http or https; never with a secret in it")
    status: tuple[int, ...] = param("Statuses that are right", default=[200], minItems=1)
    timeout: Duration = param("How long an answer may take", default="5s", minimum=1, maximum=120)
    contains: Text | None = param("Text that must be in the first 256 KiB of the answer", default=None)
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's (curl, wget)", default=None)

    def __post_init__(self) -> None:
        wrong = [s for s in self.status if not 200 <= s <= 599]
        if wrong:
            raise Invalid(f"wanted statuses from 200 to 599, found {wrong[0]}", at="status")

    def look(self, host: Host) -> Look:
        statuses = " ".join(map(str, self.status))
        args = (self.url, statuses, str(self.timeout), self.contains or "", *((self.ca,) if self.ca else ()))
        return self.ask("http_look", *args, timeout_s=self.timeout + 10)

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
        return Judgement(answer=Answer.OK if band == "ok" else Answer.NOT_OK, says=says, facts={**facts})


VERBS: tuple[type[Verb], ...] = (Ok,)
