"""Where backups are, and of what: the parameters that all actions and checks on them share."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.params import Name, Path, Port, Word, param
from remedy.errors import Invalid

LONGEST_DATABASE = 32  # characters: what is renamed or restored beside has a suffix, and PostgreSQL takes 63


@dataclass(frozen=True, kw_only=True)
class ShelfOf:
    """A directory of backups of one database."""

    dir: Path = param("Directory of the backups, by its real path")
    database: Word = param("The database that they are of")
    match: Name = param("Pattern of their names; other files there are not looked at", default="*")

    def __post_init__(self) -> None:
        if len(self.database) > LONGEST_DATABASE:
            raise Invalid(f"wanted a database's name of at most {LONGEST_DATABASE} characters", at="database")


@dataclass(frozen=True, kw_only=True)
class ServerOf(ShelfOf):
    """A directory of backups, and the server of their database: of a Compose service, or the host's own."""

    project: Word | None = param("The Compose project of the server; without one it is the host's own", default=None)
    service: Word = param("The server's Compose service", default="db")
    user: Word = param("The database role to act as; a superuser", default="postgres")
    port: Port = param("The server's port", default=5432)

    @property
    def server_args(self) -> tuple[str, ...]:
        """What every shell function begins with."""
        return self.project or "", self.service, self.user, str(self.port)

    @property
    def server_text(self) -> str:
        """The server in words."""
        return f"{self.service} of {self.project}" if self.project else "the host's own server"
