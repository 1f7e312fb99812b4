"""Where lines of logs come from: files, the containers of a Compose service, or a unit's journal."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass

from remedy.actions.action import Check
from remedy.actions.params import Duration, Glob, Unit, Word, param
from remedy.errors import Invalid
from remedy.model import Ago, Argument


@dataclass(frozen=True, kw_only=True)
class ReadsLogs(Check, ABC):
    """What checks of logs share: exactly one source, and bounds in time and lines."""

    files: tuple[Glob, ...] = param("Log files; compressed ones among them are left out", default=[])
    project: Word | None = param("The Compose project of the service whose containers' logs are read", default=None)
    service: Word | None = param("That service; all its containers", default=None)
    unit: Unit | None = param("A systemd unit, whose journal is read", default=None)
    window: Duration = param("Only lines of this long ago or younger", default="15m", minimum=1)
    lines: int = param("At most this many lines of each file or container, the newest", default=10000, minimum=1)

    def __post_init__(self) -> None:
        if (self.project is None) != (self.service is None):
            raise Invalid("wanted project and service together", at="service", fix="for example project: shop")
        if sum((bool(self.files), self.service is not None, self.unit is not None)) != 1:
            raise Invalid("wanted exactly one of files, service, unit", at="files", fix="for example unit: app")
        if self.lines > 200_000:
            raise Invalid("wanted at most 200000", at="lines", fix="for example 10000")

    def source(self) -> tuple[Argument | Ago, ...]:
        """The source and its bounds as the shell functions take them."""
        if self.files:
            where = ("files", "\n".join(self.files), "")
        elif self.service is not None:
            where = ("service", self.project or "", self.service)
        else:
            where = ("unit", self.unit or "", "")
        return (*where, Ago(self.window), str(self.lines))

    def source_text(self) -> str:
        """The source in a few words."""
        if self.service is not None:
            return f"{self.service} of {self.project}"
        return self.unit or ", ".join(self.files)
