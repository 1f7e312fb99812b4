"""Log files: rotated without losing a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Action, Verb, escaped, items_of, unescaped
from remedy.actions.logs.logs_by_hand import rotation
from remedy.actions.params import Duration, Glob, Path, Size, Unit, param
from remedy.actions.words import day_text, identity_text, plural, size_text
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Await,
    Call,
    Change,
    Effect,
    Host,
    Look,
    Operation,
    Reply,
    Risk,
    Undo,
    UndoImpossible,
    UndoUnnecessary,
)

SLOWEST_BYTES_S = 5 * 1024**2  # gzip at the lowest priority on a slow host; only for timeouts
CLASSES = ("closed", "reopens", "held", "unclear")


@dataclass(frozen=True, kw_only=True)
class LogFile:
    """One log to be rotated. `item` is the host's own line for it; `writer` says who writes to it.

    writer: closed (nobody), reopens (all can be told to open it again), held (somebody cannot),
    unclear (not everybody could be seen).
    """

    path: str
    writer: str
    unfinished: bool  # an earlier rotation was cut off
    item: str
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """The oldest generation of a log, which has to go to make room for the next."""

    path: str
    size_bytes: int
    changed_at: int
    item: str


@dataclass(frozen=True, kw_only=True)
class LogFiles:
    """The logs that are too large or half rotated, the generations to drop, and who writes."""

    logs: tuple[LogFile, ...]
    drops: tuple[Dropped, ...]
    writers: tuple[str, ...] = ()  # evidence: "app.log: process 12 (app)"


@dataclass(frozen=True, kw_only=True)
class Rotate(Action[LogFiles]):
    """Rotate log files that have outgrown a size, without losing a line.

    The old file keeps its lines and its writer until that has opened the new one; only a file that
    nobody writes to is compressed, and its copy is compared before it is removed. A log is never truncated. A
    writer that is told by signal must catch it. Freed is what compression saves.
    """

    name = "logs.rotate"
    example = "{paths: [/var/log/app/*.log], larger_than: 100MiB, keep: 7, reopen: [app.service]}"
    risk = Risk.LOW

    paths: tuple[Glob, ...] = param("Log files to consider; rotated generations among them are left alone", minItems=1)
    larger_than: Size = param("Rotate files above this", default="100MiB")
    keep: int = param("Rotated generations to keep", default=7, minimum=1, maximum=999)
    compress: bool = param("Compress what is rotated, when there is room for it", default=True)
    reopen: tuple[Unit, ...] = param("Units that open their logs again at a signal to their main process", default=[])
    pid_files: tuple[Path, ...] = param("The same, for daemons that write their process id to a file", default=[])
    signal: Literal["HUP", "USR1", "USR2"] = param("The signal that makes them open their logs again", default="HUP")
    reopen_within: Duration = param("How long they may take", default="30s", minimum=1, maximum=600)
    held: Literal["refuse", "skip"] = param(
        "What to do about a log whose writer cannot be told: refuse the plan, or leave that log alone", default="refuse"
    )

    def look(self, host: Host) -> Look:
        keep = (str(self.keep), _yes_no(self.compress))
        tell = (self.signal, "\n".join(self.reopen), "\n".join(self.pid_files))
        return self.ask("logs_look", str(self.larger_than), *keep, *tell, *self.paths, timeout_s=60)

    def see(self, reply: Reply) -> LogFiles:
        sizes = dict(_sizes(reply))
        logs, drops = [], []
        for key, state in items_of(reply.ground).items():
            kind, _, rest = state.partition(":")
            if kind == "drop":
                drops.append(_dropped(key, state))
                continue
            writer = rest.rpartition(":")[2]
            if kind not in ("rotate", "unfinished") or writer not in CLASSES:
                raise CannotTell(f"the host's answer makes no sense: {state!r}")
            logs.append(
                LogFile(
                    path=unescaped(key),
                    writer=writer,
                    unfinished=kind == "unfinished",
                    item=f"{key}\t{state}",
                    size_bytes=sizes.get(key, 0),
                )
            )
        return LogFiles(logs=tuple(logs), drops=tuple(drops), writers=tuple(_writers(reply)))

    def plan(self, seen: LogFiles) -> Change | None:
        self._refuse(seen)
        logs = _movable(seen)
        if not logs:
            return None
        drops = [d for d in seen.drops if any(d.path.startswith(f"{log.path}.") for log in logs)]
        size = sum(log.size_bytes for log in logs)
        return Change(
            title=f"rotate {plural(len(logs), 'log')}" + (f" ({size_text(size)})" if size else ""),
            operations=self._operations(logs, drops, size),
            effect=Effect(
                says=f"{plural(len(logs), 'log')} rotated"
                + (", what compression saves is freed" if self.compress else "; nothing is freed yet"),
                measures={"logs": len(logs), "bytes_rotated": size},
            ),
            undo=_undo(drops),
            risk=self.risk,
            lines=self._lines(seen, logs, drops),
            touches=tuple(sorted({f"path:{log.path.rpartition('/')[0]}" for log in logs})),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        return rotation(operation)

    def verify(self, before: LogFiles, after: LogFiles) -> str:
        still = {log.item for log in after.logs}
        for log in _movable(before):
            cut = [a.path for a in after.logs if a.path == log.path and a.unfinished]
            if log.item in still or cut:
                return f"{log.path} is not rotated" + (" to the end" if cut else "")
        return ""

    def told(self, line: str) -> str:
        key, _, state = line.removeprefix("item ").rpartition("\t")
        kind, _, rest = state.partition(":")
        match kind:
            case "drop":
                return f"{key}  {identity_text(rest)}, the oldest to go"
            case "rotate":
                return f"{key}  to rotate, writers: {rest.rpartition(':')[2]}"
            case "unfinished":
                return f"{key}  begun and not finished, writers: {rest.rpartition(':')[2]}"
            case _:
                return super().told(line)

    def unchanged(self, seen: LogFiles) -> str:
        if seen.logs:
            return f"left alone: {'; '.join(_held(seen))}"
        return f"no log is above {size_text(self.larger_than)}"

    def _refuse(self, seen: LogFiles) -> None:
        if self.held == "refuse" and any(log.writer in ("held", "unclear") for log in seen.logs):
            raise Refused(
                f"logs.rotate: {'; '.join(_held(seen))}",
                fix="name the unit in reopen, or its pid file in pid_files; or say held: skip",
            )

    def _operations(self, logs: list[LogFile], drops: list[Dropped], size: int) -> tuple[Operation, ...]:
        items = tuple(log.item for log in logs)
        told = tuple(log.item for log in logs if log.writer == "reopens")
        aside = Call(family="logs", function="logs_set_aside", items=items)
        tell = (self.signal, "\n".join(self.reopen), "\n".join(self.pid_files), str(self.reopen_within))
        reopen = Call(family="logs", function="logs_reopen", args=tell, items=told, timeout_s=self.reopen_within + 30)
        keep = Call(
            family="logs",
            function="logs_keep",
            args=(str(self.keep), _yes_no(self.compress)),
            items=(*(d.item for d in drops), *items),
            timeout_s=60 + 3 * size // SLOWEST_BYTES_S,
        )
        return (aside, reopen, keep) if told else (aside, keep)

    def _lines(self, seen: LogFiles, logs: list[LogFile], drops: list[Dropped]) -> tuple[str, ...]:
        rows = [
            f"{size_text(log.size_bytes):>9}  {escaped(log.path)}"
            + (" (goes on where a rotation was cut off)" if log.unfinished else "")
            for log in logs
        ]
        rows += [
            f"drops     {escaped(d.path)}, {size_text(d.size_bytes)}, of {day_text(d.changed_at)}: permanent"
            for d in drops
        ]
        rows += [f"left alone: {h}" for h in _held(seen)]
        return (*rows, *seen.writers)


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _movable(seen: LogFiles) -> list[LogFile]:
    return [log for log in seen.logs if log.writer in ("closed", "reopens")]


def _held(seen: LogFiles) -> list[str]:
    why = {
        "held": "is written by a process that cannot be told to open it again",
        "unclear": "may be written by a process that only root can see",
    }
    return [f"{log.path} {why[log.writer]}" for log in seen.logs if log.writer in why]


def _undo(drops: list[Dropped]) -> Undo:
    if drops:
        return UndoImpossible(says=f"permanent: {plural(len(drops), 'generation')} beyond keep")
    return UndoUnnecessary(says="every line is kept, in generation 1")


def _dropped(key: str, state: str) -> Dropped:
    parts = state.split(":")
    if len(parts) != 5 or not all(p.isdecimal() for p in parts[1:]):
        raise CannotTell(f"the host's answer makes no sense: {state!r}")
    return Dropped(path=unescaped(key), size_bytes=int(parts[3]), changed_at=int(parts[4]), item=f"{key}\t{state}")


def _sizes(reply: Reply) -> list[tuple[str, int]]:
    found = []
    for line in reply.evidence:
        fixed, tab, key = line.partition("\t")
        words = fixed.split(" ")
        if tab and len(words) == 3 and words[0] == "log" and words[1].isdecimal():
            found.append((key, int(words[1])))
    return found


def _writers(reply: Reply) -> list[str]:
    rows = []
    for line in reply.evidence:
        fixed, tab, key = line.removeprefix("writer ").partition("\t")
        if tab and line.startswith("writer "):
            pid, _, name = fixed.partition(" ")
            rows.append(f"written by process {pid} ({name}): {key}")
    return rows


VERBS: tuple[type[Verb], ...] = (Rotate,)
