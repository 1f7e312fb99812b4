"""One action or check on one far end, looked through, planned and carried out as the engine would."""

from collections.abc import Iterable
from typing import Any

from remedy.actions.action import Action
from remedy.actions.catalogue import Catalogue
from remedy.model import Change, Host, Json, Judgement, Operation, Reply, UndoBy
from tests.actions.far_end import FarEnd


class Acting:
    """An action on a far end: look, plan, apply."""

    def __init__(self, end: FarEnd, action: Action[Any], host: Host) -> None:
        self.end, self.action, self.host = end, action, host

    def reply(self) -> Reply:
        reply = self.end.look(self.action.look(self.host))
        assert reply.answered, reply.error
        return reply

    def see(self) -> object:
        return self.action.see(self.reply())

    def plan(self) -> Change | None:
        return self.action.plan(self.see())

    def wanted(self) -> Change:
        change = self.plan()
        assert change is not None
        return change

    def act(self, operations: Iterable[Operation]) -> None:
        """Carry these out; one that fails fails the test."""
        for operation in operations:
            done = self.end.act(operation)
            assert done.returncode == 0, (done.stdout, done.stderr)

    def apply(self, operations: int = 99) -> Change:
        """Plan, and carry out so many of the operations; where all are done, the effect must be there."""
        before = self.see()
        change = self.action.plan(before)
        assert change is not None
        self.act(change.operations[:operations])
        if operations >= len(change.operations):
            wrong = self.action.verify(before, self.see())
            assert not wrong, wrong
        return change

    def undo(self, change: Change) -> None:
        assert isinstance(change.undo, UndoBy)
        self.act(change.undo.operations)


class Ask:
    """Asks any check of one far end; `place` are parameters that all of them take."""

    def __init__(self, end: FarEnd, catalogue: Catalogue, host: Host, place: dict[str, Json] | None = None) -> None:
        self.end, self.catalogue, self.host, self.place = end, catalogue, host, place or {}

    def reply(self, check: str, **params: Json) -> Reply:
        return self.end.look(self.catalogue.check(check, self.place | params).look(self.host))

    def __call__(self, check: str, **params: Json) -> Judgement:
        reply = self.reply(check, **params)
        assert reply.answered, reply.error
        return self.catalogue.check(check, self.place | params).judge(reply)
