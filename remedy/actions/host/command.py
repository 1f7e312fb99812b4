"""A program that is run where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb, fields_of
from remedy.actions.by_hand import quoted
from remedy.actions.host.argv import shown, why_not_run
from remedy.actions.params import Duration, Path, Text, param
from remedy.errors import CannotTell, Invalid
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoImpossible

LONGEST_TITLE = 100  # characters of a command line in a title; the whole of it stands below
LONGEST_GUARD_S = 120


@dataclass(frozen=True, kw_only=True)
class CommandState:
    """Which program it would be, and what its guard says: yes, no, or none where there is no guard."""

    program: str
    guard: str


@dataclass(frozen=True, kw_only=True)
class RunCommand(Action[CommandState]):
    """Run one program with its arguments, where its guard says that it is wanted.

    `unless` and `only_if` are programs too, that must only read: they are run in every look. Exit code 0 is yes, 1 to
    125 is no; a guard that is ended by a signal or its deadline cannot tell. Afterwards the guard must say that it is
    wanted no more: that is how its effect is seen. Without a guard it always acts, the plan
    says so, and a high risk asks for more than a y. What a command does cannot be undone. There is no shell, nothing
    to read from, and no terminal; arguments are shown in the plan and in the host's list of processes, so they must
    be no secrets: write those into a private file with file.put, and name the file.
    """

    name = "command.run"
    risk = Risk.MEDIUM
    example = "{argv: [useradd, --system, app], unless: [id, app]}"

    argv: tuple[Text, ...] = param("The program and its arguments; no shell reads them", minItems=1)
    unless: tuple[Text, ...] = param("Run it only where this program, which only reads, says no", default=[])
    only_if: tuple[Text, ...] = param("Run it only where this program, which only reads, says yes", default=[])
    cwd: Path = param("The directory to run it in", default="/")
    within: Duration = param("How long it may take; it and all it started is ended then", default="60s")
    guard_within: Duration = param("How long the guard may take, at most 2m", default="10s")

    def __post_init__(self) -> None:
        for name in ("argv", "unless", "only_if"):
            words = getattr(self, name)
            why = why_not_run(words) if words or name == "argv" else ""
            if why:
                raise Invalid(why, at=name, fix="for example [systemctl, daemon-reload]")
        if self.unless and self.only_if:
            raise Invalid("has two guards, unless and only_if", at="only_if", fix="use one of them")
        for name, most in (("within", 86_400), ("guard_within", LONGEST_GUARD_S)):
            if not 1 <= getattr(self, name) <= most:
                raise Invalid(f"wanted 1 to {most} seconds", at=name, fix="for example 10s")

    def look(self, host: Host) -> Look:
        guard = ("unless", *self.unless) if self.unless else ("only_if", *self.only_if) if self.only_if else ("none",)
        return self.ask("command_look", self.cwd, self.argv[0], *guard, timeout_s=self.guard_within)

    def see(self, reply: Reply) -> CommandState:
        ground = fields_of(reply.ground)
        if ground.get("guard") not in ("yes", "no", "none") or "program" not in ground:
            raise CannotTell(f"the host's answer on {self.argv[0]} makes no sense")
        return CommandState(program=ground["program"], guard=ground["guard"])

    def plan(self, seen: CommandState) -> Change | None:
        if seen.guard == ("yes" if self.unless else "no"):
            return None
        line = shown(self.argv)
        call = Call(family="command", function="command_run", args=(self.cwd, *self.argv), timeout_s=self.within)
        return Change(
            title=f"run {line if len(line) <= LONGEST_TITLE else line[:LONGEST_TITLE] + '...'}",
            operations=(call,),
            effect=Effect(says=f"{self.argv[0]} ended with exit code 0", measures={"commands": 1}),
            undo=UndoImpossible(says="what a command did is not known"),
            risk=self.risk if seen.guard == "none" else Risk.LOW,  # one up, for it cannot be undone
            lines=self._lines(seen, line),
            touches=("path:/", "command"),
        )

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        cwd, *argv = (str(a) for a in operation.args)
        words = " ".join(map(quoted, argv))
        return (f"(cd -P -- {quoted(cwd)}; umask 022; exec {words} </dev/null)",)

    def verify(self, before: CommandState, after: CommandState) -> str:
        if after.guard == "none" or self.plan(after) is None:
            return ""
        return f"it ended with exit code 0, and yet {self._guard(after)}"

    def told(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        match word:
            case "guard" if rest in ("yes", "no"):
                return self._guard(CommandState(program="", guard=rest))
            case "program":
                return f"the program is {rest}"
            case _:
                return super().told(line)

    def unchanged(self, seen: CommandState) -> str:
        return self._guard(seen)

    def _guard(self, seen: CommandState) -> str:
        words = shown(self.unless or self.only_if)
        return f"{words} says {seen.guard}"

    def _lines(self, seen: CommandState, line: str) -> tuple[str, ...]:
        if seen.guard == "none":
            why = "it always acts: there is no `unless` and no `only_if`"
        else:
            why = f"{'unless' if self.unless else 'only if'}: {self._guard(seen)}"
        return (line, *([f"in {self.cwd}"] if self.cwd != "/" else []), why)


VERBS: tuple[type[Verb], ...] = (RunCommand,)
