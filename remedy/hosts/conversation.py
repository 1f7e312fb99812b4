"""One request after the other over a pipe: each is sent whole, and answered whole or lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from remedy.errors import Bug, Lost, RemedyError, Unreachable
from remedy.hosts import wire
from remedy.hosts.gather import Gather
from remedy.hosts.pipe import Pipe
from remedy.hosts.shell import IDLE_S, ShellOf, bootstrap, ledger, sized
from remedy.model import Facts
from remedy.ports import Clock
from remedy.secret import Redactor

SLACK_S = 30.0  # for the network and for starting processes, beside what the far end is allowed
REFUSAL_S = 5.0  # for the far end's last words after it closed its input
MOST_NOISE_BYTES = 1_048_576
MOST_BYTES = 16_777_216  # of an answer without operations: four times what the far end's own bound lets through


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request: its words, its body, and what must have been sent before it.

    `wait_s` is what the far end itself may take, `most_bytes` what it may say; `parts` are the
    named pieces of a change.
    """

    verb: str
    words: tuple[object, ...] = ()
    body: bytes = b""
    families: tuple[str, ...] = ()
    parts: Mapping[str, bytes] = field(default_factory=dict)
    wait_s: float = 0
    most_bytes: int = MOST_BYTES

    @property
    def needs_ledger(self) -> bool:
        return self.verb != "look"


@dataclass(kw_only=True)
class Conversation:
    """The state of one pipe: what the far end has already, and what it told of itself."""

    name: str
    pipe: Pipe
    clock: Clock
    shell_of: ShellOf
    redactor: Redactor
    idle_s: int = IDLE_S
    slack_s: float = SLACK_S
    requests: int = 0
    told: Facts | None = None
    over: str = ""  # why nothing more can be asked
    _frames: wire.Frames = field(default_factory=lambda: wire.Frames(secrets.token_hex(16)), repr=False)
    _families: set[str] = field(default_factory=set)
    _has_ledger: bool = False

    def ask(self, ask: Ask) -> Gather:
        """Send it and gather the whole answer.

        Raises Unreachable when nothing was sent or the far end never began, Lost when something
        was sent and its answer is not known.
        """
        if self.over:
            raise Unreachable(f"{self.name}: {self.over}")
        message = self._message(ask)
        gather = Gather(self.redactor)
        deadline = self.clock.monotonic_s() + ask.wait_s + self.slack_s
        try:
            self.pipe.send(message, self.slack_s)
        except OSError:
            deadline = self.clock.monotonic_s() + REFUSAL_S
        try:
            self._receive(gather, deadline, ask.most_bytes)
        except RemedyError as error:
            self.close(error.message)
            raise
        return gather

    def close(self, why: str = "the conversation is closed") -> None:
        self.over = self.over or why
        self.pipe.close()

    def _message(self, ask: Ask) -> bytes:
        nonce = self._frames.nonce
        missing = [f for f in ask.families if f not in self._families]
        pieces: list[bytes] = []
        if self.requests == 0:
            begin = bootstrap(nonce, missing, self.shell_of, can_change=ask.needs_ledger, idle_s=self.idle_s)
            pieces.append(begin)
        else:
            if ask.needs_ledger and not self._has_ledger:
                pieces.append(wire.request(nonce, "extend", (), ledger()))
            pieces += [wire.request(nonce, "load", (f,), _lines(sized(f, self.shell_of))) for f in missing]
        self.requests += 1
        self._frames.seq = self.requests
        self._has_ledger = self._has_ledger or ask.needs_ledger
        self._families.update(missing)
        pieces += [wire.request(nonce, "part", (name,), part) for name, part in ask.parts.items()]
        pieces.append(wire.request(nonce, ask.verb, (self.requests, *ask.words), ask.body))
        return b"".join(pieces)

    def _receive(self, gather: Gather, deadline: float, most_bytes: int) -> None:
        while not gather.is_whole:
            piece = self._piece(gather, deadline)
            most_bytes -= len(piece)
            if most_bytes < 0:
                raise Lost(f"{self.name}: the far end's answer has no end")
            try:
                self._take(gather, self._frames.feed(piece))
            except ValueError as senseless:
                raise Lost(f"{self.name}: the far end's answer makes no sense") from senseless
            if self.told is None and self._frames.noise_bytes > MOST_NOISE_BYTES:
                raise Unreachable(
                    f"{self.name}: its login prints without end", fix="silence its shell's start-up files"
                )
        gather.share_errors(self._frames.nonce)

    def _take(self, gather: Gather, events: Iterable[wire.Frame | bytes]) -> None:
        for event in events:
            if not isinstance(event, wire.Frame):
                gather.take_text(event)
                continue
            if self.told is None and gather.hello:
                self.told = _facts(gather, self.pipe.container)
            gather.take_frame(event)
            if event.words[0] == "look":
                gather.last_look_s = -self.clock.monotonic_s()
            elif event.words[0] == "group" and gather.last_look_s < 0:
                gather.last_look_s += self.clock.monotonic_s()

    def _piece(self, gather: Gather, deadline: float) -> bytes:
        left_s = deadline - self.clock.monotonic_s()
        try:
            piece = self.pipe.receive(left_s) if left_s > 0 else None
        except TimeoutError:
            piece = None
        except OSError as error:
            raise Lost(f"{self.name}: the connection broke before the answer came: {error}") from error
        if piece is None:
            raise Lost(f"{self.name}: no whole answer came in time")
        if not piece:
            raise self._ended(gather)
        return piece

    def _ended(self, gather: Gather) -> RemedyError:
        said = self.pipe.ending()
        has_begun = self.told is not None or gather.hello
        if said is not None and not has_begun:
            noise = wire.text_of(self._frames.noise).strip()[-500:]
            printed = f"; it printed: {noise}" if noise else ""
            return Unreachable(f"{self.name}: its shell could not be had: {said}{printed}")
        return Lost(f"{self.name}: the connection ended before the answer came")


def _facts(gather: Gather, container: str) -> Facts:
    user, machine, system, state_dir, *_ = [*gather.text("hello").split("\n"), "", "", "", ""]
    now, uid = gather.hello
    return Facts(now=now, uid=uid, user=user, machine=machine, system=system, state_dir=state_dir, container=container)


def _lines(text: bytes) -> bytes:
    if not text.endswith(b"\n"):
        raise Bug("a file of shell functions ends in a newline")
    return text
