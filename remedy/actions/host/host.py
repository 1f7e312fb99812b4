"""A check of a host as a whole, for whoever looks at it first."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of, unescaped
from remedy.actions.words import count_of, percent_of, plural, span_text
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Json, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class State(Check):
    """Show how a host is: how long it is up, its load, its memory, which run of remedy holds it, and its timers.

    Evidence for a diagnosis; it is always ok. `remedy look` asks it of every host.
    """

    name = "host.state"

    def look(self, host: Host) -> Look:
        return self.ask("host_state")

    def judge(self, reply: Reply) -> Judgement:
        said = fields_of(reply.evidence)
        if not {"up_s", "load"} <= set(said):
            raise CannotTell("the host does not say how it is")
        facts: dict[str, Json] = {
            name: count_of(said, name) for name in ("up_s", "processors", "memory_kib", "available_kib") if name in said
        }
        facts["load"] = [*said["load"].split(" ")]
        return Judgement(
            answer=Answer.OK, says=_says(said), facts=facts | _lease(said.get("lease", "").split(" ")) | _timers(said)
        )


def _says(said: dict[str, str]) -> str:
    parts = [f"up {span_text(count_of(said, 'up_s'))}", f"load {said['load']}"]
    if "processors" in said:
        parts[-1] += f" on {plural(count_of(said, 'processors'), 'processor')}"
    if {"memory_kib", "available_kib"} <= set(said):
        free = percent_of(count_of(said, "available_kib"), count_of(said, "memory_kib"))
        parts.append(f"{free} of memory available")
    return ", ".join(parts)


def _lease(words: list[str]) -> dict[str, Json]:
    """Which run holds the host, since when by its clock, and whose it is, as the host wrote it down."""
    if len(words) != 3 or not words[1].isdecimal():
        return {}
    run, since, owner = words
    return {"lease": {"run": run, "since": int(since), "owner": owner}}


def _timers(said: dict[str, str]) -> dict[str, Json]:
    """What the host itself will put back, and when by its clock; or should have put back, and has not."""
    timers: list[Json] = []
    for name, rest in said.items():
        state, _, more = rest.partition(" ")
        due, _, told = more.partition(" ")
        key, _, what = map(unescaped, told.partition("\t"))
        if name.startswith("timer:") and state in ("armed", "overdue", "failed") and due.isdecimal():
            timers.append({"key": key, "state": state, "due": int(due), "what": what})
    return {"timers": timers} if timers else {}


VERBS: tuple[type[Verb], ...] = (State,)
