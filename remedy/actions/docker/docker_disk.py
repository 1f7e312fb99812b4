"""What a Docker engine keeps on its disk: by class what nothing needs, volumes by name with who uses them."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Size, param
from remedy.actions.words import count_of, size_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

LOOK_TIMEOUT_S = 120  # the engine measures every volume
VOLUMES_SAID = 10


@dataclass(frozen=True, kw_only=True)
class Disk(Check):
    """Show what a Docker engine keeps on its disk, and hold what nothing needs against a size.

    What nothing needs is images, stopped containers and build cache by the engine's own count, never a volume: those
    are listed by name with who uses them, stopped containers too. Without a size it shows, and holds.
    """

    name = "docker.disk"
    example = "{reclaimable_above: 5GiB}"

    reclaimable_above: Size | None = param("Holds when more than this could be made free", default=None)
    reclaimable_below: Size | None = param("Holds when no more than this could be made free", default=None)

    def __post_init__(self) -> None:
        if self.reclaimable_above is not None and self.reclaimable_below is not None:
            raise Invalid("wanted one of both", at="reclaimable_below", fix="ask twice")

    def look(self, host: Host) -> Look:
        limit = self.reclaimable_above if self.reclaimable_above is not None else self.reclaimable_below
        return self.ask("docker_disk", "" if limit is None else str(limit), timeout_s=LOOK_TIMEOUT_S)

    def judge(self, reply: Reply) -> Judgement:
        band, said = fields_of(reply.ground).get("reclaimable"), fields_of(reply.evidence)
        if band not in ("above", "within", "unasked"):
            raise CannotTell("the host's answer on its Docker engine makes no sense")
        holds = band == "unasked" or (band == "above") == (self.reclaimable_above is not None)
        classes = {k.removeprefix("class:"): v.split(" ") for k, v in said.items() if k.startswith("class:")}
        volumes = {k.removeprefix("volume:"): v.split(" ") for k, v in said.items() if k.startswith("volume:")}
        freed = count_of(said, "reclaimable")
        parts = [
            f"{name} {_size(row[0])} ({_size(row[1])} not needed)" for name, row in classes.items() if len(row) == 2
        ]
        parts += [_volume_text(name, row) for name, row in sorted(volumes.items(), key=_largest)[:VOLUMES_SAID]]
        if len(volumes) > VOLUMES_SAID:
            parts.append(f"and {len(volumes) - VOLUMES_SAID} smaller volumes")
        unused: list[Json] = [name for name, row in volumes.items() if len(row) == 1]
        return Judgement(
            answer=Answer.OK if holds else Answer.NOT_OK,
            says=f"{size_text(freed)} not needed, volumes left out: {'; '.join(parts)}",
            facts={"reclaimable_bytes": freed, "volumes": len(volumes), "unused_volumes": unused},
        )


def _size(text: str) -> str:
    return size_text(int(text)) if text.isdecimal() else text


def _largest(volume: tuple[str, list[str]]) -> tuple[int, str]:
    name, row = volume
    return (-int(row[0]) if row[0].isdecimal() else 0, name)


def _volume_text(name: str, row: list[str]) -> str:
    users = [f"{who} ({state})" for who, _, state in (u.partition("=") for u in row[1:])]
    return f"volume {name} {_size(row[0])}, used by {', '.join(users) or 'nothing'}"


VERBS: tuple[type[Verb], ...] = (Disk,)
