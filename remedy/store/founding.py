"""Making the database once, bringing it up to the newest schema, and what that schema is."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from remedy.errors import StoreError
from remedy.store import place
from remedy.store.chain import RESTORE, genesis
from remedy.store.connection import Connection, Row, queries
from remedy.store.head import Head, Mark
from remedy.store.journal import refuse_newer
from remedy.store.times import written

DATABASE = "remedy.db"
HEAD = "head"
Migration: TypeAlias = tuple[int, str, str]  # number, name, SQL
MIGRATIONS = Path(__file__).with_name("migrations")


def migrations(directory: Path) -> tuple[Migration, ...]:
    """The numbered migrations of a directory, in order: number, name, SQL. Raises StoreError on a gap."""
    files = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    numbers = [int(f.name[:4]) for f in files]
    if numbers != list(range(1, len(files) + 1)):
        raise StoreError(f"migrations are numbered with gaps: {numbers}", at=str(directory), fix="install remedy again")
    return tuple((n, f.stem[5:], f.read_text("utf-8")) for n, f in zip(numbers, files, strict=True))


def prepare(directory: Path, head: Head, *, busy_s: float, scripts: Sequence[Migration]) -> None:
    """Make the database if this home never had one, or bring it up to the newest schema."""
    path = directory / DATABASE
    with head.founding(busy_s):
        mark = head.read()
        if path.exists():
            if mark is None:
                raise StoreError(f"{directory / HEAD} is missing or damaged", at=str(directory / HEAD), fix=RESTORE)
            with closing(Connection(path, busy_s=busy_s)) as connection:
                _migrate(connection, scripts)
        elif mark is not None and mark.seq > 0:
            raise StoreError(f"{path} is missing, but {mark.seq} events were recorded", at=str(path), fix=RESTORE)
        else:
            _found(directory, head, busy_s, scripts)
    place.secure(directory)


def _found(directory: Path, head: Head, busy_s: float, scripts: Sequence[Migration]) -> None:
    draft = directory / f"{DATABASE}.new"
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    draft.chmod(0o600)  # whatever the umask took away
    home = secrets.token_hex(8)
    with closing(Connection(draft, busy_s=busy_s)) as connection:
        _migrate(connection, scripts)
        with connection.transaction():
            connection.rows("add_home", id=home, latest=written(datetime.fromtimestamp(0, UTC)))
    _sync(draft)
    head.begin(Mark(home=home, seq=0, hash=genesis(home)))
    draft.rename(directory / DATABASE)
    _sync(directory)


def _migrate(connection: Connection, scripts: Sequence[Migration]) -> None:
    have = _schema(connection)
    if have > len(scripts):
        refuse_newer(connection, len(scripts))
    for number, name, script in scripts[have:]:
        with connection.transaction():
            for statement in statements(script):
                connection.execute(statement)
            connection.rows("add_migration", number=number, name=name)


def _schema(connection: Connection) -> int:
    """The number of the newest migration done; 0 for an empty database."""
    if not connection.execute("PRAGMA table_list(migrations)"):
        return 0
    [(number,)] = connection.rows("schema")
    return int(number or 0)


def blueprint(scripts: Sequence[Migration]) -> list[Row]:
    """The tables, indexes and triggers that these migrations make, as the query `tables` lists them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        for _, _, script in scripts:
            for statement in statements(script):
                empty.execute(statement)
        return empty.execute(queries()["tables"]).fetchall()


def statements(script: str) -> Iterator[str]:
    """The single statements of an SQL script, triggers whole."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
