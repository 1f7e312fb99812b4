"""Maintenance of a site: nginx answers 503 with Retry-After, but for what monitoring asks; and no longer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from remedy.actions.action import Action, Verb, fields_of, unescaped
from remedy.actions.by_hand import quoted, word
from remedy.actions.host.timer import disarm, for_a_while
from remedy.actions.params import Duration, Path, Text, Url, Word, param
from remedy.actions.roots import why_not_written
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, Undo, UndoBy, UndoUnnecessary

NAME = "remedy-maintenance.conf"
ACME = "/.well-known/acme-challenge/"  # certificates are renewed meanwhile, too


@dataclass(frozen=True, kw_only=True)
class Front:
    """What nginx tells the world: the snippet, and what a page answers."""

    snippet: str
    answer: str
    nginx: str
    config: str
    why: str
    text: str  # of the snippet that is there


@dataclass(frozen=True, kw_only=True)
class _Maintenance(Action[Front]):
    """What both directions share."""

    dir: Path = param("A directory whose *.conf nginx's server block includes, as the host sees it")
    url: Url = param("A page of the site, asked from the host: what it answers is the proof")
    ca: Path | None = param("A PEM file of the roots to trust instead of the host's", default=None)
    timeout: Duration = param("How long an answer may take", default="5s", minimum=1, maximum=60)
    project: Word | None = param("The Compose project of nginx; the host's own nginx unless given", default=None)
    service: Word = param("The service that is nginx", default="nginx")
    config: Path | None = param("Its main configuration, where it is not the one it was built with", default=None)
    within: Duration = param("How long it may take to be seen", default="20s", minimum=1, maximum=600)

    def __post_init__(self) -> None:
        if why := why_not_written(f"{self.dir}/{NAME}"):
            raise Invalid(f"{self.dir} {why}", at="dir", fix="name another directory")

    @property
    def _key(self) -> str:
        return f"maintenance:{self.dir}"

    def _snippet(self) -> str:
        return ""

    def _asked(self) -> tuple[str, ...]:
        nginx = (self.project or "", self.service, self.config or "")
        return (self.url, self.ca or "", str(self.timeout), *nginx)

    def look(self, host: Host) -> Look:
        return self.ask("maintenance_look", self.dir, self._snippet(), *self._asked(), timeout_s=self.timeout + 20)

    def see(self, reply: Reply) -> Front:
        ground, facts = fields_of(reply.ground), fields_of(reply.evidence)
        if set(ground) != {"snippet", "answer", "nginx", "config"}:
            raise CannotTell(f"the host's answer on {self.dir} makes no sense")
        return Front(**ground, why=unescaped(facts.get("why", "")), text=unescaped(facts.get("text", "")))

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        folder, *rest = (str(a) for a in operation.args)
        path = quoted(f"{folder}/{NAME}")
        is_on = operation.function == "maintenance_on"
        _, _, _, project, service, config, _ = rest[1:] if is_on else rest
        of = f" -c {quoted(config)}" if config else ""
        run = f"docker compose -p {word(project)} exec -T {word(service)} nginx{of}" if project else f"nginx{of}"
        change = (f"printf %s {quoted(rest[0])} >{path}", f"chmod 644 {path}") if is_on else (f"rm -f -- {path}",)
        return (*change, f"{run} -t", f"{run} -s reload")

    def restored(self, before: Front, after: Front) -> str:
        if before.snippet != after.snippet:  # by the ground alone: a record keeps no text
            return f"{self.dir}/{NAME} is not what it was"
        return "" if before.answer == after.answer else f"{self.url} answers otherwise than before"

    def _refuse(self, seen: Front) -> None:
        if seen.nginx != "running":
            raise Refused(f"{self.name}: nginx does not run", fix="start it: compose.start, service.restart")
        if seen.config != "ok":
            raise Refused(f"{self.name}: nginx refuses its configuration: {seen.why}", fix="mend it first (nginx -t)")

    def _on(self, text: str) -> Call:
        return self._call("maintenance_on", self.dir, text, *self._asked())

    def _off(self) -> Call:
        return self._call("maintenance_off", self.dir, *self._asked())

    def _call(self, function: str, *args: str) -> Call:
        whole = (*args, str(self.within))
        return Call(family="maintenance", function=function, args=whole, timeout_s=self.within + self.timeout + 30)

    def _change(self, call: Call, undo: Undo, title: str, says: str, lines: tuple[str, ...]) -> Change:
        return Change(
            title=title,
            operations=(call,),
            effect=Effect(says=says, measures={"files_written": 1}),
            undo=undo,
            risk=self.risk,
            lines=lines,
            touches=(self._key, f"path:{self.dir}"),
            settle_s=5,
        )


@dataclass(frozen=True, kw_only=True)
class Enable(_Maintenance):
    """Have nginx answer 503 with Retry-After on every page but those that are named, and see it answer so.

    A snippet goes into a directory that the site's server block includes; nginx is asked whether it takes it and is
    reloaded. Where it refuses, or the page does not answer 503, the snippet is taken away at once. Health checks
    that are named under `allow` and ACME challenges go on. `for: 1h` has the host end it by itself.
    """

    name = "maintenance.enable"
    risk = Risk.MEDIUM
    example = "{dir: /etc/nginx/maintenance.d, url: 'https://example.org/', allow: [/health], for: 1h}"

    allow: tuple[Text, ...] = param("Paths that are answered as ever, exactly these", default=["/health"])
    retry_after: Duration = param("When clients are told to come back", default="10m", minimum=1)
    message: Text = param("What people read", default="Under maintenance. Please come back later.")
    for_: Duration | None = param("End it after this long", default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        for path in self.allow:
            if not re.fullmatch(r"/[A-Za-z0-9._~/-]{0,200}", path, re.ASCII):
                raise Invalid("wanted paths of letters, digits and . _ ~ / -", at="allow", fix="name them one by one")
        if not re.fullmatch(r"[A-Za-z0-9 .,:;!?()/@_+-]{1,200}", self.message, re.ASCII):
            raise Invalid(
                "wanted plain words of at most 200 characters", at="message", fix="leave out quotes and signs"
            )

    def _snippet(self) -> str:
        allowed = "".join(f'if ($uri = "{path}") {{ set $remedy_open 1; }}\n' for path in self.allow)
        return (
            "# Made by remedy: the site is under maintenance. maintenance.disable takes it away.\n"
            "set $remedy_open 0;\n"
            f"{allowed}"
            f'if ($uri ~ "^{ACME}") {{ set $remedy_open 1; }}\n'
            "if ($remedy_open = 0) { return 503; }\n"
            "error_page 503 @remedy_maintenance;\n"
            "location @remedy_maintenance {\n"
            "    default_type text/plain;\n"
            f"    add_header Retry-After {self.retry_after} always;\n"
            f'    return 503 "{self.message}\\n";\n'
            "}\n"
        )

    def plan(self, seen: Front) -> Change | None:
        if seen.snippet == "same" and seen.answer == "maintenance":
            return None
        self._refuse(seen)
        if seen.snippet == "none" and seen.answer == "maintenance":
            raise Refused(
                f"{self.name}: {self.url} answers 503 with Retry-After already, by another's word",
                fix="see who did it; nothing would be gained",
            )
        undo = UndoBy(says="the snippet is taken away, and the site answers again", operations=(self._off(),))
        if seen.snippet == "other":
            undo = UndoBy(says="the snippet that is there comes back", operations=(self._on(seen.text),))
        shown = ", ".join((*self.allow, f"{ACME}*"))
        change = self._change(
            self._on(self._snippet()),
            undo,
            f"have {self.url} answer 503: maintenance",
            f"{self.url} answers 503 with Retry-After",
            (f"answered as ever: {shown}", *(("another snippet is replaced",) if seen.snippet == "other" else ())),
        )
        if self.for_:
            return for_a_while(change, self._key, self.for_)
        return _also_disarmed(change, self._key)

    def verify(self, before: Front, after: Front) -> str:
        return "" if after.answer == "maintenance" else f"{self.url} does not answer 503 with Retry-After"

    def unchanged(self, seen: Front) -> str:
        return f"{self.url} is under maintenance already"


@dataclass(frozen=True, kw_only=True)
class Disable(_Maintenance):
    """End the maintenance that `maintenance.enable` began, and see the site answer again."""

    name = "maintenance.disable"
    risk = Risk.MEDIUM
    example = "{dir: /etc/nginx/maintenance.d, url: 'https://example.org/'}"

    def plan(self, seen: Front) -> Change | None:
        if seen.snippet == "none" and seen.answer != "maintenance":
            return None
        self._refuse(seen)
        if seen.snippet == "none":
            title = "reload nginx: the snippet is gone, and still answers"
            undo: Undo = UndoUnnecessary(says="no file is changed")
        else:
            title = f"end the maintenance of {self.url}"
            undo = UndoBy(says="the snippet comes back", operations=(self._on(seen.text),))
        change = self._change(self._off(), undo, title, f"{self.url} answers again", ())
        return _also_disarmed(change, self._key)

    def verify(self, before: Front, after: Front) -> str:
        return f"{self.url} still answers 503" if after.answer == "maintenance" else ""

    def unchanged(self, seen: Front) -> str:
        return f"{self.url} is not under maintenance"


def _also_disarmed(change: Change, key: str) -> Change:
    """The same change, for good: no timer takes it back."""
    return replace(change, operations=(disarm(key), *change.operations))


VERBS: tuple[type[Verb], ...] = (Enable, Disable)
