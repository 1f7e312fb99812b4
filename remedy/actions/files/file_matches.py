"""What a file is and holds, as a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Account, Mode, Path, Sha256, Size, Text, param
from remedy.actions.words import count_of, size_text
from remedy.errors import CannotTell, Invalid
from remedy.model import Answer, Host, Json, Judgement, Look, Reply

KINDS = {"directory": "a directory", "special": "no regular file", "dangling": "a link to nothing", "file": "a file"}


@dataclass(frozen=True, kw_only=True)
class Matches(Check):
    """Hold a file against what it should be: there or absent, its content, mode and owner; ok when all of it is so.

    Symbolic links are followed. A file that cannot be read, or is larger than `max_bytes`, cannot be told where its
    content is asked for. The text is on a command line of the host while it is searched for, so it must be no secret.
    """

    name = "file.matches"
    example = "{path: /etc/app/app.conf, contains: 'workers = 4', mode: \"0640\"}"

    path: Path = param("The file")
    what: Literal["file", "directory", "absent"] = param("What is to be there", default="file")
    sha256: Sha256 | None = param("What its content's SHA-256 must be", default=None)
    contains: Text | None = param("A text within one line of it, as it is: no pattern", default=None)
    mode: Mode | None = param("Its mode", default=None)
    owner: Account | None = param("Its owner, by name or number", default=None)
    group: Account | None = param("Its group, by name or number", default=None)
    max_bytes: Size = param("Read no larger file", default="10MiB")

    def __post_init__(self) -> None:
        if self.contains is not None and (not self.contains or "\n" in self.contains):
            raise Invalid("wanted a text of one line", at="contains", fix="ask once for each line")
        of_content: dict[str, str | None] = {"sha256": self.sha256, "contains": self.contains}
        of_it: dict[str, str | None] = {**of_content, "mode": self.mode, "owner": self.owner, "group": self.group}
        excluded: dict[str, str | None] = (
            of_it if self.what == "absent" else of_content if self.what == "directory" else {}
        )
        for name, value in excluded.items():
            if value is not None:
                raise Invalid(f"what is {self.what} has no {name}", at=name, fix=f"leave {name} out")

    def look(self, host: Host) -> Look:
        asked = ("sum" if self.sha256 else "", self.contains or "", str(self.max_bytes))
        return self.ask("file_matches_look", self.path, *asked)

    def judge(self, reply: Reply) -> Judgement:
        ground = fields_of(reply.ground)
        if "what" not in ground:
            raise CannotTell(f"the host's answer on {self.path} makes no sense")
        wrong = self._wrong(ground)
        facts: dict[str, Json] = {key: value for key, value in ground.items() if key != "reads"}
        facts |= {key: count_of(fields_of(reply.evidence), key) for key in fields_of(reply.evidence)}
        answer = Answer.NOT_OK if wrong else Answer.OK
        return Judgement(answer=answer, says=f"{self.path} {wrong or self._right()}", facts=facts)

    def _wrong(self, ground: dict[str, str]) -> str:
        """What is not as it should be, as the rest of a sentence. Raises CannotTell for content that cannot be read."""
        wanted = {"absent": "none"}.get(self.what, self.what)
        if ground["what"] != wanted:
            return "is not there" if ground["what"] == "none" else f"is {KINDS.get(ground['what'], 'something else')}"
        if ground["what"] == "none":
            return ""
        if self.mode and ground.get("mode", "").zfill(4) != self.mode:
            return f"has mode {ground.get('mode', '').zfill(4)}, not {self.mode}"
        for word, name, number, its in (
            (self.owner, "user", "uid", "belongs to"),
            (self.group, "group", "gid", "has the group"),
        ):
            if word and word not in (ground.get(name), ground.get(number)):
                return f"{its} {ground.get(name)}, not {word}"
        return self._wrong_content(ground)

    def _wrong_content(self, ground: dict[str, str]) -> str:
        if not self.sha256 and not self.contains:
            return ""
        if ground.get("reads") == "no":
            raise CannotTell(f"{self.path} cannot be read")
        if ground.get("reads") == "large":
            raise CannotTell(f"{self.path} is larger than max_bytes ({size_text(self.max_bytes)})")
        if self.sha256 and ground.get("sha256") != self.sha256:
            return "has another content"
        return "does not hold the text" if self.contains and ground.get("text") != "there" else ""

    def _right(self) -> str:
        if self.what == "absent":
            return "is not there"
        asked = ("sha256", "contains", "mode", "owner", "group")
        said = [name for name in asked if getattr(self, name) is not None]
        return f"is as wanted ({', '.join(said)})" if said else "is there"


VERBS: tuple[type[Verb], ...] = (Matches,)
