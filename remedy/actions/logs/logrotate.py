"""Log files rotated by the host's own logrotate, by one file of its configuration."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, escaped, fields_of, items_of, unescaped
from remedy.actions.by_hand import note, quoted
from remedy.actions.params import Path, Size, param
from remedy.actions.words import day_text, identity_text, plural, size_text
from remedy.errors import CannotTell, Refused
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

RUN_TIMEOUT_S = 1800  # it may compress, and run what its configuration says


@dataclass(frozen=True, kw_only=True)
class Log:
    """One log above the size. `how` is move, or copy where logrotate would copy and then truncate it."""

    path: str
    how: str
    item: str
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Configured:
    """The logs above the size, and what is dropped to make room: item -> what is told of it."""

    config: str
    by_date: bool
    logs: tuple[Log, ...]
    drops: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class ByLogrotate(Action[Configured]):
    """Rotate logs that have outgrown a size by the host's own logrotate, as one file of its configuration says.

    For hosts whose logs are logrotate's already: its generations, owners and scripts hold. What it would do is read
    from its dry run; it then acts with a state of its own, so its schedule is as it was and a log below the size is
    left alone. A log that is copied and truncated is refused: what is written meanwhile would be lost.
    """

    name = "logs.logrotate"
    example = "{config: /etc/logrotate.d/nginx, larger_than: 100MiB}"
    risk = Risk.LOW

    config: Path = param("The file of logrotate's configuration, such as /etc/logrotate.d/nginx")
    larger_than: Size = param("Rotate files above this", default="100MiB", minimum=1)

    def look(self, host: Host) -> Look:
        return self.ask("logrotate_look", self.config, str(self.larger_than), timeout_s=60)

    def see(self, reply: Reply) -> Configured:
        ground = fields_of(reply.ground)
        if "config" not in ground or ground.get("dates") not in ("yes", "no"):
            raise CannotTell(f"the host's answer on {self.config} makes no sense")
        sizes = _sizes(reply)
        logs, drops = [], []
        for key, state in items_of(reply.ground).items():
            kind, _, rest = state.partition(":")
            if kind == "drop":
                drops.append((f"{key}\t{state}", f"{key}, {identity_text(rest)}"))
            elif kind == "rotate" and rest.rpartition(":")[2] in ("move", "copy"):
                how = rest.rpartition(":")[2]
                logs.append(
                    Log(path=unescaped(key), how=how, item=f"{key}\t{state}", size_bytes=sizes.get(unescaped(key), 0))
                )
            else:
                raise CannotTell(f"the host's answer makes no sense: {state!r}")
        return Configured(
            config=ground["config"], by_date=ground["dates"] == "yes", logs=tuple(logs), drops=tuple(drops)
        )

    def plan(self, seen: Configured) -> Change | None:
        copied = [log.path for log in seen.logs if log.how == "copy"]
        if copied:
            raise Refused(
                f"{self.name}: {self.config} copies and truncates {', '.join(copied)}, and loses lines",
                fix="have it create a new file and tell the writer in postrotate, or use logs.rotate",
            )
        if not seen.logs:
            return None
        size = sum(log.size_bytes for log in seen.logs)
        call = Call(
            family="logrotate",
            function="logrotate_run",
            args=(self.config, seen.config, str(self.larger_than)),
            items=(*(log.item for log in seen.logs), *(item for item, _ in seen.drops)),
            timeout_s=RUN_TIMEOUT_S,
        )
        return Change(
            title=f"rotate {plural(len(seen.logs), 'log')} by logrotate" + (f" ({size_text(size)})" if size else ""),
            operations=(call,),
            effect=Effect(
                says=f"{plural(len(seen.logs), 'log')} rotated as {self.config} says",
                measures={"logs": len(seen.logs), "bytes_rotated": size},
            ),
            undo=_undo(seen),
            risk=self.risk,
            lines=(
                *(f"{size_text(log.size_bytes):>9}  {escaped(log.path)}" for log in seen.logs),
                *(f"drops     {told}: permanent" for _, told in seen.drops),
            ),
            touches=tuple(sorted({f"path:{log.path.rpartition('/')[0]}" for log in seen.logs})),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        config, _, larger = (str(a) for a in operation.args)
        return (
            note("look first, for this changes nothing: logrotate --debug --force FILE"),
            "d=$(mktemp -d)",
            f"printf 'maxsize %s\\ninclude %s\\n' {quoted(larger)} {quoted(config)} >\"$d/config\"",
            'logrotate --state "$d/state" "$d/config"',
            'rm -r -- "$d"',
        )

    def verify(self, before: Configured, after: Configured) -> str:
        there = {log.item for log in after.logs}
        left = [log.path for log in before.logs if log.item in there]
        return f"not rotated: {', '.join(left)}" if left else ""

    def told(self, line: str) -> str:
        key, _, state = line.removeprefix("item ").rpartition("\t")
        kind, _, rest = state.partition(":")
        match kind:
            case "rotate":
                return f"{key}  to rotate"
            case "drop":
                return f"{key}  {identity_text(rest)}, the oldest to go"
            case _ if line.startswith("config "):
                changed = line.rpartition(":")[2]
                return f"{self.config} was changed {day_text(int(changed)) if changed.isdecimal() else 'at some time'}"
            case _:
                return "" if line.startswith("dates ") else super().told(line)

    def unchanged(self, seen: Configured) -> str:
        return f"no log of {self.config} is above {size_text(self.larger_than)}"


def _undo(seen: Configured) -> Undo:
    if seen.drops:
        return UndoImpossible(says=f"permanent: {plural(len(seen.drops), 'generation')} beyond its number")
    if seen.by_date:
        return UndoImpossible(says="what is older than its configuration keeps goes for good")
    return UndoUnnecessary(says="every line is kept, in generation 1")


def _sizes(reply: Reply) -> dict[str, int]:
    """Path to size of each log, as the evidence tells it: `log:SIZE PATH`."""
    found: dict[str, int] = {}
    for line in reply.evidence:
        size, _, path = line.removeprefix("log:").partition(" ")
        if line.startswith("log:") and size.isdecimal():
            found[unescaped(path)] = int(size)
    return found


VERBS: tuple[type[Verb], ...] = (ByLogrotate,)
