"""A fault for drills: a queue that is too long, with jobs that do nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, word
from remedy.actions.network.queue import one_secret
from remedy.actions.params import Content, Port, Text, Word, param
from remedy.actions.words import count_of, plural
from remedy.errors import CannotTell
from remedy.model import Argument, Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The queue: whether as many wait as the drill wants, how many in all, and how many are the drill's."""

    is_long: bool
    waiting: int
    ours: int


@dataclass(frozen=True, kw_only=True)
class QueueBacklog(Action[Backlog]):
    """Put jobs into a Redis list until so many of them wait, for a drill. Undo takes out what is left of exactly those.

    The jobs are equal texts, which the workers must bear; what is equal to `text` is taken for the drill's.
    """

    name = "fault.queue_backlog"
    risk = Risk.MEDIUM
    drill_only: ClassVar[bool] = True
    example = "{project: shop, service: redis, key: celery, jobs: 200}"

    key: Text = param("The list")
    jobs: int = param("How many shall wait", minimum=1, maximum=100_000)
    text: Text = param("What each of them says", default="remedy drill: do nothing")
    project: Word | None = param("The Compose project; none is the host's own Redis", default=None)
    service: Word = param("Its service", default="redis")
    port: Port = param("Where Redis listens", default=6379)
    database: int = param("Its database", default=0, minimum=0, maximum=1000)
    password: Content | None = param("Its password, as a secret", default=None)

    def __post_init__(self) -> None:
        one_secret(self.password)

    def look(self, host: Host) -> Look:
        return self.ask("fault_queue_look", *self._queue(), str(self.jobs), self.text)

    def see(self, reply: Reply) -> Backlog:
        band, said = fields_of(reply.ground).get("length"), fields_of(reply.evidence)
        if band not in ("enough", "short"):
            raise CannotTell(f"the host's answer on {self.key} makes no sense")
        waiting, ours = (
            count_of(said, n) if said else 0 for n in ("waiting", "ours")
        )  # a record keeps the ground alone
        return Backlog(is_long=band == "enough", waiting=waiting, ours=ours)

    def plan(self, seen: Backlog) -> Change | None:
        if seen.is_long:
            return None
        return Change(
            title=f"put {plural(self.jobs, 'job')} into {self.key}",
            operations=(self._call("fault_queue_fill", str(self.jobs), self.text),),
            effect=Effect(says=f"{plural(self.jobs, 'job')} wait in {self.key}", measures={"jobs": self.jobs}),
            undo=UndoBy(
                says=f"what is left of these jobs taken out of {self.key}",
                operations=(self._call("fault_queue_drain", self.text),),
            ),
            risk=self.risk,
            lines=(f"{plural(seen.waiting, 'job')} wait there now", f"each says: {self.text}"),
            touches=(f"queue:{self.project or ''}/{self.service}/{self.key}",),
        )

    def verify(self, before: Backlog, after: Backlog) -> str:
        """Workers may have taken some of them already."""
        return "" if after.waiting or not before.is_long else f"nothing waits in {self.key}"

    def restored(self, before: Backlog, after: Backlog) -> str:
        return f"{plural(after.ours, 'job')} of the drill's still wait" if after.ours else ""

    def unchanged(self, seen: Backlog) -> str:
        return f"{plural(seen.waiting, 'job')} wait in {self.key} already"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        project, service, port, database, key, password, *rest = operation.args
        cli = f"redis-cli -p {word(port)} -n {word(database)}"
        if project:
            found = note(f"the container of service {service} of project {project}: docker compose -p {project} ps")
            cli = f'docker exec "${{CONTAINER:?}}" {cli}'
        else:
            found = note("on the host itself")
        secret = note(f"with REDISCLI_AUTH={word(password)} in its environment") if password else note("no password")
        if operation.function == "fault_queue_drain":
            return found, secret, f"{cli} LREM {word(key)} 0 {word(rest[0])}"
        return found, secret, f"for n in $(seq {word(rest[0])}); do {cli} RPUSH {word(key)} {word(rest[1])}; done"

    def _queue(self) -> tuple[Argument, ...]:
        reach = (self.project or "", self.service, str(self.port), str(self.database), self.key)
        return (*reach, one_secret(self.password))

    def _call(self, function: str, *args: str) -> Call:
        return Call(family="fault_queue", function=function, args=(*self._queue(), *args))


VERBS: tuple[type[Verb], ...] = (QueueBacklog,)
