"""The chain: every event's hash covers its record and the hash of the event before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from remedy.codec import encode
from remedy.digest import digest
from remedy.errors import RemedyError, StoreError
from remedy.model import Draft, Event, Json


def genesis(home: str) -> str:
    """What stands before the first event of a home, so that no journal passes for another's."""
    return digest({"home": home})


def link(drafts: Iterable[Draft], *, at: str, after: Event) -> Iterator[Event]:
    """The events that these drafts become behind `after`, numbered without a gap."""
    for draft in drafts:
        event = Event(
            seq=after.seq + 1,
            at=max(at, after.at),
            kind=draft.kind,
            body=draft.body,
            plan=draft.plan,
            run=draft.run,
            host=draft.host,
            step=draft.step,
            before=after.hash,
        )
        after = replace(event, hash=hash_of(event))
        yield after


def hash_of(event: Event) -> str:
    """SHA-256 over the canonical JSON of everything in the event but the hash itself."""
    record: dict[str, Json] = {
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind.value,
        "body": encode(event.body),
        "plan": event.plan,
        "run": event.run,
        "host": event.host,
        "step": event.step,
        "before": event.before,
    }
    return digest(record)


def verify(event: Event) -> Event:
    """The same event, if its hash is the hash of its record. Raises StoreError, naming the row."""
    try:
        sound = hash_of(event) == event.hash
    except RemedyError:
        sound = False
    if not sound:
        raise broken(event.seq, "its record is not what was written")
    return event


def verify_links(events: Sequence[Event], *, seq: int, before: str) -> None:
    """Every event (each verified when it was read) follows the one before it, the first `seq` and `before`."""
    for event in events:
        if event.seq != seq + 1:
            raise broken(seq + 1, f"it is missing; the next row is {event.seq}")
        if event.before != before:
            raise broken(event.seq, f"it does not follow event {seq}")
        seq, before = event.seq, event.hash


def broken(seq: int, why: str) -> StoreError:
    """The error for a row of the journal that cannot be trusted."""
    return StoreError(f"journal event {seq} cannot be trusted: {why}", at=f"events.seq={seq}", fix=RESTORE)


RESTORE = (
    "nothing new is started; keep a copy of the state directory, then put back a whole one from a backup"
    " (all files of it together), or move it away to begin a new home, in which old plans and approvals are void"
)
