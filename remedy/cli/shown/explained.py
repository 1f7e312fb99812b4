"""What an explanation is: for people and for scripts."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.cli.shown.text import Paint, visible
from remedy.model import Json


@dataclass(frozen=True)
class Explained:
    """A title, what there is to say, and the same for scripts."""

    title: str
    body: tuple[str, ...]
    document: Json

    def lines(self, paint: Paint) -> list[str]:
        return [paint.bold(visible(self.title)), *map(visible, self.body)]
