"""How many containers a Compose service has: more within a ceiling and the room there is, fewer down to a floor."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of, items_of
from remedy.actions.by_hand import item_paths, note, word
from remedy.actions.host.timer import disarm, for_a_while
from remedy.actions.network.queue import one_secret
from remedy.actions.params import Content, Duration, Path, Text, Word, param
from remedy.actions.words import count_of, plural, size_text
from remedy.errors import Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Operation, Reply, Risk, UndoBy

STEP = 2  # times as many at most in one run: a larger herd meets the database at once
START_S = 60  # for Compose to make and start one container
LOOK_TIMEOUT_S = 60  # `docker stats` takes two seconds for one sample, Compose half a second for a file


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """The containers of a service: how many, what forbids another number, and what room there is."""

    count: int
    going: dict[str, str]  # name to identity: the highest numbers, where fewer are wanted
    ground: dict[str, str]
    facts: dict[str, str]

    def said(self, key: str) -> str:
        """A word of the ground, "" where it was not asked for or is `none`."""
        said = self.ground.get(key, "").strip()
        return "" if said == "none" else said

    @property
    def file_says(self) -> tuple[str, str]:
        """Whether the Compose file can be read, and the hash that it gives the service; "" for none."""
        state, _, digest = self.said("file").partition(" ")
        return state or "unknown", "" if digest == "none" else digest


@dataclass(frozen=True, kw_only=True)
class Scale(Action[Replicas]):
    """Bring a Compose service to a number of containers, all healthy, without making one anew that is there.

    More come at most twice as many in one run, not above `most`, where the host has as much free memory for each as one
    of them uses now, and, with `connections_each`, the database so many connections; with `queue_above`, only while
    more jobs wait in that Redis list. Fewer go by the highest numbers, never below `least`, and, with `queue_below`,
    only while fewer jobs wait there. Refused while a container of the service or of what it depends on is not up, or
    where the containers are not what the Compose file says: then a rollout is under way, or an edit waits for
    `compose.up`.
    """

    name = "compose.scale"
    risk = Risk.MEDIUM
    example = "{project: shop, service: worker, replicas: 4, most: 8}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    service: Word = param("Its service")
    replicas: int = param("How many containers it shall have", minimum=1, maximum=1000)
    least: int = param("Refuse fewer than this", default=1, minimum=1, maximum=1000)
    most: int = param("Refuse more than this", minimum=1, maximum=1000)
    connections_each: int = param("Database connections that one container holds; 0 asks nothing", default=0, minimum=0)
    db_service: Word = param("The service that is PostgreSQL, where connections are counted", default="db")
    db_user: Word = param("Whom to count them as", default="postgres")
    database: Word = param("The database to count them from", default="postgres")
    queue_key: Text = param("The Redis list that they take jobs from, where their number hangs on it", default="")
    queue_above: int | None = param("More containers only while more jobs wait there", default=None, minimum=0)
    queue_below: int | None = param("Fewer containers only while fewer jobs wait there", default=None, minimum=1)
    queue_service: Word = param("The service that is Redis, where jobs are counted", default="redis")
    queue_password: Content | None = param("Its password, as a secret", default=None)
    file: Path | None = param("The Compose file, where the containers' labels do not name it", default=None)
    up_within: Duration = param("How long all of them may take to be up", default="90s")
    for_: Duration | None = param("Put the number back after this long", default=None)

    def __post_init__(self) -> None:
        if not self.least <= self.replicas <= self.most:
            where = f"least ({self.least}) to most ({self.most})"
            raise Invalid(f"wanted a number from {where}", at="replicas", fix="stay within, or move the limits")
        if bool(self.queue_key) != (self.queue_below is not None or self.queue_above is not None):
            asked = "wanted queue_key together with queue_above or queue_below"
            raise Invalid(asked, at="queue_key", fix="name the list and a number, or neither")
        one_secret(self.queue_password, "queue_password")

    def look(self, host: Host) -> Look:
        db = (str(self.connections_each), self.db_service, self.db_user, self.database)
        above, below = ("" if jobs is None else str(jobs) for jobs in (self.queue_above, self.queue_below))
        queue = (self.queue_service, self.queue_key, above, below, one_secret(self.queue_password))
        asked = (self.project, self.service, str(self.replicas), self.file or "", *db, *queue)
        return self.ask("compose_scale_look", *asked, timeout_s=LOOK_TIMEOUT_S)

    def see(self, reply: Reply) -> Replicas:
        ground = fields_of(reply.ground)
        facts = [line.partition(" ") for line in reply.evidence]
        return Replicas(
            count=count_of(ground, "count"),
            going=items_of(reply.ground),
            ground=ground,
            facts={key: value for key, _, value in facts},
        )

    def plan(self, seen: Replicas) -> Change | None:
        if seen.count == self.replicas or self._is_short(seen):
            return None
        self._refuse(seen)
        if self.replicas > seen.count:
            change = self._more(seen)
        elif seen.going:
            change = self._fewer(seen)
        else:
            return None
        key = f"compose:{self.project}/{self.service}"
        return for_a_while(change, key, self.for_) if self.for_ else change

    def verify(self, before: Replicas, after: Replicas) -> str:
        if after.count != self.replicas:
            return f"{self.service} has {plural(after.count, 'container')}, not {self.replicas}"
        ill = [f"{c.removeprefix('container:')} is {s.split(' ')[0]}" for c, s in after.facts.items() if _is_ill(c, s)]
        return ", ".join(ill)

    def restored(self, before: Replicas, after: Replicas) -> str:
        return "" if before.count == after.count else f"{self.service} has {plural(after.count, 'container')}"

    def unchanged(self, seen: Replicas) -> str:
        if self._is_short(seen):
            waits = f"{count_of(seen.facts, 'queue_length'):,} wait in {self.queue_key}"
            return f"{waits}, no more than {self.queue_above:,}: {self.service} of {self.project} needs no others"
        return f"{self.service} of {self.project} has {plural(seen.count, 'container')} already"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        if isinstance(operation, Await):
            project, service, *_ = (str(a) for a in operation.look.args)
            listed = f"docker compose -p {word(project)} ps {word(service)}"
            return (note(f"all of {service} must be up within {operation.within_s} s; if not, stop here"), listed)
        project, service, *rest = (str(a) for a in operation.args)
        if operation.function == "compose_scale_remove":
            ids = [word(identity) for _, identity in item_paths(operation)]
            left = note(f"look first: are more than {rest[0]} of {service} left?")
            return (left, *(f"docker stop {i} && docker rm {i}" for i in ids))
        is_back = operation.function == "compose_scale_back"
        file = "" if is_back or not rest[3] else f" -f {word(rest[3])}"
        count = rest[0] if is_back else rest[1]
        scaled = f"--no-recreate --scale {word(f'{service}={count}')} {word(service)}"
        return (
            note("look first, in the directory of the Compose file: does it say what the containers are?"),
            f"docker compose -p {word(project)}{file} up --detach --no-build {scaled}",
        )

    def _is_short(self, seen: Replicas) -> bool:
        """Whether more containers would have nothing to do."""
        return self.replicas > seen.count > 0 and seen.said("queue") == "few"

    def _refuse(self, seen: Replicas) -> None:
        of = f"{self.service} of {self.project}"
        if seen.count == 0:
            known = ", ".join(seen.facts.get("known", "").split()) or "none"
            raise Refused(f"compose.scale: {of} has no container", fix=f"services with containers: {known}")
        state, digest = seen.file_says
        if state == "ok" and not digest:
            raise Refused(f"compose.scale: the Compose file does not know {of}", fix="name the right one as file")
        if state != "ok":
            raise Refused(
                f"compose.scale: the Compose file of {self.project} is {state or 'unknown'}",
                fix="name it as file, or mend it",
            )
        if seen.said("drift"):
            names = ", ".join(seen.said("drift").split())
            raise Refused(
                f"compose.scale: {names} of {self.project} is not what the Compose file says",
                fix="compose.up applies the file; new containers would be of another kind than those there",
            )
        if seen.said("ill"):
            names = ", ".join(" is ".join(i.split("=")) for i in seen.said("ill").split())
            raise Refused(f"compose.scale: {names}", fix="a rollout may be under way; or compose.restart first")
        if self.replicas > STEP * seen.count:
            raise Refused(
                f"compose.scale: {of} has {seen.count}; more than {STEP} times as many is too large a step",
                fix=f"go to {STEP * seen.count} first, and see that it holds",
            )
        self._refuse_room(seen)

    def _refuse_room(self, seen: Replicas) -> None:
        if seen.said("memory") == "short":
            each, free = count_of(seen.facts, "memory_each"), count_of(seen.facts, "memory_free")
            raise Refused(
                f"compose.scale: {size_text(free)} of memory are free, and each container uses {size_text(each)}",
                fix="fewer, or a larger host",
            )
        if seen.said("connections") == "short":
            used, most = count_of(seen.facts, "connections_used"), count_of(seen.facts, "connections_most")
            raise Refused(
                f"compose.scale: {used} of {most} database connections are used, and each container holds"
                f" {self.connections_each}",
                fix="free connections first, or fewer containers",
            )
        if seen.said("queue") == "many" and self.replicas < seen.count:
            waiting = count_of(seen.facts, "queue_length")
            raise Refused(
                f"compose.scale: {waiting:,} wait in {self.queue_key}, and fewer than {self.queue_below:,} may",
                fix="wait until they are worked off",
            )

    def _more(self, seen: Replicas) -> Change:
        more = self.replicas - seen.count
        return self._change(
            seen,
            self._up(seen.count, self.replicas, seen.file_says[1]),
            undo=self._call("compose_scale_back", str(seen.count), timeout_s=START_S * more),
            lines=(f"{plural(more, 'container')} made; those there are not made anew", *_room(seen)),
        )

    def _fewer(self, seen: Replicas) -> Change:
        items = tuple(f"{name}\t{identity}" for name, identity in seen.going.items())
        call = self._call("compose_scale_remove", str(self.replicas), items=items, timeout_s=START_S * len(items))
        waits = seen.facts.get("queue_length", "")
        lines = tuple(f"{name} ends and is removed: container {identity[:12]}" for name, identity in seen.going.items())
        lines += (f"{int(waits):,} wait in {self.queue_key}",) if waits.isdecimal() else ()
        return self._change(seen, call, undo=self._up(self.replicas, seen.count, seen.file_says[1]), lines=lines)

    def _change(self, seen: Replicas, call: Call, *, undo: Call, lines: tuple[str, ...]) -> Change:
        key = f"compose:{self.project}/{self.service}"
        up: tuple[Operation, ...] = ()
        if self.replicas > seen.count:
            look = Look(family="compose_scale", function="compose_scale_is", args=(self.project, self.service))
            up = (Await(look=look, expect=f"count {self.replicas} up", within_s=self.up_within),)
        return Change(
            title=f"scale {self.service} of {self.project} from {seen.count} to {self.replicas}",
            operations=(call, *up) if self.for_ else (disarm(key), call, *up),
            effect=Effect(
                says=f"{self.service} has {plural(self.replicas, 'container')}, all up",
                measures={"containers": self.replicas},
            ),
            undo=UndoBy(says=f"{self.service} of {self.project} has {seen.count} again", operations=(undo,)),
            risk=self.risk,
            lines=lines,
            touches=(key,),
            settle_s=10,
        )

    def _up(self, count: int, wanted: int, digest: str) -> Call:
        args = (str(count), str(wanted), digest, self.file or "")
        return self._call("compose_scale_up", *args, timeout_s=START_S * (abs(wanted - count) + 1))

    def _call(self, function: str, *args: str, items: tuple[str, ...] = (), timeout_s: int) -> Call:
        whole = (self.project, self.service, *args)
        return Call(family="compose_scale", function=function, args=whole, items=items, timeout_s=timeout_s)


def _is_ill(key: str, said: str) -> bool:
    return key.startswith("container:") and said.partition(" ")[0] not in ("up", "starting")


def _room(seen: Replicas) -> tuple[str, ...]:
    """What room there is, for people; what makes no sense is left out."""
    lines = []
    if {"memory_each", "memory_free"} <= set(seen.facts):
        each, free = count_of(seen.facts, "memory_each"), count_of(seen.facts, "memory_free")
        lines.append(f"memory: {size_text(free)} free, {size_text(each)} used by the largest of them")
    if {"connections_used", "connections_most"} <= set(seen.facts):
        lines.append(f"database connections: {seen.facts['connections_used']} of {seen.facts['connections_most']} used")
    return tuple(lines)


VERBS: tuple[type[Verb], ...] = (Scale,)
