"""The logs that Docker keeps of a service's containers, emptied where they are too large."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import item_paths, note, word
from remedy.actions.params import Path, Size, Word, param
from remedy.actions.words import plural, size_text
from remedy.errors import CannotTell, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoImpossible

NOT_KEPT = {
    "none": "the host has no quarantine",
    "missing": "the quarantine is not there",
    "unsafe": "the quarantine is not its owner's alone",
}


@dataclass(frozen=True, kw_only=True)
class Logs:
    """The logs above the limit by name of their container, and how large each is."""

    shelf: str  # a directory, "" where nothing can be kept
    why: str
    present: tuple[str, ...]
    large: dict[str, str]
    sizes: dict[str, int]
    others: dict[str, str]  # by what driver those are kept that are no files of JSON

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes.get(name, 0) for name in self.large)


@dataclass(frozen=True, kw_only=True)
class Truncate(Action[Logs]):
    """Empty the logs that Docker keeps of Compose services' containers where they are above a size; they go on logging.

    Only files of the driver json-file, each by identity, and only where the engine appends to it: then nothing written
    afterwards is lost. The end of each is kept in the host's quarantine, where there is one. A limit in the Compose
    file (`logging: options: max-size`) keeps them small for good. Needs root.
    """

    name = "docker.logs_truncate"
    risk = Risk.LOW
    example = "{project: shop, services: [web], larger_than: 500MiB}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services", minItems=1)
    larger_than: Size = param("Empty logs above this", default="100MiB", minimum=1)
    keep: Size = param("How much of the end of each is kept", default="1MiB", minimum=1)
    quarantine: Path | None = param("Where it is kept; the host's own quarantine unless given here", default=None)

    def look(self, host: Host) -> Look:
        shelf = self.quarantine or host.quarantine
        return self.ask("docker_logs_look", self.project, str(self.larger_than), shelf, *self.services)

    def see(self, reply: Reply) -> Logs:
        ground, told = fields_of(reply.ground), fields_of(reply.evidence)
        state, _, shelf = ground.get("quarantine", "").partition(" ")
        if state not in (*NOT_KEPT, "ok"):
            raise CannotTell(f"the host's answer on {self.project} makes no sense")
        sizes = {key.removeprefix("bytes:"): value for key, value in told.items() if key.startswith("bytes:")}
        return Logs(
            shelf=shelf,
            why=NOT_KEPT.get(state, ""),
            present=tuple(k.removeprefix("service:") for k in ground if k.startswith("service:")),
            large=items_of(reply.ground),
            sizes={name: int(size) for name, size in sizes.items() if size.isdecimal()},
            others={k.removeprefix("other:"): v for k, v in told.items() if k.startswith("other:")},
        )

    def plan(self, seen: Logs) -> Change | None:
        missing = [s for s in self.services if s not in seen.present]
        if missing:
            fix = f"with containers: {', '.join(seen.present) or 'none of those named'}"
            raise Refused(f"docker.logs_truncate: {self.project} has no container of {', '.join(missing)}", fix=fix)
        if not seen.large:
            return None
        store = f"{seen.shelf}/docker-logs" if seen.shelf else ""
        kept = (
            f"the last {size_text(self.keep)} of each is kept in {store}" if store else f"nothing is kept: {seen.why}"
        )
        return Change(
            title=f"empty {plural(len(seen.large), 'log')} of {self.project} ({size_text(seen.size_bytes)})",
            operations=(
                Call(
                    family="docker_logs",
                    function="docker_logs_empty",
                    args=(str(self.larger_than), str(self.keep), store),
                    items=tuple(f"{name}\t{state}" for name, state in seen.large.items()),
                    timeout_s=120,
                ),
            ),
            effect=Effect(says=f"{size_text(seen.size_bytes)} freed", measures={"bytes_freed": seen.size_bytes}),
            undo=UndoImpossible(says=f"permanent; {kept}"),
            risk=self.risk,
            lines=(*(f"{size_text(seen.sizes.get(n, 0)):>9}  {n}" for n in seen.large), *self._left(seen), kept),
            touches=tuple(f"docker-log:{self.project}/{name}" for name in seen.large),
        )

    def verify(self, before: Logs, after: Logs) -> str:
        left = [n for n in before.large if after.large.get(n) == before.large[n]]
        return f"still above {size_text(self.larger_than)}: {', '.join(left)}" if left else ""

    def unchanged(self, seen: Logs) -> str:
        return f"no log of {', '.join(self.services)} of {self.project} is above {size_text(self.larger_than)}"

    def told(self, line: str) -> str:
        name, _, state = line.removeprefix("item ").rpartition("\t")
        return f"{name}: container {state[:12]}" if line.startswith("item ") else super().told(line)

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        _, keep, store = (str(a) for a in operation.args)
        lines = [f"mkdir -p {word(store)}"] if store else [note("nothing of them is kept")]
        for name, state in item_paths(operation):
            identity = word(state.partition(" ")[0])
            lines.append(f"LOG=$(docker inspect --format '{{{{.LogPath}}}}' {identity})")
            if store:
                kept = f"{store}/{name.replace('/', '-')}.{state[:12]}.log"
                lines.append(f'tail -c {word(keep)} "$LOG" | sed 1d >{word(kept)}')
            lines.append(': >"$LOG"')
        return tuple(lines)

    def _left(self, seen: Logs) -> tuple[str, ...]:
        return tuple(f"left alone: {name} logs by the driver {driver}" for name, driver in seen.others.items())


VERBS: tuple[type[Verb], ...] = (Truncate,)
