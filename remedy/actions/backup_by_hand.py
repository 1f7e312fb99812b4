"""What a person would type instead of each operation on backups."""

from __future__ import annotations

from remedy.actions.by_hand import note, quoted
from remedy.model import Await, Call

STAMP = '"$(date -u +%Y%m%dT%H%M%SZ)"'


def by_hand_of(operation: Call | Await) -> tuple[str, ...]:
    """One operation of backup.create or backup.test as lines of shell."""
    assert isinstance(operation, Call)
    project, service, user, port, *rest = map(str, operation.args)
    at = server_words(project, service, user, port)
    if operation.function == "backup_test_ends":
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
        f"echo {quoted(f'{sha256}  {path}')} | sha256sum -c --status",
        f"{at.of('dropdb')} --if-exists --force -- {quoted(scratch)}",
        f"{at.of('createdb')} -T template0 -- {quoted(scratch)}",
        *restored_lines(at, path, scratch),
        f"cat -- {quoted(f'{path}.manifest')}",
        f"{at.of('psql')} -d {quoted(scratch)} -c '\\d+' </dev/null",
    )


def restored_lines(at: ServerWords, path: str, database: str) -> tuple[str, ...]:
    """A dump restored into an empty database."""
    if path.endswith(".sql.gz"):
        return (f"gzip -dc -- {quoted(path)} | {at.of('psql')} -1 -v ON_ERROR_STOP=1 -q -d {quoted(database)}",)
    return (f"{at.of('pg_restore')} -1 --exit-on-error -d {quoted(database)} <{quoted(path)}",)


class ServerWords:
    """How programs of PostgreSQL are called where the server is."""

    def __init__(self, way: str, who: str) -> None:
        self.way, self.who = way, who

    def of(self, program: str) -> str:
        """The beginning of a command."""
        return f"{self.way}{program} {self.who}"


def server_words(project: str, service: str, user: str, port: str) -> ServerWords:
    """For the server of a Compose service, or for the host's own."""
    who = f"-w -U {quoted(user)} -p {quoted(port)}"
    if not project:
        return ServerWords("runuser -u postgres -- ", who)
    labels = (
        f"-f label=com.docker.compose.project={quoted(project)} -f label=com.docker.compose.service={quoted(service)}"
    )
    return ServerWords(f'docker exec -i -u postgres "$(docker ps -q {labels} | head -n 1)" ', who)
