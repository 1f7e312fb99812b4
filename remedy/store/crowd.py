"""Which hosts are in hand now: of runs that are open, and of runs of the last hour that did not help."""

from __future__ import annotations

from datetime import timedelta

from remedy.model import Event, Outcome, Plan, Verdict
from remedy.store import rows
from remedy.store.audit import sha256
from remedy.store.journal import Reading
from remedy.store.times import written
from remedy.terms import InHand

UNWELL = timedelta(hours=1)  # how long a host that was not helped counts, unless a later run helps it
ACTED = {Outcome.UNKNOWN, Outcome.FAILED, Outcome.CHANGED}


def in_hand(store: Reading) -> tuple[InHand, ...]:
    """Each run with the hosts that it has in hand, oldest first."""
    found: list[InHand] = []
    for closed, *created in store.rows("runs_in_hand", since=written(store.now - UNWELL)):
        begun = rows.event(created)
        events = map(rows.event, store.rows("host_closings", run=begun.run))
        ended = list({e.host: e for e in events}.values())  # the last word of each: a run may be gone on with
        plan = _kept(store, begun.plan)
        found = [h.without(_helped(ended)) for h in found]
        if closed is None:
            left = {h.host for h in plan.hosts if h.changes} - {e.host for e in ended}
            found.append(InHand(run=begun.run, plan=plan, hosts=frozenset(left), at_once=plan.limits.batch))
        found += [InHand(run=begun.run, plan=plan, hosts=frozenset({e.host}), left=_left(e)) for e in ended if _left(e)]
    return tuple(h for h in found if h.hosts)


def _kept(store: Reading, plan: str) -> Plan:
    """A plan as it is kept, verified against the journal."""
    [(document, *made)] = store.rows("plan_document", id=plan)
    return rows.plan(plan, str(document), rows.event(made), sha256(str(document)))


def _helped(ended: list[Event]) -> frozenset[str]:
    return frozenset(e.host for e in ended if e.body.get("verdict") == Verdict.RESOLVED)


def _left(ended: Event) -> str:
    """How a run left a host that it acted upon and did not help; "" for any other."""
    verdict = str(ended.body.get("verdict"))
    return verdict if ended.body.get("outcome") in ACTED and verdict != Verdict.RESOLVED else ""
