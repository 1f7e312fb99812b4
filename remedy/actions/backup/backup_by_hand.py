"""What a person would type instead of each operation on backups."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.by_hand import note, quoted, word
from remedy.actions.postgres.pg_place import PLACE_SIZE
from remedy.model import Argument, Await, Call

STAMP = '"$(date -u +%Y%m%dT%H%M%SZ)"'


def by_hand_of(operation: Call | Await) -> tuple[str, ...]:
    """One operation of backup.create or backup.test as lines of shell."""
    assert isinstance(operation, Call)
    at, rest = server_words(operation.args), tuple(map(str, operation.args[PLACE_SIZE:]))
    if operation.function == "backup_scratch_ends":
        return (f"{at.of('dropdb')} --if-exists --force -- {quoted(f'{rest[0]}_remedy_scratch')}",)
    folder, _, database = rest[:3]
    if operation.function == "backup_create":
        plain = rest[3] == "plain"
        option, end = ("-Z6", "sql.gz") if plain else ("-Fc", "dump")
        return (
            note("look first: is there room? Without a manifest it counts for nothing; `remedy apply` writes one"),
            "umask 077",
            f"{at.of('pg_dump')} {option} -d {quoted(database)} >{quoted(f'{folder}/.by-hand')}",
            f"mv -n -- {quoted(f'{folder}/.by-hand')} {quoted(f'{folder}/{database}_')}{STAMP}.{end}",
        )
    name, sha256 = rest[3:]
    scratch, path = f"{database}_remedy_scratch", f"{folder}/{name}"
    return (
        note("restored beside all others; compare the rows of each table with those that the manifest lists"),
        *_filled(at, path, sha256, scratch),
        f"cat -- {quoted(f'{path}.manifest')}",
        f"{at.of('psql')} -d {quoted(scratch)} -c '\\d+' </dev/null",
    )


def restored_lines(at: ServerWords, path: str, database: str) -> tuple[str, ...]:
    """A dump restored into an empty database."""
    if path.endswith(".sql.gz"):
        return (f"gzip -dc -- {quoted(path)} | {at.of('psql')} -1 -v ON_ERROR_STOP=1 -q -d {quoted(database)}",)
    return (f"{at.of('pg_restore')} -1 --exit-on-error -d {quoted(database)} <{quoted(path)}",)


@dataclass(frozen=True)
class ServerWords:
    """How programs of PostgreSQL are called where the server is."""

    way: str

    def of(self, program: str) -> str:
        """The beginning of a command."""
        return f"{self.way} {program} -w"


def server_words(arguments: tuple[Argument, ...]) -> ServerWords:
    """For the place that the arguments of a call begin with."""
    project, service, host, port, user, _, password = arguments[:PLACE_SIZE]
    given = {"PGHOST": host, "PGPORT": port, "PGUSER": user, "PGPASSWORD": password}
    named = {name: word(value) for name, value in given.items() if value != ""}
    setting = " ".join(f"{name}={value}" for name, value in named.items())
    if not project:
        is_socket = str(host).startswith("/") or host == ""
        return ServerWords(f"env {setting}{' runuser -u postgres --' if is_socket else ''}")
    labels = " ".join(
        f"-f {word(f'label=com.docker.compose.{key}={value}')}"
        for key, value in (("project", project), ("service", service))
    )
    passed = " ".join(f"-e {name}" for name in named)
    return ServerWords(f'env {setting} docker exec -i -u postgres {passed} "$(docker ps -q {labels} | head -n 1)"')


def restore_by_hand(operation: Call | Await) -> tuple[str, ...]:
    """One operation of backup.restore as lines of shell."""
    assert isinstance(operation, Call)
    at, rest = server_words(operation.args), tuple(map(str, operation.args[PLACE_SIZE:]))
    match operation.function.removeprefix("backup_"):
        case "restore_ends":
            return (f"{at.of('dropdb')} --if-exists --force -- {quoted(f'{rest[0]}_remedy_scratch')}",)
        case "restore_keep":
            folder, _, database, *_ = rest
            return (
                note("look first: without a safety copy nothing is restored"),
                "umask 077",
                f"{at.of('pg_dump')} -Fc -d {quoted(database)} >{quoted(f'{folder}/{database}-before-restore.dump')}",
            )
        case "restore_fill":
            folder, _, database, name, sha256 = rest
            return (
                *_filled(at, f"{folder}/{name}", sha256, f"{database}_remedy_scratch"),
                note(
                    "compare the rows with the manifest's; set owner, settings and rights as the old database has them"
                ),
                _sql(at, f"COMMENT ON DATABASE {_name(f'{database}_remedy_scratch')} IS 'remedy: {name} {sha256}'"),
            )
        case "restore_swap":
            database, live, kept, *_ = rest
            first = () if live == "none" else ((database, kept),)
            return _swapped(at, (*first, (f"{database}_remedy_scratch", database)))
        case _:
            database, live, kept, *_, aside = rest
            last = () if live == "none" else ((kept, database),)
            return _swapped(at, ((database, aside), *last))


def _swapped(at: ServerWords, renames: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """Databases renamed in one transaction, their sessions ended."""
    ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{renames[0][0]}'"  # noqa: S608 — a Word: no quote is in it
    says = "; ".join(f"ALTER DATABASE {_name(was)} RENAME TO {_name(becomes)}" for was, becomes in renames)
    return note("what is written to it from here on is lost"), _sql(at, f"{ends}; {says}")


def _sql(at: ServerWords, statements: str) -> str:
    return f"{at.of('psql')} -X -v ON_ERROR_STOP=1 -d postgres -c {quoted(statements)} >/dev/null"


def _name(database: str) -> str:
    return f'"{database}"'  # a Word: no quote is in it


def _filled(at: ServerWords, path: str, sha256: str, scratch: str) -> tuple[str, ...]:
    return (
        f"echo {quoted(f'{sha256}  {path}')} | sha256sum -c --status",
        f"{at.of('dropdb')} --if-exists --force -- {quoted(scratch)}",
        f"{at.of('createdb')} -T template0 -- {quoted(scratch)}",
        *restored_lines(at, path, scratch),
    )
