"""Lines on a terminal that are drawn again in place, from a thread of their own, a few times a second."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from threading import Event, RLock, Thread
from typing import TextIO

from remedy.cli.shown.table import width_of

TICK_S = 0.1  # how soon a change is seen; what does not change is drawn each second, for the time that passes
IDLE_TICKS = 10
ROWS, COLUMNS = 24, 80  # where the terminal does not say
STYLE = re.compile("\x1b\\[[0-9;]*m")
Draw = Callable[[int, int], list[str]]
Size = Callable[[], tuple[int, int]]


class Live:
    """A block of lines at the end of a terminal's screen. `draw(columns, rows)` gives lines that fit it.

    One write for each frame, without clearing first, so that nothing flickers. The cursor rests in
    the line below the block.
    """

    def __init__(self, stream: TextIO, draw: Draw, lock: RLock, size: Size | None = None) -> None:
        self._stream = stream
        self._size = size or self._asked_size
        self._draw = draw
        self._lock = lock
        self._drawn: list[str] = []  # plain, as they stand on the screen
        self._said: deque[str] = deque()  # below them, by a signal's handler
        self._stirred = Event()
        self._is_over = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Draw from now on."""
        self._thread = Thread(target=self._keep_drawing, daemon=True)
        self._thread.start()

    def stir(self) -> None:
        """Something has changed."""
        self._stirred.set()

    def end(self, *, keep: bool) -> None:
        """Draw no more; the last state stays on the screen, or goes."""
        self._is_over.set()
        self._stirred.set()
        with self._lock:
            self.show() if keep else self.wipe()
            self._drawn = []

    def wipe(self) -> None:
        """Take the block away, so that other lines can be written. Under the lock."""
        self._write(self._up() + "\x1b[J" + "".join(f"{line}\n" for line in self._take_said()))
        self._drawn = []

    def show(self) -> None:
        """Draw the block as it is now. Under the lock."""
        columns, rows = self._size()
        up = self._up(columns)
        lines = self._draw(columns - 1, rows - 1)
        said = "".join(f"{line}\x1b[K\n" for line in self._take_said())
        self._write(up + said + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        self._drawn = [STYLE.sub("", line) for line in lines]

    def say(self, line: str) -> None:
        """A line from inside a signal's handler: no lock is taken; it is above the block at the next frame."""
        self._said.append(line)
        self._stirred.set()
        try:
            os.write(self._stream.fileno(), f"\r\x1b[K{line}\n".encode("utf-8", "replace"))
        except (OSError, ValueError):
            return

    # ------------------------------------------------------------ inside

    def _keep_drawing(self) -> None:
        idle = IDLE_TICKS
        while not self._is_over.is_set():
            if self._stirred.is_set() or idle >= IDLE_TICKS:
                self._stirred.clear()
                idle = 0
                with self._lock:
                    if not self._is_over.is_set():
                        self.show()
            idle += 1
            self._is_over.wait(TICK_S)

    def _up(self, columns: int = 0) -> str:
        """To the first line of the block, counting what a narrower screen has broken in two."""
        columns = columns or self._size()[0]
        lines = [*self._drawn, *self._said]
        height = sum(max(1, -(-width_of(line) // columns)) for line in lines)
        return f"\x1b[{height}A\r" if height else "\r"

    def _take_said(self) -> list[str]:
        return [self._said.popleft() for _ in range(len(self._said))]

    def _asked_size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return COLUMNS, ROWS
        return size.columns or COLUMNS, size.lines or ROWS

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # the terminal has gone; the run goes on
            return
