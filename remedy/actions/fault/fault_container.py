"""Faults for drills: the containers of a Compose service that are stopped, or that hang."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import Duration, Word, param
from remedy.errors import CannotTell, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

EACH_S = 20  # for one container: three seconds to end, and an engine that is busy
ID_SHOWN = 12
NOTICED_BY_HAND = (
    "until docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{end}}' %s |"
    " grep -qx unhealthy; do sleep 1; done"
)


@dataclass(frozen=True, kw_only=True)
class Containers:
    """The containers of a service by their full ids: runs, hangs, or Docker's own word."""

    states: Mapping[str, str]

    def that(self, state: str) -> tuple[str, ...]:
        """The ids of those in this state."""
        return tuple(i for i, s in self.states.items() if s == state)


class ContainerFault(Action[Containers]):
    """What both faults share: every container of a service that runs is broken, and brought back if still there."""

    drill_only = True
    risk = Risk.MEDIUM
    project: Word
    service: Word
    does: ClassVar[tuple[str, str]]  # the verb that breaks, the verb that brings back
    broken: ClassVar[str]  # the state that it is for

    @classmethod
    def family(cls) -> str:
        return "fault_container"

    def look(self, host: Host) -> Look:
        return self.ask("fault_container_look", self.project, self.service)

    def see(self, reply: Reply) -> Containers:
        if fields_of(reply.ground).get("service") != f"{self.project}/{self.service}":
            raise CannotTell(f"the engine's answer on {self.project}/{self.service} makes no sense")
        return Containers(states=items_of(reply.ground))

    def plan(self, seen: Containers) -> Change | None:
        of = f"service {self.service} of project {self.project}"
        if any(s in ("paused", "restarting", "removing") for s in seen.states.values()):
            raise Refused(f"{self.name}: a container of {of} is neither up nor down", fix="break what is whole")
        whole = seen.that("runs")
        if not whole:
            return None
        breaks, mends = self.does
        count = "its container" if len(whole) == 1 else f"its {len(whole)} containers"
        how = "stop" if self.broken == "exited" else "make hang, by SIGSTOP,"
        return Change(
            title=f"{self.service} of {self.project}: {how} {count}",
            operations=(self._call(breaks, whole), *self._noticed(whole)),
            effect=Effect(says=f"no container of {of} answers"),
            undo=UndoBy(says="those that are there still run again", operations=(self._call(mends, whole),)),
            risk=self.risk,
            lines=tuple(f"container {i[:ID_SHOWN]}" for i in whole),
            touches=(f"compose:{self.project}/{self.service}",),
        )

    def _call(self, verb: str, ids: tuple[str, ...]) -> Call:
        return Call(
            family="fault_container",
            function="fault_container_do",
            args=(verb,),
            items=ids,
            timeout_s=EACH_S * (len(ids) + 1),
        )

    def _noticed(self, ids: tuple[str, ...]) -> tuple[Await, ...]:
        """What is awaited of each, when it is broken."""
        return ()

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        if isinstance(operation, Await):
            return note("wait until `docker ps` calls it unhealthy"), NOTICED_BY_HAND % quoted(
                str(operation.look.args[0])
            )
        verb = str(operation.args[0])
        typed = {"stop": "docker stop --time 3", "start": "docker start"}.get(verb, f"docker kill --signal {verb}")
        return (
            note("this breaks it, or brings it back, on purpose"),
            *(f"{typed} {quoted(i)}" for i in operation.items),
        )

    def verify(self, before: Containers, after: Containers) -> str:
        left = after.that("runs")
        return f"container {left[0][:ID_SHOWN]} runs" if left else ""

    def restored(self, before: Containers, after: Containers) -> str:
        missing = len(before.that("runs")) - len(after.that("runs"))
        return f"{missing} of the containers of {self.service} do not run" if missing > 0 else ""

    def told(self, line: str) -> str:
        if line.startswith("item "):
            identifier, _, state = line[5:].rpartition("\t")
            return f"container {identifier[:ID_SHOWN]} {state if state in ('runs', 'hangs') else f'is {state}'}"
        return super().told(line)

    def unchanged(self, seen: Containers) -> str:
        none = "" if seen.states else f"there is no container of {self.service}"
        return none or f"no container of {self.service} runs, already"


@dataclass(frozen=True, kw_only=True)
class ContainerStop(ContainerFault):
    """Stop every container of a Compose service; taken back, those that are still there are started."""

    name = "fault.container_stop"
    does = ("stop", "start")
    broken = "exited"

    project: Word = param("The Compose project")
    service: Word = param("The service")


@dataclass(frozen=True, kw_only=True)
class ContainerHang(ContainerFault):
    """Make every container of a Compose service hang: its main process is stopped by SIGSTOP.

    Docker calls it running still, until its health check fails often enough: with `noticed_within` that is awaited.
    Taken back, it is told to go on, where it is stopped still.
    """

    name = "fault.container_hang"
    does = ("STOP", "CONT")
    broken = "hangs"

    project: Word = param("The Compose project")
    service: Word = param("The service")
    noticed_within: Duration | None = param("How long its health check may take to call it unhealthy", default=None)

    def _noticed(self, ids: tuple[str, ...]) -> tuple[Await, ...]:
        if self.noticed_within is None:
            return ()
        looks = (Look(family="fault_container", function="fault_container_is", args=(i,)) for i in ids)
        return tuple(Await(look=k, expect="health unhealthy", within_s=self.noticed_within) for k in looks)


VERBS: tuple[type[Verb], ...] = (ContainerStop, ContainerHang)
