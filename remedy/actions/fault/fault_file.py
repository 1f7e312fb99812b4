"""A fault for drills: a small file that breaks something while it is there."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Verb
from remedy.actions.files.file import WriteFile


@dataclass(frozen=True, kw_only=True)
class FilePut(WriteFile):
    """Have a file hold a text that breaks something: a switch, a wrong setting. Taken back, it is as it was, or gone.

    As `file.put`, which says what is shown and kept; for what reads its file again by itself.
    """

    name = "fault.file_put"
    drill_only = True
    example = '{path: /etc/app/broken, content: "yes\\n"}'


VERBS: tuple[type[Verb], ...] = (FilePut,)
