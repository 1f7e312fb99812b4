"""What is seen of Compose services: their containers, their order, and why a container is down. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from remedy.errors import CannotTell

HOLDS = {
    "recovering": ("recovers from a crash, and would begin again", "wait; `docker logs` tells how far it is"),
    "disk": ("keeps its volume where less than 5 % is free", "free space first, with the playbook disk-full"),
    "recent": ("keeps a volume, and was restarted less than 15 minutes ago", "find out why (docker logs)"),
}
WORST_FIRST = ("dead", "exited", "created", "looping", "unhealthy", "starting", "up")


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of a service. `state` is a word of compose.sh; a container that moves by itself has no start."""

    name: str  # SERVICE/NUMBER
    state: str
    id: str
    started: str
    stop_s: int = 0
    budget_spent: bool = False
    hold: str = ""  # what holds a restart back of what keeps something in a volume: a word of HOLDS

    @property
    def service(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def number(self) -> tuple[int, str]:
        text = self.name.rpartition("/")[2]
        return (int(text) if text.isdecimal() else 0, text)

    @property
    def badness(self) -> int:
        """The less, the worse."""
        return WORST_FIRST.index(self.state) if self.state in WORST_FIRST else -1


@dataclass(frozen=True, kw_only=True)
class Services:
    """The named services of a project: which are there, after which of the others each comes, and their containers."""

    after: dict[str, tuple[str, ...]]
    missing: tuple[str, ...]
    twice: tuple[str, ...]  # containers of which there are two
    items: tuple[Container, ...]  # those that may be restarted
    all: dict[str, Container]  # every one, by name; evidence
    facts: dict[str, str]

    def said(self, key: str) -> str:
        """What the host says of itself under a key, or ""."""
        return self.facts.get(key, "").strip()


def in_dependency_order(services: tuple[str, ...], after: dict[str, tuple[str, ...]]) -> Iterable[str]:
    """The services, each after those it depends on, otherwise as they are named."""
    done: dict[str, None] = {}
    while len(done) < len(services):
        left = [s for s in services if s not in done]
        ready = [s for s in left if all(d in done for d in after[s])]
        done[(ready or left)[0]] = None  # a circle, which Compose refuses, is cut at its first
    return done


def container_of(name: str, words: list[str]) -> Container:
    """A container from its name and the words of its ground. Raises CannotTell."""
    match words:
        case [state, identity, started, stop_s, ("spent" | "left") as budget, *hold] if stop_s.isdecimal() and (
            not hold or hold[0] in HOLDS
        ):
            return Container(
                name=name,
                state=state,
                id=identity,
                started=started,
                stop_s=int(stop_s),
                budget_spent=budget == "spent",
                hold=hold[0] if hold else "",
            )
        case _:
            raise CannotTell(f"the host's answer makes no sense: {' '.join(words)!r}")


def every_container(facts: list[list[str]]) -> Iterable[Container]:
    """Every container that the evidence tells of."""
    for key, *rest in facts:
        words = " ".join(rest).split(" ")
        if key.startswith("container:") and len(words) > 2:
            yield Container(name=key[10:], state=words[0], id=words[1], started=words[2])


def why_text(said: str) -> str:
    """What inspect says of a container's last end, for people."""
    facts = dict(word.split("=", 1) for word in said.split(" ") if "=" in word)
    parts = []
    if facts.get("exit", "0") != "0":
        parts.append(f"exit {facts['exit']}")
    if facts.get("oom") == "true":
        parts.append("killed for its memory")
    if facts.get("policy_restarts", "0") != "0":
        parts.append(f"started again {facts['policy_restarts']} times by its policy")
    return f" ({', '.join(parts)})" if parts else ""


def instant_of(started: str) -> tuple[str, str]:
    """What orders times such as 2026-11-21T04:49:21.5Z, whose fraction has any length."""
    whole, _, fraction = started.rstrip("Z").partition(".")
    return whole, fraction.ljust(9, "0")
