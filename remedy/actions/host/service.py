"""systemd units: started again where they are down, within a budget."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import note, word
from remedy.actions.params import Duration, Unit, param
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Look,
    Reply,
    Result,
    Risk,
    UndoUnnecessary,
)

BUDGET_S = 3600  # the span that a budget of restarts is counted over


@dataclass(frozen=True, kw_only=True)
class UnitState:
    """What a unit is doing. `state` is active, inactive, failed, or moving (between two of them)."""

    state: str
    load: str
    invocation: str  # which run of the unit this is; "moving" where that says nothing
    budget_spent: bool
    sub: str = ""
    result: str = ""


@dataclass(frozen=True, kw_only=True)
class Restart(Action[UnitState]):
    """Restart a systemd unit that is not active, and see that another run of it is active afterwards.

    Restarts by remedy are counted on the host: above `at_most` within an hour it refuses, because
    a service that needs restarting that often needs a person.
    """

    name = "service.restart"
    risk = Risk.LOW

    unit: Unit = param("The systemd unit")
    even_if_active: bool = param(
        "Restart it although it is active: rests on the playbook's symptom alone; it always acts", default=False
    )
    at_most: int = param("Restarts by remedy within an hour, of this unit", default=3, minimum=1, maximum=60)
    start_within: Duration = param("How long the unit may take to be active again", default="90s")

    def look(self, host: Host) -> Look:
        return self.ask("service_look", self.unit, Ago(BUDGET_S), str(self.at_most))

    def see(self, reply: Reply) -> UnitState:
        ground, evidence = fields_of(reply.ground), fields_of(reply.evidence)
        if not {"state", "load", "invocation", "budget"} <= set(ground):
            raise CannotTell(f"systemd's answer on {self.unit} makes no sense")
        return UnitState(
            state=ground["state"],
            load=ground["load"],
            invocation=ground["invocation"],
            budget_spent=ground["budget"] == "spent",
            sub=evidence.get("sub", ""),
            result=evidence.get("result", ""),
        )

    def plan(self, seen: UnitState) -> Change | None:
        if seen.load != "loaded":
            raise Refused(f"service.restart: {self.unit} is {seen.load}", fix="name a unit that the host has")
        is_active = seen.state == "active"
        if is_active and not self.even_if_active:
            return None
        if seen.budget_spent:
            raise Refused(
                f"service.restart: {self.unit} was restarted {self.at_most} times within the hour",
                fix="find out why it does not stay up; at_most is the budget",
            )
        call = Call(
            family="service",
            function="service_restart",
            args=(self.unit,),
            timeout_s=self.start_within + 90,  # systemd's own default for stopping: DefaultTimeoutStopSec
            result=Result(name="invocation", bound="differs", of=seen.invocation),
        )
        up = Look(family="service", function="service_is", args=(self.unit,))
        return Change(
            title=f"restart {self.unit}" + (" although it is active" if is_active else f", which is {seen.state}"),
            operations=(call, Await(look=up, expect="state active", within_s=self.start_within)),
            effect=Effect(says=f"another run of {self.unit} is active", measures={"restarts": 1}),
            undo=UndoUnnecessary(says="a restart changes nothing that lasts"),
            risk=self.risk.raised() if is_active else self.risk,
            lines=self._lines(seen),
            touches=(f"unit:{self.unit}",),
            settle_s=10,
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        if isinstance(operation, Await):
            unit = str(operation.look.args[0])
            return (
                note(f"{unit} must be active within {operation.within_s} s"),
                f"systemctl is-active -- {word(unit)}",
            )
        unit = word(operation.args[0])
        return (
            note("look first: is it still down, and why? systemctl status, journalctl -u"),
            f"! systemctl -q is-failed -- {unit} || systemctl reset-failed -- {unit}",
            f"systemctl restart -- {unit}",
        )

    def verify(self, before: UnitState, after: UnitState) -> str:
        if after.state != "active":
            return f"{self.unit} is {after.state}" + (f" ({after.result})" if after.result else "")
        if after.invocation == before.invocation:
            return f"{self.unit} is still the run that it was"
        return ""

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "state":
                return f"{self.unit} is {rest}"
            case "load":
                return f"its unit file is {rest}"
            case "invocation":
                return f"its run is {rest[:8]}"
            case "budget":
                return f"the budget of restarts is {rest if rest == 'spent' else 'not spent'}"
            case _:
                return super().told(line)

    def unchanged(self, seen: UnitState) -> str:
        return f"{self.unit} is {seen.state}"

    def _lines(self, seen: UnitState) -> tuple[str, ...]:
        lines = [f"{self.unit} is {seen.state}" + (f" ({seen.sub}, {seen.result})" if seen.sub else "")]
        if seen.state == "active":
            lines.append("it always acts: even_if_active is set, so the playbook's symptom is the only guard")
        return tuple(lines)


VERBS: tuple[type[Verb], ...] = (Restart,)
