"""Every action and check from its cases as data: what was seen, and what is then to be done or said."""

import dataclasses
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from remedy.actions.action import Action, Check
from remedy.actions.catalogue import Catalogue, module_of, shipped
from remedy.actions.families import FAMILIES
from remedy.errors import CannotTell, Invalid, Refused
from remedy.model import Address, Ago, Await, Call, Change, Host, Look, Operation, Put, Reply, UndoBy

HERE = Path(__file__).parent
Case = dict[str, Any]


def _cases() -> Iterator[Any]:
    for path in sorted(HERE.glob("*/*.yaml")):
        for case in yaml.safe_load(path.read_text()):  # noqa: TID251 - our own files, read by the plainest loader
            yield pytest.param(case, id=f"{path.parent.name}/{path.stem}: {case['name']}")


CASES = list(_cases())


@pytest.mark.parametrize("case", [c for c in CASES if "check" in c.values[0]])
def test_a_check_says_what_its_case_says(case: Case, catalogue: Catalogue) -> None:
    if _is_invalid(case, lambda: catalogue.check(case["check"], case["params"])):
        return
    check = catalogue.check(case["check"], case["params"])
    assert isinstance(check, Check)
    _demand_asks(case, check.look(_host(case)))
    then = case["then"]
    if "cannot tell" in then:
        with pytest.raises(CannotTell) as unclear:
            check.judge(_reply(case))
        assert then["cannot tell"] in unclear.value.message
    else:
        judgement = check.judge(_reply(case))
        assert {"answer": str(judgement.answer), "says": judgement.says} == then


@pytest.mark.parametrize("case", [c for c in CASES if "action" in c.values[0]])
def test_an_action_does_what_its_case_says(case: Case, catalogue: Catalogue) -> None:
    if _is_invalid(case, lambda: catalogue.action(case["action"], case["params"])):
        return
    action = catalogue.action(case["action"], case["params"])
    _demand_asks(case, action.look(_host(case)))
    match case["then"]:
        case {"cannot tell": text}:
            with pytest.raises(CannotTell) as unclear:
                action.see(_reply(case))
            assert text in unclear.value.message
        case {"refused": text}:
            with pytest.raises(Refused) as refused:
                action.plan(action.see(_reply(case)))
            assert text in refused.value.message
            assert refused.value.fix
        case lines:
            _demand_change(case, action, lines)


def test_the_catalogue_names_what_the_families_hold() -> None:
    held = {
        family: tuple(
            tuple(v.name for v in import_module(module_of(family)).VERBS if issubclass(v, kind))
            for kind in (Action, Check)
        )
        for family in FAMILIES
    }
    assert held == FAMILIES


def test_every_action_and_check_has_cases() -> None:
    named = {c.values[0].get("action") or c.values[0].get("check") for c in CASES}
    catalogue = shipped()
    assert named == {*catalogue.actions, *catalogue.checks}


def test_every_action_has_a_case_where_nothing_is_to_be_done() -> None:
    idle = {c.values[0]["action"] for c in CASES if "action" in c.values[0] and c.values[0]["then"] == []}
    assert idle == {*shipped().actions}


@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.values[0]["then"], list) and c.values[0]["then"]])
def test_given_less_an_action_plans_the_same_with_fewer_items(case: Case, catalogue: Catalogue) -> None:
    """Whatever member of the set is gone, no operation appears that was not planned before; it may refuse."""
    action = catalogue.action(case["action"], case["params"])
    whole = action.plan(action.see(_reply(case)))
    assert whole is not None
    ground = _reply(case).ground
    for gone in [line for line in ground if line.startswith("item ")]:
        left = tuple(line for line in ground if line != gone)
        try:
            change = action.plan(action.see(Reply(rc=0, ground=left)))
        except Refused:
            continue
        for operation in change.operations if change else ():
            assert any(_is_within(operation, planned) for planned in whole.operations)


@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.values[0]["then"], list) and c.values[0]["then"]])
def test_what_was_seen_before_is_known_again_by_its_ground_alone(case: Case, catalogue: Catalogue) -> None:
    """The record keeps the ground: by it alone an undo is told from one that did not bring everything back."""
    action = catalogue.action(case["action"], case["params"])
    seen = action.see(_reply(case))
    change = action.plan(seen)
    if change is not None and isinstance(change.undo, UndoBy):
        left = action.restored(action.see(Reply(rc=0, ground=_reply(case).ground)), seen)
        assert bool(left) is case.get("undone_to_less", False)


def _is_within(operation: Operation, planned: Operation) -> bool:
    if not (isinstance(operation, Call) and isinstance(planned, Call)):
        return operation == planned
    same = (operation.function, operation.args) == (planned.function, planned.args)
    return same and set(operation.items) <= set(planned.items)


# ---------------------------------------------------------------- what a case means


def _demand_change(case: Case, action: Action[Any], lines: list[str]) -> None:
    seen = action.see(_reply(case))
    change = action.plan(seen)
    if change is None:
        assert lines == []
        assert action.unchanged(seen) == case.get("unchanged", action.unchanged(seen))
        return
    assert [_line(o) for o in change.operations] == lines
    assert all(_is_kin(o) for o in change.operations)
    found: Case = {
        "title": change.title,
        "risk": change.risk.word,
        "lines": list(change.lines),
        "touches": list(change.touches),
        "measures": dict(change.effect.measures),
        "says": change.undo.says,
        "undo": _undo(change),
    }
    wanted = {key: value for key, value in case.items() if key in found}
    assert {key: found[key] for key in wanted} == wanted


def _is_kin(operation: Operation) -> bool:
    """Whether a session would run it: a function whose name begins with the first word of its family's."""
    match operation:
        case Call():
            return operation.function.startswith(f"{operation.family.partition('_')[0]}_")
        case Await():
            return operation.look.function.startswith(f"{operation.look.family.partition('_')[0]}_")
        case Put():
            return True


def _undo(change: Change) -> Any:
    return [_line(o) for o in change.undo.operations] if isinstance(change.undo, UndoBy) else change.undo.kind


def _line(operation: Operation) -> str:
    """An operation as a case writes it."""
    match operation:
        case Call():
            words = ["call", operation.function, *(str(a) or "''" for a in operation.args)]
            items = f" < {' | '.join(operation.items)}" if operation.items else ""
            bound = operation.result
            return " ".join(words) + items + (f" -> {bound.name} {bound.bound} {bound.of}" if bound else "")
        case Await():
            asked = " ".join([operation.look.function, *map(str, operation.look.args)])
            return f"await {asked} = {operation.expect}, {operation.within_s} s"
        case Put():
            return f"put {operation.path}"


def _is_invalid(case: Case, make: Any) -> bool:
    match case["then"]:
        case {"invalid": text}:
            with pytest.raises(Invalid) as invalid:
                make()
            assert text in invalid.value.message
            assert invalid.value.at
            return True
        case _:
            return False


def _demand_asks(case: Case, look: Look) -> None:
    if "asks" in case:
        args = [f"ago {a.ago_s}" if isinstance(a, Ago) else a for a in look.args]
        assert [look.function, *args] == case["asks"]


def _reply(case: Case) -> Reply:
    lines = [str(line) for line in case["given"]]
    at = lines.index("--")
    return Reply(rc=0, ground=tuple(lines[:at]), evidence=tuple(lines[at + 1 :]))


def _host(case: Case) -> Host:
    return dataclasses.replace(Host(name="here", address=Address(scheme="local")), **case.get("host", {}))
