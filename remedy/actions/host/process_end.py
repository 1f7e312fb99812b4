"""Processes ended by their exact identity, never by a name."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, escaped, fields_of, items_of, unescaped
from remedy.actions.by_hand import item_paths, note
from remedy.actions.params import Account, Duration, Path, Port, Size, Text, param
from remedy.actions.words import plural, size_text
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import (
    Await,
    Call,
    Change,
    Effect,
    Host,
    Look,
    Reply,
    Risk,
    Undo,
    UndoImpossible,
    UndoUnnecessary,
)

KILL_WITHIN_S = 30  # to be gone after KILL, and for looking


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process. `item` is the host's own line: number, start, user, program, sum of the arguments."""

    pid: int
    item: str
    is_kept: bool  # systemd starts its unit again when it ends
    path: str = "?"
    user: str = "?"
    unit: str = ""
    rss_bytes: int = 0

    def told(self) -> str:
        size = f", {size_text(self.rss_bytes)}" if self.rss_bytes else ""
        unit = f", of {self.unit}" + (", which starts it again" if self.is_kept else "") if self.unit else ""
        return f"process {self.pid} ({escaped(self.path)}) of user {self.user}{size}{unit}"


@dataclass(frozen=True, kw_only=True)
class Processes:
    """Those that are to end, and why some never are."""

    boot: str
    found: tuple[Process, ...]
    never: tuple[str, ...]
    elsewhere: int = 0  # alike, within containers


@dataclass(frozen=True, kw_only=True)
class Terminate(Action[Processes]):
    """End processes that are exactly these: by all their arguments, by a port they listen on, or by program and memory.

    The plan lists each by number, start, user, program and the sum of its arguments; at apply it must be that very
    process. It is told to end, and killed only when it has not ended in time. More than `at_most` are refused, and so
    are the first process, what our session rests on, and the services that serve the host. Processes within containers
    are left alone: their service is restarted instead. Arguments are not shown, for they may hold secrets.
    """

    name = "process.terminate"
    example = "{exe: /usr/bin/convert, memory_above: 2GiB, user: app}"
    risk = Risk.MEDIUM

    argv: tuple[Text, ...] = param("All its arguments, the program's name first, exactly", default=[])
    listens: Port | None = param("A TCP port that it listens on", default=None)
    exe: Path | None = param("Its program", default=None)
    memory_above: Size | None = param("Only where it holds more memory than this", default=None)
    user: Account | None = param("Only of this user", default=None)
    at_most: int = param("Refuse above this number of processes", default=1, minimum=1, maximum=20)
    grace: Duration = param("How long it may take to end by itself, once told", default="10s", minimum=1, maximum=600)

    def __post_init__(self) -> None:
        if not self.argv and self.listens is None and (self.exe is None or self.memory_above is None):
            raise Invalid(
                "wanted argv, listens, or exe with memory_above: a program's name alone ends what is well",
                at="argv",
                fix="for example argv: [/usr/bin/convert, big.png]",
            )
        if self.argv and not self.argv[0]:
            raise Invalid("wanted the program's name first", at="argv", fix="for example [/usr/bin/convert, big.png]")

    def look(self, host: Host) -> Look:
        port = "" if self.listens is None else str(self.listens)
        least = "" if self.memory_above is None else str(self.memory_above // 1024)
        return self.ask("process_end_look", self.user or "", self.exe or "", port, least, *self.argv)

    def see(self, reply: Reply) -> Processes:
        ground, told = fields_of(reply.ground), fields_of(reply.evidence)
        if "boot" not in ground:
            raise CannotTell("the host's answer on processes makes no sense")
        never = [f"process {k[6:]} is never ended: {v}" for k, v in ground.items() if k.startswith("never:")]
        elsewhere = told.get("elsewhere", "0")
        return Processes(
            boot=ground["boot"],
            found=tuple(_process(pid, state, told) for pid, state in items_of(reply.ground).items()),
            never=tuple(never),
            elsewhere=int(elsewhere) if elsewhere.isdecimal() else 0,
        )

    def plan(self, seen: Processes) -> Change | None:
        if seen.never:
            raise Refused(f"{self.name}: {'; '.join(seen.never)}", fix="name what is to end more exactly")
        if len(seen.found) > self.at_most:
            raise Refused(
                f"{self.name}: {plural(len(seen.found), 'process', 'processes')} are so, more than {self.at_most}",
                fix="say more of it (argv, user, memory_above), or raise at_most",
            )
        if not seen.found:
            return None
        first = seen.found[0]
        what = (
            f"process {first.pid} ({escaped(first.path)})" if len(seen.found) == 1 else f"{len(seen.found)} processes"
        )
        items = tuple(p.item for p in seen.found)
        call = Call(
            family="process_end",
            function="process_end",
            args=(str(self.grace), seen.boot),
            items=items,
            timeout_s=self.grace + KILL_WITHIN_S,
        )
        return Change(
            title=f"end {what}",
            operations=(call,),
            effect=Effect(
                says=f"{plural(len(seen.found), 'process', 'processes')} ended",
                measures={"processes": len(seen.found), "bytes_freed": sum(p.rss_bytes for p in seen.found)},
            ),
            undo=_undo(seen),
            risk=self.risk.raised() if self._always_acts(seen) else self.risk,
            lines=self._lines(seen),
            touches=tuple(f"process:{p.pid}" for p in seen.found),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        grace = int(str(operation.args[0]))
        lines = [note("look first: is each still the process that was meant? ps -o pid,lstart,user,args -p NUMBER")]
        for pid, _ in item_paths(operation):
            number = str(int(pid))
            lines += [
                f"kill -TERM {number} || :",
                f"n=0; while kill -0 {number} 2>/dev/null && [ $n -lt {grace} ]; do sleep 1; n=$((n + 1)); done",
                f"! kill -0 {number} 2>/dev/null || kill -KILL {number} || :",
            ]
        return tuple(lines)

    def verify(self, before: Processes, after: Processes) -> str:
        there = {p.item for p in after.found} if before.boot == after.boot else set()
        left = [p.told() for p in before.found if p.item in there]
        return f"still there: {'; '.join(left)}" if left else ""

    def told(self, line: str) -> str:
        if line.startswith("item "):
            pid, _, state = line[5:].rpartition("\t")
            return f"process {pid} of user {state.split(':')[1] if state.count(':') > 1 else '?'}"
        return "" if line.startswith("boot ") else super().told(line)

    def unchanged(self, seen: Processes) -> str:
        said = "no process is so"
        return said + (f"; {seen.elsewhere} within containers are left alone" if seen.elsewhere else "")

    def _always_acts(self, seen: Processes) -> bool:
        """Whether a process that is started again would be meant again, however well it is."""
        return self.memory_above is None and any(p.is_kept for p in seen.found)

    def _lines(self, seen: Processes) -> tuple[str, ...]:
        rows = [p.told() for p in seen.found]
        if self._always_acts(seen):
            rows.append("it always acts: what is started again is meant again, so the symptom is the only guard")
        if seen.elsewhere:
            rows.append(f"left alone: {plural(seen.elsewhere, 'process', 'processes')} within containers")
        return tuple(rows)


def _process(pid: str, state: str, told: dict[str, str]) -> Process:
    parts = state.split(":")
    if not pid.isdecimal() or len(parts) != 6 or parts[5] not in ("kept", "alone"):
        raise CannotTell(f"the host's answer makes no sense: {pid!r} {state!r}")
    size = told.get(f"rss_kib:{pid}", "0")
    return Process(
        pid=int(pid),
        item=f"{pid}\t{state}",
        is_kept=parts[5] == "kept",
        path=unescaped(told.get(f"path:{pid}", "?")),
        user=parts[1],
        unit=told.get(f"unit:{pid}", ""),
        rss_bytes=int(size) * 1024 if size.isdecimal() else 0,
    )


def _undo(seen: Processes) -> Undo:
    if all(p.is_kept for p in seen.found):
        return UndoUnnecessary(says="systemd starts it again")
    return UndoImpossible(says="what ended is not started again by remedy, and what it had in memory is gone")


VERBS: tuple[type[Verb], ...] = (Terminate,)
