"""One directory: made with those above it, or given its mode and owner."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of, unescaped
from remedy.actions.by_hand import quoted
from remedy.actions.params import Account, Mode, Path, param
from remedy.actions.roots import why_not_written
from remedy.actions.words import count_of, directory_text, plural
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy


@dataclass(frozen=True, kw_only=True)
class DirectoryState:
    """What is at a path. `what` is directory, none, link or other."""

    what: str
    identity: str = ""  # of the directory, or of the nearest one above it: device:inode
    base: str = ""  # where nothing is there: the nearest directory above
    to_make: int = 0
    mode: str = ""
    owner: str = ""  # UID:GID
    wants: str = ":"  # the owner and group wanted, as numbers; "" for as they are
    can: str = "write"


@dataclass(frozen=True, kw_only=True)
class MakeDirectory(Action[DirectoryState]):
    """Have a directory, with this mode and owner; with `parents`, those above it too, with the same mode and owner.

    They come into being by one rename, each as it is to be. Undo removes only what was made, and only where it is
    still empty; of a directory that was there it restores mode and owner. What is in a directory is never touched.
    """

    name = "dir.make"
    risk = Risk.LOW
    example = '{path: /srv/app/cache, mode: "0750", owner: app, parents: true}'

    path: Path = param("The directory, named by its real path")
    mode: Mode | None = param('As it is unless given; of a new one "0755"', default=None)
    owner: Account | None = param("As it is unless given", default=None)
    group: Account | None = param("As it is unless given", default=None)
    parents: bool = param("Make the directories above it too, where they are missing", default=False)

    def __post_init__(self) -> None:
        if why := why_not_written(self.path):
            raise Invalid(f"{self.path} {why}", at="path", fix="name another directory")

    def look(self, host: Host) -> Look:
        return self.ask("dir_make_look", self.path, self.owner or "", self.group or "")

    def see(self, reply: Reply) -> DirectoryState:
        ground = fields_of(reply.ground)
        if not {"what", "wants"} <= set(ground):
            raise CannotTell(f"the host's answer on {self.path} makes no sense")
        identity, _, base = ground.get("base", "").partition(" ")
        return DirectoryState(
            what=ground["what"],
            identity=ground.get("is", identity),
            base=unescaped(base),
            to_make=count_of(ground, "to-make") if base else 0,
            mode=ground["mode"].zfill(4) if "mode" in ground else "",
            owner=ground.get("owner", ""),
            wants=ground["wants"],
            can=ground.get("can", "write"),
        )

    def plan(self, seen: DirectoryState) -> Change | None:
        if seen.what in ("link", "other"):
            kind = "a symbolic link" if seen.what == "link" else "no directory"
            raise Refused(f"dir.make: {self.path} is {kind}", fix="name the directory itself")
        if self._is_right(seen):
            return None
        self._refuse(seen)
        return self._made(seen) if seen.what == "none" else self._altered(seen)

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        match operation.function, [str(a) for a in operation.args]:
            case "dir_make", [base, _, rest, mode, owner, group]:
                made = _each(base, rest)
                lines = [f"mkdir -p -- {quoted(made[-1])}"]
                for path in made:
                    lines += _set(path, mode, owner, group)
                return tuple(lines)
            case "dir_unmake", [base, _, rest]:
                return tuple(f"rmdir -- {quoted(path)}" for path in reversed(_each(base, rest)))
            case _, [path, _, mode, owner, group]:
                return tuple(_set(path, mode, owner, group))
            case _:
                raise AssertionError(operation.function)

    def restored(self, before: DirectoryState, after: DirectoryState) -> str:
        if before.what == "none":
            is_back = (after.what, after.base) == ("none", before.base)
            return "" if is_back else f"{after.base or self.path} is still there"
        is_back = (after.what, after.mode, after.owner) == (before.what, before.mode, before.owner)
        return "" if is_back else f"{self.path} has mode {after.mode} and owner {after.owner}"

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "is":
                return f"{self.path}: {directory_text(rest)}"
            case "base":
                return f"the nearest above: {rest.partition(' ')[2]}, {directory_text(rest.partition(' ')[0])}"
            case "mode":
                return f"mode {rest.zfill(4)}"
            case _:
                return super().told(line)

    def unchanged(self, seen: DirectoryState) -> str:
        return f"{self.path} is there as wanted"

    def _refuse(self, seen: DirectoryState) -> None:
        if seen.to_make > 1 and not self.parents:
            raise Refused(f"dir.make: there is no {self.path.rpartition('/')[0]}", fix="parents: true makes it too")
        if seen.can == "not-own":
            raise Refused(f"dir.make: only root can give {self.path} its owner", fix="become: true on the host")
        if seen.can == "not-write":
            raise Refused(
                f"dir.make: {seen.base} cannot be written",
                fix="a read-only filesystem, or become: true is missing on the host",
            )

    def _is_right(self, seen: DirectoryState) -> bool:
        return seen.what == "directory" and (self._mode(seen), self._owner(seen)) == (seen.mode, seen.owner)

    def _mode(self, seen: DirectoryState) -> str:
        return self.mode or seen.mode or "0755"

    def _owner(self, seen: DirectoryState) -> str:
        """UID:GID; each "" where it is left to the directory or the login."""
        wanted, now = seen.wants.partition(":"), seen.owner.partition(":")
        return f"{wanted[0] or now[0]}:{wanted[2] or now[2]}"

    def _made(self, seen: DirectoryState) -> Change:
        rest = self.path[len(seen.base.rstrip("/")) + 1 :]
        place = (seen.base, seen.identity, rest)
        make = Call(family="dir", function="dir_make", args=(*place, *self._as_wanted(seen)))
        away = Call(family="dir", function="dir_unmake", args=place)
        above = f", with {plural(seen.to_make - 1, 'directory', 'directories')} above it" if seen.to_make > 1 else ""
        return Change(
            title=f"make {self.path}{above}",
            operations=(make,),
            effect=Effect(says=f"{self.path} is there", measures={"directories_made": seen.to_make}),
            undo=UndoBy(says="what was made is removed again, where it is still empty", operations=(away,)),
            risk=self.risk,
            lines=(f"mode {self._mode(seen)}", *([f"owner {seen.wants}"] if seen.wants != ":" else [])),
            touches=(f"path:{self.path}",),
        )

    def _altered(self, seen: DirectoryState) -> Change:
        place = (self.path, seen.identity)
        alter = Call(family="dir", function="dir_set", args=(*place, *self._as_wanted(seen)))
        was = (seen.mode, *_pair(seen.owner))
        back = Call(family="dir", function="dir_set", args=(*place, *was))
        lines = [f"mode {seen.mode} becomes {self._mode(seen)}"] if seen.mode != self._mode(seen) else []
        lines += [f"owner {seen.owner} becomes {self._owner(seen)}"] if seen.owner != self._owner(seen) else []
        return Change(
            title=f"set the mode and owner of {self.path}",
            operations=(alter,),
            effect=Effect(says=f"{self.path} has mode {self._mode(seen)}", measures={}),
            undo=UndoBy(says=f"mode {seen.mode} and owner {seen.owner} come back", operations=(back,)),
            risk=Risk.MEDIUM,  # who may enter it, and what runs there, may depend on it
            lines=tuple(lines),
            touches=(f"path:{self.path}",),
        )

    def _as_wanted(self, seen: DirectoryState) -> tuple[str, str, str]:
        return (self._mode(seen), *_pair(self._owner(seen)))


def _each(base: str, rest: str) -> list[str]:
    """Every directory of REST below BASE, the highest first."""
    parts = rest.split("/")
    return ["/".join([base.rstrip("/"), *parts[: n + 1]]) for n in range(len(parts))]


def _set(path: str, mode: str, owner: str, group: str) -> list[str]:
    who = f"{owner}:{group}".rstrip(":")
    lines = [f"chown -- {quoted(who)} {quoted(path)}"] if who else []
    return [*lines, f"chmod 0{mode} -- {quoted(path)}"]


def _pair(owner: str) -> tuple[str, str]:
    user, _, group = owner.partition(":")
    return user, group


VERBS: tuple[type[Verb], ...] = (MakeDirectory,)
