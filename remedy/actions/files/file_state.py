"""What was seen at the path of a file that is to hold something. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from remedy.actions.action import fields_of
from remedy.actions.words import count_of
from remedy.errors import CannotTell
from remedy.model import Reply


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What is at a path. `what` is file, none, or what is no file; the rest is of a file, or ""."""

    directory: str  # device:inode, or "none"
    what: str
    identity: str = ""  # device:inode:size:mtime
    mode: str = ""
    owner: str = ""  # UID:GID
    wants: str = ":"  # the owner and group wanted, as numbers; "" for as they are
    can: str = "write"
    sha256: str = ""  # or "large", or "" where what it holds is private
    holds: str = ""  # same or other, where what it holds is private
    quarantine: str = "none"
    links: int = 1
    has_access_list: bool = False
    text: str | None = None  # what it holds, where that may be kept

    @property
    def size_bytes(self) -> int:
        return int(self.identity.split(":")[2]) if self.identity else 0

    @property
    def trace(self) -> str:
        """What tells, after an undo, that the same content is back."""
        if self.what != "file":
            return self.what
        is_summed = self.sha256 not in ("", "large")
        return f"sha256:{self.sha256}" if is_summed else ":".join(self.identity.split(":")[2:])


def file_state(reply: Reply) -> FileState:
    """The answer of `file_put_look`. Raises CannotTell for one that makes no sense."""
    ground = fields_of(reply.ground)
    evidence = fields_of(tuple(line for line in reply.evidence if not line.startswith("|")))
    if not {"dir", "what"} <= set(ground):
        raise CannotTell("the host's answer makes no sense")
    sha256 = ground.get("sha256", "")
    return FileState(
        directory=ground["dir"],
        what=ground["what"],
        identity=_identity(ground.get("is", "")),
        mode=ground["mode"].zfill(4) if "mode" in ground else "",
        owner=ground.get("owner", ""),
        wants=ground.get("wants", ":"),
        can=ground.get("can", "write"),
        sha256=sha256,
        holds=ground.get("holds", ""),
        quarantine=ground.get("quarantine", "none"),
        links=count_of(evidence, "links") if "links" in evidence else 1,
        has_access_list="access" in evidence,
        text=_text(reply.evidence, sha256),
    )


def sum_of(text: str) -> str:
    """SHA-256 of a file with this text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _identity(text: str) -> str:
    if text and (text.count(":") != 3 or not all(p.removeprefix("-").isdecimal() for p in text.split(":"))):
        raise CannotTell(f"the host's answer makes no sense: {text!r}")
    return text


def _text(evidence: tuple[str, ...], sha256: str) -> str | None:
    """What the file holds; None where it did not come, or not as it is: a known secret in it is masked on the way."""
    lines = [line[1:] for line in evidence if line.startswith("|")]
    if not lines:
        return None
    text = "\n".join(lines).removesuffix(".")
    return text if sum_of(text) == sha256 and "\0" not in text else None
