"""The database is made once, upgraded in order, and made of what the migrations say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from remedy.errors import StoreError
from remedy.store.connection import Connection, queries
from remedy.store.founding import DATABASE, HEAD, MIGRATIONS, blueprint, migrations, prepare, statements
from remedy.store.head import Head
from remedy.store.sqlite import SqliteStore
from tests.store.made import StandingClock, a_draft

SCRIPTS = migrations(MIGRATIONS)
NEXT = (len(SCRIPTS) + 1, "more", "CREATE TABLE more (x INTEGER);\nINSERT INTO more (x) VALUES (1);\n")
BROKEN = (len(SCRIPTS) + 1, "more", "CREATE TABLE more (x INTEGER);\nINSERT INTO nowhere (x) VALUES (1);\n")


def tables(state: Path) -> set[str]:
    with closing(sqlite3.connect(state / DATABASE)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def upgrade(state: Path, *scripts: tuple[int, str, str]) -> None:
    with closing(Head(state / HEAD)) as head:
        prepare(state, head, busy_s=1, scripts=[*SCRIPTS, *scripts])


@pytest.fixture
def used(state: Path, clock: StandingClock) -> Path:
    store = SqliteStore.open(state, clock)
    store.append([a_draft()])
    store.close()
    return state


def test_fault_070_a_newer_remedy_upgrades_and_the_older_one_then_refuses(used: Path, clock: StandingClock) -> None:
    upgrade(used, NEXT)
    upgrade(used, NEXT)  # once
    with closing(sqlite3.connect(used / DATABASE)) as connection:
        assert connection.execute("SELECT x FROM more").fetchall() == [(1,)]
        assert connection.execute("SELECT COUNT(*) FROM events").fetchall() == [(1,)]
    with pytest.raises(StoreError, match="a newer one has used it"):
        SqliteStore.open(used, clock)


def test_fault_070_an_upgrade_that_fails_leaves_everything_as_it_was(used: Path, clock: StandingClock) -> None:
    before = tables(used)
    with pytest.raises(StoreError, match="nowhere"):
        upgrade(used, BROKEN)
    assert tables(used) == before
    store = SqliteStore.open(used, clock)
    store.check()
    store.close()


def test_a_home_whose_founding_was_cut_off_is_founded_again(state: Path, clock: StandingClock) -> None:
    state.mkdir(0o700)
    state.chmod(0o700)
    half = state / f"{DATABASE}.new"
    half.write_bytes(b"half a database")
    half.chmod(0o600)
    with closing(Head(state / HEAD)):
        pass
    store = SqliteStore.open(state, clock)
    store.append([a_draft()])
    store.check()
    store.close()
    assert not half.exists()


def test_migrations_are_numbered_without_a_gap(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("SELECT 1;")
    (tmp_path / "0003_b.sql").write_text("SELECT 1;")
    with pytest.raises(StoreError, match="gaps"):
        migrations(tmp_path)


def test_a_script_is_cut_into_whole_statements() -> None:
    trigger = "CREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND;\n"
    script = f"-- a comment; with a semicolon\nCREATE TABLE a (x TEXT);\n{trigger}CREATE TABLE b (x);\n"
    assert list(statements(script))[1:] == [trigger, "CREATE TABLE b (x);\n"]


def test_every_query_is_valid_for_the_tables_the_migrations_make(used: Path) -> None:
    with closing(Connection(used / DATABASE, busy_s=1)) as connection, closing(sqlite3.connect(":memory:")) as empty:
        for script in SCRIPTS:
            empty.executescript(script[2])
        assert len(queries()) > 20
        for name, sql in queries().items():
            values = dict.fromkeys(("page", "after", "size", "seq"), 1)
            names = {n: values.get(n, "x") for n in NAMES if f":{n}" in sql}
            empty.execute(f"EXPLAIN {sql.strip()}", names).fetchall()
            assert connection.execute(f"EXPLAIN {sql.strip()}", names), name
    assert len(blueprint(SCRIPTS)) > 15


NAMES = (
    *("number", "name", "id", "latest", "seq", "at", "kind", "plan", "run", "host", "step", "body", "before", "hash"),
    *("after", "page", "digest", "event", "document", "ref", "size", "created", "closed"),
    *("since", "until", "undoing"),
)
