"""nginx: whether it takes its configuration, and reloaded where its workers are older than that."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Check, Verb, fields_of, unescaped
from remedy.actions.by_hand import quoted, word
from remedy.actions.params import Duration, Path, Word, param
from remedy.actions.words import count_of, day_text
from remedy.errors import CannotTell, Refused
from remedy.model import Answer, Await, Call, Change, Effect, Host, Judgement, Look, Reply, Risk, UndoUnnecessary


@dataclass(frozen=True, kw_only=True)
class Server:
    """nginx as it runs: its workers, and what was changed last of what they read."""

    runs: bool
    config: str
    loaded: str
    facts: dict[str, str]

    def text(self, key: str) -> str:
        """A text of the evidence."""
        return unescaped(self.facts.get(key, "")).strip()


@dataclass(frozen=True, kw_only=True)
class Reload(Action[Server]):
    """Have nginx load its configuration where a file of it was changed after its workers began, and see new workers.

    The configuration is tested before. Configuration files, the directories that are searched for more, certificates
    and keys count, by the time of their last change. Connections are not cut: old workers finish what they have.
    """

    name = "nginx.reload"
    risk = Risk.LOW
    example = "{project: shop, service: nginx}"

    project: Word | None = param("The Compose project of nginx; the host's own nginx unless given", default=None)
    service: Word = param("The service that is nginx", default="nginx")
    config: Path | None = param("Its main configuration, where it is not the one it was built with", default=None)
    reloaded_within: Duration = param("How long new workers may take", default="30s", minimum=1, maximum=600)

    @property
    def _nginx(self) -> tuple[str, str, str]:
        return self.project or "", self.service, self.config or ""

    def look(self, host: Host) -> Look:
        return self.ask("nginx_look", *self._nginx)

    def see(self, reply: Reply) -> Server:
        ground, facts = fields_of(reply.ground), fields_of(reply.evidence)
        if not {"nginx", "config", "loaded"} <= set(ground):
            raise CannotTell("the host's answer on nginx makes no sense")
        return Server(runs=ground["nginx"] == "running", config=ground["config"], loaded=ground["loaded"], facts=facts)

    def plan(self, seen: Server) -> Change | None:
        if not seen.runs:
            raise Refused("nginx.reload: nginx does not run", fix="start it: compose.start, service.restart")
        if seen.config != "ok":
            raise Refused(
                f"nginx.reload: nginx refuses its configuration: {seen.text('why')}", fix="mend it first (nginx -t)"
            )
        if seen.loaded == "yes":
            return None
        if seen.loaded != "no":
            raise Refused("nginx.reload: the workers of nginx cannot be seen", fix="become: true on the host")
        args = (*self._nginx, str(self.reloaded_within))
        call = Call(family="nginx", function="nginx_reload", args=args, timeout_s=self.reloaded_within + 30)
        changed, oldest = count_of(seen.facts, "newest"), count_of(seen.facts, "oldest")
        return Change(
            title="reload nginx, whose configuration was changed after its workers began",
            operations=(call,),
            effect=Effect(says="every worker of nginx has the configuration that is there", measures={"restarts": 1}),
            undo=UndoUnnecessary(says="a reload changes no file"),
            risk=self.risk,
            lines=(
                f"{seen.text('changed')} was changed {day_text(changed)} UTC",
                f"the oldest worker began {day_text(oldest)} UTC",
            ),
            touches=(f"nginx:{self.project or ''}/{self.service if self.project else ''}",),
            settle_s=5,
        )

    def verify(self, before: Server, after: Server) -> str:
        if not after.runs:
            return "nginx does not run"
        return "" if after.loaded == "yes" else "workers with the old configuration are still there"

    def unchanged(self, seen: Server) -> str:
        return "every worker of nginx has the configuration that is there"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        project, service, config, _ = (str(a) for a in operation.args)
        of = f" -c {quoted(config)}" if config else ""
        run = f"docker compose -p {word(project)} exec -T {word(service)} nginx{of}" if project else f"nginx{of}"
        return f"{run} -t", f"{run} -s reload"


@dataclass(frozen=True, kw_only=True)
class Config(Check):
    """See that nginx takes its configuration as it is on disk (`nginx -t`)."""

    name = "nginx.config"
    example = "{project: shop, service: nginx}"

    project: Word | None = param("The Compose project of nginx; the host's own nginx unless given", default=None)
    service: Word = param("The service that is nginx", default="nginx")
    config: Path | None = param("Its main configuration, where it is not the one it was built with", default=None)

    def look(self, host: Host) -> Look:
        return self.ask("nginx_look", self.project or "", self.service, self.config or "")

    def judge(self, reply: Reply) -> Judgement:
        band, why = fields_of(reply.ground).get("config"), fields_of(reply.evidence).get("why", "")
        if band == "ok":
            return Judgement(answer=Answer.OK, says="nginx takes its configuration")
        if band == "unknown":
            return Judgement(answer=Answer.CANNOT_TELL, says="its container does not run, and cannot be asked")
        if band != "broken":
            raise CannotTell("the host's answer on nginx makes no sense")
        return Judgement(answer=Answer.NOT_OK, says=f"nginx refuses its configuration: {unescaped(why)}")


VERBS: tuple[type[Verb], ...] = (Reload, Config)
