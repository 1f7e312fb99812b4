"""The ports: what the engine asks of the world. Protocols and their data, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from remedy.errors import Refused
from remedy.model import (
    Approval,
    Draft,
    Event,
    Facts,
    Host,
    Look,
    Need,
    Operation,
    Plan,
    Reply,
    SecretRef,
    StandingApproval,
)
from remedy.secret import Secret
from remedy.terms import UNCONDITIONAL, Conditions

Resolve = Callable[[SecretRef], Secret]


class Clock(Protocol):
    """Time, injected so that tests choose it."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic_s(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


# ---------------------------------------------------------------- hosts

DEADLINE_RC = 124  # what a far end says of a look or an operation that its deadline ended: the code of timeout(1)


@dataclass(frozen=True, kw_only=True)
class Output:
    """What an operation printed: scrubbed, bounded, hashed as received."""

    text: str = ""
    size_bytes: int = 0
    sha256: str = ""
    truncated: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeRequest:
    """One change as it is sent: its look, the grounds it was planned on, and its operations.

    The far end looks again and acts only if the grounds are the same text. `id` is written to
    the receipt before the first operation and after the last; an id that has a receipt is never
    begun again. `then` are looks answered in the same reply, after the operations.
    """

    id: str
    run: str
    fence: int
    look: Look | None
    ground: tuple[str, ...]
    operations: tuple[Operation, ...]
    then: tuple[Look, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChangeReply:
    """What became of a change.

    done: every operation ended well. failed: operation `failed_at` did not (`always` operations
    ran after it). moved: the ground was another (`ground`), nothing was done. repeated: the id
    has a receipt already, nothing was done. fenced: another run holds the host, nothing was done.
    """

    state: Literal["done", "failed", "moved", "repeated", "fenced"]
    ground: tuple[str, ...] = ()
    failed_at: int = -1
    rc: int = 0
    reason: str = ""
    output: Output = Output()
    after: tuple[Reply, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to change one host. `fence` grows with every lease of that host."""

    run: str
    fence: int


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the host itself recorded of a change: begun, and ended with which code (None: not ended)."""

    id: str
    rc: int | None


class Session(Protocol):
    """One open conversation with a host. Used by one thread at a time.

    Every method raises Unreachable when nothing was sent, and Lost when something was sent and
    no whole answer came back in time.
    """

    @property
    def facts(self) -> Facts:
        """What the host told of itself with its first reply. Raises Bug before that."""

    def look(self, looks: Sequence[Look]) -> tuple[Reply, ...]:
        """Answer all the looks in one request, in order; a look that hangs is a reply with DEADLINE_RC."""

    def lease(self, run: str, owner: str, looks: Sequence[Look], wait_s: int = 0) -> tuple[Lease, tuple[Reply, ...]]:
        """Take the right to change this host and answer the looks, in one request.

        A lease left by the same `run` is taken over with a higher fence, after a runner of it
        that still lives has ended (at most `wait_s`). Raises Busy, naming the holder, when
        another run holds it; never breaks it.
        """

    def change(self, request: ChangeRequest) -> ChangeReply:
        """Carry out one change, in one request. Raises Lost when its outcome is not known."""

    def receipts(self, run: str) -> Mapping[str, Receipt]:
        """The receipts of a run on this host, by change id. Only whole lines count."""

    def release(self, run: str) -> None:
        """Give the lease back, if `run` holds it."""

    def unlock(self, owner: str) -> bool:
        """Remove a lease whose owner text or run id is exactly `owner`. False: there was none.

        Raises Busy, naming the holder, when somebody else's is there.
        """

    def close(self) -> None:
        """End the conversation. The far end ends by itself at end of input."""


class Transport(Protocol):
    """How hosts are reached. `connect` is called from many threads at once."""

    def connect(self, host: Host) -> Session:
        """Open a conversation. Raises Unreachable, or HostKeyRefused before anything is sent."""

    def close(self) -> None:
        """Close every session that is still open."""


# ---------------------------------------------------------------- store


@dataclass(frozen=True, kw_only=True)
class PlanRow:
    """A plan as a list shows it."""

    id: str
    digest: str
    playbook: str
    hosts: tuple[str, ...]
    changes: int
    risk: str
    made_at: str
    requester: str
    state: Literal["open", "rejected", "applied"]
    undo_of: str = ""  # the run that it takes back


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run as a list shows it. `verdict` and `closed_at` are empty while it is open."""

    id: str
    plan: str
    playbook: str
    hosts: tuple[str, ...]
    person: str
    created_at: str
    closed_at: str = ""
    verdict: str = ""
    outcome: str = ""
    undo_of: str = ""  # the run that it took back


class Store(Protocol):
    """Plans, approvals, runs and the journal, in one place with one order.

    Every method raises StoreError when the store cannot be read, written or trusted. Times are
    never earlier than the latest one the store has seen.
    """

    @property
    def home(self) -> str:
        """The id of this home, made once and kept."""

    def append(self, drafts: Sequence[Draft]) -> tuple[Event, ...]:
        """Record events, durably, in one transaction, before returning."""

    def events(self, *, plan: str = "", run: str = "", after: int = 0) -> Iterable[Event]:
        """Events in order, of one plan or run where named."""

    def save_plan(self, plan: Plan) -> None:
        """Keep a plan and record that it was made."""

    def plan(self, ref: str) -> Plan:
        """The plan with this id or unique prefix of an id or digest. Raises Invalid."""

    def plans(self, limit: int = 50) -> tuple[PlanRow, ...]:
        """Newest first."""

    def approve(self, approval: Approval) -> None:
        """Record a consent. Raises Refused when the plan is rejected or applied already."""

    def reject(self, plan: str, person: str, reason: str) -> None:
        """Nobody may apply this plan any more."""

    def approvals(self, plan: str) -> tuple[Approval, ...]:
        """Every approval of a plan, used and expired ones too."""

    def redeem(
        self, plan: Plan, need: Need, person: str, run: str, conditions: Conditions = UNCONDITIONAL
    ) -> tuple[Approval, ...]:
        """Create the run and use up the approvals it needs, in one transaction.

        Raises Unapproved (who is still needed), Closed, Spent or Busy (what the conditions say), or Refused
        when the plan was applied already: of any number of callers exactly one succeeds.
        """

    def hindrances(self, plan: Plan, conditions: Conditions, now: datetime) -> Sequence[Refused]:
        """What of the conditions would refuse this plan now: Closed, Spent, Busy. Nothing is recorded."""

    def stand(self, approval: StandingApproval) -> None:
        """Record a consent that stands. Raises Refused for one that has expired, or covers a high risk."""

    def revoke(self, ref: str, person: str, reason: str) -> StandingApproval:
        """Take a standing approval back, by its id or a prefix. Raises Invalid, or Refused where it is already."""

    def standing(self) -> tuple[StandingApproval, ...]:
        """Every consent that stands or stood, newest first."""

    def latest(self) -> datetime:
        """The latest time that the store has seen; it counts no earlier one."""

    def accept_clock(self, person: str) -> Event:
        """Take this machine's clock for right, though later times were seen. Every approval given before is void.

        Raises Refused where it is not behind.
        """

    def run(self, ref: str) -> RunRow:
        """The run with this id or unique prefix. Raises Invalid."""

    def runs(self, limit: int = 50, *, open_only: bool = False) -> tuple[RunRow, ...]:
        """Newest first."""

    def undos(self, run: str) -> tuple[RunRow, ...]:
        """The runs that took this one back, or tried to; oldest first."""

    def check(self) -> None:
        """Raise StoreError, naming the row, unless the file is sound and the journal's chain whole."""

    def close(self) -> None: ...
