"""Checks of certificates: in a file, and as they are served."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Address, Duration, Path, Port, param
from remedy.actions.words import count_of, day_text, plural
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

DAY_S = 86_400
KEYS = {
    "differs": "its key is another certificate's",
    "none": "its key cannot be read",
    "open": "its key can be read by everybody on the host",
}


@dataclass(frozen=True, kw_only=True)
class Expiry(Check):
    """See that a certificate in a file is valid for some days, leads to a trusted root, and has its names and its key.

    Of a file with several certificates the first one counts; the others are its chain.
    """

    name = "tls.expiry"
    example = "{file: /etc/letsencrypt/live/example.org/fullchain.pem, days: 30}"

    file: Path = param("The PEM file")
    days: int = param("How many days it must be valid yet", default=30, minimum=0, maximum=3650)
    key: Path | None = param("The private key that must be its own, closed to others", default=None)
    names: tuple[Address, ...] = param("Names that it must be good for", default=[])
    trusted: bool = param("Its chain must lead to a root that the host trusts", default=True)
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's", default=None)

    def look(self, host: Host) -> Look:
        chain = "chain" if self.trusted else ""
        return self.ask(
            "tls_file", self.file, self.key or "", ",".join(self.names).lower(), chain, self.ca or "", str(self.days)
        )

    def judge(self, reply: Reply) -> Judgement:
        return _judged(self.file, self.days, reply, KEYS.get(fields_of(reply.ground).get("key", ""), ""))


@dataclass(frozen=True, kw_only=True)
class Served(Check):
    """See that the certificate served at a port is valid for some days, trusted, has its names, and is a file's.

    Asked from the host itself by one handshake. What a server holds in memory is what counts for people: a file that
    was renewed and not loaded is not served.
    """

    name = "tls.served"
    example = "{port: 443, server_name: example.org, days: 30}"

    host: Address = param("Where it is served, as the host reaches it", default="127.0.0.1")
    port: Port = param("The port", default=443)
    server_name: Address | None = param(
        "The name that is asked for (SNI); the first of `names` unless given", default=None
    )
    days: int = param("How many days it must be valid yet", default=30, minimum=0, maximum=3650)
    names: tuple[Address, ...] = param("Names that it must be good for", default=[])
    same_as: Path | None = param("A PEM file on the host whose certificate must be the served one", default=None)
    trusted: bool = param("What is served must lead to a root that the host trusts", default=True)
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's", default=None)
    timeout: Duration = param("How long the handshake may take", default="5s", minimum=1, maximum=60)

    def look(self, host: Host) -> Look:
        names = ",".join(self.names).lower()
        asked = (self.host, str(self.port), self.server_name or names.partition(",")[0], str(self.timeout))
        chain = "chain" if self.trusted else ""
        told = (chain, self.ca or "", names, self.same_as or "", str(self.days))
        return self.ask("tls_served", *asked, *told, timeout_s=self.timeout + 10)

    def judge(self, reply: Reply) -> Judgement:
        where = f"{self.host}:{self.port}"
        ground = fields_of(reply.ground)
        if ground.get("cert") == "none":
            why = fields_of(reply.evidence).get("why", "no answer")
            return Judgement(answer=Answer.NOT_OK, says=f"no certificate is served at {where}: {why}")
        other = f"it is not that of {self.same_as}" if ground.get("same") == "no" else ""
        return _judged(f"the certificate served at {where}", self.days, reply, other)


def _judged(what: str, days: int, reply: Reply, also_wrong: str) -> Judgement:
    """What both checks say of a certificate. Raises CannotTell."""
    ground, said = fields_of(reply.ground), fields_of(reply.evidence)
    if not {"cert", "days", "chain", "missing"} <= set(ground):
        raise CannotTell(f"the host's answer on {what} makes no sense")
    left, ends = count_of(said, "left"), count_of(said, "cert_ends")
    wrong = [text for text in (_days_wrong(ground, left, ends, days), also_wrong) if text]
    if ground["chain"] == "broken":
        wrong.append(f"its chain does not lead to a trusted root ({said.get('why') or 'unknown why'})")
    if ground["missing"] != "none":
        wrong.append(f"it is not good for {', '.join(ground['missing'].split(','))}")
    facts: dict[str, Json] = {
        "days_left": left // DAY_S,
        "ends": ends,
        "serial": said.get("cert_serial", ""),
        "issuer": said.get("cert_issuer", ""),
        "names": list[Json](said.get("names", "").split(",")),
    }
    if wrong:
        return Judgement(answer=Answer.NOT_OK, says=f"{what}: {'; '.join(wrong)}", facts=facts)
    says = f"{what}: valid until {day_text(ends)} UTC, {plural(left // DAY_S, 'day')} more"
    return Judgement(answer=Answer.OK, says=says, facts=facts)


def _days_wrong(ground: dict[str, str], left: int, ends: int, days: int) -> str:
    match ground["days"]:
        case "enough":
            return ""
        case "few":
            return f"{plural(left // DAY_S, 'day')} left, until {day_text(ends)} UTC; wanted {days}"
        case "over":
            return f"it has expired, at {day_text(ends)} UTC"
        case "early":
            return "it is not valid yet by the host's clock"
        case other:
            raise CannotTell(f"the host's answer makes no sense: days {other!r}")


VERBS: tuple[type[Verb], ...] = (Expiry, Served)
