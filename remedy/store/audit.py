"""Whether the store can be trusted: a short look when it is opened, a whole one when asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import cast

from remedy.errors import StoreError
from remedy.model import Event, Kind
from remedy.store import rows
from remedy.store.chain import RESTORE, genesis, verify_links
from remedy.store.connection import Connection
from remedy.store.founding import Migration, blueprint
from remedy.store.head import Head, Mark
from remedy.store.journal import end, home, refuse_newer, refuse_other_copy

PAGE = 500  # events read at once
RECENT = 64  # links verified whenever the store is opened


def glance(connection: Connection, head: Head, known: int) -> None:
    """Raise StoreError unless schema, head and the last links of the journal are sound."""
    found = head.read()  # before the database: it never leads
    with connection.snapshot():
        refuse_newer(connection, known)
        mark, last = _ends(connection, found)
        start = max(0, min(mark.seq, last.seq - RECENT) - 1)
        for _ in _walk(connection, mark, start):
            pass


def examine(connection: Connection, head: Head, scripts: Sequence[Migration]) -> None:
    """Raise StoreError, naming the row, unless everything in the store is what was written."""
    found = head.read()  # before the database: it never leads
    with connection.snapshot():
        refuse_newer(connection, len(scripts))
        _refuse_damage(connection)
        mark, _ = _ends(connection, found)
        _compare_uses(connection, _walk(connection, mark, 0))
        for id_, digest in connection.rows("all_plans"):
            for document, *made in connection.rows("plan_document", id=id_):
                plan = rows.plan(str(id_), str(document), rows.event(made), sha256(str(document)))
                if plan.digest != digest:
                    raise rows.damaged("plans", plan.id, "it is listed under another digest")
        for table, row, seq in connection.rows("strays"):
            raise rows.damaged(str(table), str(row), f"it does not agree with journal event {seq!r}")
        _refuse_tables(connection, scripts)


def sha256(document: str) -> str:
    """The hash of a document's text."""
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def _ends(connection: Connection, mark: Mark | None) -> tuple[Mark, Event]:
    """Where the head says the journal had come, and where it ends."""
    id_ = home(connection)
    last = end(connection, id_)
    refuse_other_copy(mark, last, id_)
    assert mark is not None
    return mark, last


def _walk(connection: Connection, mark: Mark, start: int) -> Iterator[Event]:
    """Every event behind number `start`, verified; the one at the head is the one it remembers."""
    seq, before = start, genesis(mark.home)
    if start:
        found = connection.rows("event_hash", seq=start)
        if not found:
            raise StoreError(f"journal event {start} is missing", at=f"events.seq={start}", fix=RESTORE)
        before = str(found[0][0])
    while page := [rows.event(r) for r in connection.rows("events_after", after=seq, page=PAGE)]:
        verify_links(page, seq=seq, before=before)
        if page[0].seq <= mark.seq <= page[-1].seq and page[mark.seq - page[0].seq].hash != mark.hash:
            raise StoreError(f"event {mark.seq} is not the one recorded", at=f"events.seq={mark.seq}", fix=RESTORE)
        yield from page
        seq, before = page[-1].seq, page[-1].hash


def _compare_uses(connection: Connection, events: Iterator[Event]) -> None:
    """Raise StoreError unless exactly the approvals are marked as used that the journal's runs used."""
    uses = {
        str(id_): event.run
        for event in events
        if event.kind is Kind.RUN_CREATED
        for id_ in cast("list[str]", event.body.get("approvals", []))
    }
    marked = {str(id_): str(run) for id_, run in connection.rows("used_approvals")}
    for id_, _ in sorted(marked.items() ^ uses.items()):
        raise rows.damaged("approvals", id_, "whether it was used is not what the journal says")


def _refuse_tables(connection: Connection, scripts: Sequence[Migration]) -> None:
    """Raise StoreError unless tables, indexes and triggers are those that the migrations make."""
    wanted, found = blueprint(scripts), connection.rows("tables")
    for kind, name, _ in set(wanted) ^ set(found):
        raise StoreError(f"the store's {kind!s} {name!s} is not as it was made", at=f"{name!s}", fix=RESTORE)


def _refuse_damage(connection: Connection) -> None:
    faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    if faults != ["ok"]:
        raise StoreError(f"the database is damaged: {'; '.join(faults)}", fix=RESTORE)
    for table, rowid, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        raise rows.damaged(str(table), str(rowid), f"what it points at in {parent!r} is missing")
