"""A store that is not what was written is refused with a sentence, and nothing new is started. Faults 65, 70, 71."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.errors import RemedyError, StoreError
from remedy.model import Draft, Event, Kind
from remedy.store import audit
from remedy.store.chain import genesis, hash_of, link
from remedy.store.founding import MIGRATIONS, migrations
from remedy.store.head import Head, Mark
from remedy.store.rows import cells
from remedy.store.sqlite import SqliteStore
from tests.store.made import ANYBODY, NOBODY, StandingClock, a_draft, a_plan, an_approval

PAGE = 4096
NEWEST = len(migrations(MIGRATIONS))


@pytest.fixture
def used(state: Path, clock: StandingClock) -> Path:
    """The closed store of a home that was used: three plans, approvals, a run, a rejection, many events."""
    store = SqliteStore.open(state, clock)
    plan, other, third = (a_plan(store.home) for _ in range(3))
    for made in (plan, other, third):
        store.save_plan(made)
    store.approve(an_approval(plan, id="one"))
    store.approve(an_approval(third, id="two"))
    store.redeem(plan, ANYBODY, "uid:1000", "r1")
    store.reject(other.id, "uid:1001", "no")
    for n in range(20):
        store.append([a_draft(str(n), size_bytes=300)])
    store.append([Draft(kind=Kind.RUN_CLOSED, run="r1", body={"verdict": "resolved", "outcome": "changed"})])
    store.close()
    return state


def whole(state: Path, clock: StandingClock) -> list[object]:
    """Everything there is to read, after a full check. Raises where it cannot be trusted."""
    store = SqliteStore.open(state, clock)
    try:
        store.check()
        plans = [store.plan(row.id) for row in store.plans()]
        return [list(store.events()), plans, store.plans(), store.runs(), [store.approvals(p.id) for p in plans]]
    finally:
        store.close()


def refused(state: Path, clock: StandingClock) -> StoreError:
    with pytest.raises(StoreError) as refusal:
        whole(state, clock)
    assert refusal.value.fix
    assert refusal.value.exit_code == 3
    return refusal.value


def edit(state: Path, *statements: str) -> None:
    """Change the database behind the store's back."""
    with closing(sqlite3.connect(state / "remedy.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def without_triggers(state: Path) -> Iterator[str]:
    with closing(sqlite3.connect(state / "remedy.db")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            yield f"DROP TRIGGER {name}"


def test_a_store_that_was_used_is_sound(used: Path, clock: StandingClock) -> None:
    assert whole(used, clock) == whole(used, clock)


# ---------------------------------------------------------------- rows changed with sqlite3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 3",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT 3, at, kind, plan, run, '', '', '{}', before, hash FROM events LIMIT 1",
        "INSERT INTO events SELECT seq + 100, at, kind, plan, run, host, step, body, before, hash FROM events LIMIT 1",
        "UPDATE plans SET document = '{}'",
        "DELETE FROM plans",
        "UPDATE runs SET plan = 'other'",
        "DELETE FROM runs",
        "UPDATE approvals SET used_by = NULL WHERE id = 'one'",
        "DELETE FROM approvals",
    ],
)
def test_fault_071_the_database_itself_refuses_to_forget(used: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"never|only|once"):
        edit(used, statement)


COLUMNS = ("at", "kind", "plan", "run", "host", "step", "body", "before", "hash")


@pytest.mark.parametrize("column", COLUMNS)
def test_fault_071_an_edited_column_is_noticed_and_its_row_named(used: Path, clock: StandingClock, column: str) -> None:
    value = {"kind": "checked", "body": '{"n":1}'}.get(column, "2031")
    edit(used, *without_triggers(used), f"UPDATE events SET {column} = '{value}' WHERE seq = 12")
    assert "journal event 12 " in refused(used, clock).message


@pytest.mark.parametrize("seq", [1, 2, 12, 20])
def test_fault_071_a_deleted_row_is_noticed_and_named(used: Path, clock: StandingClock, seq: int) -> None:
    edit(used, *without_triggers(used), f"DELETE FROM events WHERE seq = {seq}")
    assert refused(used, clock).at == f"events.seq={seq}"


def test_fault_071_deleted_last_rows_are_noticed_when_the_store_is_opened(used: Path, clock: StandingClock) -> None:
    edit(used, *without_triggers(used), "UPDATE runs SET closed = NULL", "DELETE FROM events WHERE seq > 25")
    with pytest.raises(StoreError, match="ends at event 25, but event 28 was recorded"):
        SqliteStore.open(used, clock)


def test_fault_071_two_exchanged_rows_are_noticed(used: Path, clock: StandingClock) -> None:
    edit(
        used,
        "PRAGMA foreign_keys = OFF",
        *without_triggers(used),
        "UPDATE events SET seq = 1000 WHERE seq = 10",
        "UPDATE events SET seq = 10 WHERE seq = 11",
        "UPDATE events SET seq = 11 WHERE seq = 1000",
    )
    assert "journal event 10 " in refused(used, clock).message


def rewrite(state: Path, change: Callable[[Event], Draft]) -> None:
    """Write the whole journal anew, with a chain that fits, as somebody would who knows how."""
    store = SqliteStore.open(state, StandingClock())
    old, home = list(store.events()), store.home
    store.close()
    edit(state, *without_triggers(state))
    last = Event(seq=0, at="", kind=Kind.CHECKED, body={}, hash=genesis(home))
    with closing(sqlite3.connect(state / "remedy.db")) as connection, connection:
        for event in old:
            [last] = link([change(event)], at=event.at, after=last)
            values = cells(last)
            connection.execute(
                f"UPDATE events SET {', '.join(f'{c} = :{c}' for c in COLUMNS)} WHERE seq = :seq", values
            )


def test_fault_071_a_journal_written_anew_with_its_chain_does_not_fit_the_head(
    used: Path, clock: StandingClock
) -> None:
    def other_person(event: Event) -> Draft:
        body = {**event.body, "person": "uid:1"} if "person" in event.body else event.body
        return Draft(kind=event.kind, body=body, plan=event.plan, run=event.run, host=event.host, step=event.step)

    rewrite(used, other_person)
    assert "event 28 is not the one recorded" in refused(used, clock).message


def test_fault_071_one_row_written_anew_with_its_own_hash_breaks_the_chain(used: Path, clock: StandingClock) -> None:
    store = SqliteStore.open(used, clock)
    event = list(store.events())[11]
    store.close()
    forged = replace(event, body={"n": "other"})
    values = cells(replace(forged, hash=hash_of(forged)))
    edit(used, *without_triggers(used))
    with closing(sqlite3.connect(used / "remedy.db")) as connection, connection:
        connection.execute("UPDATE events SET body = :body, hash = :hash WHERE seq = :seq", values)
    assert "journal event 13 cannot be trusted: it does not follow event 12" in refused(used, clock).message


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE approvals SET used_by = NULL WHERE id = 'one'"],
        ["UPDATE approvals SET used_by = 'r1' WHERE id = 'two'"],
        ["UPDATE approvals SET event = 1 WHERE id = 'two'"],
        ["DELETE FROM approvals WHERE id = 'two'"],
        ["DELETE FROM approvals", "DELETE FROM runs"],
        ["UPDATE runs SET closed = NULL"],
        ["UPDATE runs SET created = 1"],
        ["UPDATE runs SET plan = (SELECT id FROM plans ORDER BY event DESC LIMIT 1)"],
        ["UPDATE plans SET event = event + 20 WHERE event = 3"],
        ["UPDATE plans SET digest = 'f' || SUBSTR(digest, 2)"],
        ["UPDATE plans SET document = REPLACE(document, 'prod1', 'prod2')"],
        ["UPDATE plans SET document = document || ' ' WHERE event = 2"],
        ["DELETE FROM plans WHERE event = 3"],
        ["UPDATE home SET id = 'another'"],
        ["DELETE FROM home"],
        ["INSERT INTO home VALUES ('two', '')"],
        ["DROP TABLE events"],
        ["DROP TABLE runs"],
        ["DROP INDEX plans_by_digest"],
        [],  # the triggers alone
    ],
)
def test_fault_071_an_edit_beside_the_journal_is_noticed(
    used: Path, clock: StandingClock, statements: list[str]
) -> None:
    edit(used, "PRAGMA foreign_keys = OFF", *without_triggers(used), *statements)
    refused(used, clock)


def test_fault_034_a_run_struck_from_its_table_does_not_make_its_plan_new(used: Path, clock: StandingClock) -> None:
    store = SqliteStore.open(used, clock)
    plan = store.plan(store.run("r1").plan)
    edit(
        used,
        *without_triggers(used),
        "UPDATE approvals SET used_by = NULL",
        "DELETE FROM runs",
    )
    with pytest.raises(RemedyError, match="applied already, by run r1"):
        store.redeem(plan, NOBODY, "uid:1000", "r2")
    store.close()


def test_fault_033_each_flipped_byte_of_a_stored_plan_is_refused(used: Path, clock: StandingClock) -> None:
    edit(used, *without_triggers(used))
    store = SqliteStore.open(used, clock)
    id_ = store.plans()[0].id
    with closing(sqlite3.connect(used / "remedy.db", isolation_level=None)) as connection:
        [(document,)] = connection.execute("SELECT document FROM plans WHERE id = ?", (id_,)).fetchall()
        for n in range(0, len(document), 3):
            flipped = document[:n] + chr(ord(document[n]) ^ 1) + document[n + 1 :]
            connection.execute("UPDATE plans SET document = ? WHERE id = ?", (flipped, id_))
            with pytest.raises(StoreError, match="not what was written"):
                store.plan(id_)
    store.close()


# ---------------------------------------------------------------- files damaged


def flips(state: Path, offsets: list[int], clock: StandingClock) -> int:
    """Flip bits at each offset in turn; everything is refused with a sentence or read as it was."""
    before = whole(state, clock)
    path = state / "remedy.db"
    content = path.read_bytes()
    refusals = 0
    for offset in offsets:
        path.write_bytes(content[:offset] + bytes([content[offset] ^ 0x55]) + content[offset + 1 :])
        for suffix in ("-wal", "-shm"):
            (state / f"remedy.db{suffix}").unlink(missing_ok=True)
        try:
            assert whole(state, clock) == before, f"byte {offset} was flipped and other things were read"
        except StoreError:
            refusals += 1
    path.write_bytes(content)
    assert whole(state, clock) == before
    return refusals


def test_fault_065_each_pages_header_damaged_is_refused(used: Path, clock: StandingClock) -> None:
    pages = (used / "remedy.db").stat().st_size // PAGE
    assert pages > 15
    starts = [n * PAGE if n else 100 for n in range(pages)]
    assert flips(used, starts, clock) == len(starts)


def test_fault_065_a_flipped_bit_anywhere_is_refused_or_without_effect(used: Path, clock: StandingClock) -> None:
    size = (used / "remedy.db").stat().st_size
    assert flips(used, random.Random(65).sample(range(size), 100), clock) > 10


@pytest.mark.long
@pytest.mark.timeout(900)
def test_fault_065_every_11th_byte_flipped_is_refused_or_without_effect(used: Path, clock: StandingClock) -> None:
    size = (used / "remedy.db").stat().st_size
    assert flips(used, list(range(0, size, 11)), clock) > 100


def test_fault_065_a_truncated_database_is_refused(used: Path, clock: StandingClock) -> None:
    path = used / "remedy.db"
    content = path.read_bytes()
    for size in [0, 1, 99, 100, 1000, *range(PAGE, len(content), PAGE), len(content) - 1]:
        path.write_bytes(content[:size])
        refused(used, clock)


@pytest.mark.parametrize("content", [b"", b"not a database\n" * 500, b"\0" * 8192, None])
def test_fault_065_something_else_in_its_place_is_refused(
    used: Path, clock: StandingClock, content: bytes | None
) -> None:
    path = used / "remedy.db"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    refused(used, clock)
    assert path.exists() == (content is not None)


@pytest.mark.parametrize("content", [b"", b"x" * 1024, None])
def test_fault_065_a_missing_or_damaged_head_is_refused(
    used: Path, clock: StandingClock, content: bytes | None
) -> None:
    head = used / "head"
    if content is None:
        head.unlink()
    else:
        head.write_bytes(content)
    assert "head" in refused(used, clock).message
    assert "head" in refused(used, clock).message  # also the second time


def test_fault_065_an_older_copy_is_refused(used: Path, clock: StandingClock) -> None:
    older = (used / "remedy.db").read_bytes()
    store = SqliteStore.open(used, clock)
    store.append([a_draft()])
    store.close()
    (used / "remedy.db").write_bytes(older)
    assert "older copy" in refused(used, clock).message


def test_fault_065_another_homes_database_is_refused(used: Path, tmp_path: Path, clock: StandingClock) -> None:
    SqliteStore.open(tmp_path / "other", clock).close()
    shutil.copy(tmp_path / "other" / "remedy.db", used / "remedy.db")
    assert "that of home" in refused(used, clock).message


def test_fault_065_a_lost_write_ahead_log_is_refused(used: Path, tmp_path: Path, clock: StandingClock) -> None:
    store = SqliteStore.open(used, clock)
    store.append([a_draft()])
    copy = tmp_path / "copy"
    shutil.copytree(used, copy)
    store.close()
    shutil.copytree(copy, tmp_path / "with")
    assert len(list(whole(tmp_path / "with", clock)[0])) == 29  # type: ignore[call-overload]
    (copy / "remedy.db-wal").unlink()
    (copy / "remedy.db-shm").unlink()
    assert "ends at event 28, but event 29 was recorded" in refused(copy, clock).message


def test_fault_065_a_store_that_is_exchanged_while_it_is_open_takes_nothing_new(
    used: Path, clock: StandingClock
) -> None:
    store = SqliteStore.open(used, clock)
    edit(used, *without_triggers(used), "DELETE FROM events WHERE seq = 27", "UPDATE runs SET closed = NULL")
    edit(used, "DELETE FROM events WHERE seq = 28")
    with pytest.raises(StoreError, match="ends at event 26"):
        store.append([a_draft()])
    store.close()


def test_a_head_that_lags_is_no_fault(used: Path, clock: StandingClock) -> None:
    lagging = (used / "head").read_bytes()
    store = SqliteStore.open(used, clock)
    store.append([a_draft(str(n)) for n in range(600)])
    store.append([a_draft()])
    store.close()
    (used / "head").write_bytes(lagging)  # killed between the commit and the head
    store = SqliteStore.open(used, clock)
    store.check()
    [event] = store.append([a_draft()])
    mark = store._head.read()
    assert mark is not None
    assert (mark.seq, mark.hash) == (event.seq, hash_of(event))
    store.close()


class OvertakenHead(Head):
    """A head that another process moves on just before it is read."""

    def __init__(self, path: Path, other: SqliteStore) -> None:
        super().__init__(path)
        self._other = other

    def read(self) -> Mark | None:
        self._other.append([a_draft()])
        return super().read()


def test_a_writer_that_comes_between_is_not_taken_for_an_older_copy(used: Path, clock: StandingClock) -> None:
    store, other = (SqliteStore.open(used, clock) for _ in range(2))
    head = OvertakenHead(used / "head", other)
    audit.glance(store._reader, head, len(store._scripts))
    audit.examine(store._reader, head, store._scripts)
    for part in (head, store, other):
        part.close()


# ---------------------------------------------------------------- schema


def test_fault_070_a_newer_schema_is_refused(used: Path, clock: StandingClock) -> None:
    running = SqliteStore.open(used, clock)
    edit(used, f"INSERT INTO migrations VALUES ({NEWEST + 1}, 'tomorrow')")
    for attempt in (
        lambda: SqliteStore.open(used, clock),
        lambda: running.append([a_draft()]),
        running.check,
    ):
        with pytest.raises(StoreError, match=f"has schema {NEWEST + 1}, this remedy knows {NEWEST}"):
            attempt()
    running.close()


def test_a_missing_home_is_not_made_again_once_it_was_used(used: Path, clock: StandingClock) -> None:
    (used / "remedy.db").unlink()
    for _ in range(2):
        assert "is missing, but 28 events were recorded" in refused(used, clock).message
