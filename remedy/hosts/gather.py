"""One request's answer, gathered from its frames in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from remedy.errors import Lost
from remedy.hosts.drain import Drain
from remedy.hosts.wire import LOOK_BYTES, Frame, text_of
from remedy.model import Reply
from remedy.secret import Redactor

ERROR_BYTES = 4_096
TEXT_BYTES = 1_048_576  # of a frame that is neither a look nor an operation
MOST_FRAMES = 20_000
LARGEST = 253_402_300_799  # the last second of the year 9999; every other number is smaller by far
# The words of frames that carry numbers, and how many; every other word is the far end's verdict.
NUMBERS = {"look": 1, "rc": 1, "group": 1, "op": 1, "hello": 2, "acted": 2, "held": 1, "errors": 0, "end": 0}


@dataclass
class Seen:
    """A look's answer as far as it came."""

    text: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0
    rc: int | None = None
    error: str = ""

    def take(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        self.text += piece[: max(0, LOOK_BYTES - len(self.text))]

    @property
    def is_cut(self) -> bool:
        return self.size_bytes > LOOK_BYTES

    def reply(self, redactor: Redactor) -> Reply:
        """The reply; a shell drops NUL bytes, so they are dropped here too."""
        text = text_of(redactor.scrub(bytes(self.text).replace(b"\0", b"")))
        lines = tuple(text.removesuffix("\n").split("\n")) if text else ()
        at = lines.index("--") if "--" in lines else len(lines)
        return Reply(
            rc=self.rc or 0,
            ground=lines[:at],
            evidence=lines[at + 1 :],
            error=self.error,
            truncated=self.is_cut,
        )


def small_number(text: str) -> int:
    """The number that up to nine digits are; -1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


class Gather:
    """Takes frames and texts; `is_whole` once the last one has come."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.is_whole = False
        self.hello: tuple[int, ...] = ()
        self.verdict: tuple[str, ...] = ("",)
        self.seen: dict[int, Seen] = {}
        self.drain = Drain(redactor)
        self.group_rc = 0  # how the group of the looks ended
        self.last_look_s = 0.0  # how long the last look that was begun took, as seen from here
        self._texts: dict[str, bytearray] = {}
        self._word = ""
        self._look = Seen()
        self._frames = 0

    def text(self, word: str) -> str:
        """What came after the frame of this word."""
        return text_of(self.redactor.scrub(bytes(self._texts.get(word, b""))))

    def take_text(self, piece: bytes) -> None:
        if self._word == "look":
            self._look.take(piece)
        elif self._word == "op":
            self.drain.take(piece)
        else:
            kept = self._texts.setdefault(self._word, bytearray())
            kept += piece[: max(0, TEXT_BYTES - len(kept))]

    def take_frame(self, frame: Frame) -> None:
        """Raises Lost for a frame that makes no sense."""
        self._frames += 1
        if self._frames > MOST_FRAMES:
            raise Lost("the far end sent more than was asked for")
        try:
            self._sort(*frame.words)
        except (ValueError, TypeError) as senseless:
            raise Lost(f"the far end's answer makes no sense: {frame.words[:8]!r}") from senseless

    def _sort(self, word: str, *args: str) -> None:
        was, self._word = self._word, word
        numbers = tuple(map(int, args)) if word in NUMBERS else ()
        if len(numbers) != NUMBERS.get(word, 0) or any(abs(n) > LARGEST for n in numbers):
            raise ValueError(word)
        match word:
            case "look":
                self._look = self.seen.setdefault(numbers[0], Seen())
            case "rc":
                if was == "look":
                    self._look.rc = numbers[0]
            case "group":
                self.group_rc = numbers[0]
            case "hello":
                self.hello = numbers
            case "end":
                self.is_whole = True
            case "op" | "errors":
                pass
            case _:
                self.verdict = (word, *args)

    def share_errors(self, nonce: str) -> None:
        """Give each look what it said on standard error; the worker wrote look-NONCE NUMBER before each."""
        for part in self.text("errors").split(f"look-{nonce} ")[1:]:
            at, _, error = part.partition("\n")
            if (number := small_number(at)) in self.seen:
                self.seen[number].error = error.strip("\n")[:ERROR_BYTES]

    def replies(self, count: int) -> list[Reply | None]:
        """The replies in order; None where a look was not answered to its end."""
        found = [self.seen.get(at) for at in range(count)]
        return [s.reply(self.redactor) if s is not None and s.rc is not None else None for s in found]
