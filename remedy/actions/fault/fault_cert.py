"""A drill: nginx serves a certificate that ends soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import Address, Duration, Path, Port, Word, param
from remedy.actions.words import count_of, day_text, plural
from remedy.errors import CannotTell, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

KEYS = {"pair", "short", "names", "served", "nginx", "config"}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The pair that nginx reads: what tells it apart, whether it ends soon, and when."""

    ground: dict[str, str]
    ends: int

    def said(self, key: str) -> str:
        return self.ground[key]


@dataclass(frozen=True, kw_only=True)
class Expire(Action[Pair]):
    """Have nginx serve a certificate of its own making that ends within some days, for a drill.

    It is good for the same names. The pair that was there is kept beside and comes back, unless the remedy has put
    another one there meanwhile: that one stays.
    """

    name = "fault.cert_expire"
    risk = Risk.MEDIUM
    drill_only: ClassVar[bool] = True
    example = "{dir: /srv/site/nginx/ssl, server_name: example.org}"

    dir: Path = param("Where nginx reads the pair, as the host sees it")
    cert_name: Word = param("The certificate and its chain there", default="fullchain.pem")
    key_name: Word = param("The private key there", default="privkey.pem")
    days: int = param("How many days the certificate is valid", default=5, minimum=1, maximum=365)
    host: Address = param("Where it is served, as the host reaches it", default="127.0.0.1")
    port: Port = param("The port", default=443)
    server_name: Address = param("The name that is asked for (SNI)")
    project: Word | None = param("The Compose project of nginx; the host's own nginx unless given", default=None)
    service: Word = param("The service that is nginx", default="nginx")
    config: Path | None = param("nginx's main configuration, where it is not the one it was built with", default=None)
    served_within: Duration = param("How long it may take to be served", default="30s", minimum=1, maximum=600)

    @property
    def _files(self) -> tuple[str, str, str]:
        return self.dir, self.cert_name, self.key_name

    @property
    def _where(self) -> tuple[str, str, str]:
        return self.host, str(self.port), self.server_name

    @property
    def _nginx(self) -> tuple[str, str, str]:
        return self.project or "", self.service, self.config or ""

    def look(self, host: Host) -> Look:
        asked = (*self._files, *self._where, str(self.days), *self._nginx)
        return self.ask("fault_cert_look", *asked, timeout_s=40)

    def see(self, reply: Reply) -> Pair:
        ground, told = fields_of(reply.ground), fields_of(reply.evidence)
        if set(ground) != KEYS:
            raise CannotTell(f"the host's answer on the pair in {self.dir} makes no sense")
        return Pair(ground=ground, ends=count_of(told, "old_ends") if told else 0)  # a record keeps the ground alone

    def plan(self, seen: Pair) -> Change | None:
        if seen.said("short") == "yes" and seen.said("pair") != "none":
            return None
        if seen.said("pair") == "none" or seen.said("names") == "none":
            raise Refused(f"{self.name}: there is no pair with names in {self.dir}", fix="name the right directory")
        if (seen.said("nginx"), seen.said("config")) != ("running", "ok"):
            raise Refused(
                f"{self.name}: nginx does not run, or refuses its configuration", fix="drill a site that works"
            )
        old, limit = seen.said("pair"), str(self.served_within)
        args = (*self._files, old, str(self.days), *self._nginx, *self._where, limit)
        back = (*self._files, old, *self._nginx, *self._where, limit)
        return Change(
            title=f"have nginx serve a certificate from {self.dir} that ends in {plural(self.days, 'day')}",
            operations=(self._call("fault_cert", *args),),
            effect=Effect(says=f"a certificate of {plural(self.days, 'day')} is served", measures={"files_written": 2}),
            undo=UndoBy(
                says="the pair that is there now comes back, unless another one was put there meanwhile",
                operations=(self._call("fault_cert_back", *back),),
            ),
            risk=self.risk,
            lines=(f"there: until {day_text(seen.ends)} UTC, for {', '.join(seen.said('names').split(','))}",),
            touches=(f"path:{self.dir}", f"nginx:{self.project or ''}/{self.service if self.project else ''}"),
            settle_s=5,
        )

    def restored(self, before: Pair, after: Pair) -> str:
        return f"{self.dir} holds the certificate of the drill" if after.said("short") == "yes" else ""

    def unchanged(self, seen: Pair) -> str:
        return f"the certificate in {self.dir} ends within {plural(self.days, 'day')} already"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        folder, cert, key, old, *rest = (str(a) for a in operation.args)
        again = note("then: nginx -t and nginx -s reload, where nginx lives")
        if operation.function == "fault_cert_back":
            return f"cd {quoted(folder)}", f"ln -sfn .pairs/{old} .pair", again
        made = f"openssl req -x509 -newkey rsa:2048 -nodes -days {rest[0]} -subj '/O=remedy drill'"
        return (
            f"cd {quoted(folder)}",
            f"mkdir -p .pairs/{old} .pairs/drill",
            f"cp -pL {cert} {key} .pairs/{old}",
            f"{made} -keyout .pairs/drill/{key} -out .pairs/drill/{cert}",
            f"ln -sfn .pairs/drill .pair; ln -sf .pair/{cert} {cert}; ln -sf .pair/{key} {key}",
            again,
        )

    def _call(self, function: str, *args: str) -> Call:
        return Call(family="fault_cert", function=function, args=args, timeout_s=self.served_within + 60)


VERBS: tuple[type[Verb], ...] = (Expire,)
