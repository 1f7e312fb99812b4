"""What of a plan could be told and what not: hosts that are left out, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from remedy.engine.plan import entry_of, identity_of
from remedy.errors import (
    Bug,
    Busy,
    CannotTell,
    Failed,
    Forbidden,
    HostKeyRefused,
    Invalid,
    Lost,
    Refused,
    RemedyError,
    Stale,
    StoreError,
    Unreachable,
)
from remedy.model import AllOf, Answer, Host, HostPlan, Plan

# Worst first, as outcomes are: what a plan that leaves hosts out ends with.
KINDS: dict[str, type[RemedyError]] = {
    k.kind: k for k in (Unreachable, Failed, HostKeyRefused, Busy, Stale, Forbidden, Refused, CannotTell)
}
NAMED = 8  # hosts in one sentence


def part_of(host: Host, visited: HostPlan | RemedyError, *, alone: bool) -> HostPlan:
    """A host's part of a plan, or its place in it where it is left out. Raises what `its_own` does."""
    if isinstance(visited, HostPlan):
        return visited
    why = its_own(visited, alone=alone)
    nothing = AllOf(())
    return HostPlan(
        host=host.name,
        identity=identity_of(host),
        environment=host.environment,
        entry=entry_of(host),
        params={},
        clock=0,
        symptom=nothing,
        until=nothing,
        verify=nothing,
        symptom_holds=Answer.CANNOT_TELL,
        unreachable=why.message.removeprefix(f"{host.name}: "),
        left_out=why.kind,
        left_out_fix=why.fix,
    )


def undo_left_out(part: HostPlan, visited: HostPlan | RemedyError, *, alone: bool) -> HostPlan:
    """The same of a run that is taken back; the only host must answer."""
    if isinstance(visited, HostPlan):
        return visited
    why = its_own(visited, alone=alone)
    if alone:
        raise why
    nothing = AllOf(())
    return replace(
        part,
        symptom=nothing,
        until=nothing,
        verify=nothing,
        symptom_holds=Answer.CANNOT_TELL,
        findings=(),
        steps=(),
        unreachable=why.message.removeprefix(f"{part.host}: "),
        left_out=why.kind,
        left_out_fix=why.fix,
    )


def its_own(error: RemedyError, *, alone: bool) -> RemedyError:
    """The error as that host's own affair, met while nothing but looks was sent: a lost answer leaves nothing unknown.

    Raises what no other host should wait for: a fault of this side, and whatever else than silence
    is met at the only host.
    """
    if isinstance(error, Lost):
        error = Unreachable(error.message, at=error.at, fix=error.fix)
    if isinstance(error, StoreError | Bug | Invalid) or (alone and not isinstance(error, Unreachable)):
        raise error
    return error


def why_left_out(part: HostPlan) -> RemedyError | None:
    """What was met at a host that is left out; None where it is not."""
    if not part.unreachable:
        return None
    found = KINDS.get(part.left_out or Unreachable.kind, Refused)
    return found(part.unreachable, at=part.host, fix=part.left_out_fix)


def _why_untold(part: HostPlan) -> RemedyError | None:
    """Why nothing can be said of this host; None where all is known."""
    if left_out := why_left_out(part):
        return left_out
    if part.symptom_holds is not Answer.CANNOT_TELL:
        return None
    unclear = [f.judgement.says for f in part.findings if f.judgement.answer is Answer.CANNOT_TELL]
    return CannotTell(f"the symptom cannot be told: {'; '.join(unclear)}", at=part.host)


def untold_hosts(plan: Plan) -> dict[str, RemedyError]:
    """By host, why the plan does nothing there although nobody knows that nothing is wrong."""
    found = {p.host: _why_untold(p) for p in plan.hosts}
    return {name: why for name, why in found.items() if why is not None}


def untold(plan: Plan) -> RemedyError | None:
    """The worst of why the plan does not cover all its hosts, naming each; None where it does."""
    return untold_error(untold_hosts(plan), len(plan.hosts))


def untold_error(found: Mapping[str, RemedyError], hosts: int) -> RemedyError | None:
    """One error for all hosts of `hosts` that could not be told."""
    if not found:
        return None
    if hosts == 1:
        ((name, only),) = found.items()
        said = only.message if name in only.message else f"{name}: {only.message}"
        return type(only)(said, at=name, fix=only.fix)
    worst = min(found.values(), key=_rank)
    return type(worst)(f"{len(found)} of {hosts} hosts are not covered: {by_kind(found)}", at=worst.at)


def by_kind(found: Mapping[str, RemedyError]) -> str:
    """How many, of which kind, and their names: "2 unreachable (a, b), 1 hostkey (c)"."""
    kinds: dict[str, list[str]] = {}
    for name, why in sorted(found.items(), key=lambda item: _rank(item[1])):
        kinds.setdefault(why.kind, []).append(name)
    return ", ".join(f"{len(names)} {kind} ({named(names)})" for kind, names in kinds.items())


def named(names: list[str]) -> str:
    """The names, as many as one sentence holds."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _rank(error: RemedyError) -> int:
    return list(KINDS).index(error.kind if error.kind in KINDS else Refused.kind)


def demand_some_told(plan: Plan) -> None:
    """Raise why where nothing can be told of any host; never "nothing to do"."""
    found = untold_hosts(plan)
    if len(found) == len(plan.hosts) and (why := untold(plan)):
        raise why
