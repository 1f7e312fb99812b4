"""A small catalogue of verbs that do nothing, and documents from text: what the tests of `load` stand on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from remedy.actions.action import Action, Check
from remedy.actions.catalogue import Catalogue
from remedy.actions.params import Duration, Glob, Percent, Port, Size, Text, Url, param
from remedy.actions.params import Path as HostPath
from remedy.errors import Invalid
from remedy.load.documents import Document, parse_document
from remedy.load.playbook import check_document, playbook_of
from remedy.load.resolved import Playbook
from remedy.model import (
    Address,
    Answer,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Judgement,
    Look,
    Reply,
    Risk,
    SecretRef,
    Sourced,
    UndoUnnecessary,
)


@dataclass(frozen=True, kw_only=True)
class Free(Check):
    """Hold free space against a limit."""

    name = "toy.free"
    mount: HostPath = param("A directory of the filesystem", default="/")
    below: Percent | None = param("Ok when less is free", default=None)
    at_least: Percent | None = param("Ok when this is free", default=None)

    def __post_init__(self) -> None:
        if (self.below is None) == (self.at_least is None):
            raise Invalid("wanted exactly one of below, at_least", at="below", fix="below: 20%")

    def look(self, host: Host) -> Look:
        return self.ask("toy_free", self.mount)

    def judge(self, reply: Reply) -> Judgement:
        return Judgement(answer=Answer.OK, says="fine")


@dataclass(frozen=True, kw_only=True)
class Answers(Check):
    """Ask a web address."""

    name = "toy.answers"
    url: Url = param("The address")
    port: Port = param("A port", default=80)

    def look(self, host: Host) -> Look:
        return self.ask("toy_answers", self.url)

    def judge(self, reply: Reply) -> Judgement:
        return Judgement(answer=Answer.OK, says="fine")


@dataclass(frozen=True, kw_only=True)
class Rotate(Action[str]):
    """Rotate files."""

    name = "toy.rotate"
    risk = Risk.LOW
    paths: tuple[Glob, ...] = param("Files", minItems=1)
    larger_than: Size = param("Only files above this", default="100MiB")
    keep: int = param("Generations to keep", default=7, minimum=1, maximum=99)
    older_than: Duration | None = param("Only files older than this", default=None)
    how: Literal["copy", "move"] = param("How", default="move")
    note: Text = param("A note", default="")
    api_token: Text = param("A token", default="")

    def look(self, host: Host) -> Look:
        return self.ask("toy_rotate", *self.paths)

    def see(self, reply: Reply) -> str:
        return "seen"

    def plan(self, seen: str) -> Change | None:
        return Change(
            title="rotate",
            operations=(),
            effect=Effect(says="less"),
            undo=UndoUnnecessary(says="a log"),
            risk=self.risk,
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Smash(Rotate):
    """Break files."""

    name = "toy.smash"
    drill_only = True


CATALOGUE = Catalogue(
    actions={"toy.rotate": Rotate, "toy.smash": Smash}, checks={"toy.free": Free, "toy.answers": Answers}
)

PLAIN = """\
playbook: plain
summary: Do what is needed
params:
  log_dir: {type: path, default: /var/log, about: Where the logs are}
  free: {type: percent, default: 20%}
symptom:
  - toy.free: {below: "{{ free }}"}
steps:
  - id: rotate
    toy.rotate: {paths: ["{{ log_dir }}/*.log"]}
"""


def document(text: str | bytes, file: str = "plain.yml") -> Document:
    """A document that was held against nothing yet."""
    return parse_document(text if isinstance(text, bytes) else textwrap.dedent(text).encode(), file)


def playbook(text: str | bytes, name: str = "plain") -> Playbook:
    """A playbook from its text. Raises Invalid."""
    read = document(text, f"{name}.yml")
    check_document(read, name, CATALOGUE)
    return playbook_of(read, Path(f"{name}.yml"))


def with_steps(steps: str, params: str = "", rest: str = "") -> str:
    """A playbook's text around its steps, params and other keys, each as YAML."""
    declared = f"params:\n{textwrap.indent(textwrap.dedent(params), '  ')}\n" if params else ""
    body = textwrap.indent(textwrap.dedent(steps), "  ")
    return f"playbook: plain\nsummary: Do it\n{declared}{textwrap.dedent(rest)}\nsteps:\n{body}"


def step(body: str) -> str:
    """One step with this body as a flow mapping's inside."""
    return f"- {{id: one, {body}}}"


def said_of(text: str | bytes, file: str = "plain.yml") -> list[str]:
    """Everything that is wrong with a playbook, a line each."""
    read = document(text, file)
    check_document(read, Path(file).stem, CATALOGUE)
    return [line_of(p.at, p.message, p.rule, p.fix) for p in read.flaws.problems()]


def line_of(at: str, message: str, rule: str, fix: str) -> str:
    """A problem as the golden files have it."""
    return " | ".join((f"{at} {message}", rule, fix)).rstrip(" |")


def host(name: str = "prod1", **values: str | int | bool | list[str] | SecretRef) -> Host:
    """A host with these variables."""
    return Host(name=name, address=Address(scheme="local"), vars=sourced(values))


def sourced(values: Mapping[str, str | int | bool | list[str] | SecretRef]) -> dict[str, Sourced]:
    """Variables as the inventory gives them, each from a line of hosts.yml."""
    made: dict[str, Sourced] = {}
    for line, (name, value) in enumerate(values.items(), 1):
        one = list(value) if isinstance(value, list) else value
        made[name] = Sourced(value=one, at=f"hosts.yml:{line}:7", layer="host prod1")  # type: ignore[arg-type]
    return made
