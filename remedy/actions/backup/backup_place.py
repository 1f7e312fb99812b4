"""Where backups are, and of what: the parameters that all actions and checks on them share."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.params import Name, Path, Word, param
from remedy.actions.postgres.pg_place import PgPlace
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
class ServerOf(ShelfOf, PgPlace):
    """A directory of backups, and the server of their database, where the role is a superuser."""

    database: Word = param("The database that they are of")  # type: ignore[assignment] # a narrower text

    def __post_init__(self) -> None:
        ShelfOf.__post_init__(self)
        PgPlace.__post_init__(self)
