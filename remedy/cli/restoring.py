"""What a drill broke, put back: found in the record, whoever or whatever cut the drill off."""

from __future__ import annotations

from dataclasses import replace

from remedy.cli.asking import Consent
from remedy.cli.carrying import Manner, carried_out, consent, continued, named_hosts, show_plan
from remedy.cli.options import Target
from remedy.cli.undoing import undo_of
from remedy.cli.wiring import Parts
from remedy.engine.drills import is_drill, is_left_broken
from remedy.engine.report import RunState, fold
from remedy.errors import Refused
from remedy.load.inventory import select
from remedy.model import Host
from remedy.ports import RunRow

MANY = 1000  # runs that are looked through, newest first
CLOSING = Manner(closing="the drill is over: what it broke is put back")


def left_broken(parts: Parts, host: str) -> list[RunRow]:
    """The drills that broke something on this host which nothing put back, newest first."""
    rows = [r for r in parts.store.runs(MANY) if is_drill(r.playbook) and host in r.hosts and not r.undo_of]
    return [r for r in rows if is_left_broken(state_of(parts, r.id), parts.store.undos(r.id))]


def state_of(parts: Parts, run: str) -> RunState:
    """What the journal says of a run."""
    return fold(run, parts.store.events(run=run))


def demand_restored(parts: Parts, host: Host) -> None:
    """Raise Refused where an earlier drill left something broken."""
    for row in left_broken(parts, host.name):
        fix = f"remedy drill --restore --host {host.name}"
        raise Refused(f"{host.name}: what drill {row.id} ({row.playbook}) broke is not put back", at=row.id, fix=fix)


def one_host(parts: Parts, target: Target) -> Host:
    """The host that is named. Raises Refused where these are several: a drill is of one."""
    found = select(parts.inventory, target.hosts, target.groups)
    if len(found) > 1:
        raise Refused(f"a drill is of one host, these are {len(found)}", fix=f"--host {found[0].name}")
    return found[0]


def restore_host(parts: Parts, target: Target, said: Consent, *, json: bool) -> int:
    """Put back whatever drills left broken on a host, marked or not. Returns the exit code."""
    host = one_host(parts, target)
    rows = left_broken(parts, host.name)
    for row in rows:
        restore(parts, row.id, said, json=json)
    left = [r.id for r in left_broken(parts, host.name)]
    if json:
        restored = [r.id for r in rows if r.id not in left]
        parts.world.document({"host": host.name, "restored": list(restored), "left": list(left)})
    elif not rows:
        parts.world.out(f"{host.name}: no drill left anything broken")
    return 1 if left else 0


def restore(parts: Parts, run: str, said: Consent, *, json: bool) -> None:
    """Take back what a drill's run did: it is brought to its end first where it was cut off; nothing more is broken."""
    plan = parts.store.plan(state_of(parts, run).plan)
    hosts = named_hosts(parts, plan)
    if not state_of(parts, run).is_closed:
        continued(parts, run, hosts, json=True, manner=CLOSING)
    for row in parts.store.undos(run):
        if not row.closed_at:  # a taking back that was cut off goes on
            continued(parts, row.id, hosts, json=json)
    if not is_left_broken(state_of(parts, run), parts.store.undos(run)):
        return
    back = undo_of(parts, run)
    show_plan(parts, back, as_json=json)
    try:
        consent(parts, back, said)
    except Refused:
        if not said.yes:
            raise
        # Breaking it was consented to with its being put back: no window that shut meanwhile keeps it broken.
        consent(parts, back, replace(said, break_glass=f"what drill {run} broke is put back"))
    carried_out(parts, back, json=json)


def is_back(parts: Parts, run: str) -> bool:
    """Whether nothing of what a drill's run did is left."""
    return not is_left_broken(state_of(parts, run), parts.store.undos(run))
