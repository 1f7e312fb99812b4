"""A signal asks to stop: the current step is finished, none is begun, and the run stays open."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from threading import Event, current_thread, main_thread
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # those that are ignored (nohup) stay ignored
Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None
UNKNOWN = 6  # the exit code of a run that was left in the middle


class Stopping:
    """While it is entered, the first signal asks and the second one leaves at once, as a crash would."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._asked = Event()
        self._before: list[tuple[signal.Signals, Handler]] = []

    def asked(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked.is_set()

    def __enter__(self) -> Self:
        if current_thread() is main_thread():
            heeded = [s for s in SIGNALS if signal.getsignal(s) is not signal.SIG_IGN]
            self._before = [(s, signal.signal(s, self._take)) for s in heeded]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            os._exit(UNKNOWN)  # the journal and the receipts on the hosts say the rest
        self._asked.set()
        name = signal.Signals(number).name
        self._notice(f"{name}: the current step is finished, no other is begun; once more leaves at once")
