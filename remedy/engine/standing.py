"""A host that a run holds: its session and lease, what was seen, and the way to the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from remedy.actions.catalogue import Catalogue
from remedy.codec import encode
from remedy.engine import verify
from remedy.engine.report import HostState
from remedy.model import (
    CheckTree,
    Draft,
    Event,
    Host,
    HostPlan,
    Json,
    Kind,
    Look,
    Outcome,
    Plan,
    PlannedStep,
    Policy,
    Reply,
)
from remedy.ports import ChangeReply, ChangeRequest, Clock, Lease, Session, Store

LINES_KEPT = 40  # of an operation's output, in the journal


class Halted(Exception):
    """Somebody asked this process to stop: nothing new is begun, the run stays open to be resumed."""


def never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True, kw_only=True)
class Crew:
    """What every host of a run shares. `watch` sees each event once it is durable."""

    store: Store
    catalogue: Catalogue
    clock: Clock
    person: str
    policy: Policy
    watch: Callable[[Event], None]
    answer: Callable[[str, PlannedStep], str]  # puts a question to a person; raises Refused where nobody is
    stopping: Callable[[], bool] = never  # whether to begin nothing new; asked between steps, from any thread
    closing: str = ""  # why the run is only brought to its end: no step is begun, and nothing is waited for

    def record(self, *drafts: Draft) -> tuple[Event, ...]:
        """Append events, durably and together, and show them."""
        events = tuple(self.store.append(drafts))
        for event in events:
            self.watch(event)
        return events


@dataclass(frozen=True)
class Ended:
    """How one step ended."""

    outcome: Outcome
    reason: str
    lines: tuple[str, ...] = ()
    held: bool = False  # left out because an earlier step ended the climb

    def body(self) -> dict[str, Json]:
        """As the journal keeps it."""
        kept: dict[str, Json] = {
            "outcome": str(self.outcome),
            "reason": self.reason,
            "lines": list[Json](self.lines),
        }
        return {**kept, "held": True} if self.held else kept


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One host of a run, leased and looked at. `replies` is kept up to date by whoever looks."""

    crew: Crew
    plan: Plan
    run: str
    host: Host
    part: HostPlan
    session: Session
    lease: Lease
    past: HostState
    replies: dict[Look, Reply]
    seen_at: float = 0.0  # by the monotonic clock: when everything was looked at
    waiting: list[Draft] = field(default_factory=list)  # events that go into the journal with the next one

    def reply(self, look: Look) -> Reply:
        """The newest answer to a look; asked now where there is none."""
        if look not in self.replies:
            self.look([look])
        return self.replies[look]

    def tell(self, tree: CheckTree) -> verify.Told:
        """The tree's answer by the newest replies; what was not answered yet is asked now, in one request."""
        missing = [look for look in verify.looks_of(tree) if look not in self.replies]
        if missing:
            self.look(missing)
        return verify.tell(tree, self.replies, self.crew.catalogue)

    def look(self, looks: list[Look] | tuple[Look, ...]) -> None:
        """Ask again, in one request, and remember the answers."""
        self.replies.update(zip(looks, self.session.look(looks), strict=True))

    def forget(self, looks: Iterable[Look] = ()) -> None:
        """Forget what was seen of these, and of the goal: something was done since, or much time went by."""
        for look in (*looks, *verify.looks_of(verify.goal_of(self.part))):
            self.replies.pop(look, None)

    def record(self, kind: Kind, step: str, body: Mapping[str, Json], *, can_wait: bool = False) -> None:
        """Append one event of this host. With its fence, so that a later runner's word outweighs it.

        What `can_wait` says nothing of an act: were it lost in a crash, it would be found again. It is
        written with the next event, at one sync.
        """
        fenced = {**body, "fence": self.lease.fence}
        draft = Draft(kind=kind, body=fenced, plan=self.plan.id, run=self.run, host=self.host.name, step=step)
        self.waiting.append(draft)
        if not can_wait:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        together = tuple(self.waiting)
        self.waiting.clear()
        if together:
            self.crew.record(*together)


def intent(request: ChangeRequest) -> dict[str, Json]:
    """What is about to be sent, as the journal keeps it; secrets are references."""
    return {
        "id": request.id,
        "fence": request.fence,
        "ground": list[Json](request.ground),
        "operations": encode(request.operations),
    }


def tail(reply: ChangeReply) -> tuple[str, ...]:
    """The last lines of what the operations printed."""
    return tuple(reply.output.text.splitlines()[-LINES_KEPT:])
