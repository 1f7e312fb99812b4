"""Services of Docker Compose: the containers that are not up restarted, one after another, each awaited."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Check, Verb, fields_of, items_of
from remedy.actions.by_hand import note, word
from remedy.actions.compose.compose_seen import (
    HOLDS,
    Container,
    Services,
    container_of,
    every_container,
    in_dependency_order,
    instant_of,
    why_text,
)
from remedy.actions.params import Duration, Word, param
from remedy.actions.words import plural
from remedy.errors import CannotTell, Refused
from remedy.model import (
    Ago,
    Answer,
    Await,
    Call,
    Change,
    Effect,
    Host,
    Json,
    Judgement,
    Look,
    Operation,
    Reply,
    Risk,
    UndoUnnecessary,
)

BUDGET_S = 3600  # the span that a budget of restarts is counted over
START_S = 60  # for Docker to start a container again, beside the time that stopping may take
NO_FILE = {
    "broken": "it cannot be read",
    "no-program": "the host has no Compose program",
    "unknown": "no container names it",
}
WAIT_BY_HAND = (
    """'until docker inspect --format "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}" "$1" |"""
    """ grep -Eqx "running (healthy)?"; do sleep 1; done'"""
)


@dataclass(frozen=True, kw_only=True)
class Restart(Action[Services]):
    """Restart the containers of Compose services that are not up, one after another, each awaited.

    Only services that are named are touched, each after those of them that it depends on, and its worst container
    first, so that a restart that does not help stops before the last good one. A container is up when it runs and is
    healthy, or has run for ten seconds where it has no health check. Containers are found by their labels, and
    restarted as they are: an edited compose file is not applied by this. One that keeps something in a volume, as a
    database does, is refused while it recovers from a crash, where its disk is nearly full, and within 15 minutes of
    the last restart.
    """

    name = "compose.restart"
    risk = Risk.LOW
    example = "{project: shop, services: [web]}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services to restart; no other is touched", minItems=1)
    even_if_up: bool = param(
        "Restart every container of them although it is up: rests on the playbook's symptom alone; it always acts",
        default=False,
    )
    at_most: int = param("Restarts by remedy within an hour, of each container", default=3, minimum=1, maximum=60)
    up_within: Duration = param("How long each container may take to be up again", default="90s")

    def look(self, host: Host) -> Look:
        which = "all" if self.even_if_up else "ill"
        return self.ask("compose_look", self.project, Ago(BUDGET_S), str(self.at_most), which, *self.services)

    def see(self, reply: Reply) -> Services:
        ground = fields_of(tuple(line for line in reply.ground if not line.startswith("twice:")))
        there = {key.removeprefix("service:"): value.split() for key, value in ground.items()}
        facts = [line.split(" ", 1) for line in reply.evidence]
        if set(there) != set(self.services) or not all(there.values()):
            raise CannotTell(f"the host's answer on {self.project} makes no sense")
        return Services(
            after={service: tuple(words[1:]) for service, words in there.items()},
            missing=tuple(service for service, words in there.items() if words[0] != "present"),
            twice=tuple(line.split(" ", 1)[0][6:] for line in reply.ground if line.startswith("twice:")),
            items=tuple(container_of(key, state.split(" ")) for key, state in items_of(reply.ground).items()),
            all={c.name: c for c in every_container(facts)},
            facts={words[0]: words[-1] if len(words) > 1 else "" for words in facts},
        )

    def plan(self, seen: Services) -> Change | None:
        self._refuse_unknown(seen)
        wanted = self._in_order(seen)
        if not wanted:
            return None
        self._refuse_state(wanted)
        names = ", ".join(c.name for c in wanted)
        is_up = any(c.state == "up" for c in wanted)
        return Change(
            title=f"restart {names} of {self.project}"
            + (" although it is up" if is_up else f", which is {wanted[0].state}" if len(wanted) == 1 else ""),
            operations=tuple(operation for c in wanted for operation in self._restart(c)),
            effect=Effect(
                says=f"{plural(len(wanted), 'container')} of {self.project} started again and up",
                measures={"restarts": len(wanted)},
            ),
            undo=UndoUnnecessary(says="a restart changes nothing that lasts"),
            risk=self.risk.raised() if is_up else self.risk,
            lines=self._lines(seen, wanted),
            touches=tuple(f"compose:{self.project}/{service}" for service in dict.fromkeys(c.service for c in wanted)),
            settle_s=10,
        )

    def verify(self, before: Services, after: Services) -> str:
        """Every container that was restarted is up, and has started later than before."""
        for planned in before.items:
            now = after.all.get(planned.name)
            if now is None:
                return f"{planned.name} is gone"
            if now.state != "up":
                return f"{planned.name} is {now.state}"
            if planned.state == "up" and instant_of(now.started) <= instant_of(planned.started):
                return f"{planned.name} was not started again"
        return ""

    def told(self, line: str) -> str:
        key, _, state = line.removeprefix("item ").rpartition("\t")
        words = state.split(" ")
        if not line.startswith("item ") or len(words) < 3:
            return super().told(line)
        return f"{key} is {words[0]}, container {words[1][:12]}, last started {words[2][:19]}"

    def unchanged(self, seen: Services) -> str:
        starting = [c.name for c in seen.all.values() if c.state == "starting"]
        if starting:
            return f"nothing of {self.project} is down; still starting: {', '.join(starting)}"
        return f"{', '.join(self.services)} of {self.project}: up"

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        if isinstance(operation, Await):
            return (
                note(f"it must be up within {operation.within_s} s; if it is not, stop here"),
                f"timeout {operation.within_s} sh -c {WAIT_BY_HAND} sh {word(str(operation.look.args[0]))}",
            )
        container, name, state = operation.args
        return (
            note(f"look first: is {name} still {state}, and why? docker logs --tail 50 {container}"),
            f"docker restart {word(container)}",
        )

    def _refuse_unknown(self, seen: Services) -> None:
        known, projects = seen.said("known"), seen.said("projects")
        if len(seen.missing) == len(self.services) and not known:
            fix = f"projects with containers here: {projects or 'none'}" if seen.facts else "look again"
            raise Refused(f"compose.restart: no container here is of project {self.project}", fix=fix)
        if seen.missing:
            names = ", ".join(seen.missing)
            raise Refused(
                f"compose.restart: {self.project} has no container of service {names}",
                fix=f"its services: {', '.join(known.split()) or 'none'}; one without a container needs `up`",
            )
        if seen.twice:
            raise Refused(
                f"compose.restart: two containers call themselves {seen.twice[0]} of {self.project}",
                fix="an `up` may be under way, or have stopped half-way: finish it",
            )

    def _refuse_state(self, wanted: tuple[Container, ...]) -> None:
        for container in wanted:
            if container.state in ("paused", "removing"):
                raise Refused(
                    f"compose.restart: {container.name} of {self.project} is {container.state}",
                    fix="somebody holds it: `docker unpause` it, or wait until it is gone",
                )
            if container.hold:
                why, fix = HOLDS[container.hold]
                raise Refused(f"compose.restart: {container.name} of {self.project} {why}", fix=fix)
            if container.budget_spent:
                raise Refused(
                    f"compose.restart: {container.name} of {self.project} was restarted {self.at_most} times"
                    " within the hour",
                    fix="find out why it does not stay up (docker logs); at_most is the budget",
                )

    def _in_order(self, seen: Services) -> tuple[Container, ...]:
        """Dependencies first; of one service the worst first, so that the last good one is the last to go."""
        rank = {service: place for place, service in enumerate(in_dependency_order(self.services, seen.after))}
        chosen = [c for c in seen.items if c.service in rank]
        return tuple(sorted(chosen, key=lambda c: (rank[c.service], c.badness, c.number)))

    def _restart(self, container: Container) -> tuple[Operation, Operation]:
        call = Call(
            family="compose",
            function="compose_restart",
            args=(container.id, f"{self.project}/{container.name}", container.state),
            timeout_s=container.stop_s + START_S,
        )
        up = Look(family="compose", function="compose_is", args=(container.id,))
        return call, Await(look=up, expect="state up", within_s=self.up_within)

    def _lines(self, seen: Services, wanted: tuple[Container, ...]) -> tuple[str, ...]:
        lines = [f"{c.name} is {c.state}{why_text(seen.said(f'container:{c.name}'))}" for c in wanted]
        if len(wanted) > 1:
            lines.append("one after another, each only when the one before is up")
        if seen.said("dependents"):
            lines.append(
                f"not restarted, though they depend on it: {', '.join(sorted(seen.said('dependents').split()))}"
            )
        for name, _, state in (need.partition("=") for need in seen.said("needs").split()):
            lines.append(f"they depend on {name}, which is {state} and not restarted: name its service, too")
        if seen.said("edited"):
            lines.append(
                f"{seen.said('edited')} is younger than its containers; a restart does not apply it, `up` does"
            )
        if any(c.state == "up" for c in wanted):
            lines.append("it always acts: even_if_up is set, so the playbook's symptom is the only guard")
        return tuple(lines)


@dataclass(frozen=True, kw_only=True)
class Status(Check):
    """See that every container of Compose services is up: running and healthy, or running for ten seconds.

    With `drift`, it tells, too, which of them are not what the Compose file says, by their configuration or by their
    image: somebody has edited it since, and a restart applies no edit. That alone makes nothing ill.
    """

    name = "compose.status"
    example = "{project: shop, services: [web]}"

    project: Word = param("The Compose project, as `docker compose ls` names it")
    services: tuple[Word, ...] = param("Its services", minItems=1)
    drift: bool = param("Hold them against the Compose file; that takes a second", default=False)

    def look(self, host: Host) -> Look:
        if not self.drift:
            return self.ask("compose_status", self.project, *self.services)
        args = (self.project, *self.services)
        return Look(family="compose_up", function="compose_drift_look", args=args, timeout_s=60)

    def judge(self, reply: Reply) -> Judgement:
        band = fields_of(reply.ground).get("services")
        facts = [line.split(" ", 1) for line in reply.evidence]
        said = {key: rest[0] if rest else "" for key, *rest in facts}
        down = {c.name: c.state for c in every_container(facts) if c.state != "up"}
        other = {key.removeprefix("drift:"): value for key, value in said.items() if key.startswith("drift:")}
        noted: dict[str, Json] = {"drift": {**other}} if self.drift and said.get("file") == "ok" else {}
        if band == "up" and not down:
            says = f"{', '.join(self.services)} of {self.project}: up"
            return Judgement(answer=Answer.OK, says=says + self._note(said, other), facts=noted)
        if band == "missing":
            known = ", ".join(said.get("known", "").split())
            projects = ", ".join(said.get("projects", "").split())
            there = f"its services: {known}" if known else f"projects here: {projects or 'none'}"
            says = f"{self.project} has no container of {' or '.join(self.services)}; {there}"
            return Judgement(answer=Answer.CANNOT_TELL, says=says)
        if band != "down" or not down:
            raise CannotTell(f"the host's answer on {self.project} makes no sense")
        ill = "; ".join(f"{name} is {state}{why_text(said[f'container:{name}'])}" for name, state in down.items())
        says = f"of {self.project}, {ill}{self._note(said, other)}"
        return Judgement(answer=Answer.NOT_OK, says=says, facts={"down": [*down], **noted})

    def _note(self, said: dict[str, str], other: dict[str, str]) -> str:
        """What differs from the file, for people."""
        if not self.drift:
            return ""
        if said.get("file") != "ok":
            return f"; not held against the Compose file: {NO_FILE.get(said.get('file', ''), NO_FILE['unknown'])}"
        names = ", ".join(f"{name} ({what})" for name, what in other.items())
        return f"; not what the Compose file says: {names}" if names else "; as the Compose file says"


VERBS: tuple[type[Verb], ...] = (Restart, Status)
