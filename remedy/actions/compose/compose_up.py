"""An edited Compose file applied to named services: only what differs is made anew, one service after another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import note, word
from remedy.actions.compose.compose_seen import in_dependency_order
from remedy.actions.params import Duration, Path, Word, param
from remedy.actions.words import plural, size_text
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
    UndoBy,
    UndoImpossible,
)

MAKE_S = 600  # for Compose to fetch an image and make one service anew
LOOK_TIMEOUT_S = 60  # Compose reads the file twice, and as often the one before it
DIFFERENCES_SHOWN = 40  # of one service


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the file says of one service. `hash` is "" where the file does not know it."""

    name: str
    hash: str
    count: int
    after: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stale:
    """A container that is not what the file says: by its configuration, its image alone, or never started."""

    name: str  # SERVICE/NUMBER
    id: str
    hash: str
    by: str

    @property
    def service(self) -> str:
        return self.name.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The file against the containers of the named services."""

    file: str  # ok, broken, unknown
    services: dict[str, Service]
    stale: tuple[Stale, ...]
    lacks: tuple[str, ...]  # "SERVICE WHY" of what they depend on and is not named
    previous: dict[str, str]
    facts: tuple[tuple[str, str], ...]

    def said(self, key: str) -> tuple[str, ...]:
        """What the host says under a key, line by line."""
        return tuple(value for name, value in self.facts if name == key)

    def containers(self) -> Iterable[tuple[str, list[str]]]:
        """Each container by name, with what it is doing, its identity and its hash."""
        rows = ((key.removeprefix("container:"), value) for key, value in self.facts if key.startswith("container:"))
        return ((name, value.split(" ")) for name, value in rows)


@dataclass(frozen=True, kw_only=True)
class Up(Action[Applied]):
    """Apply an edited Compose file to services: what differs is made anew, each service awaited before the next.

    A container differs when its hash, which Compose wrote to it, is not that of the file with its environment files, or
    when its image's name means another image by now; one that was made and never started is started. A restart would
    not apply such an edit. The number of containers stays as it is. Of the environment the plan shows names, never
    values. Refused for a file that Compose cannot read, and while what the services depend on would be made anew or is
    down: name it, too. Undo needs the file as it was, as `previous`, and is offered only where its hash is that of the
    containers.
    """

    name = "compose.up"
    risk = Risk.MEDIUM
    example = "{project: shop, services: [web], previous: /srv/shop/compose.yml.before}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services; no other is touched", minItems=1)
    file: Path | None = param("The Compose file, where the containers' labels do not name it", default=None)
    previous: Path | None = param("The file as it was before the edit, which undo applies", default=None)
    up_within: Duration = param("How long each service may take to be up", default="90s")

    def look(self, host: Host) -> Look:
        asked = (self.project, self.file or "", self.previous or "", *self.services)
        return self.ask("compose_up_look", *asked, timeout_s=LOOK_TIMEOUT_S)

    def see(self, reply: Reply) -> Applied:
        lacks = tuple(line.removeprefix("lacks:") for line in reply.ground if line.startswith("lacks:"))
        ground = fields_of(tuple(line for line in reply.ground if not line.startswith("lacks:")))
        facts = tuple((key, value) for key, _, value in (line.partition(" ") for line in reply.evidence))
        state = ground.pop("file", "")
        services = {k.removeprefix("service:"): _service(k.removeprefix("service:"), v) for k, v in ground.items()}
        if state not in ("ok", "broken", "unknown") or (state == "ok" and set(services) != set(self.services)):
            raise CannotTell(f"the host's answer on {self.project} makes no sense")
        return Applied(
            file=state,
            services=services,
            stale=tuple(_stale(name, line) for name, line in items_of(reply.ground).items()),
            lacks=lacks,
            previous={k.removeprefix("previous:"): v for k, v in facts if k.startswith("previous:")},
            facts=facts,
        )

    def plan(self, seen: Applied) -> Change | None:
        self._refuse_file(seen)
        wanted = self._wanted(seen)
        if not wanted:
            return None
        self._refuse_near(seen)
        names = ", ".join(s.name for s in wanted)
        stale = [s for s in seen.stale if s.service in {w.name for w in wanted}]
        anew = [s for s in stale if s.by != "start"]
        return Change(
            title=f"apply the Compose file to {names} of {self.project}",
            operations=tuple(o for s in wanted for o in self._make(s.name, s.hash, s.count, self.file or "", "")),
            effect=Effect(
                says=f"{names} of {self.project} as the file says, and up", measures={"containers_made_anew": len(anew)}
            ),
            undo=self._undo(seen, wanted),
            risk=self.risk,
            lines=tuple(line for s in wanted for line in _lines(seen, s)),
            touches=(*(f"compose:{self.project}/{s.name}" for s in wanted), *(f"container:{s.id}" for s in stale)),
            settle_s=10,
        )

    def verify(self, before: Applied, after: Applied) -> str:
        if self._wanted(after):
            return f"not as the file says: {', '.join(s.name for s in self._wanted(after))}"
        return ", ".join(f"{name} is {row[0]}" for name, row in after.containers() if row[0] != "up")

    def restored(self, before: Applied, after: Applied) -> str:
        """By the hashes alone: the labels name the file as it was, so that nothing differs from it any longer."""
        old, now = ({name: row[-1] for name, row in seen.containers()} for seen in (before, after))
        return "" if old == now else "the containers are not of the configuration that they were"

    def unchanged(self, seen: Applied) -> str:
        return f"{', '.join(self.services)} of {self.project}: as the Compose file says"

    def told(self, line: str) -> str:
        key, _, state = line.removeprefix("item ").rpartition("\t")
        words = state.split(" ")
        if not line.startswith("item ") or len(words) != 3:
            return super().told(line)
        how = "was made and never started" if words[2] == "start" else f"differs by its {words[2]}"
        return f"{key} {how}, container {words[0][:12]}"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        if isinstance(operation, Await):
            return (note(f"all its containers must be up within {operation.within_s} s; if not, stop here"),)
        project, file, _, service, digest, count = (str(a) for a in operation.args)
        compose = f"docker compose -p {word(project)}" + (f" -f {word(file)}" if file else "")
        scaled = f" --scale {word(f'{service}={count}')}" if count != "0" else ""
        return (
            note(f"in the directory of the Compose file; look first: is its hash of {service} {digest[:12]}...?"),
            f"{compose} config --quiet",
            f"{compose} up --detach --no-build{scaled} {word(service)}",
        )

    def _wanted(self, seen: Applied) -> tuple[Service, ...]:
        """The services of which something differs or nothing is there, those that others depend on first."""
        stale = {s.service for s in seen.stale}
        after = {name: s.after for name, s in seen.services.items()}
        ordered = in_dependency_order(tuple(after), after)
        return tuple(seen.services[n] for n in ordered if n in stale or not seen.services[n].count)

    def _refuse_file(self, seen: Applied) -> None:
        files = ", ".join(seen.said("files"))
        if seen.file == "unknown":
            raise Refused(
                f"compose.up: no container tells which file {self.project} is made from", fix="name it as file"
            )
        if seen.file == "broken":
            why = " ".join(seen.said("why")) or "Compose does not say why"
            raise Refused(f"compose.up: Compose cannot read {files}: {why}", fix="mend the file; nothing was changed")
        unknown = [s.name for s in seen.services.values() if not s.hash]
        if unknown:
            known = ", ".join(" ".join(seen.said("known")).split())
            raise Refused(f"compose.up: {files} has no service {', '.join(unknown)}", fix=f"its services: {known}")

    def _refuse_near(self, seen: Applied) -> None:
        for name, _, why in (line.partition(" ") for line in seen.lacks):
            if why in ("differs", "missing"):
                would = "would be made anew with them" if why == "differs" else "has no container"
                raise Refused(f"compose.up: they depend on {name}, which {would}", fix=f"name {name} in services, too")
            raise Refused(f"compose.up: they depend on {name}, which is {why}", fix="compose.restart it first")

    def _undo(self, seen: Applied, wanted: tuple[Service, ...]) -> Undo:
        if not self.previous:
            return UndoImpossible(says="what they were made from is not kept: name the file as it was as previous")
        back: list[Operation] = []
        for service in reversed(wanted):
            stale = [s for s in seen.stale if s.service == service.name]
            digest = seen.previous.get(service.name, "")
            if len(stale) != service.count or {(s.by, s.hash) for s in stale} != {("config", digest)}:
                return UndoImpossible(says=f"{self.previous} is not what {service.name} was made from")
            back += self._make(service.name, digest, service.count, self.previous, "keep")
        return UndoBy(says=f"made anew from {self.previous}, which their labels name then", operations=tuple(back))

    def _make(self, service: str, digest: str, count: int, file: str, keep: str) -> tuple[Operation, ...]:
        args = (self.project, file, keep, service, digest, str(count))
        call = Call(family="compose_up", function="compose_up_make", args=args, timeout_s=MAKE_S)
        look = Look(family="compose_up", function="compose_up_is", args=(self.project, service))
        return call, Await(look=look, expect=f"made {digest} up", within_s=self.up_within)


def _lines(seen: Applied, service: Service) -> Iterable[str]:
    """What of one service would be another, for people."""
    if not service.count:
        yield f"{service.name} has no container: made, as many as the file says"
    stale = [s for s in seen.stale if s.service == service.name]
    if service.count > 1 and any(s.by != "start" for s in stale):
        yield f"the {service.count} containers of {service.name} are made anew together"
    for name in seen.said(f"absent:{service.name}"):
        yield f"{service.name}: the image {name} is not on the host, and is fetched"
    differences = [_difference_text(d) for d in seen.said(f"diff:{service.name}")]
    if stale and all(s.by == "start" for s in stale):
        differences.append(f"{plural(len(stale), 'container')} made and never started: started now")
    elif stale and all(s.by == "image" for s in stale):
        differences.append("its image's name means another image by now")
    elif stale and not differences:
        differences.append("its configuration differs in something that is not shown here")
    yield from (f"{service.name}: {text}" for text in differences[:DIFFERENCES_SHOWN])
    if len(differences) > DIFFERENCES_SHOWN:
        yield f"{service.name}: and {plural(len(differences) - DIFFERENCES_SHOWN, 'more difference')}"


def _difference_text(line: str) -> str:
    """One difference: `ASPECT TAB OLD TAB NEW`, where a member that comes or goes has one side alone."""
    aspect, *sides = line.split("\t")
    if len(sides) != 2:
        return line
    old, new = (_memory_text(s) for s in sides) if aspect == "memory" else sides
    if aspect == "environment" and old == new:
        return f"environment {old} has another value"
    if not old or not new:
        return f"{aspect} {old or new} {'goes' if old else 'comes'}"
    return f"{aspect} {old} becomes {new}"


def _memory_text(text: str) -> str:
    return "without a limit" if text == "0" else size_text(int(text)) if text.isdecimal() else text


def _service(name: str, line: str) -> Service:
    match line.split():
        case [digest, count, *after] if count.isdecimal():
            known = "" if digest == "none" else digest
            return Service(name=name, hash=known, count=int(count), after=tuple(after))
        case _:
            raise CannotTell(f"the host's answer makes no sense: {line!r}")


def _stale(name: str, line: str) -> Stale:
    match line.split(" "):
        case [identity, digest, ("config" | "image" | "start") as by]:
            return Stale(name=name, id=identity, hash=digest, by=by)
        case _:
            raise CannotTell(f"the host's answer makes no sense: {line!r}")


VERBS: tuple[type[Verb], ...] = (Up,)
