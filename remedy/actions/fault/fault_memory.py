"""A fault for drills: memory that something holds and does not give back."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import ends_of_shells, quoted
from remedy.actions.params import Duration, Size, Word, param
from remedy.actions.words import size_text, span_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

MIB = 2**20
HOLD_TIMEOUT_S = 120


@dataclass(frozen=True, kw_only=True)
class Held:
    """Where memory would be held: a container's id, or "host"; and whether it is."""

    container: str
    is_running: bool
    is_there: bool
    held_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class MemoryLeak(Action[Held]):
    """Hold memory in the container of a Compose service, or on the host itself; it ends by itself after a while.

    A shell of its own holds it, so the service is not touched and ends with its container as a leak of its own would.
    Taken back, that shell is ended and nothing else; where a restart has ended it already, nothing is done.
    """

    name = "fault.memory_leak"
    drill_only = True
    risk = Risk.MEDIUM
    example = "{project: shop, service: web, size: 200MiB, lasts: 10m}"

    size: Size = param("How much to hold, to the mebibyte; at most 16GiB")
    lasts: Duration = param("It ends by itself after this long", default="10m", minimum=5, maximum=3600)
    project: Word | None = param("The Compose project of the service; left out: on the host itself", default=None)
    service: Word | None = param("That service: its running container with the least number", default=None)

    def __post_init__(self) -> None:
        if (self.project is None) != (self.service is None):
            raise Invalid("wanted project and service together", at="service", fix="for example project: shop")
        if not MIB <= self.size <= 16 * 1024 * MIB:
            raise Invalid("wanted 1MiB to 16GiB", at="size", fix="for example 200MiB")

    @property
    def _mark(self) -> str:
        return f"drill-by-remedy:leak:{self.project or '-'}:{self.service or '-'}"

    def look(self, host: Host) -> Look:
        return self.ask("fault_memory_look", self.project or "", self.service or "", self._mark)

    def see(self, reply: Reply) -> Held:
        ground, told = fields_of(reply.ground), fields_of(reply.evidence)
        if not {"container", "state"} <= set(ground) or ground.get("leak") not in ("none", "there"):
            raise CannotTell("the host's answer on what is held makes no sense")
        held = told.get("held_bytes", "0")
        return Held(
            container=ground["container"],
            is_running=ground["state"] == "running",
            is_there=ground["leak"] == "there",
            held_bytes=int(held) if held.isdecimal() else 0,
        )

    def plan(self, seen: Held) -> Change | None:
        if seen.is_there:
            return None
        if not seen.is_running:
            raise Refused(f"{self.name}: {self.service} of {self.project} does not run", fix="start it first")
        mark = self._mark
        hold = (seen.container, str(self.lasts), str(self.size // MIB), mark)
        end = Call(family="fault_memory", function="fault_memory_end", args=(mark,))
        where = f"in {self.service} of {self.project}" if self.service else "on the host"
        return Change(
            title=f"hold {size_text(self.size)} of memory {where} for {span_text(self.lasts)}",
            operations=(
                Call(family="fault_memory", function="fault_memory_hold", args=hold, timeout_s=HOLD_TIMEOUT_S),
            ),
            effect=Effect(says=f"{size_text(self.size)} held {where}", measures={"bytes_held": self.size}),
            undo=UndoBy(says="the shell that holds it is ended, where it is there still", operations=(end,)),
            risk=self.risk,
            touches=(f"memory:{self.project or 'host'}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        args = [str(a) for a in operation.args]
        if operation.function == "fault_memory_end":
            return ends_of_shells(args[0], "is it the shell that holds memory?")
        container, seconds, mebibytes, mark = args
        words = (
            f"sh -c 'x=$(head -c {int(mebibytes)}M /dev/zero | tr \"\\0\" x); sleep {int(seconds)}' {quoted(mark)} - -"
        )
        if container == "host":
            return (f"setsid {words} </dev/null >/dev/null 2>&1 &",)
        return (f"docker exec --detach {quoted(container)} {words}",)

    def verify(self, before: Held, after: Held) -> str:
        return "" if after.is_there else "nothing is held"

    def restored(self, before: Held, after: Held) -> str:
        return "memory is held still" if after.is_there else ""

    def unchanged(self, seen: Held) -> str:
        return f"{size_text(seen.held_bytes)} are held already"


VERBS: tuple[type[Verb], ...] = (MemoryLeak,)
