"""What a person takes away by their word: a lease that nobody holds, a time that was never."""

from __future__ import annotations

from remedy.cli.asking import prompt
from remedy.cli.wiring import Parts
from remedy.errors import Refused, Unapproved
from remedy.load.inventory import select
from remedy.model import Draft, Kind


def unlock(parts: Parts, host: str, owner: str, *, as_json: bool) -> None:
    """Remove the lease of this owner, and record it. Raises Busy for another's."""
    (chosen,) = select(parts.inventory, [host], [])
    removed = parts.fleet.session(chosen).unlock(owner)
    if removed:
        body = {"owner": owner, "person": parts.person}
        parts.store.append([Draft(kind=Kind.UNLOCKED, body=body, host=host)])
    if as_json:
        parts.world.document({"host": host, "owner": owner, "unlocked": removed})
    else:
        parts.world.out(f"{host}: the lease of {owner} is removed" if removed else f"{host}: nobody held a lease")


def accept_clock(parts: Parts, *, as_json: bool) -> None:
    """Set the store's time back to this machine's, once its date was typed. Raises Refused or Unapproved."""
    now, latest = parts.clock.now(), parts.store.latest()
    if latest <= now:
        raise Refused("the store has seen no later time than this machine's clock shows", fix="nothing to do")
    if not parts.world.has_person:
        raise Unapproved(
            "setting the store's time back takes a person at a terminal", fix="at a terminal: remedy unlock --clock"
        )
    parts.world.err(
        f"the store has seen {latest:%Y-%m-%d %H:%M:%S} UTC; this machine's clock shows {now:%Y-%m-%d %H:%M:%S} UTC",
        "Setting the store's time back voids every approval given so far, and is recorded.",
    )
    if prompt(parts.world, "What is today's date in UTC? (YYYY-MM-DD) ").strip() != f"{now:%Y-%m-%d}":
        raise Unapproved("that is not what this machine's clock shows; nothing is changed", fix="set the clock right")
    event = parts.store.accept_clock(parts.person)
    if as_json:
        parts.world.document({"seen": event.body["seen"], "now": event.body["now"], "event": event.seq})
    else:
        parts.world.out(f"the store's time is {event.at} again; approvals given before are void")
