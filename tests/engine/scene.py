"""A home, hosts and a playbook for one test: plan, approve, apply and resume as a command would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from remedy.actions.catalogue import Catalogue
from remedy.engine.fleet import Fleet
from remedy.engine.planner import Planner
from remedy.engine.report import RunState
from remedy.engine.run import Runner
from remedy.engine.standing import Crew
from remedy.errors import Refused
from remedy.hosts.fake import FakeHost, FakeTransport
from remedy.load.resolved import Playbook, Question, Resolved, Step
from remedy.model import (
    Address,
    AllOf,
    Approval,
    Asked,
    CheckTree,
    Event,
    Host,
    Json,
    Limits,
    Plan,
    PlannedStep,
    Policy,
)
from remedy.ports import Store, Transport
from remedy.store.sqlite import SqliteStore
from tests.engine import toy
from tests.engine.world import World, host_of

START = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
ANY_HOST = Host(name="h1", address=Address(scheme="ssh", name="h1", user="root"))
NOTHING = AllOf(())
WIDE = Limits(hosts=100, batch=1, max_failures=0)


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    at: datetime = START
    slept_s: float = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.slept_s)

    def monotonic_s(self) -> float:
        return self.slept_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


def asked(check: str, within_s: int = 0, **params: Json) -> Asked:
    """One check of the toy catalogue."""
    verb = toy.catalogue().check(check, params)
    return Asked(check=check, params=params, look=verb.look(ANY_HOST), within_s=within_s)


def step(
    id_: str,
    action: str,
    *,
    when: Callable[[Mapping[str, Json]], bool] | None = None,
    timeout_s: int = 0,
    **params: Any,
) -> Step:
    """One step of the toy catalogue."""
    verb = toy.catalogue().action(action, params)
    return Step(
        id=id_, title="", action=verb, params=params, when=when, when_text="wanted" if when else "", timeout_s=timeout_s
    )


def question(id_: str, text: str) -> Step:
    """One `ask:` step."""
    return Step(id=id_, title="", action=None, ask=Question(text=text, of="the owner"))


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A playbook, resolved the same for every host."""

    steps: Sequence[Step]
    symptom: CheckTree = NOTHING
    until: CheckTree = NOTHING
    verify: CheckTree = NOTHING
    diagnose: Sequence[Asked] = ()
    on_failure: Literal["stop", "undo"] = "stop"
    limits: Limits = WIDE
    digest: str = "d1"

    def on(self, host: Host) -> Resolved:
        """The same, for this host."""
        playbook = Playbook(
            name="toy",
            path="toy.yml",
            digest=self.digest,
            summary="A toy",
            severity="P3",
            alerts=(),
            params=(),
            limits=self.limits,
            on_failure=self.on_failure,
            notify=(),
            schedule={},
            body={},
            places={},
        )
        return Resolved(
            playbook=playbook,
            host=host,
            params={},
            symptom=self.symptom,
            diagnose=tuple(self.diagnose),
            until=self.until,
            steps=tuple(self.steps),
            verify=self.verify,
        )


def nobody(host: str, asked_step: PlannedStep) -> str:
    """There is no terminal."""
    raise Refused("there is nobody to ask")


def never() -> bool:
    """Nobody asks to stop."""
    return False


def same_store(store: Store) -> Store:
    """The store as it is."""
    return store


def same_transport(transport: Transport) -> Transport:
    """The transport as it is."""
    return transport


@dataclass
class Scene:
    """One home and its hosts. `wrap_store` and `wrap_transport` let a test come between."""

    place: Path
    worlds: dict[str, World]
    clock: FakeClock = field(default_factory=FakeClock)
    policy: Policy = field(default_factory=lambda: Policy(digest="p1"))
    person: str = "oncall"
    answer: Callable[[str, PlannedStep], str] = nobody
    stopping: Callable[[], bool] = never
    wrap_store: Callable[[Store], Store] = same_store
    wrap_transport: Callable[[Transport], Transport] = same_transport
    seen: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.machines: dict[str, FakeHost] = {name: host_of(w) for name, w in self.worlds.items()}
        self.inventory: dict[str, Host] = {
            name: Host(name=name, address=Address(scheme="ssh", name=name, user="root"), host_key=(f"key {name}",))
            for name in self.worlds
        }
        self.store: SqliteStore = SqliteStore.open(self.place / ".remedy", self.clock)
        self.catalogue: Catalogue = toy.catalogue()

    def fleet(self) -> Fleet:
        return Fleet(self.wrap_transport(FakeTransport(self.machines)))

    def planner(self) -> Planner:
        return Planner(
            fleet=self.fleet(),
            catalogue=self.catalogue,
            clock=self.clock,
            policy=self.policy,
            home=self.store.home,
            requester=self.person,
            progress=lambda host, what: None,
        )

    def plan(self, remedy: Remedy, *hosts: str) -> Plan:
        """Look, plan and keep the plan."""
        chosen = [self.inventory[name] for name in hosts or self.inventory]
        return self.keep(self.planner().plan([remedy.on(h) for h in chosen]))

    def keep(self, plan: Plan) -> Plan:
        self.store.save_plan(plan)
        return plan

    def approve(self, plan: Plan, person: str = "", *, through: str = "", ttl_s: int = 3600) -> Approval:
        """Consent of one person, now."""
        person = person or self.person
        approval = Approval(
            id=f"a-{plan.id}-{person}-{through}",
            plan=plan.id,
            digest=plan.digest,
            person=person,
            at=self.clock.now().isoformat(),
            expires_at=(self.clock.now() + timedelta(seconds=ttl_s)).isoformat(),
            through=through,
        )
        self.store.approve(approval)
        return approval

    def crew(self) -> Crew:
        return Crew(
            store=self.wrap_store(self.store),
            catalogue=self.catalogue,
            clock=self.clock,
            person=self.person,
            policy=self.policy,
            watch=self.seen.append,
            answer=self.answer,
            stopping=self.stopping,
        )

    def runner(self) -> Runner:
        """A new process's runner: nothing is remembered but what the store and the hosts keep."""
        return Runner(crew=self.crew(), fleet=self.fleet(), owner="oncall@desk")

    def apply(self, plan: Plan) -> RunState:
        return self.runner().start(plan, self.inventory)

    def approved(self, remedy: Remedy, *hosts: str) -> Plan:
        """Plan and approve."""
        plan = self.plan(remedy, *hosts)
        if plan.need.people:
            self.approve(plan)
        return plan

    def go(self, remedy: Remedy, *hosts: str) -> RunState:
        """Plan, approve, apply."""
        return self.apply(self.approved(remedy, *hosts))

    def resume(self, run: str = "") -> RunState:
        return self.runner().resume(run or self.the_run(), self.inventory)

    def the_run(self) -> str:
        """The id of the one run there is."""
        (row,) = self.store.runs()
        return row.id

    def changes(self, host: str = "h1") -> int:
        """Change requests that reached a host."""
        return len(self.machines[host].changes)

    def rename(self, name: str, **changes: Any) -> None:
        """Change a host's entry in the inventory."""
        self.inventory[name] = replace(self.inventory[name], **changes)


def drop_until(limit: int, *, on_failure: Literal["stop", "undo"] = "stop", limits: Limits = WIDE) -> Remedy:
    """A ladder of two rungs against a low level, as disk-full is one."""
    return Remedy(
        symptom=asked("toy.level", below=limit),
        diagnose=[asked("toy.level", at_least=limit)],
        until=asked("toy.level", at_least=limit),
        steps=[step("first", "toy.drop", where="/a"), step("second", "toy.drop", where="/b")],
        verify=asked("toy.level", at_least=limit, within_s=3),
        on_failure=on_failure,
        limits=limits,
    )


def full(a: int = 3, b: int = 2, **more: Any) -> World:
    """A host with files in /a, /b and /c whose level is 0, and two services."""
    return World(
        files={
            "/a": {f"a{n}": f"1:{n}" for n in range(a)},
            "/b": {f"b{n}": f"2:{n}" for n in range(b)},
            "/c": {f"c{n}": f"3:{n}" for n in range(2)},
        },
        services={"web": "up", "db": "down"},
        **more,
    )


DROP_A = step("first", "toy.drop", where="/a")
DROP_B = step("second", "toy.drop", where="/b")


def always(*steps: Step, **more: Any) -> Remedy:
    """A playbook whose symptom is there as long as the level is below a hundred."""
    return Remedy(symptom=asked("toy.level", below=100), steps=steps, **more)


def outcomes_of(state: RunState, host: str = "h1") -> dict[str, str]:
    """What became of each step of a host, in order."""
    return {s.step: str(s.outcome) for s in state.hosts[host].steps.values()}
