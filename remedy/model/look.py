"""Asking a host: looks, replies, judgements, facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from remedy.model.secret_ref import SecretRef
from remedy.model.words import Answer, Json


@dataclass(frozen=True)
class Ago:
    """An argument that the far end turns into an absolute time: its own clock, less `ago_s` seconds."""

    ago_s: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """A read-only question: one shipped shell function with its arguments.

    `family` names the file that holds it (`disk` is remedy/actions/files/disk.sh).
    Arguments are text of bytes 1-255, surrogate-escaped, or references to secrets, whose values
    are found at dispatch: the far end compares with them and must print nothing made of them.
    """

    family: str
    function: str
    args: tuple[str | Ago | SecretRef, ...] = ()
    timeout_s: int = 20

    def pinned(self, now: int) -> Look:
        """The same question with every age made absolute, `now` being the host's own clock."""
        args = tuple(str(now - a.ago_s) if isinstance(a, Ago) else a for a in self.args)
        return replace(self, args=args)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The answer to a look.

    `rc` 0 means answered; 3 means that the host lacks what the look needs, and `error` says
    what; anything else means cannot tell. `ground` is what a decision rests on, a line each;
    `evidence` is shown and recorded but never makes a plan stale. Lines are surrogate-escaped.
    A ground line `item KEY<TAB>STATE` is a member of a set; all other lines are the header.
    """

    rc: int
    ground: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    error: str = ""
    truncated: bool = False

    @property
    def answered(self) -> bool:
        return self.rc == 0 and not self.truncated


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A check's answer, in a sentence, with the facts it was judged on."""

    answer: Answer
    says: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a host told of itself when the session opened."""

    now: int  # seconds since 1970 by the host's own clock
    uid: int
    user: str
    machine: str  # a stable id of the machine, "" where it has none
    system: str  # uname -s, -m
    state_dir: str  # where lease, fence and receipts live; "" when none is writable
    container: str = ""  # of a container: its full id, and when it was started
