"""Checks of filesystems: how much is free, and what fills them."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of, unescaped
from remedy.actions.params import Amount, Duration, Path, param
from remedy.actions.words import count_of, percent_of, size_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class Free(Check):
    """Hold how much is free on a filesystem against a limit: `below` it, or `at_least` it.

    Exactly one of the four limits is given. Free is what `df` shows as available; a percentage is of
    what is not reserved for root, so `below: 20%` holds where `df` shows more than 80% used.
    """

    name = "disk.free"
    example = "{mount: /, below: 20%}"

    mount: Path = param("A directory of the filesystem", default="/")
    below: Amount | None = param("Ok when less than this is free", default=None)
    at_least: Amount | None = param("Ok when this or more is free", default=None)
    inodes_below: Amount | None = param("Ok when fewer inodes are free: a percentage, or a number", default=None)
    inodes_at_least: Amount | None = param("Ok when this many inodes or more are free", default=None)

    def __post_init__(self) -> None:
        if len(self._limits()) != 1:
            raise Invalid(
                "wanted exactly one of below, at_least, inodes_below, inodes_at_least",
                at="below",
                fix="for example below: 20%",
            )

    def look(self, host: Host) -> Look:
        kind, limit = self._wanted()
        return self.ask("disk_free", self.mount, kind, limit)

    def judge(self, reply: Reply) -> Judgement:
        band = fields_of(reply.ground).get("free")
        facts = fields_of(reply.evidence)
        if band not in ("below", "at-least") or not facts:
            raise CannotTell(f"the filesystem of {self.mount} gave no answer")
        (limit,) = self._limits()
        wants_below = limit in ("below", "inodes_below")
        ok = (band == "below") == wants_below
        return Judgement(
            answer=Answer.OK if ok else Answer.NOT_OK,
            says=f"{self.mount} has {self._found(facts)} free, {'less' if band == 'below' else 'not less'}"
            f" than {self._limit_text()}",
            facts={key: int(value) for key, value in facts.items() if value.isdecimal()},
        )

    def _limits(self) -> dict[str, str]:
        given = {
            "below": self.below,
            "at_least": self.at_least,
            "inodes_below": self.inodes_below,
            "inodes_at_least": self.inodes_at_least,
        }
        return {name: limit for name, limit in given.items() if limit is not None}

    def _wanted(self) -> tuple[str, str]:
        """The kind and the number that the shell function takes."""
        ((name, limit),) = self._limits().items()
        inodes = name.startswith("inodes")
        if limit.endswith("%"):
            whole, _, part = limit[:-1].partition(".")
            return "inode-parts" if inodes else "parts", str(int(whole) * 100 + int((part + "00")[:2]))
        return "inodes" if inodes else "bytes", limit

    def _limit_text(self) -> str:
        ((name, limit),) = self._limits().items()
        if limit.endswith("%"):
            return limit
        return f"{int(limit):,} inodes" if name.startswith("inodes") else size_text(int(limit))

    def _found(self, facts: dict[str, str]) -> str:
        kind, _ = self._wanted()
        if kind.startswith("inode"):
            free, whole = count_of(facts, "free_inodes"), count_of(facts, "inodes")
            return f"{free:,} inodes ({percent_of(free, whole)})"
        free, whole = count_of(facts, "free_bytes"), count_of(facts, "usable_bytes")
        return f"{size_text(free)} ({percent_of(free, whole)})"


@dataclass(frozen=True, kw_only=True)
class Top(Check):
    """Show what fills a filesystem: largest directories, largest files, deleted files still open.

    Evidence for a diagnosis; it is always ok. It stays on one filesystem, runs at the lowest priority
    and stops at its time limit, then saying that it is not complete.
    """

    name = "disk.top"
    example = "{mount: /var, depth: 2}"

    mount: Path = param("Where to begin", default="/")
    depth: int = param("Levels of directories to show", default=3, minimum=1, maximum=12)
    count: int = param("Lines of each kind", default=10, minimum=1, maximum=100)
    time_limit: Duration = param("Longest time for each of the two walks", default="10s", maximum=300)

    def look(self, host: Host) -> Look:
        args = (self.mount, str(self.depth), str(self.count), str(self.time_limit))
        return self.ask("disk_top", *args, timeout_s=2 * self.time_limit + 10)

    def judge(self, reply: Reply) -> Judgement:
        found = {kind: self._rows(reply, kind) for kind in ("dir", "file", "deleted")}
        cut = "cut yes" in reply.evidence
        largest = next(iter(found["file"]), None) or next(iter(found["dir"]), None)
        says = f"largest under {self.mount}: {size_text(largest[0])} {largest[1]}" if largest else "nothing large found"
        return Judgement(
            answer=Answer.OK,
            says=says + (" (stopped at its time limit)" if cut else ""),
            facts={
                "complete": not cut,
                **{kind: [_row(r) for r in rows] for kind, rows in found.items()},
            },
        )

    def _rows(self, reply: Reply, kind: str) -> list[tuple[int, str]]:
        rows = []
        for line in reply.evidence:
            size, tab, name = line.removeprefix(f"{kind} ").partition("\t")
            if line.startswith(f"{kind} ") and tab and size.isdecimal():
                rows.append((int(size), self._full(unescaped(name), kind)))
        return rows

    def _full(self, name: str, kind: str) -> str:
        if kind == "deleted":
            return "process " + name.partition("/")[0]
        return self.mount.rstrip("/") + name[1:] if name != "." else self.mount


def _row(row: tuple[int, str]) -> Json:
    return {"bytes": row[0], "name": row[1]}


VERBS: tuple[type[Verb], ...] = (Free, Top)
