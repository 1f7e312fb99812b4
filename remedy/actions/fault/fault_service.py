"""Faults for drills: a systemd unit that is stopped, or that hangs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, word
from remedy.actions.params import Unit, param
from remedy.errors import CannotTell, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy

STOP_S = 120  # systemd gives a unit 90 s to stop: DefaultTimeoutStopSec


@dataclass(frozen=True, kw_only=True)
class UnitFault:
    """What a unit is doing: runs, hangs, down, or moving between two of them."""

    load: str
    state: str


class ServiceFault(Action[UnitFault]):
    """What both faults share: one unit that runs is broken by one verb and brought back by another."""

    drill_only = True
    risk = Risk.MEDIUM
    unit: Unit
    does: ClassVar[tuple[str, str]]  # the verb that breaks it, the verb that brings it back
    broken: ClassVar[str]

    @classmethod
    def family(cls) -> str:
        return "fault_service"

    def look(self, host: Host) -> Look:
        return self.ask("fault_service_look", self.unit)

    def see(self, reply: Reply) -> UnitFault:
        ground = fields_of(reply.ground)
        if ground.get("state") not in ("runs", "hangs", "down", "moving") or "load" not in ground:
            raise CannotTell(f"systemd's answer on {self.unit} makes no sense")
        return UnitFault(load=ground["load"], state=ground["state"])

    def plan(self, seen: UnitFault) -> Change | None:
        if seen.load != "loaded":
            raise Refused(f"{self.name}: {self.unit} is {seen.load}", fix="name a unit that the host has")
        if seen.state == self.broken:
            return None
        if seen.state != "runs":
            raise Refused(f"{self.name}: {self.unit} does not run: it {self._is(seen)}", fix="break what is whole")
        breaks, mends = self.does
        return Change(
            title=self._title(),
            operations=(self._call(breaks),),
            effect=Effect(says=f"{self.unit} {self._is(UnitFault(load='', state=self.broken))}"),
            undo=UndoBy(says=f"{self.unit} runs again", operations=(self._call(mends),)),
            risk=self.risk,
            touches=(f"unit:{self.unit}",),
        )

    def _call(self, verb: str) -> Call:
        return Call(family="fault_service", function="fault_service_do", args=(verb, self.unit), timeout_s=STOP_S)

    def _title(self) -> str:
        return f"stop {self.unit}" if self.broken == "down" else f"make {self.unit} hang, by SIGSTOP"

    def _is(self, seen: UnitFault) -> str:
        return {"runs": "runs", "hangs": "hangs", "moving": "is starting or stopping"}.get(seen.state, "is down")

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        verb, unit = str(operation.args[0]), word(operation.args[1])
        if verb.islower():
            return (note("this breaks it, or brings it back, on purpose"), f"systemctl {verb} -- {unit}")
        return (note("it hangs until it is told to go on"), f"systemctl kill --signal={verb} -- {unit}")

    def verify(self, before: UnitFault, after: UnitFault) -> str:
        return "" if after.state == self.broken else f"{self.unit} {self._is(after)}"

    def restored(self, before: UnitFault, after: UnitFault) -> str:
        return "" if after.state == "runs" else f"{self.unit} {self._is(after)}"

    def told(self, line: str) -> str:
        key, _, value = line.partition(" ")
        match key:
            case "state":
                return f"{self.unit} {self._is(UnitFault(load='', state=value))}"
            case "load":
                return f"its unit file is {value}"
            case _:
                return super().told(line)

    def unchanged(self, seen: UnitFault) -> str:
        return f"{self.unit} {self._is(seen)} already"


@dataclass(frozen=True, kw_only=True)
class ServiceStop(ServiceFault):
    """Stop a systemd unit that runs; taken back, it is started unless it runs again."""

    name = "fault.service_stop"
    does = ("stop", "start")
    broken = "down"

    unit: Unit = param("The systemd unit")


@dataclass(frozen=True, kw_only=True)
class ServiceHang(ServiceFault):
    """Make a systemd unit hang: all its processes are stopped by SIGSTOP, and systemd still calls it active.

    Taken back, they are told to go on, where they are stopped still.
    """

    name = "fault.service_hang"
    does = ("STOP", "CONT")
    broken = "hangs"

    unit: Unit = param("The systemd unit")


VERBS: tuple[type[Verb], ...] = (ServiceStop, ServiceHang)
