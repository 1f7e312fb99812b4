"""Which PostgreSQL is meant: the parameters that everything of it shares, and how a person reaches the same one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from remedy.actions.by_hand import word
from remedy.actions.params import Content, Percent, Port, Text, Word, param
from remedy.errors import Invalid
from remedy.model import Argument, SecretRef

ADDRESS_OR_DIRECTORY = r"[A-Za-z0-9:][A-Za-z0-9.:\-]{0,252}|/[^,\0\n]{0,100}"  # libpq takes a list with commas: never
LONGEST_NAME_BYTES = 63  # of a database or role: NAMEDATALEN - 1; PostgreSQL would cut a longer one and mean another


@dataclass(frozen=True, kw_only=True)
class PgPlace:
    """The PostgreSQL of a Compose service, or the host's own where no project is named."""

    project: Word | None = param(
        "The Compose project that PostgreSQL is a service of; else the host's own", default=None
    )
    service: Word = param("Its service that is PostgreSQL", default="db")
    host: Text = param(
        "Where it listens: an address, or the directory of its socket; the usual socket if empty", default=""
    )
    port: Port | None = param("Its port, where it is not the usual one", default=None)
    user: Text = param("The role to log in as", default="postgres")
    database: Text = param("The database", default="postgres")
    password: Content | None = param("The role's password, as a reference to a secret", default=None)

    def __post_init__(self) -> None:
        if self.host and not re.fullmatch(ADDRESS_OR_DIRECTORY, self.host):
            raise Invalid("wanted an address or the directory of a socket", at="host", fix="for example 127.0.0.1")
        for at, name in (("user", self.user), ("database", self.database)):
            if not 1 <= len(name.encode("utf-8", "surrogateescape")) <= LONGEST_NAME_BYTES:
                raise Invalid(f"wanted a name of 1 to {LONGEST_NAME_BYTES} bytes", at=at)
        if self.password is not None and not (len(self.password) == 1 and isinstance(self.password[0], SecretRef)):
            raise Invalid("wanted a reference to a secret", at="password", fix="write it as a parameter of type secret")

    def place(self) -> tuple[Argument, ...]:
        """The seven arguments that every shell function of PostgreSQL takes first."""
        secret: Argument = self.password[0] if self.password else ""
        port = "" if self.port is None else str(self.port)
        return (self.project or "", self.service, self.host, port, self.user, self.database, secret)

    @property
    def is_at(self) -> str:
        """The place for people, and for what a change touches."""
        if self.project:
            return f"{self.service} of {self.project}"
        at = f"{self.host}:{self.port}" if self.port else self.host
        return f"PostgreSQL at {at}" if at else "PostgreSQL of the host"

    @property
    def key(self) -> str:
        """What a change of this cluster touches."""
        return f"compose:{self.project}/{self.service}" if self.project else f"postgres:{self.host}:{self.port or ''}"


PLACE_SIZE = 7


def psql_by_hand(arguments: tuple[Argument, ...]) -> str:
    """The psql of the place that these arguments of a call begin with, ready for options and `-c`."""
    project, service, host, port, user, database, password = arguments[:PLACE_SIZE]
    given = {"PGHOST": host, "PGPORT": port, "PGUSER": user, "PGDATABASE": database, "PGPASSWORD": password}
    named = {name: word(value) for name, value in given.items() if value != ""}
    setting = " ".join(f"{name}={value}" for name, value in named.items())
    psql = "psql -X -w -v ON_ERROR_STOP=1"
    if not project:
        return f"env {setting} {psql}"
    labels = " ".join(
        f"--filter {word(f'label=com.docker.compose.{key}={value}')}"
        for key, value in (("project", project), ("service", service))
    )
    passed = " ".join(f"-e {name}" for name in named)
    return f'env {setting} docker exec -i -u postgres {passed} "$(docker ps -q {labels} | head -n 1)" {psql}'


def hundredths(share: Percent) -> str:
    """A percentage in hundredths of a percent, as shell functions take it."""
    whole, _, part = share[:-1].partition(".")
    return str(int(whole) * 100 + int((part + "00")[:2]))
