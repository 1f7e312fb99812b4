"""A fault for drills: a web address that is asked again and again, as users do."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import ends_of_shells, quoted
from remedy.actions.params import Duration, Url, param
from remedy.actions.words import span_text
from remedy.errors import CannotTell
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whether the address is asked."""

    is_asked: bool


@dataclass(frozen=True, kw_only=True)
class HttpTraffic(Action[Asked]):
    """Ask a web address from its own host, five times a second, whatever it answers; it ends by itself after a while.

    What counts requests then has some to count: a drill breaks what answers them, beside this. The address is on a
    command line of the host, so it must hold no secret, and what it asks for must change nothing. Taken back, the
    shell that asks is ended; what was asked stays in the logs.
    """

    name = "fault.http_traffic"
    drill_only = True
    risk = Risk.LOW
    example = "{url: 'http://127.0.0.1:8080/', lasts: 5m}"

    url: Url = param("The address, http or https; its certificate is not looked at")
    lasts: Duration = param("It ends by itself after this long", default="5m", minimum=5, maximum=3600)

    @property
    def _mark(self) -> str:
        return f"drill-by-remedy:traffic:{self.url}"

    def look(self, host: Host) -> Look:
        return self.ask("fault_traffic_look", self._mark)

    def see(self, reply: Reply) -> Asked:
        said = fields_of(reply.ground).get("traffic")
        if said not in ("none", "there"):
            raise CannotTell(f"the host's answer on who asks {self.url} makes no sense")
        return Asked(is_asked=said == "there")

    def plan(self, seen: Asked) -> Change | None:
        if seen.is_asked:
            return None
        begin = Call(
            family="fault_traffic", function="fault_traffic_begin", args=(self.url, str(self.lasts), self._mark)
        )
        end = Call(family="fault_traffic", function="fault_end", args=(self._mark,))
        return Change(
            title=f"ask {self.url} again and again for {span_text(self.lasts)}",
            operations=(begin,),
            effect=Effect(says=f"up to five requests a second for {self.url}"),
            undo=UndoBy(says="the shell that asks is ended, where it is there still", operations=(end,)),
            risk=self.risk,
            touches=(f"traffic:{self.url}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        *asked, mark = (str(a) for a in operation.args)
        if not asked:
            return ends_of_shells(mark, "is it the shell that asks?")
        url, seconds = asked
        loop = 'while sleep 0.2; do curl -gks -m 10 -o /dev/null -- "$1"; done'
        words = f"timeout {int(seconds)} sh -c {quoted(loop)} {quoted(mark)} {quoted(url)} -"
        return (f"setsid {words} </dev/null >/dev/null 2>&1 &",)

    def verify(self, before: Asked, after: Asked) -> str:
        return "" if after.is_asked else f"nobody asks {self.url}"

    def restored(self, before: Asked, after: Asked) -> str:
        return f"{self.url} is asked still" if after.is_asked else ""

    def unchanged(self, seen: Asked) -> str:
        return f"{self.url} is asked already"


VERBS: tuple[type[Verb], ...] = (HttpTraffic,)
