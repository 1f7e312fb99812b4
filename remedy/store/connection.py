"""One SQLite connection, with every way it can fail turned into an error that a person can act upon."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from remedy.errors import Bug, Busy, RemedyError, StoreError
from remedy.store.chain import RESTORE

Cell: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = "tuple[Cell, ...]"


def queries() -> Mapping[str, str]:
    """The statements of queries.sql by name."""
    text = Path(__file__).with_name("queries.sql").read_text("utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


class Connection:
    """An open database: WAL, every commit synced, foreign keys on, no wait beyond `busy_s`.

    Used by one thread at a time. Raises Busy when another process holds the lock, else StoreError.
    """

    def __init__(self, path: Path, *, busy_s: float) -> None:
        self._path = path
        self._queries = queries()
        with self._translated():
            self._sqlite = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=busy_s,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            self._prepare()
        except RemedyError:
            self.close()
            raise

    def _prepare(self) -> None:
        mode = self.execute("PRAGMA journal_mode = WAL")
        if mode != [("wal",)]:
            raise StoreError(f"{self._path}: no write-ahead log here, but {mode}", fix="choose a home on a local disk")
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA foreign_keys = ON")
        self.execute("PRAGMA trusted_schema = OFF")
        self.execute("PRAGMA cell_size_check = ON")

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._sqlite.close()

    def rows(self, query: str, **values: Cell) -> list[Row]:
        """The rows of a named statement."""
        return self.execute(self._queries[query], values)

    def execute(self, sql: str, values: Mapping[str, Cell] | Sequence[Cell] = ()) -> list[Row]:
        """The rows of a statement."""
        with self._translated():
            return self._sqlite.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the database's write lock; commit durably at the end, or leave no trace."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        finally:
            if self._sqlite.in_transaction:
                with suppress(sqlite3.Error):
                    self._sqlite.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the database in several reads."""
        self.execute("BEGIN")
        try:
            yield
        finally:
            if self._sqlite.in_transaction:
                self.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise Bug(f"{self._path}: {error}") from error
        except sqlite3.Error as error:
            raise _meaning(error, self._path) from error


def _meaning(error: sqlite3.Error, path: Path) -> RemedyError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    at = str(path)
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(f"{path}: another process holds the store", at=at, fix=f"wait for it; `fuser {path}` names it")
        case sqlite3.SQLITE_FULL:
            return StoreError(f"{path}: no room left, nothing was recorded", at=at, fix="free space on its filesystem")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR:
            return StoreError(f"{path}: {error}", at=at, fix="see that its disk is sound, mounted and writable")
        case _:
            return StoreError(f"{path} is damaged: {error}", at=at, fix=RESTORE)
