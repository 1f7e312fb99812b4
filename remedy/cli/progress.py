"""What happens now: a table of hosts or a living line on a terminal, else plain lines; always on standard error."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from threading import RLock
from typing import cast

from remedy.cli.shown.live import Live
from remedy.cli.shown.table import READY, HostTable
from remedy.cli.shown.text import Paint, is_terminal, visible
from remedy.cli.world import World
from remedy.model import Event, Kind, Outcome, PlannedStep

CLEAR = "\r\x1b[K"
SYMPTOM = {"ok": "holds", "not ok": "does not hold"}
NARROW = 40  # columns, where the terminal does not say how many it has
AT_WORK = ("connecting", "looking")


class Progress:
    """Told by many threads; writes whole lines. Several `hosts` are a table on a terminal; `keep` leaves it there."""

    def __init__(
        self,
        world: World,
        hosts: Sequence[str] = (),
        *,
        keep: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._world = world
        self._live = is_terminal(world.stderr) and world.environ.get("TERM") != "dumb"
        self._paint = world.paint(aside=True)
        self._lock = RLock()
        self._now: dict[str, str] = {}
        self._clock = clock
        self._keep = keep
        self._table = HostTable()
        self._block: Live | None = None
        if self._live and len(hosts) > 1:
            self._table.expect(hosts)
            self._block = Live(world.stderr, self._drawn, self._lock)
            self._block.begin()

    def host(self, name: str, doing: str) -> None:
        """What is being done with a host while planning; anything but work is how it ended."""
        with self._lock:
            self._now[name] = doing
            if doing in AT_WORK:
                self._table.at_work(name, doing, "", self._clock())
            else:
                self._table.ended(name, doing, "", self._clock())
                self._now.pop(name, None)
            self._status()

    def event(self, event: Event) -> None:
        """One event of a run, once it is durable."""
        with self._lock:
            if event.host:
                self._tabulate(event)
            if event.kind is Kind.STEP_INTENT:
                self._begin(event.host, f"{event.step} ...")
            elif event.kind is Kind.HOST_LEASED:
                self._now[event.host] = "looking again"
            else:
                self._now.pop(event.host, None)
            if not self._block:
                self._say(event_line(event, self._paint))
            self._status()

    def notice(self, text: str) -> None:
        """A line from inside a signal's handler: no lock is taken, nothing is buffered."""
        if self._block:
            self._block.say(text)
            return
        line = f"{CLEAR if self._live else ''}{text}\n"
        try:
            os.write(self._world.stderr.fileno(), line.encode("utf-8", "replace"))
        except (OSError, ValueError):
            return

    def ask(self, host: str, step: PlannedStep, person: str) -> str:
        """Put an `ask:` step to the person at the terminal; the answer is recorded."""
        from remedy.cli.asking import prompt  # noqa: PLC0415 — rare
        from remedy.errors import Refused  # noqa: PLC0415 — rare

        if not self._world.has_person:
            raise Refused(f"{host}: step {step.step} asks a person, and nobody is here", fix="apply it at a terminal")
        with self._lock:
            self._wipe()
            whom = f" ({visible(step.question_of)})" if step.question_of else ""
            said = [visible(line) for line in step.question.split("\n")]
            self._world.err(*said[:-1])
            return prompt(self._world, f"{visible(host)}: {said[-1]}{whom} [{visible(person)}] ")

    def done(self) -> None:
        """Take the living line away; a table of which the end is wanted stays."""
        if self._block:
            self._block.end(keep=self._keep)
            self._block = None
            return
        with self._lock:
            self._now.clear()
            self._wipe()

    # ------------------------------------------------------------ inside the lock

    def _tabulate(self, event: Event) -> None:
        now_s, body = self._clock(), event.body
        match event.kind:
            case Kind.HOST_LEASED:
                self._table.at_rest(event.host, READY)
            case Kind.STEP_INTENT:
                self._table.at_work(event.host, "undoing" if body.get("undo") else "doing", event.step, now_s)
            case Kind.STEP_RESULT:
                self._table.at_work(event.host, "looking", f"after {event.step}", now_s)
            case Kind.CHECKED if body.get("what") == "verify":
                self._table.at_work(event.host, "verified", str(body.get("answer", "")), now_s)
            case Kind.HOST_CLOSED:
                self._table.ended(event.host, str(body.get("outcome", "")), str(body.get("reason", "")), now_s)
            case _:
                pass

    def _drawn(self, columns: int, rows: int) -> list[str]:
        return self._table.lines(columns, rows, self._clock(), self._paint)

    def _begin(self, host: str, doing: str) -> None:
        self._now[host] = doing
        if not self._live:
            self._world.err(f"{visible(host)}  {visible(doing)}")

    def _say(self, line: str) -> None:
        if line:
            self._wipe()
            self._world.err(line)

    def _wipe(self) -> None:
        if self._block:
            self._block.wipe()
        elif self._live:
            self._raw(CLEAR)

    def _status(self) -> None:
        if self._block:
            self._block.stir()
        elif self._live:
            now = [f"{visible(h)}: {visible(what)}" for h, what in self._now.items()]
            text = f"{len(now)} hosts  " if len(now) > 1 else ""
            self._raw(CLEAR + self._paint.dim((text + "  ".join(now))[: self._width() - 1]))

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._world.stderr.fileno()).columns or NARROW
        except (OSError, ValueError):
            return NARROW

    def _raw(self, text: str) -> None:
        try:
            self._world.stderr.write(text)
            self._world.stderr.flush()
        except (OSError, ValueError):  # the terminal has gone; the run goes on
            return


def event_line(event: Event, paint: Paint) -> str:
    """An event as a line for people, or "" for those that say nothing new."""
    body = event.body
    where = f"{visible(event.host)}  "
    match event.kind:
        case Kind.STEP_RESULT | Kind.STEP_SETTLED:
            said = body.get("outcome")
            word = outcome_word(Outcome(cast(str, said)), paint) if said else "not done"
            undone = "  taken back:" if body.get("undo") else ""
            return f"{where}{event.step}{undone}  {word}  {visible(str(body.get('reason', '')))}"
        case Kind.CHECKED if body.get("what") != "before":
            says = "; ".join(visible(s) for s in cast("list[str]", body["says"]))
            answer = SYMPTOM.get(str(body["answer"]), "cannot be told") if body["what"] == "symptom" else body["answer"]
            return f"{where}{body['what']}  {answer}" + (f"  {says}" if says else "")
        case _:
            return ""


def outcome_word(outcome: Outcome, paint: Paint) -> str:
    """An outcome in its colour."""
    match outcome:
        case Outcome.CHANGED:
            return paint.green(outcome)
        case Outcome.UNCHANGED:
            return paint.dim(outcome)
        case _:
            return paint.red(outcome)
