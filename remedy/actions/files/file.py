"""One file of text and secrets: shown as a difference, written atomically, put back as it was."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, unescaped
from remedy.actions.by_hand import note, quoted
from remedy.actions.files.difference import difference
from remedy.actions.files.file_state import FileState, file_state, sum_of
from remedy.actions.params import Account, Content, Mode, Path, param
from remedy.actions.roots import why_not_written
from remedy.actions.words import directory_text, identity_text, plural, size_text
from remedy.errors import Invalid, Refused
from remedy.model import (
    Await,
    Call,
    Change,
    Effect,
    Host,
    Look,
    Operation,
    Put,
    Reply,
    Risk,
    SecretRef,
    Undo,
    UndoBy,
    UndoImpossible,
)
from remedy.secret import MASK

NO_QUARANTINE = {
    "none": "the host has no quarantine",
    "missing": "the quarantine is not there",
    "unsafe": "the quarantine is not its owner's alone",
    "full": "the quarantine has no room for it",
}


@dataclass(frozen=True, kw_only=True)
class WriteFile(Action[FileState]):
    """Have a file hold exactly this text, with this mode and owner; a whole value or a part of it may be a secret.

    The difference is shown before and written atomically: the file is the old one or the new one, never a part.
    A secret stands in the plan by reference alone; what such a file holds is compared on the host, never shown. Undo
    brings back content, mode and owner; where the old content cannot stand in the plan (a secret beside it, `private`,
    no text, above 64 KiB) a copy goes to the host's quarantine, and without one undo is impossible. Extended
    attributes and access lists are not kept. Links, directories and devices are refused.
    """

    name = "file.put"
    risk = Risk.MEDIUM
    example = '{path: /etc/app/app.conf, content: "workers = 4\\n", mode: "0640", owner: root, group: app}'

    path: Path = param("The file; its directory must be there, named by its real path")
    content: Content = param("What it is to hold, to the byte: end it with a newline")
    mode: Mode | None = param('As it is unless given; of a new file "0644", or "0600" for a private one', default=None)
    owner: Account | None = param("As it is unless given", default=None)
    group: Account | None = param("As it is unless given", default=None)
    private: bool = param("Show and keep nothing of what the file holds; always so with a secret", default=False)

    def __post_init__(self) -> None:
        if why := why_not_written(self.path):
            raise Invalid(f"{self.path} {why}", at="path", fix="name another file")

    @property
    def _is_private(self) -> bool:
        return self.private or any(isinstance(p, SecretRef) for p in self.content)

    def look(self, host: Host) -> Look:
        asked = (self.path, self.owner or "", self.group or "", host.quarantine)
        if self._is_private:
            return self.ask("file_put_look", *asked, "private", *self.content)
        return self.ask("file_put_look", *asked, "")

    def see(self, reply: Reply) -> FileState:
        return file_state(reply)

    def plan(self, seen: FileState) -> Change | None:
        self._refuse_place(seen)
        if self._is_right(seen):
            return None
        self._refuse_right(seen)
        keep = self._keep(seen)
        put = Put(
            path=self.path,
            content=self.content,
            mode=self._mode(seen),
            owner=self._owner(seen).partition(":")[0],
            group=self._owner(seen).partition(":")[2],
        )
        return Change(
            title=self._title(seen),
            operations=(*keep, put),
            effect=Effect(says=f"{self.path} holds what is wanted, mode {put.mode}", measures={"files_written": 1}),
            undo=self._undo(seen, keep),
            risk=self.risk,
            lines=self._lines(seen),
            touches=(f"path:{self.path}",),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        path, where = quoted(str(operation.args[0])), str(operation.args[-1])
        match operation.function:
            case "file_keep":
                return f"mkdir -p -m 700 -- {quoted(where)}", f"cp -pP -- {path} {quoted(where)}/kept"
            case "file_bring":
                new = quoted(f"{operation.args[0]}.new")
                return f"cp -pP -- {quoted(where)}/kept {new}", f"mv -f -- {new} {path}"
            case "file_unput":
                return note("look first: only if it still holds what was put there"), f"rm -f -- {path}"
            case _:
                return (note(f"look first: go on only if {operation.args[0]} still holds what was put there"),)

    def restored(self, before: FileState, after: FileState) -> str:
        """A file that came back has another inode; its content, mode and owner tell that it is the same."""
        if before.trace != after.trace:
            return f"{self.path} does not hold what it held" if before.what == "file" else f"{self.path} is still there"
        if (before.mode, before.owner) != (after.mode, after.owner):
            return f"{self.path} has mode {after.mode} and owner {after.owner}, not {before.mode} and {before.owner}"
        return ""

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "is":
                return f"{self.path}: {identity_text(rest)}"
            case "dir":
                return f"its directory: {directory_text(rest)}"
            case "sha256":
                return f"content {rest[:12]}" if len(rest) == 64 else "content too large to be compared"
            case "mode":
                return f"mode {rest.zfill(4)}"
            case "holds":
                return "it holds what is wanted" if rest == "same" else "it holds something else"
            case _:
                return super().told(line)

    def unchanged(self, seen: FileState) -> str:
        return f"{self.path} is as wanted"

    # ------------------------------------------------------------ refusals

    def _refuse_place(self, seen: FileState) -> None:
        folder = self.path.rpartition("/")[0] or "/"
        if seen.directory == "none":
            raise Refused(
                f"file.put: there is no directory {folder}", fix=f"dir.make: {{path: {folder}}}, in a playbook before"
            )
        if seen.what not in ("file", "none"):
            kind = {"link": "a symbolic link", "directory": "a directory"}.get(seen.what, "no regular file")
            raise Refused(f"file.put: {self.path} is {kind}", fix="name the file itself")
        state, _, where = seen.quarantine.partition(" ")
        if state == "ok" and self.path.startswith(unescaped(where.partition(" ")[2]).rstrip("/") + "/"):
            raise Refused(f"file.put: {self.path} lies in the host's quarantine", fix="name another file")

    def _refuse_right(self, seen: FileState) -> None:
        if seen.can == "not-own":
            raise Refused(f"file.put: only root can write {self.path} for its owner", fix="become: true on the host")
        if seen.can == "not-write":
            raise Refused(
                f"file.put: the directory of {self.path} cannot be written",
                fix="a read-only filesystem, or become: true is missing on the host",
            )

    # ------------------------------------------------------------ what is wanted

    def _is_right(self, seen: FileState) -> bool:
        if seen.what != "file":
            return False
        is_same = seen.holds == "same" if self._is_private else seen.sha256 == sum_of(self._plain())
        return is_same and seen.mode == self._mode(seen) and seen.owner == self._owner(seen)

    def _mode(self, seen: FileState) -> str:
        return self.mode or seen.mode or ("0600" if self._is_private else "0644")

    def _owner(self, seen: FileState) -> str:
        """UID:GID; each "" where it is left to the file or the login."""
        wanted, now = seen.wants.partition(":"), seen.owner.partition(":")
        owner, group = wanted[0] or now[0], wanted[2] or now[2]
        return f"{owner}:{group}"

    def _plain(self) -> str:
        return "".join(p for p in self.content if isinstance(p, str))

    def _shown(self) -> str:
        return "".join(p if isinstance(p, str) else MASK for p in self.content)

    # ------------------------------------------------------------ undo

    def _keep(self, seen: FileState) -> tuple[Operation, ...]:
        """A copy to the quarantine, where the plan cannot hold what is there."""
        store = self._store(seen)
        if seen.what != "file" or seen.text is not None or not store:
            return ()
        args = (self.path, seen.directory, seen.identity, store)
        return (Call(family="file", function="file_keep", args=args, timeout_s=600),)

    def _store(self, seen: FileState) -> str:
        state, _, where = seen.quarantine.partition(" ")
        if state != "ok":
            return ""
        shelf = unescaped(where.partition(" ")[2]).rstrip("/")
        return f"{shelf}/put-{seen.identity.replace(':', '.')}"

    def _undo(self, seen: FileState, keep: tuple[Operation, ...]) -> Undo:
        now = self.content if self._is_private else (f"sha256:{sum_of(self._plain())}",)
        new = ("parts", *now) if self._is_private else now
        if seen.what == "none":
            away = Call(family="file", function="file_unput", args=(self.path, *new))
            return UndoBy(says=f"{self.path} is removed again", operations=(away,))
        still = Call(family="file", function="file_still", args=(self.path, seen.trace, *new))
        if seen.text is not None:
            owner, _, group = seen.owner.partition(":")
            back = Put(path=self.path, content=(seen.text,), mode=seen.mode, owner=owner, group=group)
            return UndoBy(says="content, mode and owner come back", operations=(still, back))
        if keep:
            store = self._store(seen)
            bring = Call(family="file", function="file_bring", args=(self.path, seen.trace, store), timeout_s=600)
            return UndoBy(says=f"the old file comes back from {store}", operations=(still, bring))
        why = NO_QUARANTINE.get(seen.quarantine, "the quarantine cannot be used")
        return UndoImpossible(says=f"the old content is not kept in the plan, and {why}")

    # ------------------------------------------------------------ words

    def _title(self, seen: FileState) -> str:
        if seen.what == "none":
            return f"write {self.path}, which is not there"
        is_same = seen.holds == "same" if self._is_private else seen.sha256 == sum_of(self._plain())
        return f"set the mode and owner of {self.path}" if is_same else f"change {self.path}"

    def _lines(self, seen: FileState) -> tuple[str, ...]:
        lines: list[str] = []
        if seen.what == "file" and seen.mode != self._mode(seen):
            lines.append(f"mode {seen.mode} becomes {self._mode(seen)}")
        if seen.what == "file" and seen.owner != self._owner(seen):
            lines.append(f"owner {seen.owner} becomes {self._owner(seen)}")
        if seen.links > 1:
            lines.append(f"the file has {plural(seen.links, 'name')}; the others keep what it held")
        if seen.has_access_list:
            lines.append("its access list (ACL) is not kept")
        if any(isinstance(p, SecretRef) for p in self.content) and self._mode(seen)[-1] in "4567":
            lines.append(f"it holds a secret, and mode {self._mode(seen)} lets everybody on the host read it")
        return (*lines, *self._difference(seen))

    def _difference(self, seen: FileState) -> tuple[str, ...]:
        if self.private:
            return ("what it holds is private: not shown",)
        if seen.what == "none":
            return difference("", self._shown())
        if self._is_private:
            told = "is right" if seen.holds == "same" else "differs"
            return (f"what it holds {told}; it is not shown, for it holds a secret", *difference("", self._shown()))
        if seen.text is None:
            return (f"what it holds now is not shown ({size_text(seen.size_bytes)})", *difference("", self._shown()))
        return difference(seen.text, self._shown())


VERBS: tuple[type[Verb], ...] = (WriteFile,)
