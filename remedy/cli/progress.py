"""What happens now: one living line on a terminal, plain lines elsewhere; on standard error, always."""

from __future__ import annotations

import os
from threading import Lock
from typing import cast

from remedy.cli.text import Paint, is_terminal, visible
from remedy.cli.world import World
from remedy.model import Event, Kind, Outcome, PlannedStep

CLEAR = "\r\x1b[K"
SYMPTOM = {"ok": "holds", "not ok": "does not hold"}
NARROW = 40  # columns, where the terminal does not say how many it has


class Progress:
    """Told by many threads; writes whole lines."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._live = is_terminal(world.stderr) and world.environ.get("TERM") != "dumb"
        self._paint = world.paint(aside=True)
        self._lock = Lock()
        self._now: dict[str, str] = {}

    def host(self, name: str, doing: str) -> None:
        """What is being done with a host while planning."""
        with self._lock:
            self._now[name] = doing
            if doing == "seen":
                del self._now[name]
            self._status()

    def event(self, event: Event) -> None:
        """One event of a run, once it is durable."""
        with self._lock:
            if event.kind is Kind.STEP_INTENT:
                self._begin(event.host, f"{event.step} ...")
            elif event.kind is Kind.HOST_LEASED:
                self._now[event.host] = "looking again"
            else:
                self._now.pop(event.host, None)
            self._say(event_line(event, self._paint))
            self._status()

    def notice(self, text: str) -> None:
        """A line from inside a signal's handler: no lock is taken, nothing is buffered."""
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
        """Take the living line away."""
        with self._lock:
            self._now.clear()
            self._wipe()

    # ------------------------------------------------------------ inside the lock

    def _begin(self, host: str, doing: str) -> None:
        self._now[host] = doing
        if not self._live:
            self._world.err(f"{visible(host)}  {visible(doing)}")

    def _say(self, line: str) -> None:
        if line:
            self._wipe()
            self._world.err(line)

    def _wipe(self) -> None:
        if self._live:
            self._raw(CLEAR)

    def _status(self) -> None:
        if not self._live:
            return
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
