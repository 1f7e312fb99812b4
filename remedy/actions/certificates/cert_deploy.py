"""The pair of a certbot lineage put where nginx reads it: checked, switched in one rename, proven by a handshake."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, quoted, word
from remedy.actions.params import Address, Duration, Path, Port, Word, param
from remedy.actions.roots import why_not_written
from remedy.actions.words import count_of, day_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, Undo, UndoBy, UndoUnnecessary

KEYS = {
    *("old", "old_pair", "new", "new_pair", "new_key", "new_time", "new_chain", "new_ca"),
    *("lost", "served", "nginx", "config"),
}
TIMES = {
    "early": "is not valid yet by the host's clock",
    "early-earlier": "is not valid yet by the host's clock",
    "over": "has expired",
    "over-earlier": "has expired",
    "right-earlier": "ends earlier than the one that is there",
}


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pair of the lineage, the pair that is there, and what is served: each certificate by its SHA-256."""

    ground: dict[str, str]
    facts: dict[str, str]

    def said(self, key: str) -> str:
        return self.ground[key]

    def fact(self, key: str) -> str:
        """A word of the evidence, "" where it says none."""
        return self.facts.get(key, "").strip()

    def told(self, which: str) -> str:
        """The new or the old certificate, for people."""
        serial, ends = self.fact(f"{which}_serial") or "none", day_text(count_of(self.facts, f"{which}_ends"))
        return f"serial {serial}, until {ends} UTC, of {self.fact(f'{which}_issuer') or 'nobody'}"


@dataclass(frozen=True, kw_only=True)
class Deploy(Action[Pairs]):
    """Put the pair of a certbot lineage where nginx reads it, load it, and see by a handshake that it is served.

    Refused unless the key is the certificate's, the chain leads to a trusted root, no name is lost, it ends no earlier
    than the one that is there and is valid now. Certificate and key change together in one rename: both names become
    links into `.pairs/`, where the old pair is kept for undo. nginx is asked whether it takes them and is reloaded,
    never stopped; where it refuses, or does not serve the new certificate in time, the old pair is put back at once.
    """

    name = "cert.deploy"
    risk = Risk.MEDIUM
    example = "{lineage: example.org, dir: /srv/site/nginx/ssl, server_name: example.org}"

    lineage: Word = param("The certbot lineage (`certbot certificates`)")
    dir: Path = param("Where nginx reads the pair, as the host sees it; a pair must be there")
    cert_name: Word = param("The certificate and its chain there", default="fullchain.pem")
    key_name: Word = param("The private key there", default="privkey.pem")
    names: tuple[Address, ...] = param("Names that it must be good for, beside those of the one there", default=[])
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's", default=None)
    another_ca: bool = param("It may be of another CA than a trusted one that is there", default=False)
    fewer_names: bool = param("It may lose names that the one there has", default=False)
    host: Address = param("Where it is served, as the host reaches it", default="127.0.0.1")
    port: Port = param("The port", default=443)
    server_name: Address = param("The name that is asked for (SNI)")
    project: Word | None = param(
        "The Compose project that nginx is a service of; the host's own nginx unless given", default=None
    )
    service: Word = param("The service that is nginx", default="nginx")
    config: Path | None = param("nginx's main configuration, where it is not the one it was built with", default=None)
    config_dir: Path = param("certbot's directory", default="/etc/letsencrypt")
    served_within: Duration = param("How long it may take to be served", default="30s", minimum=1, maximum=600)

    def __post_init__(self) -> None:
        if why := why_not_written(self.dir):
            raise Invalid(f"{self.dir} {why}", at="dir", fix="name another directory")

    @property
    def _source(self) -> tuple[str, str]:
        live = f"{self.config_dir}/live/{self.lineage}"
        return f"{live}/fullchain.pem", f"{live}/privkey.pem"

    @property
    def _where(self) -> tuple[str, str, str]:
        return self.host, str(self.port), self.server_name

    @property
    def _nginx(self) -> tuple[str, str, str]:
        return self.project or "", self.service, self.config or ""

    @property
    def _files(self) -> tuple[str, str, str]:
        return self.dir, self.cert_name, self.key_name

    def look(self, host: Host) -> Look:
        wanted = ",".join(self.names).lower()
        asked = (*self._source, *self._files, self.ca or "", *self._where, *self._nginx, wanted)
        return self.ask("cert_deploy_look", *asked, timeout_s=40)

    def see(self, reply: Reply) -> Pairs:
        ground = fields_of(reply.ground)
        if set(ground) != KEYS:
            raise CannotTell(f"the host's answer on the pair in {self.dir} makes no sense")
        return Pairs(ground=ground, facts=fields_of(reply.evidence))

    def plan(self, seen: Pairs) -> Change | None:
        if self._is_right(seen):
            return None
        self._refuse(seen)
        is_there = seen.said("old_pair") == seen.said("new_pair")
        pairs = (seen.said("new_pair"), seen.said("old_pair"))
        asked = (*self._files, *pairs, *self._nginx, *self._where, str(self.served_within))
        put = self._call("cert_deploy", *asked, seen.said("new"), *self._source)
        running = Call(family="cert_deploy", function="cert_deploy_running", args=self._nginx, always=True)
        back = self._call("cert_deploy_back", *asked)
        undo: Undo = UndoBy(says=f"the old pair is put back and loaded: {seen.told('old')}", operations=(back,))
        if is_there:
            undo = UndoUnnecessary(says="the files are not changed")
        what = "load the certificate that is there" if is_there else f"put the certificate of {self.lineage}"
        return Change(
            title=what + (f" in {self.dir}" if is_there else f" into {self.dir} and load it"),
            operations=(put, running),
            effect=Effect(
                says=f"{seen.fact('new_serial')} is served at {self.host}:{self.port}",
                measures={"files_written": 0 if is_there else 2},
            ),
            undo=undo,
            risk=self.risk,
            lines=self._lines(seen),
            touches=(f"path:{self.dir}", f"nginx:{self.project or ''}/{self.service if self.project else ''}"),
            settle_s=5,
        )

    def verify(self, before: Pairs, after: Pairs) -> str:
        if after.said("nginx") != "running":
            return "nginx does not run"
        if after.said("served") != before.said("new"):
            return f"another certificate is served at {self.host}:{self.port}"
        return "" if after.said("old_pair") == before.said("new_pair") else f"{self.dir} holds another pair"

    def restored(self, before: Pairs, after: Pairs) -> str:
        if before.said("old_pair") != after.said("old_pair"):
            return f"{self.dir} does not hold the pair that it held"
        is_served = after.said("served") == before.said("served") or before.said("nginx") != "running"
        return "" if is_served else f"another certificate is served at {self.host}:{self.port}"

    def told(self, line: str) -> str:
        key, _, rest = line.partition(" ")
        words = {"new": "the lineage's certificate", "old": f"the certificate in {self.dir}", "served": "it serves"}
        if key in words:
            return f"{words[key]}: {rest[:16]}"
        return "" if key.endswith("_pair") else super().told(line)

    def unchanged(self, seen: Pairs) -> str:
        return f"the certificate of {self.lineage} is served already: {seen.told('new')}"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        project, service, config = (str(a) for a in operation.args[-3:])
        if operation.function == "cert_deploy_running":
            if project:
                return (f"docker compose -p {word(project)} up --detach --no-recreate {word(service)}",)
            of = f" -c {quoted(config)}" if config else ""
            return (f"pgrep -f 'nginx: master' >/dev/null || nginx{of}",)
        folder, cert, key, new, old, project, service, config = (str(a) for a in operation.args[:8])
        sources = [str(a) for a in operation.args[13:15]]
        run = _nginx_by_hand(project, service, config)
        where = quoted(folder)
        if not sources:
            return (
                f"cd {where}",
                f"ln -sfn .pairs/{new if new == old else old} .pair",
                f"{run} -t",
                f"{run} -s reload",
            )
        if new == old:
            return (f"{run} -t", f"{run} -s reload")
        return (
            note("look first: openssl x509 -noout -text, and that the key is the certificate's"),
            f"cd {where}",
            f"mkdir -p .pairs/{old} .pairs/{new}",
            f"cp -pL {cert} {key} .pairs/{old}",
            f"cp -L {quoted(sources[0])} .pairs/{new}/{cert}",
            f"cp -L {quoted(sources[1])} .pairs/{new}/{key}",
            f"chmod 600 .pairs/{new}/{key}",
            f"ln -sfn .pairs/{old} .pair; ln -sf .pair/{cert} {cert}; ln -sf .pair/{key} {key}",
            f"ln -s .pairs/{new} .pair.new; mv -T .pair.new .pair",
            f"{run} -t || ln -sfn .pairs/{old} .pair",
            f"{run} -s reload",
        )

    def _call(self, function: str, *args: str) -> Call:
        return Call(family="cert_deploy", function=function, args=args, timeout_s=self.served_within + 60)

    def _is_right(self, seen: Pairs) -> bool:
        is_there = seen.said("old_pair") == seen.said("new_pair") != "none"
        return is_there and seen.said("served") == seen.said("new") and seen.said("nginx") == "running"

    def _refuse(self, seen: Pairs) -> None:
        renew = f"certbot certificates; cert.renew renews {self.lineage}"
        if seen.said("new") == "none" or seen.said("new_key") == "none":
            raise Refused(f"cert.deploy: {self.lineage} has no certificate and key that can be read", fix=renew)
        if seen.said("old_pair") == "none":
            raise Refused(f"cert.deploy: there is no pair in {self.dir}", fix="the first one is put there by hand")
        if seen.said("new_key") != "ok":
            raise Refused(f"cert.deploy: the key of {self.lineage} is another certificate's", fix=renew)
        if seen.said("new_chain") != "ok":
            why = seen.fact("new_why")
            raise Refused(
                f"cert.deploy: the chain of {self.lineage} does not lead to a trusted root ({why})",
                fix="a staging CA, or an intermediate is missing; `ca` names roots of your own",
            )
        if seen.said("new_time") in TIMES:
            raise Refused(f"cert.deploy: the certificate of {self.lineage} {TIMES[seen.said('new_time')]}", fix=renew)
        if seen.said("new_time") != "right":
            raise CannotTell(f"the host's answer makes no sense: new_time {seen.said('new_time')!r}")
        self._refuse_another(seen)

    def _refuse_another(self, seen: Pairs) -> None:
        if seen.said("lost") != "none" and not self.fewer_names:
            names = ", ".join(seen.said("lost").split(","))
            raise Refused(
                f"cert.deploy: the certificate of {self.lineage} is not good for {names}",
                fix="certbot certonly --expand; fewer_names: true where they are to go",
            )
        if seen.said("new_ca") != "same" and not self.another_ca:
            raise Refused(
                f"cert.deploy: it is of another CA ({seen.fact('new_issuer')}) than the one there"
                f" ({seen.fact('old_issuer')})",
                fix="another_ca: true where that is meant",
            )
        if seen.said("config") == "broken":
            raise Refused(
                f"cert.deploy: nginx refuses its configuration as it is: {seen.fact('nginx_why')}",
                fix="mend it first (nginx -t)",
            )

    def _lines(self, seen: Pairs) -> tuple[str, ...]:
        lines = [f"there: {seen.told('old')}", f"new: {seen.told('new')}"]
        if seen.said("lost") != "none":
            lines.append(f"it is no longer good for {', '.join(seen.said('lost').split(','))}")
        if seen.said("new_ca") != "same":
            lines.append("it is of another CA")
        if seen.said("nginx") != "running":
            lines.append("nginx does not run: it is started with the new pair")
        return tuple(lines)


def _nginx_by_hand(project: str, service: str, config: str) -> str:
    of = f" -c {quoted(config)}" if config else ""
    return f"docker compose -p {word(project)} exec -T {word(service)} nginx{of}" if project else f"nginx{of}"


VERBS: tuple[type[Verb], ...] = (Deploy,)
