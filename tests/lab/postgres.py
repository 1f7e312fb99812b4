"""A throw-away PostgreSQL of this machine: Debian's programs, a directory, a socket and a loopback port of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.parts import LabMissingError

PROGRAMS = Path("/usr/lib/postgresql")
SETTINGS = {
    "max_connections": "20",
    "superuser_reserved_connections": "3",
    "fsync": "off",
    "autovacuum": "off",
    "logging_collector": "off",
    "shared_buffers": "16MB",
}
WAIT_S = 60


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running cluster. Roles: postgres by the socket; app, whose password is `secret-of-app`, by loopback."""

    folder: Path
    port: int
    programs: Path
    runs_as: str | None  # the account, where root starts it
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": os.defpath, "LC_ALL": "C"})

    @property
    def socket(self) -> str:
        return str(self.folder)

    def run(self, *command: str, stdin: str = "") -> str:
        """What a program prints that runs as the cluster's own account; raises CalledProcessError."""
        done = subprocess.run(
            command,
            input=stdin,
            text=True,
            capture_output=True,
            check=True,
            cwd="/",
            user=self.runs_as,
            env=self.environment,
            timeout=WAIT_S,
        )
        return done.stdout

    def sql(self, text: str, database: str = "postgres") -> str:
        """What psql prints for these statements, as the superuser."""
        return self.run(*self.psql(database), stdin=text).strip()

    def psql(self, database: str = "postgres", *more: str) -> Sequence[str]:
        """psql's command line, as the superuser."""
        place = ("-h", self.socket, "-p", str(self.port), "-U", "postgres", "-d", database)
        return (str(self.programs / "psql"), "-XAtqw", "-v", "ON_ERROR_STOP=1", *place, *more)

    def make(self, database: str, statements: str) -> None:
        """A database with these tables; one of its name goes first."""
        self.drop(database)
        self.sql(f'CREATE DATABASE "{database}"')
        self.sql(statements, database)

    def drop(self, *databases: str) -> None:
        """Drop databases, whoever is connected; well if they are not there."""
        for database in databases:
            self.sql(f'SET client_min_messages = warning; DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def databases(self) -> list[str]:
        """Their names, in order, without those that every server has."""
        names = self.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").splitlines()
        return [n for n in names if n != "postgres"]

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        self._ctl("start", "-l", str(self.folder / "log"), "-o", f"-k {self.folder} -p {self.port}")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; well if it is stopped."""
        with suppress(subprocess.CalledProcessError):
            self._ctl("stop", "-m", mode)

    def wait_until(self, pid: int, holds: str) -> None:
        """Wait until pg_stat_activity says so of a process."""
        deadline = time.monotonic() + WAIT_S
        while self.sql(f"select count(*) from pg_stat_activity where pid = {pid} and {holds}") != "1":
            if time.monotonic() > deadline:
                raise TimeoutError(holds)
            time.sleep(0.05)

    def _ctl(self, verb: str, *more: str) -> None:
        pg_ctl = (str(self.programs / "pg_ctl"), verb, "-w", "-t", str(WAIT_S), "-D", str(self.folder / "cluster"))
        subprocess.run(  # its output goes nowhere: the server would hold the pipe
            (*pg_ctl, *more),
            check=True,
            cwd="/",
            user=self.runs_as,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_S + 10,
        )


@dataclass(frozen=True)
class Sessions:
    """Sessions that stay as they are left, until they are closed."""

    postgres: Postgres
    clients: list[subprocess.Popen[str]] = field(default_factory=list)

    def open(
        self, statement: str = "", application: str = "a", *, user: str = "postgres", database: str = "postgres"
    ) -> int:
        """A session that says this and then waits; its process."""
        environment = {**self.postgres.environment, "PGAPPNAME": application}
        client = subprocess.Popen(
            self.postgres.psql(database, "-U", user),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd="/",
            env=environment,
        )
        self.clients.append(client)
        assert client.stdin
        assert client.stdout
        client.stdin.write(f"select pg_backend_pid();\n{statement}\n")
        client.stdin.flush()
        return int(client.stdout.readline())

    def close(self) -> None:
        """End them all, here and there."""
        for client in self.clients:
            client.kill()
            client.communicate()
        self.clients.clear()
        ours = "from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        while self.postgres.sql(f"select count(pg_terminate_backend(pid)) {ours}") != "0":
            time.sleep(0.05)


def start_postgres(folder: Path) -> Postgres:
    """Make a cluster below an empty directory, and start it. Raises LabMissingError."""
    versions = sorted((p for p in PROGRAMS.glob("*/bin") if (p / "initdb").exists()), key=lambda p: int(p.parent.name))
    if not versions:
        raise LabMissingError("needs PostgreSQL: run `make system` as root")
    runs_as = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if runs_as:
        shutil.chown(folder, runs_as)
    made = Postgres(folder=folder, port=_free_port(), programs=versions[-1], runs_as=runs_as)
    cluster = folder / "cluster"
    initdb = (str(made.programs / "initdb"), "--pgdata", str(cluster), "--username=postgres", "--no-sync")
    made.run(*initdb, "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C")
    settings = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
    made.run("sh", "-c", f"cat >>'{cluster}/postgresql.conf'", stdin=settings)
    made.start()
    made.sql("create role app login password 'secret-of-app'; create database shop owner app")
    return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
