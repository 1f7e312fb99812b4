"""A check of logs: how many lines hold words that mean trouble."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Verb, fields_of
from remedy.actions.logs.log_source import ReadsLogs
from remedy.actions.params import Text, param
from remedy.actions.words import count_of, day_text, plural, span_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

LOOK_TIMEOUT_S = 60
PATTERNS: Mapping[str, tuple[tuple[str, str], ...]] = {  # a word may stand at the end of another: ValueError
    "error": (("word", "error"),),
    "fatal": (("word", "fatal"), ("word", "critical"), ("word", "emerg")),
    "panic": (("word", "panic"),),
    "exception": (("word", "exception"), ("text", "traceback (most recent call last)")),
    "refused": (("text", "connection refused"), ("text", "connectionrefused")),
    "timeout": (("word", "timeout"), ("text", "timed out"), ("text", "timeouterror")),
    "memory": (("text", "out of memory"), ("text", "cannot allocate memory"), ("text", "oom-kill")),
    "disk": (("text", "no space left on device"),),
}


@dataclass(frozen=True, kw_only=True)
class Scan(ReadsLogs):
    """Count the lines of a log that hold words of trouble, within a time and a number of lines.

    Words are fixed, or given as plain text; upper and lower case are alike, and there are no regular expressions.
    The time of a line is what it begins with, as most programs write it; a line without one is of the time of the line
    before, and where no line has one all that were read count. Of three lines is shown what holds no secret: values of
    passwords, tokens and the like, addresses of people, long numbers and long words are masked.
    """

    name = "logs.scan"
    example = "{project: shop, service: web, patterns: [error, exception], above: 10, window: 15m}"

    patterns: tuple[Literal["error", "fatal", "panic", "exception", "refused", "timeout", "memory", "disk"], ...] = (
        param("Kinds of trouble", default=["error", "fatal", "panic", "exception"])
    )
    texts: tuple[Text, ...] = param("Plain text that a line must hold to count as well", default=[])
    above: int | None = param("Ok when more lines than this match", default=None, minimum=0)
    at_most: int | None = param("Ok when no more lines than this match", default=None, minimum=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.above is not None and self.at_most is not None:
            raise Invalid("wanted one of above and at_most", at="above", fix="for example above: 10")
        if any(not t.strip() or "\n" in t or "\t" in t for t in self.texts):
            raise Invalid("wanted text in one line without tabs", at="texts")
        if not self.patterns and not self.texts:
            raise Invalid("wanted patterns or texts", at="patterns", fix="for example [error]")

    def look(self, host: Host) -> Look:
        limit = self.above if self.above is not None else self.at_most
        args = (*self.source(), "" if limit is None else str(limit), self._needles())
        return self.ask("scan_look", *args, timeout_s=LOOK_TIMEOUT_S)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("matches"), fields_of(reply.evidence)
        if band not in ("above", "within", "any"):
            raise CannotTell(f"the host's answer on the logs of {self.source_text()} makes no sense")
        ok = band == "any" or (band == "above") == (self.above is not None)
        return Judgement(answer=Answer.OK if ok else Answer.NOT_OK, says=self._says(facts), facts=_facts(facts))

    def _needles(self) -> str:
        rows = [f"{p}\t{kind}\t{needle}" for p in self.patterns for kind, needle in PATTERNS[p]]
        rows += [f"text{n}\ttext\t{lowered(text)}" for n, text in enumerate(self.texts, 1)]
        return "\n".join(rows)

    def _says(self, facts: dict[str, str]) -> str:
        total, kinds = count_of(facts, "total"), _by(facts)
        told = ", ".join(f"{name} {count:,}" for name, count in kinds.items() if count)
        says = f"{self.source_text()}: {plural(total, 'line')} of the last {span_text(self.window)}"
        says += f" {'matches' if total == 1 else 'match'}" + (f" ({told})" if told else "")
        limit = self.above if self.above is not None else self.at_most
        says += "" if limit is None else f", {'more' if total > limit else 'not more'} than {limit:,}"
        return says + (f"; the last at {day_text(count_of(facts, 'last'))} UTC" if "last" in facts else "")


def lowered(text: str) -> str:
    """The text with its ASCII capitals made small, as the host compares."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def _by(facts: dict[str, str]) -> dict[str, int]:
    return {key[3:]: count_of(facts, key) for key in facts if key.startswith("by:")}


def _facts(facts: dict[str, str]) -> dict[str, Json]:
    numbers: dict[str, Json] = {k: count_of(facts, k) for k in ("total", "lines", "first", "last") if k in facts}
    samples: list[Json] = [value for key, value in facts.items() if key.startswith("sample:")]
    return numbers | {"by": {**_by(facts)}, "samples": samples, "complete": facts.get("complete") == "yes"}


VERBS: tuple[type[Verb], ...] = (Scan,)
