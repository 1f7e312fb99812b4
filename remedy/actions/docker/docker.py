"""What a Docker engine can make again, removed by identity; never a volume, a tagged image or a container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import item_paths, note, word
from remedy.actions.params import Duration, Size, param
from remedy.actions.words import count_of, day_text, plural, size_text
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
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

LINES_SHOWN = 1000  # of a plan's list; the operation holds all of them
SLOWEST_S = 3  # for one thing to go, on a slow disk; only for timeouts
LOOK_TIMEOUT_S = 120  # the engine measures volumes too when it is asked for its disk usage


@dataclass(frozen=True, kw_only=True)
class Waste:
    """One thing that may go. `key` is cache/ID or image/ID, `at` when it was last used, or made."""

    key: str
    at: int
    size_bytes: int

    @property
    def kind(self) -> str:
        return self.key.partition("/")[0]

    @property
    def short_id(self) -> str:
        """As the engine's client shows it."""
        return self.key.partition("/")[2].removeprefix("sha256:")[:12]

    @property
    def item(self) -> str:
        return f"{self.key}\t{self.at}"


@dataclass(frozen=True, kw_only=True)
class Wastes:
    """All that may go, and how many images only a container holds."""

    cutoff: int
    things: tuple[Waste, ...]
    held: int

    @property
    def size_bytes(self) -> int:
        return sum(t.size_bytes for t in self.things)


@dataclass(frozen=True, kw_only=True)
class Prune(Action[Wastes]):
    """Remove build cache and dangling images that are old, by identity: exactly the listed ones, or fewer.

    Dangling is an image without a tag and a digest, that no container uses, running or not, and no other image is
    built upon. Volumes, tagged images and containers are never touched, and nothing is forced. What was used or
    tagged since the plan is left alone. Above a cap it refuses, it never truncates. The sizes are the engine's own,
    rounded; what is shared with something that stays counts for nothing.
    """

    name = "docker.prune"
    example = "{what: [build-cache, dangling-images], older_than: 24h}"
    risk = Risk.LOW

    what: tuple[Literal["build-cache", "dangling-images"], ...] = param("What may go", minItems=1)
    older_than: Duration = param("Only cache last used, and images made, longer ago than this")
    max_items: int = param("Refuse above this number of things", default=2000, minimum=1, maximum=10000)
    max_bytes: Size = param("Refuse above this size in all", default="100GiB")

    def look(self, host: Host) -> Look:
        wanted = ["yes" if kind in self.what else "no" for kind in ("build-cache", "dangling-images")]
        return self.ask("docker_prune_look", Ago(self.older_than), *wanted, timeout_s=LOOK_TIMEOUT_S)

    def see(self, reply: Reply) -> Wastes:
        facts = fields_of(reply.evidence)
        return Wastes(
            cutoff=count_of(fields_of(reply.ground), "cutoff"),
            things=tuple(_waste(key, state, facts) for key, state in items_of(reply.ground).items()),
            held=int(facts.get("held", "0")),
        )

    def plan(self, seen: Wastes) -> Change | None:
        if not seen.things:
            return None
        self._refuse(seen)
        call = Call(
            family="docker",
            function="docker_prune",
            args=(str(seen.cutoff),),
            items=tuple(t.item for t in seen.things),
            timeout_s=60 + SLOWEST_S * len(seen.things),
        )
        return Change(
            title=f"remove {_counted(seen)} of the Docker engine (about {size_text(seen.size_bytes)})",
            operations=(call,),
            effect=Effect(
                says=f"about {size_text(seen.size_bytes)} freed",
                measures={"bytes_freed": seen.size_bytes},
            ),
            undo=_undo(seen),
            risk=self.risk,
            lines=_lines(seen),
            touches=("docker:waste",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        keys = [key.partition("/") for key, _ in item_paths(operation)]
        images = [identity for kind, _, identity in keys if kind == "image"]
        caches = [identity for kind, _, identity in keys if kind == "cache"]
        lines = [note("look first: is each still without a name, and unused? docker images --filter dangling=true")]
        lines += [f"docker image rm --no-prune {word(identity)}" for identity in images]
        lines += [f"docker builder prune --force --all --filter id={word(identity)}" for identity in caches]
        return tuple(lines)

    def verify(self, before: Wastes, after: Wastes) -> str:
        there = {t.item for t in after.things}
        left = [t.key for t in before.things if t.item in there]
        return f"{plural(len(left), 'thing')} still there, such as {left[0]}" if left else ""

    def unchanged(self, seen: Wastes) -> str:
        return f"no {' or '.join(self.what)} older than {day_text(seen.cutoff)} UTC"

    def _refuse(self, seen: Wastes) -> None:
        if len(seen.things) > self.max_items:
            raise Refused(
                f"docker.prune: {len(seen.things):,} things may go, more than max_items ({self.max_items:,})",
                fix="raise max_items, or older_than",
            )
        if seen.size_bytes > self.max_bytes:
            raise Refused(
                f"docker.prune: about {size_text(seen.size_bytes)} may go, more than max_bytes"
                f" ({size_text(self.max_bytes)})",
                fix="raise max_bytes, or older_than",
            )


def _waste(key: str, state: str, facts: dict[str, str]) -> Waste:
    kind, slash, identity = key.partition("/")
    size = facts.get(f"bytes:{key}", "0")
    if kind not in ("cache", "image") or not slash or not identity or not state.isdecimal() or not size.isdecimal():
        raise CannotTell(f"the host's answer makes no sense: {key!r} {state!r}")
    return Waste(key=key, at=int(state), size_bytes=int(size))


def _counted(seen: Wastes) -> str:
    images = sum(t.kind == "image" for t in seen.things)
    caches = len(seen.things) - images
    said = [plural(images, "dangling image")] if images else []
    return " and ".join(said + ([plural(caches, "record of build cache", "records of build cache")] if caches else []))


def _undo(seen: Wastes) -> Undo:
    if any(t.kind == "image" for t in seen.things):
        return UndoImpossible(says="permanent: an image without a name cannot be fetched again")
    return UndoUnnecessary(says="the next build makes its cache again")


def _lines(seen: Wastes) -> tuple[str, ...]:
    ordered = sorted(seen.things, key=lambda t: (-t.size_bytes, t.key))[:LINES_SHOWN]
    rows = [f"{size_text(t.size_bytes):>9}  {day_text(t.at)}  {t.kind} {t.short_id}" for t in ordered]
    if len(seen.things) > LINES_SHOWN:
        rows.append(f"and {len(seen.things) - LINES_SHOWN:,} more")
    if seen.held:
        rows.append(f"left alone: {plural(seen.held, 'image')} without a name that a container uses, running or not")
    return tuple(rows)


VERBS: tuple[type[Verb], ...] = (Prune,)
