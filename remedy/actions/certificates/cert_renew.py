"""One certbot lineage renewed by webroot: nothing is stopped, and certbot's word alone proves nothing."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, quoted, word
from remedy.actions.params import Path, Url, Word, param
from remedy.actions.words import count_of, day_text, plural, span_text
from remedy.errors import CannotTell, Refused
from remedy.model import Ago, Await, Call, Change, Effect, Host, Look, Reply, Result, Risk, UndoBy

TRY_EVERY_S = 6 * 3600  # a CA counts failed tries: five an hour are the most that Let's Encrypt allows
CERTBOT_S = 600
DAY_S = 86_400
KEYS = {"lineage", "next", "serial", "ends", "due", "chain", "by", "server", "hooks", "lock", "tries"}


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A lineage as certbot has it: the version that is live, its certificate, and how it is renewed."""

    ground: dict[str, str]
    facts: dict[str, str]

    def said(self, key: str) -> str:
        return self.ground.get(key, "")


@dataclass(frozen=True, kw_only=True)
class Renew(Action[Lineage]):
    """Renew one certbot lineage by webroot where it ends within some days, and see that another certificate is live.

    nginx serves all the while: nothing is stopped, and what it serves changes with `cert.deploy` alone. certbot ends
    well also where it has renewed nothing, so the serial must have changed. A new certificate that is of another CA,
    has lost a name, ends no later or leads to no trusted root is not taken: the version before is live again. Refused
    while certbot is at work, where a hook would run before (it may stop nginx), and after `at_most` tries in six hours.
    """

    name = "cert.renew"
    risk = Risk.MEDIUM
    example = "{lineage: example.org, webroot: /var/www/acme}"

    lineage: Word = param("The certbot lineage (`certbot certificates`)")
    days: int = param("Renew where it is valid for fewer days than this", default=30, minimum=1, maximum=3650)
    webroot: Path | None = param(
        "Where nginx finds /.well-known/acme-challenge; as the lineage has it unless given, which then keeps it",
        default=None,
    )
    even_if_valid: bool = param(
        "Renew it although it is not due: rests on the playbook's symptom alone; it always acts", default=False
    )
    at_most: int = param("Tries by remedy within six hours, of this lineage", default=1, minimum=1, maximum=100)
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's", default=None)
    another_ca: bool = param("It may be of another CA than a trusted one before", default=False)
    fewer_names: bool = param("It may lose names", default=False)
    server: Url | None = param("The ACME server; as the lineage has it unless given, which then keeps it", default=None)
    server_ca: Path | None = param("A PEM file of the roots to trust the ACME server by", default=None)
    config_dir: Path = param("certbot's directory", default="/etc/letsencrypt")
    work_dir: Path = param("certbot's directory for its work", default="/var/lib/letsencrypt")
    logs_dir: Path = param("certbot's directory for its logs", default="/var/log/letsencrypt")

    @property
    def _dirs(self) -> tuple[str, str, str, str]:
        return self.config_dir, self.lineage, self.work_dir, self.logs_dir

    def look(self, host: Host) -> Look:
        asked = (str(self.days), self.ca or "", Ago(TRY_EVERY_S), str(self.at_most))
        return self.ask("cert_renew_look", *self._dirs, *asked)

    def see(self, reply: Reply) -> Lineage:
        ground, facts = fields_of(reply.ground), fields_of(reply.evidence)
        if ground != {"lineage": "none"} and set(ground) != KEYS:
            raise CannotTell(f"certbot's answer on {self.lineage} makes no sense")
        return Lineage(ground=ground, facts=facts)

    def plan(self, seen: Lineage) -> Change | None:
        if seen.said("lineage") == "none":
            known = ", ".join(seen.facts.get("lineages", "").split()) or "none"
            raise Refused(f"cert.renew: certbot has no lineage {self.lineage}", fix=f"its lineages: {known}")
        if seen.said("due") != "yes" and not self.even_if_valid:
            return None
        self._refuse(seen)
        version, after, serial = seen.said("lineage"), seen.said("next"), seen.said("serial")
        leave = " ".join(w for w, is_so in (("ca", self.another_ca), ("names", self.fewer_names)) if is_so)
        asked = (self.ca or "", self.webroot or "", self.server or "", self.server_ca or "", leave)
        renew = self._call("cert_renew", *self._dirs, serial, version, *asked, of=serial)
        back = self._call("cert_renew_back", self.config_dir, self.lineage, version, after)
        return Change(
            title=f"renew the certificate of {self.lineage}"
            + ("" if seen.said("due") == "yes" else " before it is due"),
            operations=(renew,),
            effect=Effect(says=f"another certificate of {self.lineage} is live", measures={"certificates": 1}),
            undo=UndoBy(
                says=f"version {version} of {self.lineage} is live again; version {after} stays in certbot's archive,"
                " and that it was issued cannot be taken back",
                operations=(back,),
            ),
            risk=self.risk if seen.said("due") == "yes" else self.risk.raised(),
            lines=self._lines(seen),
            touches=(f"path:{self.config_dir}",),
        )

    def verify(self, before: Lineage, after: Lineage) -> str:
        if after.said("serial") == before.said("serial"):
            return f"{self.lineage} has the certificate that it had"
        if count_of(after.ground, "ends") <= count_of(before.ground, "ends"):
            return "the new certificate ends no later"
        return "" if after.said("chain") == "ok" else "the chain of the new certificate leads to no trusted root"

    def restored(self, before: Lineage, after: Lineage) -> str:
        same = all(before.said(key) == after.said(key) for key in ("lineage", "serial"))
        return "" if same else f"version {after.said('lineage')} of {self.lineage} is live"

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "lineage":
                return f"version {rest} of {self.lineage} is live"
            case "tries":
                return f"the tries within six hours are {'used up' if rest == 'spent' else 'not used up'}"
            case "lock":
                return "certbot is at work" if rest == "held" else ""
            case "next" | "ends" | "by" | "server" | "hooks":
                return ""
            case _:
                return super().told(line)

    def unchanged(self, seen: Lineage) -> str:
        left = count_of(seen.facts, "left")
        return f"{self.lineage} is valid for {plural(left // DAY_S, 'day')} yet; it is renewed below {self.days}"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        folder, lineage, *rest = (str(a) for a in operation.args)
        if operation.function == "cert_renew_back":
            names = ("privkey", "chain", "fullchain", "cert")
            links = (f"ln -sfn ../../archive/{lineage}/{n}{rest[0]}.pem {n}.pem" for n in names)
            return (f"cd {quoted(f'{folder}/live/{lineage}')}", *links)
        work, logs, serial, _, _, webroot, server, server_ca, _ = rest
        dirs = f"--config-dir {quoted(folder)} --work-dir {quoted(work)} --logs-dir {quoted(logs)}"
        how = (f" --webroot -w {quoted(webroot)}" if webroot else "") + (f" --server {word(server)}" if server else "")
        trust = f"REQUESTS_CA_BUNDLE={quoted(server_ca)} " if server_ca else ""
        return (
            note("look first: certbot certificates; nothing needs to be stopped for it"),
            f"{trust}certbot renew --cert-name {word(lineage)} --force-renewal --non-interactive {dirs}{how}",
            note(f"its serial must be another one than {serial}; certbot ends well also where it did nothing"),
            f"openssl x509 -noout -serial -enddate -in {quoted(f'{folder}/live/{lineage}/fullchain.pem')}",
        )

    def _call(self, function: str, *args: str, of: str = "") -> Call:
        result = Result(name="serial", bound="differs", of=of) if of else None
        return Call(family="cert_renew", function=function, args=args, timeout_s=CERTBOT_S, result=result)

    def _refuse(self, seen: Lineage) -> None:
        what = f"cert.renew: {self.lineage}"
        if seen.said("lineage") == "0":
            raise Refused(f"{what}: certbot's links are not as it makes them", fix="certbot update_symlinks")
        if seen.said("lock") == "held":
            raise Refused(f"{what}: certbot is at work, perhaps by its timer", fix="wait until it has ended")
        if seen.said("tries") == "spent":
            raise Refused(
                f"{what} was tried {plural(self.at_most, 'time')} within {span_text(TRY_EVERY_S)}",
                fix="see certbot's log for why it failed; a CA counts failed tries (at_most)",
            )
        if seen.said("hooks") == "pre":
            raise Refused(
                f"{what}: a hook of certbot's would run before, and may stop nginx",
                fix="remove pre_hook from its renewal configuration, or what is in renewal-hooks/pre",
            )
        if seen.said("by") != "webroot" and not self.webroot:
            raise Refused(
                f"{what} is renewed by {seen.said('by')}, not by webroot",
                fix="webroot: the directory that nginx serves /.well-known/acme-challenge from",
            )

    def _lines(self, seen: Lineage) -> tuple[str, ...]:
        left, ends = count_of(seen.facts, "left"), count_of(seen.ground, "ends")
        names = ", ".join(seen.facts.get("names", "").split(","))
        days = plural(max(left, 0) // DAY_S, "day")
        lines = [
            f"serial {seen.said('serial')}, until {day_text(ends)} UTC ({days}), for {names}",
            f"asked of {self.server or seen.said('server')}",
        ]
        if self.webroot and seen.said("by") != "webroot":
            lines.append(f"certbot keeps that it is renewed by webroot, no longer by {seen.said('by')}")
        if seen.said("due") != "yes":
            lines.append("it always acts: even_if_valid is set, so the playbook's symptom is the only guard")
        return tuple(lines)


VERBS: tuple[type[Verb], ...] = (Renew,)
