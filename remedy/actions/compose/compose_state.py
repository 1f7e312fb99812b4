"""Services of Docker Compose ended, and started again as they are: the one takes back the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import note, word
from remedy.actions.compose.compose_seen import in_dependency_order
from remedy.actions.host.timer import disarm, for_a_while
from remedy.actions.params import Duration, Word, param
from remedy.actions.words import plural
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Operation, Reply, Risk, UndoBy

START_S = 60  # for Docker to end or start a container, beside the time that ending may take
UP_S = 90  # for a container that an undo starts


@dataclass(frozen=True, kw_only=True)
class Member:
    """A container that could be ended or started. `doing` is runs, paused, or what Docker says of one that is down."""

    name: str  # SERVICE/NUMBER
    doing: str
    id: str
    stop_s: int
    keeps: tuple[str, ...]  # the volumes with a name that it writes to

    @property
    def service(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def number(self) -> int:
        text = self.name.rpartition("/")[2]
        return int(text) if text.isdecimal() else 0


@dataclass(frozen=True, kw_only=True)
class Members:
    """The named services: after which of the others each comes, and the containers that could be ended or started."""

    after: dict[str, tuple[str, ...]]
    missing: tuple[str, ...]
    items: tuple[Member, ...]
    doing: dict[str, str]  # every container of them by name; evidence
    facts: dict[str, str]

    def ordered(self) -> tuple[Member, ...]:
        """The containers, those that others depend on first."""
        rank = {s: place for place, s in enumerate(in_dependency_order(tuple(self.after), self.after))}
        return tuple(sorted(self.items, key=lambda m: (rank[m.service], m.number)))

    def said(self, key: str) -> tuple[str, ...]:
        """The words that the host says under a key."""
        return tuple(self.facts.get(key, "").split())


@dataclass(frozen=True, kw_only=True)
class _Turn(Action[Members]):
    """What ending and starting share."""

    risk = Risk.MEDIUM
    example = "{project: shop, services: [web]}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services, with all their containers; no other is touched", minItems=1)

    def see(self, reply: Reply) -> Members:
        ground = fields_of(reply.ground)
        there = {key.removeprefix("service:"): value.split() for key, value in ground.items()}
        facts = {key: value for key, _, value in (line.partition(" ") for line in reply.evidence)}
        if set(there) != set(self.services) or not all(there.values()):
            raise CannotTell(f"the host's answer on {self.project} makes no sense")
        return Members(
            after={service: tuple(words[1:]) for service, words in there.items()},
            missing=tuple(service for service, words in there.items() if words[0] != "present"),
            items=tuple(_member(name, state) for name, state in items_of(reply.ground).items()),
            doing={k.removeprefix("container:"): v.partition(" ")[0] for k, v in facts.items() if "container:" in k},
            facts=facts,
        )

    def restored(self, before: Members, after: Members) -> str:
        """The same containers run, and the same do not."""
        if [(m.name, m.id) for m in before.ordered()] == [(m.name, m.id) for m in after.ordered()]:
            return ""
        return "not the same containers run as before"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        if isinstance(operation, Await):
            container = word(str(operation.look.args[0]))
            up = note(f"it must be up within {operation.within_s} s")
            return (up, f"docker inspect --format '{{{{json .State}}}}' {container}")
        verb = "stop" if operation.function == "compose_stop" else "start"
        return (f"docker {verb} {word(operation.args[0])}",)

    def _refuse_unknown(self, seen: Members) -> None:
        if seen.missing:
            raise Refused(
                f"{self.name}: {self.project} has no container of service {', '.join(seen.missing)}",
                fix=f"its services: {', '.join(seen.said('known')) or 'none'}",
            )
        for member in seen.items:
            if member.doing in ("paused", "removing"):
                raise Refused(
                    f"{self.name}: {member.name} of {self.project} is {member.doing}",
                    fix="somebody holds it: `docker unpause` it, or wait until it is gone",
                )

    def _stop(self, member: Member, leaves: str = "none") -> Call:
        args = (member.id, f"{self.project}/{member.name}", leaves)
        return Call(family="compose_state", function="compose_stop", args=args, timeout_s=member.stop_s + START_S)

    def _start(self, member: Member, within_s: int) -> tuple[Operation, ...]:
        """Whatever came before, each is started; then it is awaited."""
        args = (member.id, f"{self.project}/{member.name}")
        look = Look(family="compose_state", function="compose_is", args=(member.id,))
        call = Call(family="compose_state", function="compose_start", args=args, timeout_s=START_S, always=True)
        return call, Await(look=look, expect="state up", within_s=within_s)

    def _touches(self, members: Iterable[Member]) -> tuple[str, ...]:
        return tuple(f"compose:{self.project}/{service}" for service in dict.fromkeys(m.service for m in members))

    def _key(self) -> str:
        return f"compose:{self.project} running {' '.join(sorted(self.services))}"


@dataclass(frozen=True, kw_only=True)
class Stop(_Turn):
    """End containers of Compose services that run, those that depend on others first, and leave them there.

    Of one service, `numbers` says which; without, all of them are ended. A service of which none would be left up is
    refused unless `to_none` says so, by the host itself, too. One that writes to a volume with a name keeps something,
    as a database does: it is refused unless it is named a second time. The plan names who depends on them and goes on
    running. Undo starts exactly those that were ended; with `for`, the host does so by itself.
    """

    name = "compose.stop"
    example = "{project: shop, services: [web], to_none: true}"

    numbers: tuple[int, ...] = param("Of the one service, the containers of these numbers; all if empty", default=[])
    to_none: bool = param("End the last container of a service that is up, too", default=False)
    with_volumes: tuple[Word, ...] = param(
        "Of them, those that write to a volume and shall end all the same", default=[]
    )
    for_: Duration | None = param("Start them again after this long", default=None)

    def __post_init__(self) -> None:
        if self.numbers and len(self.services) != 1:
            raise Invalid("wanted one service, where its containers are numbered", at="numbers")

    def look(self, host: Host) -> Look:
        return self.ask("compose_state_look", self.project, "running", *self.services)

    def plan(self, seen: Members) -> Change | None:
        chosen = self._chosen(seen)
        self._refuse_unknown(chosen)
        if not chosen.items:
            return None
        self._refuse_kept(chosen)
        self._refuse_last(chosen)
        members = tuple(reversed(chosen.ordered()))
        names = ", ".join(m.name for m in members)
        back = tuple(o for m in chosen.ordered() for o in self._start(m, UP_S))
        stops = tuple(self._stop(m, "none" if self.to_none else "one") for m in members)
        change = Change(
            title=f"stop {names} of {self.project}",
            operations=stops if self.for_ else (disarm(self._key()), *stops),
            effect=Effect(
                says=f"{plural(len(members), 'container')} of {self.project} no longer running",
                measures={"stops": len(members)},
            ),
            undo=UndoBy(says=f"{names} of {self.project} started again", operations=back),
            risk=self.risk,
            lines=self._lines(seen, members),
            touches=self._touches(members),
        )
        return for_a_while(change, self._key(), self.for_) if self.for_ else change

    def verify(self, before: Members, after: Members) -> str:
        left = self._chosen(after).items
        return f"still running: {', '.join(m.name for m in left)}" if left else ""

    def unchanged(self, seen: Members) -> str:
        which = f" {', '.join(map(str, self.numbers))}" if self.numbers else ""
        return f"nothing of {', '.join(self.services)}{which} of {self.project} runs"

    def _key(self) -> str:
        return "/".join((super()._key(), *map(str, sorted(self.numbers))))

    def _chosen(self, seen: Members) -> Members:
        """What was seen, without the containers of other numbers."""
        return replace(seen, items=tuple(m for m in seen.items if not self.numbers or m.number in self.numbers))

    def _refuse_last(self, seen: Members) -> None:
        """A service keeps a container that is up, or one is asked for none."""
        going = {m.name for m in seen.items}
        up = {name.rpartition("/")[0] for name, doing in seen.doing.items() if doing == "up" and name not in going}
        for service in () if self.to_none else dict.fromkeys(m.service for m in seen.items):
            if service not in up:
                raise Refused(
                    f"compose.stop: of {service} of {self.project}, no container would be left that is up",
                    fix="name some as numbers, or say to_none: true",
                )

    def _refuse_kept(self, seen: Members) -> None:
        kept = {m.service: m.keeps for m in seen.items if m.keeps and m.service not in self.with_volumes}
        for service, volumes in kept.items():
            raise Refused(
                f"compose.stop: {service} of {self.project} writes to the volume {', '.join(volumes)}",
                fix=f"if it shall end all the same, name it in with_volumes: [{service}]",
            )

    def _lines(self, seen: Members, members: tuple[Member, ...]) -> tuple[str, ...]:
        lines = [f"{m.name} is {seen.doing.get(m.name, m.doing)}; it has {m.stop_s} s to end" for m in members]
        if seen.said("dependants"):
            lines.append(f"left running, though they depend on it: {', '.join(seen.said('dependants'))}")
        return tuple(lines)


@dataclass(frozen=True, kw_only=True)
class Start(_Turn):
    """Start every container of Compose services that does not run, each after those that it depends on, and await it.

    Each is started even where one before it failed, and as it is: an edited Compose file is not applied by this. A
    container that runs and is not healthy is left to `compose.restart`. Undo ends exactly those that were started.
    """

    name = "compose.start"

    up_within: Duration = param("How long each container may take to be up", default="90s")

    def look(self, host: Host) -> Look:
        return self.ask("compose_state_look", self.project, "ended", *self.services)

    def plan(self, seen: Members) -> Change | None:
        self._refuse_unknown(seen)
        if not seen.items:
            return None
        members = seen.ordered()
        names = ", ".join(m.name for m in members)
        return Change(
            title=f"start {names} of {self.project}",
            operations=tuple(o for m in members for o in self._start(m, self.up_within)),
            effect=Effect(
                says=f"{plural(len(members), 'container')} of {self.project} up", measures={"starts": len(members)}
            ),
            undo=UndoBy(
                says=f"{names} of {self.project} ended again",
                operations=tuple(self._stop(m) for m in reversed(members)),
            ),
            risk=self.risk,
            lines=self._lines(seen, members),
            touches=self._touches(members),
            settle_s=10,
        )

    def verify(self, before: Members, after: Members) -> str:
        ill = [
            f"{m.name} is {after.doing.get(m.name, 'gone')}" for m in before.items if after.doing.get(m.name) != "up"
        ]
        return ", ".join(ill)

    def unchanged(self, seen: Members) -> str:
        return f"all of {', '.join(self.services)} of {self.project} runs"

    def _lines(self, seen: Members, members: tuple[Member, ...]) -> tuple[str, ...]:
        lines = [f"{m.name} is {m.doing}" for m in members]
        for name, _, state in (need.partition("=") for need in seen.said("needs")):
            lines.append(f"they depend on {name}, which is {state} and not started: name its service, too")
        return tuple(lines)


def _member(name: str, state: str) -> Member:
    match state.split(" "):
        case [doing, identity, stop_s, keeps] if stop_s.isdecimal():
            volumes = tuple(v for v in keeps.split(",") if v not in ("", "-"))
            return Member(name=name, doing=doing, id=identity, stop_s=int(stop_s), keeps=volumes)
        case _:
            raise CannotTell(f"the host's answer makes no sense: {state!r}")


VERBS: tuple[type[Verb], ...] = (Stop, Start)
