"""What the containers of a Compose project use of processors and memory, against limits, and whether it grows."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Duration, Percent, Size, Word, param
from remedy.actions.words import size_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

SAMPLE_S = 15  # for one sample of `docker stats` on a busy host; it takes two on an idle one


@dataclass(frozen=True, kw_only=True)
class Stats(Check):
    """Hold what a project's containers use against limits: holds when any container is above any of those given.

    With `memory_below` it holds when none is above that. Memory is told as a share of the container's limit, or of the
    host's memory where it has none; one that was killed for its memory counts as above. One sample tells what is so
    now, several (at most six, at most 20 s apart) also how fast memory grows. Without a limit it shows, and holds.
    """

    name = "docker.stats"
    example = "{project: shop, memory_above: 90%}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services; none is all of them", default=[])
    memory_above: Percent | None = param("Holds when a container uses more of its memory", default=None)
    memory_below: Percent | None = param("Holds when no container uses more of its memory", default=None)
    cpu_above: int | None = param("Holds when one uses more percent of one processor", default=None, minimum=1)
    growing: Size | None = param("Holds when the memory of one grows by more a minute", default=None)
    samples: int = param("How often to look", default=1, minimum=1, maximum=6)
    every: Duration = param("Between samples", default="5s", minimum=1, maximum=20)

    def __post_init__(self) -> None:
        if self.growing is not None and self.samples < 2:
            raise Invalid("growth needs two samples or more", at="samples", fix="samples: 3")
        if self.memory_below and (self.memory_above or self.cpu_above or self.growing is not None):
            raise Invalid("memory_below stands alone", at="memory_below", fix="ask twice")

    def look(self, host: Host) -> Look:
        memory = (self.memory_above or self.memory_below or "").rstrip("%")
        limits = (memory, *("" if v is None else str(v) for v in (self.cpu_above, self.growing)))
        asked = (self.project, str(self.samples), str(self.every), *limits, *self.services)
        return self.ask("docker_stats", *asked, timeout_s=20 + self.samples * (SAMPLE_S + self.every))

    def judge(self, reply: Reply) -> Judgement:
        bands = fields_of(reply.ground)
        rows = {key.removeprefix("container:"): _uses(rest) for key, rest in fields_of(reply.evidence).items()}
        if set(bands) != {"memory", "cpu", "growth"} or not set(bands.values()) <= {"above", "within", "unasked"}:
            raise CannotTell(f"the host's answer on {self.project} makes no sense")
        asked = [band for band in bands.values() if band != "unasked"]
        above = "above" in asked
        holds = not above if self.memory_below else above or not asked
        facts: dict[str, Json] = {name: dict(uses) for name, uses in rows.items()}
        says = "; ".join(_said(name, uses) for name, uses in rows.items())
        return Judgement(answer=Answer.OK if holds else Answer.NOT_OK, says=says, facts={"containers": facts})


def _uses(text: str) -> dict[str, str]:
    """What a row tells of one container. Raises CannotTell."""
    status, *pairs = text.split(" ")
    uses = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if not {"cpu", "memory", "limit", "share", "growth", "oom"} <= set(uses) or not uses["memory"].isdecimal():
        raise CannotTell(f"the host's answer makes no sense: {text!r}")
    return {"status": status, **uses}


def _said(name: str, uses: dict[str, str]) -> str:
    killed = ", killed for its memory" if uses["oom"] == "true" else ""
    if uses["status"] != "running":
        return f"{name} is {uses['status']}{killed}"
    grows = int(uses["growth"]) if uses["growth"].isdecimal() else 0
    more = f", growing {size_text(grows)} a minute" if grows else ""
    return f"{name} {size_text(int(uses['memory']))} ({uses['share']}%), cpu {uses['cpu']}%{more}{killed}"


VERBS: tuple[type[Verb], ...] = (Stats,)
