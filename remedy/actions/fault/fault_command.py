"""A fault for drills that has no verb of its own: a program breaks it, another one mends it."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Action, Verb
from remedy.actions.by_hand import quoted
from remedy.actions.host.argv import shown, why_not_run
from remedy.actions.host.command import CommandState, RunCommand
from remedy.actions.params import Duration, Path, Text, param
from remedy.errors import Invalid
from remedy.model import Await, Call, Change, Effect, Host, Look, Reply, Risk, UndoBy


@dataclass(frozen=True, kw_only=True)
class CommandFault(Action[CommandState]):
    """Break something by a program, which another one mends; a third one, that only reads, says whether it is broken.

    The way for what no `fault.` action does. `broken` is run in every look: exit code 0 is yes, 1 to 125 is no. Taken
    back, `restore` is run where it says yes. The programs are run as by command.run: without a shell, and with nothing
    secret among their words.
    """

    name = "fault.command"
    drill_only = True
    risk = Risk.MEDIUM
    example = "{inject: [mv, /srv/up, /srv/down], restore: [mv, /srv/down, /srv/up], broken: [test, -e, /srv/down]}"

    inject: tuple[Text, ...] = param("The program that breaks it, and its arguments", minItems=1)
    restore: tuple[Text, ...] = param("The program that mends it", minItems=1)
    broken: tuple[Text, ...] = param("The program that says whether it is broken, and only reads", minItems=1)
    cwd: Path = param("The directory to run them in", default="/")
    within: Duration = param("How long each may take", default="60s")

    def __post_init__(self) -> None:
        for name in ("inject", "restore", "broken"):
            if why := why_not_run(getattr(self, name)):
                raise Invalid(why, at=name, fix="for example [systemctl, stop, app]")
        if not 1 <= self.within <= 86_400:
            raise Invalid("wanted 1 to 86400 seconds", at="within", fix="for example 10s")

    def _as_command(self) -> RunCommand:
        """The way to run it, which knows what to look for and how to read it."""
        return RunCommand(
            argv=self.inject,
            unless=self.broken,
            only_if=(),
            cwd=self.cwd,
            within=self.within,
            guard_within=Duration(10),
        )

    def look(self, host: Host) -> Look:
        args = (self.cwd, self.inject[0], "unless", *self.broken)
        return self.ask("fault_command_look", *args, timeout_s=10)

    def see(self, reply: Reply) -> CommandState:
        return self._as_command().see(reply)

    def plan(self, seen: CommandState) -> Change | None:
        if seen.guard == "yes":
            return None
        return Change(
            title=f"break it: {shown(self.inject)}",
            operations=(self._call("yes", self.inject),),
            effect=Effect(says=f"{shown(self.broken)} says yes", measures={"commands": 1}),
            undo=UndoBy(says=f"run {shown(self.restore)}", operations=(self._call("no", self.restore),)),
            risk=self.risk,
            lines=(f"unless {self._guard(seen)}",),
            touches=("path:/", "command"),
        )

    def _call(self, answer: str, argv: tuple[Text, ...]) -> Call:
        """Run it unless the third program gives this answer already."""
        args = (self.cwd, answer, str(len(self.broken)), *self.broken, *argv)
        return Call(family="fault_command", function="fault_command_run", args=args, timeout_s=self.within)

    @classmethod
    def by_hand(cls, operation: Call | Await) -> tuple[str, ...]:
        assert isinstance(operation, Call)
        cwd, answer, count, *words = (str(a) for a in operation.args)
        asks = " ".join(map(quoted, words[: int(count)]))
        runs = " ".join(map(quoted, words[int(count) :]))
        unless = asks if answer == "yes" else f"! {asks}"
        quiet = "</dev/null >/dev/null 2>&1"
        return (f"(cd -P -- {quoted(cwd)}; umask 022; {unless} {quiet} || exec {runs} </dev/null)",)

    def verify(self, before: CommandState, after: CommandState) -> str:
        return "" if after.guard == "yes" else f"it ended with exit code 0, and yet {self._guard(after)}"

    def restored(self, before: CommandState, after: CommandState) -> str:
        return "" if after.guard == "no" else self._guard(after)

    def told(self, line: str) -> str:
        return self._as_command().told(line)

    def unchanged(self, seen: CommandState) -> str:
        return self._guard(seen)

    def _guard(self, seen: CommandState) -> str:
        return f"{shown(self.broken)} says {seen.guard}"


VERBS: tuple[type[Verb], ...] = (CommandFault,)
