"""A check of processes, by exact command line; never by the bare name of a program."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Text, param
from remedy.actions.words import count_of, plural
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class Running(Check):
    """See that processes with exactly this command line run, and how many."""

    name = "process.running"
    example = "{cmdline: /usr/sbin/sshd -D, user: root}"

    cmdline: Text = param("The whole command line, arguments joined by one space, as `ps -o args` shows it")
    user: Text | None = param("Only processes of this user", default=None)
    at_least: int = param("How many at least", default=1, minimum=0)
    at_most: int | None = param("How many at most", default=None, minimum=0)

    def __post_init__(self) -> None:
        if not self.cmdline.strip():
            raise Invalid("wanted a command line", at="cmdline")
        if self.at_most is not None and self.at_most < self.at_least:
            raise Invalid("wanted no less than at_least", at="at_most")

    def look(self, host: Host) -> Look:
        most = "" if self.at_most is None else str(self.at_most)
        return self.ask("process_count", self.cmdline.rstrip(), self.user or "", str(self.at_least), most)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("processes"), fields_of(reply.evidence)
        if band not in ("within", "too-few", "too-many"):
            raise CannotTell("the host's answer on processes makes no sense")
        count = count_of(facts, "count")
        pids = [int(p) for p in facts.get("pids", "").split() if p.isdecimal()]
        of = f" of {self.user}" if self.user else ""
        return Judgement(
            answer=Answer.OK if band == "within" else Answer.NOT_OK,
            says=f"{plural(count, 'process', 'processes')}{of} run as {self.cmdline!r}, {self._wanted()}",
            facts={"count": count, "pids": [*pids]},
        )

    def _wanted(self) -> str:
        if self.at_most is None:
            return f"wanted at least {self.at_least}"
        return f"wanted {self.at_least} to {self.at_most}"


VERBS: tuple[type[Verb], ...] = (Running,)
