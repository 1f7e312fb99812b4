"""A check of a vendor's service: that it answers us, in time, with our key and within our quota."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.network.http_asked import Asked, expected, unlike
from remedy.actions.params import Duration, Latency, Text, Word, param
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Judgement, Look, Reply

STANDS = {
    "key": "refuses our key",
    "often": "says that we ask too often",
    "ill": "says that it is ill itself",
    "other": "answers what it should not",
}


@dataclass(frozen=True, kw_only=True)
class VendorOk(Asked, Check):
    """See that a vendor's service answers us, asked from the host itself, and tell apart why it does not.

    It is silent, slow, ill, refuses our key, or says that we ask too often; or its quota is nearly used up, where a
    header tells what is left; or its page of JSON, such as that of its status, says otherwise than it should. The key
    is a secret in a header, and on no command line. Without a key, name the statuses by which it refuses: that it is
    there is seen by them, too.
    """

    name = "vendor.ok"
    verified_on = "stub"
    example = "{url: 'https://api.vendor.test/v1/models', headers: 'Authorization: Bearer {{ vendor_key }}', slow: 2s}"

    slow: Latency | None = param("Not ok where an answer takes longer", default=None)
    timeout: Duration = param("Not waited for any longer than this", default="10s", minimum=1, maximum=60)
    quota_header: Word | None = param("The header that tells how many requests are left", default=None)
    quota_least: int = param("How many must be left", default=1, minimum=0)
    json: tuple[Text, ...] = param("What its JSON must say, as PATH=VALUE: status.indicator=none", default=[])

    def __post_init__(self) -> None:
        super().__post_init__()
        expected(self.json)

    def look(self, host: Host) -> Look:
        most = (self.slow or "").removesuffix("ms")
        args = (self.url, self.statuses, str(self.timeout), most, self.ca or "", expected(self.json))
        quota = (self.quota_header or "", str(self.quota_least))
        return self.ask("vendor_look", *args, *quota, *self.pieces, timeout_s=self.timeout + 10)

    def judge(self, reply: Reply) -> Judgement:
        stands, facts = fields_of(reply.ground).get("vendor"), fields_of(reply.evidence)
        if stands not in ("ok", "silent", "slow", "spent", "unlike", *STANDS) or "status" not in facts:
            raise CannotTell(f"the host's answer on {self.url} makes no sense")
        return Judgement(
            answer=Answer.OK if stands == "ok" else Answer.NOT_OK,
            says=f"{self.url} {self._says(stands, facts)}",
            facts={"stands": stands, **{key: int(v) if v.isdecimal() else v for key, v in facts.items()}},
        )

    def _says(self, stands: str, facts: dict[str, str]) -> str:
        took = f"{facts.get('milliseconds', '?')} ms"
        match stands:
            case "silent":
                return f"does not answer within {self.timeout} s: {facts.get('error', '').strip() or 'no answer'}"
            case "slow":
                return f"takes {took}, and may take {self.slow}"
            case "spent":
                return f"leaves us {facts.get('left', '?')} requests, and {self.quota_least} must be left"
            case "unlike":
                return f"answers {facts['status']}, {', '.join(unlike(self.json, facts))}"
            case "ok":
                left = f", {facts['left']} requests left" if facts.get("left", "").isdecimal() else ""
                return f"answers {facts['status']} in {took}{left}"
            case _:
                return f"{STANDS[stands]}: {facts['status']} in {took}"


VERBS: tuple[type[Verb], ...] = (VendorOk,)
