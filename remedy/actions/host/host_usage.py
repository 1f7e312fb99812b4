"""Checks of what uses a host: its memory and its processors."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Amount, Duration, Percent, param
from remedy.actions.words import count_of, percent_of, size_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class Memory(Check):
    """Hold the memory that is available against a limit, and show swap, pressure and the largest processes.

    Available is the kernel's own estimate of what can be had without swapping. Within a container or another control
    group with a limit of its own, what that leaves counts. Processes are shown by number, user and name; arguments,
    which may hold secrets, are not read. Without a limit it is evidence, and always ok.
    """

    name = "host.memory"
    example = "{below: 10%}"

    below: Amount | None = param("Ok when less than this is available", default=None)
    at_least: Amount | None = param("Ok when this or more is available", default=None)
    count: int = param("Processes to show", default=5, minimum=0, maximum=50)

    def __post_init__(self) -> None:
        if self.below is not None and self.at_least is not None:
            raise Invalid("wanted one of below and at_least", at="below", fix="for example below: 10%")

    def look(self, host: Host) -> Look:
        limit = self.below or self.at_least
        if limit is None:
            return self.ask("usage_memory", "none", "0", str(self.count))
        kind = ("parts", str(parts_of(limit))) if limit.endswith("%") else ("bytes", limit)
        return self.ask("usage_memory", *kind, str(self.count))

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("available"), fields_of(reply.evidence)
        if band not in ("below", "at-least", "any"):
            raise CannotTell("the host's answer on its memory makes no sense")
        ok = band == "any" or (band == "below") == (self.below is not None)
        return Judgement(answer=Answer.OK if ok else Answer.NOT_OK, says=self._says(band, facts), facts=_memory(facts))

    def _says(self, band: str, facts: dict[str, str]) -> str:
        free, whole = count_of(facts, "available_bytes"), count_of(facts, "total_bytes")
        says = f"{size_text(free)} of memory available ({percent_of(free, whole)} of {size_text(whole)})"
        limit = self.below or self.at_least
        if limit is not None:
            of = limit if limit.endswith("%") else size_text(int(limit))
            says += f", {'less' if band == 'below' else 'not less'} than {of}"
        top = _row(facts.get("top:1", ""), 4)
        return says + (f"; the largest process is {top[3]} ({top[1]}) with {size_text(int(top[0]))}" if top else "")


@dataclass(frozen=True, kw_only=True)
class Cpu(Check):
    """Hold how busy the processors are, or the load, against a limit, and show the busiest processes.

    Busy is the share of all processors over a few seconds, without waiting for disks, which is shown apart. The load
    is in percent of the processors: 100 is one runnable process for each. Processes are shown by number and name;
    100 % is one processor. Without a limit it is evidence, and always ok.
    """

    name = "host.cpu"
    example = "{above: 90%, over: 3s}"

    above: Percent | None = param("Ok when the processors are busier than this", default=None)
    at_most: Percent | None = param("Ok when they are no busier than this", default=None)
    load_above: int | None = param(
        "Ok when the load of a minute is above this percentage of the processors", default=None, minimum=0
    )
    load_at_most: int | None = param("Ok when it is no more than this", default=None, minimum=0)
    over: Duration = param("How long to count", default="1s", minimum=1, maximum=30)
    count: int = param("Processes to show", default=5, minimum=0, maximum=50)

    def __post_init__(self) -> None:
        if len(self._limits()) > 1:
            raise Invalid(f"wanted one of {', '.join(self._limits())}", at="above", fix="for example above: 90%")

    def look(self, host: Host) -> Look:
        kind, limit = "none", "0"
        for name, value in self._limits().items():
            kind = "load" if name.startswith("load") else "busy"
            limit = str(value) if isinstance(value, int) else str(parts_of(value))
        return self.ask("usage_cpu", kind, limit, str(self.over), str(self.count), timeout_s=self.over + 20)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("processors"), fields_of(reply.evidence)
        if band not in ("above", "within", "any"):
            raise CannotTell("the host's answer on its processors makes no sense")
        wants_above = self.above is not None or self.load_above is not None
        ok = band == "any" or (band == "above") == wants_above
        return Judgement(answer=Answer.OK if ok else Answer.NOT_OK, says=self._says(band, facts), facts=_cpu(facts))

    def _limits(self) -> dict[str, str | int]:
        given = {
            "above": self.above,
            "at_most": self.at_most,
            "load_above": self.load_above,
            "load_at_most": self.load_at_most,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _says(self, band: str, facts: dict[str, str]) -> str:
        says = f"{count_of(facts, 'count')} processors {_percent(facts, 'busy_parts')} busy"
        says += f", {_percent(facts, 'waiting_parts')} waiting for disks, load {facts.get('load', '?')}"
        for name, value in self._limits().items():
            what = f"load {value}% of the processors" if name.startswith("load") else value
            says += f": {'more' if band == 'above' else 'not more'} than {what}"
        top = _row(facts.get("top:1", ""), 3)
        return says + (f"; the busiest process is {top[2]} ({top[1]}) with {int(top[0]) // 100}%" if top else "")


def parts_of(percent: str) -> int:
    """A percentage in hundredths of a percent."""
    whole, _, part = percent[:-1].partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def _percent(facts: dict[str, str], name: str) -> str:
    return percent_of(count_of(facts, name), 10_000)


def _row(line: str, cells: int) -> list[str]:
    """A line of the largest or busiest, cell by cell; [] for what is none."""
    row = line.split(" ", cells - 1)
    return row if len(row) == cells and all(c.isdecimal() for c in row[:-1]) else []


def _memory(facts: dict[str, str]) -> dict[str, Json]:
    rows = [_row(v, 4) for k, v in facts.items() if k.startswith("top:")]
    top: list[Json] = [{"bytes": int(r[0]), "pid": int(r[1]), "uid": int(r[2]), "name": r[3]} for r in rows if r]
    return _numbers(facts) | {"limited": facts.get("limited") == "yes", "top": top}


def _cpu(facts: dict[str, str]) -> dict[str, Json]:
    rows = [_row(v, 3) for k, v in facts.items() if k.startswith("top:")]
    top: list[Json] = [{"percent": int(r[0]) / 100, "pid": int(r[1]), "name": r[2]} for r in rows if r]
    return _numbers(facts) | {"load": facts.get("load", ""), "top": top}


def _numbers(facts: dict[str, str]) -> dict[str, Json]:
    """Counts as numbers; the kernel's own averages of pressure as they stand, in percent."""
    return {k: int(v) if v.isdecimal() else v for k, v in facts.items() if v.isdecimal() or k.startswith("pressure")}


VERBS: tuple[type[Verb], ...] = (Memory, Cpu)
