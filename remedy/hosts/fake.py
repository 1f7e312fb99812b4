"""A host in memory, for the engine's tests: the same ports, Python functions instead of shell.

A `FakeHost` is the machine: its world, its functions, its lease and receipts outlive every
connection. A `FakeSession` is one conversation with it. Everything asked is kept in `sent`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from remedy.errors import Bug, Busy, Lost, RemedyError, Unreachable
from remedy.model import (
    Argument,
    Await,
    Call,
    Facts,
    Functions,
    Host,
    Look,
    Operation,
    Put,
    Reply,
    ResultRef,
    SecretRef,
)
from remedy.ports import ChangeReply, ChangeRequest, Lease, Output, Receipt, Resolve

T = TypeVar("T")

Function = Callable[[tuple[str, ...], tuple[str, ...]], tuple[int, str]]
"""(arguments, items) -> (exit code, what it prints). A look prints ground, `--`, evidence."""

Verb = Literal["look", "lease", "change", "receipts", "release", "unlock"]
FACTS = Facts(now=1_700_000_000, uid=0, user="root", machine="fake", system="Linux x86_64", state_dir="/run/remedy")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it went over the wire."""

    verb: Verb
    looks: tuple[Look, ...] = ()
    change: ChangeRequest | None = None
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the `nth` request of a verb, counted from when it was put in.

    unsent: nothing was sent (Unreachable). dispatched: sent, and the host never acted (Lost).
    acting: the connection ended after `operations` of the change; its receipt has a start only.
    answered: all was done, the answer was lost. raised: `error` instead of anything.
    """

    verb: Verb
    when: Literal["unsent", "dispatched", "acting", "answered", "raised"]
    nth: int = 1
    operations: int = 0
    error: RemedyError | None = None


@dataclass
class FakeHost:
    """A machine. `world` is whatever the functions share; `files` is where a `Put` writes."""

    functions: Mapping[str, Function]
    world: MutableMapping[str, Any] = field(default_factory=dict)
    facts: Facts = FACTS
    files: MutableMapping[str, bytes] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    holder: Lease | None = None
    owner: str = ""
    fence: int = 0
    recorded: dict[str, dict[str, int | None]] = field(default_factory=dict)  # run -> change -> rc
    refuses: RemedyError | None = None  # what `connect` raises
    connections: int = 0

    def fail(self, fault: Fault) -> None:
        """Let this go wrong once."""
        self.faults.append(fault)

    @property
    def changes(self) -> list[ChangeRequest]:
        """Every change that was sent, in order; empty means that no mutating request went out."""
        return [s.change for s in self.sent if s.change is not None]

    def run_function(self, name: str, args: tuple[str, ...], items: tuple[str, ...] = ()) -> tuple[int, str]:
        if name not in self.functions:
            return 3, f"{name}: no such function"
        return self.functions[name](args, items)

    def answer(self, look: Look) -> Reply:
        """The reply of a function to a look."""
        pinned = look.pinned(self.facts.now)
        rc, text = self.run_function(look.function, tuple(str(a) for a in pinned.args))
        if rc:
            return Reply(rc=rc, error=text)
        ground, _, evidence = f"\n{text}".partition("\n--\n")
        return Reply(rc=0, ground=_lines(ground[1:]), evidence=_lines(evidence))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


@dataclass
class FakeSession:
    """One conversation with a FakeHost; unusable after a lost connection."""

    host: FakeHost
    resolve: Resolve | None = None
    is_open: bool = True
    has_answered: bool = False

    @property
    def facts(self) -> Facts:
        if not self.has_answered:
            raise Bug("facts before the first reply")
        return self.host.facts

    def look(self, looks: Sequence[Look]) -> tuple[Reply, ...]:
        fault = self._send(Sent(verb="look", looks=tuple(looks)))
        return self._end(fault, tuple(self.host.answer(look) for look in looks))

    def lease(self, run: str, owner: str, looks: Sequence[Look], wait_s: int = 0) -> tuple[Lease, tuple[Reply, ...]]:
        fault = self._send(Sent(verb="lease", looks=tuple(looks), run=run))
        host = self.host
        if host.holder and host.holder.run != run:
            self.has_answered = True
            raise _busy(host)
        host.fence += 1
        host.holder, host.owner = Lease(run=run, fence=host.fence), owner
        return self._end(fault, (host.holder, tuple(host.answer(look) for look in looks)))

    def change(self, request: ChangeRequest) -> ChangeReply:
        fault = self._send(Sent(verb="change", change=request, run=request.run))
        host = self.host
        if host.holder != Lease(run=request.run, fence=request.fence):
            return self._end(fault, ChangeReply(state="fenced", reason=f"held by {host.holder}"))
        receipts = host.recorded.setdefault(request.run, {})
        if request.id in receipts:
            return self._end(fault, ChangeReply(state="repeated"))
        if request.look is not None:
            found = host.answer(request.look)
            if not found.answered:
                return self._end(fault, ChangeReply(state="failed", rc=found.rc, reason=found.error))
            if found.ground != request.ground:
                return self._end(fault, ChangeReply(state="moved", ground=found.ground))
        receipts[request.id] = None
        reply = self._operate(request, fault)
        receipts[request.id] = reply.rc
        return self._end(fault, reply)

    def _operate(self, request: ChangeRequest, fault: Fault | None) -> ChangeReply:
        results: dict[str, str] = {}
        printed, failed_at, failed_rc = "", -1, 0
        for at, operation in enumerate(request.operations):
            if fault and fault.when == "acting" and at == fault.operations:
                self._drop()
            if failed_at >= 0 and not operation.always:
                continue
            rc, text = self._one(operation, results)
            printed += text
            if rc and failed_at < 0:
                failed_at, failed_rc = at, rc
        if fault and fault.when == "acting":
            self._drop()
        return ChangeReply(
            state="failed" if failed_at >= 0 else "done",
            ground=request.ground,
            failed_at=failed_at,
            rc=failed_rc,
            reason=f"operation {failed_at + 1} ended with {failed_rc}" if failed_at >= 0 else "",
            output=Output(text=printed, size_bytes=len(printed), sha256=hashlib.sha256(printed.encode()).hexdigest()),
            after=tuple(self.host.answer(look) for look in request.then),
        )

    def _one(self, operation: Operation, results: dict[str, str]) -> tuple[int, str]:
        match operation:
            case Call():
                args = tuple(self._argument(a, results) for a in operation.args)
                rc, text = self.host.run_function(operation.function, args, operation.items)
                if rc == 0 and operation.result:
                    first = text.partition("\n")[0]
                    results[operation.result.name] = first
                    kept = {"digits": first.isdigit(), "equals": first == operation.result.of}
                    rc = 0 if kept.get(operation.result.bound, first not in ("", operation.result.of)) else 1
                return rc, text
            case Put():
                self.host.files[operation.path] = "".join(self._argument(p, {}) for p in operation.content).encode()
                return 0, ""
            case Await():
                reply = self.host.answer(operation.look)
                return (0, "") if reply.answered and reply.ground[:1] == (operation.expect,) else (124, "")

    def _argument(self, argument: Argument, results: Mapping[str, str]) -> str:
        match argument:
            case ResultRef():
                return results[argument.result]
            case SecretRef():
                return self.resolve(argument).reveal() if self.resolve else ""
            case Functions(functions=family):
                return f"the functions of {family}"
            case text:
                return text

    def receipts(self, run: str) -> Mapping[str, Receipt]:
        fault = self._send(Sent(verb="receipts", run=run))
        found = {i: Receipt(id=i, rc=rc) for i, rc in self.host.recorded.get(run, {}).items()}
        return self._end(fault, found)

    def release(self, run: str) -> None:
        fault = self._send(Sent(verb="release", run=run))
        if self.host.holder and self.host.holder.run == run:
            self.host.holder, self.host.owner = None, ""
        self._end(fault, None)

    def unlock(self, owner: str) -> bool:
        fault = self._send(Sent(verb="unlock", run=owner))
        if self.host.holder is None:
            return self._end(fault, False)  # noqa: FBT003 - the answer itself
        if owner not in (self.host.owner, self.host.holder.run):
            self.has_answered = True
            raise _busy(self.host)
        self.host.holder, self.host.owner = None, ""
        return self._end(fault, True)  # noqa: FBT003 - the answer itself

    def close(self) -> None:
        self.is_open = False

    def _send(self, sent: Sent) -> Fault | None:
        """Record the request; raise what a fault demands before the host could act."""
        if not self.is_open:
            raise Unreachable("the connection is closed")
        fault = self._due(sent.verb)
        if fault and fault.when == "unsent":
            self.is_open = False
            raise Unreachable("the connection was closed before anything was sent")
        self.host.sent.append(sent)
        if fault and fault.when == "raised" and fault.error:
            raise fault.error
        if fault and fault.when == "dispatched":
            self._drop()
        return fault

    def _due(self, verb: Verb) -> Fault | None:
        for at, fault in enumerate(self.host.faults):
            if fault.verb != verb:
                continue
            self.host.faults[at : at + 1] = [] if fault.nth == 1 else [replace(fault, nth=fault.nth - 1)]
            return fault if fault.nth == 1 else None
        return None

    def _end(self, fault: Fault | None, reply: T) -> T:
        if fault and fault.when in ("answered", "acting"):
            self._drop()
        self.has_answered = True
        return reply

    def _drop(self) -> None:
        self.is_open = False
        raise Lost("the connection ended before the answer came")


def _busy(host: FakeHost) -> Busy:
    held = host.holder
    return Busy(
        f"the host is held by {host.owner}, run {held.run if held else ''}",
        fix="wait for that run, or `remedy unlock HOST --owner ID`",
    )


@dataclass
class FakeTransport:
    """Reaches FakeHosts by the inventory's host name."""

    hosts: Mapping[str, FakeHost]
    resolve: Resolve | None = None
    sessions: list[FakeSession] = field(default_factory=list)

    def connect(self, host: Host) -> FakeSession:
        if host.name not in self.hosts:
            raise Unreachable(f"{host.name}: no such host")
        fake = self.hosts[host.name]
        fake.connections += 1
        if fake.refuses:
            raise fake.refuses
        session = FakeSession(fake, self.resolve)
        self.sessions.append(session)
        return session

    def close(self) -> None:
        for session in self.sessions:
            session.close()
