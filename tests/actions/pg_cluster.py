"""A PostgreSQL server of the tests' own: on a socket alone, as the unprivileged account that such servers have."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOCKETS = "/var/run/postgresql"  # where Debian's clients look for servers of the machine
SETTINGS = {"listen_addresses": "", "unix_socket_directories": SOCKETS, "fsync": "off", "autovacuum": "off"}

SHOP = """
CREATE TABLE customers (id serial PRIMARY KEY, name varchar(20) CHECK (name IN ('a', 'b')));
CREATE TABLE "odd name" (x int);
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, at timestamptz DEFAULT now());
CREATE INDEX ON orders (customer);
CREATE VIEW of_a AS SELECT * FROM customers WHERE name IN ('a');
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
INSERT INTO customers (name) SELECT 'a' FROM generate_series(1, 200);
INSERT INTO "odd name" SELECT generate_series(1, 30);
INSERT INTO orders (id, customer) SELECT n, 1 + n % 200 FROM generate_series(1, 500) n;
"""


class PostgresMissingError(Exception):
    """This machine has no PostgreSQL server, or no account for it."""


@dataclass(frozen=True)
class Cluster:
    """One server, told from others by its port."""

    port: int
    folder: Path

    def sql(self, database: str, statements: str) -> str:
        """Rows, a line each. A statement that fails fails the test."""
        argv = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-p", str(self.port), "-h", SOCKETS, "-d", database]
        done = subprocess.run(_as_owner(argv), input=statements, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    def make(self, database: str, statements: str = SHOP) -> None:
        """A database with these tables; one of its name goes first."""
        self.drop(database)
        self.sql("postgres", f'CREATE DATABASE "{database}"')
        self.sql(database, statements)

    def drop(self, *databases: str) -> None:
        for database in databases:
            self.sql(
                "postgres", f'SET client_min_messages = warning; DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'
            )

    def databases(self) -> list[str]:
        """Their names, in order, without those that every server has."""
        names = self.sql("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").splitlines()
        return [n for n in names if n != "postgres"]

    def control(self, action: str, *more: str) -> None:
        """pg_ctl."""
        argv = [str(binaries() / "pg_ctl"), "-D", str(self.folder), "-w", "-m", "immediate", action, *more]
        if action != "stop":
            argv = [a for a in argv if a not in ("-m", "immediate")]
        subprocess.run(_as_owner(argv), check=True, stdout=subprocess.DEVNULL, timeout=60)


def binaries() -> Path:
    """Where Debian keeps the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not found or os.geteuid() != 0 or shutil.which("runuser") is None or not Path(SOCKETS).is_dir():
        raise PostgresMissingError("PostgreSQL's server is not installed, or these tests do not run as root")
    return found[-1].parent


def free_port() -> int:
    """A port that nobody has: a server's socket is named by it, and others may run these tests at the same time."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def cluster(port: int) -> Iterator[Cluster]:
    """A server that runs until the block ends."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    home = Path(tempfile.mkdtemp(prefix="remedy-pg-", dir=memory))
    made = Cluster(port, home / "cluster")
    try:
        shutil.chown(home, "postgres")
        initdb = [str(binaries() / "initdb"), "-D", str(made.folder), "-A", "trust", "-U", "postgres", "--no-sync"]
        subprocess.run(_as_owner(initdb), check=True, stdout=subprocess.DEVNULL, timeout=60)
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        made.control("start", "-l", str(home / "log"), "-o", f"-p {port} {options}")
        try:
            yield made
        finally:
            made.control("stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _as_owner(argv: list[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *argv]
