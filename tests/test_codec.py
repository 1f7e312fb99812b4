"""What was encoded is decoded to the same; what does not fit is refused by its place."""

from __future__ import annotations

import copy
import dataclasses
import json
import sys
import time
import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remedy import model
from remedy.codec import decode, encode
from remedy.digest import canonical
from remedy.errors import Bug, Invalid
from remedy.model import (
    AllOf,
    AnyOf,
    Approval,
    Asked,
    Await,
    Call,
    Event,
    Json,
    Look,
    NotOf,
    Plan,
    Put,
    ResultRef,
    SecretRef,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)
from remedy.ports import PlanRow, RunRow
from remedy.secret import Secret
from tests.store.made import a_plan, a_step

words = st.text(max_size=6) | st.sampled_from(["", "caf\udce9", "a\nb\t", "\u202e", "secret", "null"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


class AnyJson:
    """Stands for Json, whose own definition cannot be evaluated."""


def strategy(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type, made from the annotation as the codec reads it."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is AnyJson:
        return json_values
    if origin in (Union, types.UnionType):
        return st.one_of([later(m) for m in args])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(strategy(args[0]), max_size=2).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(words, strategy(args[1]), max_size=2)
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, {**vars(model), **vars(sys.modules[kind.__module__]), "Json": AnyJson})
        fields = {f.name: strategy(hints[f.name]) for f in dataclasses.fields(kind)}
        return st.builds(kind, **fields)  # type: ignore[arg-type]
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    plain: dict[type, st.SearchStrategy[Any]] = {str: words, int: st.integers(), bool: st.booleans()}
    return plain.get(kind, st.none())


def later(kind: Any) -> st.SearchStrategy[Any]:
    """The same, made when it is drawn: check trees nest."""
    return st.deferred(lambda: strategy(kind))


def through_json(value: object) -> Json:
    """As it is after it was written and read again."""
    read: Json = json.loads(canonical(encode(value)))
    return read


ROUND = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    "kind", [Plan, Event, Approval, PlanRow, RunRow, model.Change, model.Facts, model.StandingApproval]
)
@ROUND
@given(data=st.data())
def test_what_was_encoded_is_decoded_to_the_same(kind: type, data: st.DataObject) -> None:
    value = data.draw(strategy(kind))
    assert decode(kind, through_json(value)) == value
    assert decode(kind, encode(value)) == value


LOOK = Look(family="disk", function="disk_free", args=("/", model.Ago(5), "\udcff"))
ASKED = Asked(check="disk.free", params={"below": "20%", "list": [1, [None, {"a": 1.5}]]}, look=LOOK, within_s=3)
CALL = Call(
    family="files",
    function="files_move",
    args=("a", SecretRef("env:TOKEN"), ResultRef(result="serial")),
    items=("1 2 3 /var/log/a b",),
    always=True,
    result=model.Result(name="serial", bound="differs", of="7"),
)
OPERATIONS: list[model.Operation] = [
    CALL,
    Put(path="/etc/x", content=("user=", SecretRef("file:/k"), "\n"), owner="root"),
    Await(look=LOOK, expect="state running", within_s=30),
]
UNDOS = [UndoBy(says="moved back", operations=(*OPERATIONS,)), UndoUnnecessary(says="x"), UndoImpossible(says="x")]
TREES = [
    ASKED,
    AllOf(()),
    AllOf((ASKED, NotOf(AnyOf((ASKED, AllOf((ASKED,))))))),
    AnyOf((NotOf(NotOf(ASKED)),)),
]


@pytest.mark.parametrize("undo", UNDOS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_kind_of_operation_and_undo_comes_back(operation: model.Operation, undo: model.Undo) -> None:
    step = a_step()
    assert step.change is not None
    change = dataclasses.replace(step.change, operations=(operation, *OPERATIONS), undo=undo)
    plan = with_step(a_plan("h"), dataclasses.replace(step, change=change))
    assert decode(Plan, through_json(plan)) == plan


@pytest.mark.parametrize("tree", TREES)
def test_every_kind_of_check_tree_comes_back(tree: model.CheckTree) -> None:
    plan = a_plan("h")
    host = dataclasses.replace(plan.hosts[0], symptom=tree, until=tree, verify=NotOf(tree))
    plan = dataclasses.replace(plan, hosts=(host,))
    assert decode(Plan, through_json(plan)) == plan


def with_step(plan: Plan, *steps: model.PlannedStep) -> Plan:
    return dataclasses.replace(plan, hosts=(dataclasses.replace(plan.hosts[0], steps=steps),))


# ---------------------------------------------------------------- refusals

WRONG: list[Json] = [None, True, 7, 1.5, "text", [], ["x"], {}, {"x": 1}, float("nan"), [[]], {"secret": 5}]


def places(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value inside a document."""
    inner: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        inner = [p for k, v in value.items() for p in places(v, (*path, k))]
    elif isinstance(value, list):
        inner = [p for n, v in enumerate(value) for p in places(v, (*path, n))]
    return [path, *inner]


def changed(document: Json, path: tuple[str | int, ...], value: Json) -> Json:
    if not path:
        return value
    made: Any = copy.deepcopy(document)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return made  # type: ignore[no-any-return]


def test_fault_033_any_value_in_any_place_is_refused_with_its_place_or_is_another_plan() -> None:
    plan = a_plan("h")
    document = through_json(plan)
    refusals, places_named = 0, set()
    for path in places(document):
        for wrong in WRONG:
            try:
                found = decode(Plan, changed(document, path, wrong))
            except Invalid as refusal:
                refusals += 1
                places_named.add(refusal.at)
            else:  # what is read in full is exactly what was written; what was left out has its default
                assert decode(Plan, through_json(found)) == found
    assert refusals > 500
    assert all(at.startswith("$") for at in places_named)
    assert "$.hosts[0].steps[0].change.operations[0]" in places_named


@pytest.mark.parametrize(
    ("edit", "at", "says"),
    [
        ({"hosts": [{}]}, "$.hosts[0]", "HostPlan lacks"),
        ({"hosts": "prod1"}, "$.hosts", "wanted a list, found text"),
        ({"hosts": [None]}, "$.hosts[0]", "wanted a HostPlan, found null"),
        ({"need": {"risk": "extreme", "people": 1}}, "$.need.risk", "wanted one of low, medium, high"),
        ({"need": {"risk": [], "people": 1}}, "$.need.risk", "wanted one of low, medium, high"),
        ({"need": {"risk": "low", "people": True}}, "$.need.people", "wanted a whole number, found true or false"),
        ({"need": {"risk": "low", "people": 1.0}}, "$.need.people", "wanted a whole number, found a number"),
        ({"need": {"risk": "low", "people": 1, "peple": 2}}, "$.need", "Need has no field 'peple'"),
        ({"on_failure": "explode"}, "$.on_failure", "wanted one of stop, undo"),
        ({"on_failure": None}, "$.on_failure", "wanted one of stop, undo"),
        ({"id": None}, "$.id", "wanted text, found null"),
        ({"surprise": 1}, "$", "Plan has no field 'surprise'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(edit: dict[str, Json], at: str, says: str) -> None:
    document = through_json(a_plan("h"))
    assert isinstance(document, dict)
    with pytest.raises(Invalid) as refusal:
        decode(Plan, {**document, **edit})
    assert refusal.value.at == at
    assert says in refusal.value.message


@pytest.mark.parametrize("missing", ["id", "digest", "home", "hosts", "need", "limits", "on_failure"])
def test_a_missing_field_is_refused(missing: str) -> None:
    document = through_json(a_plan("h"))
    assert isinstance(document, dict)
    del document[missing]
    with pytest.raises(Invalid, match=f"Plan lacks {missing}"):
        decode(Plan, document)


def test_an_operation_of_no_kind_is_refused() -> None:
    document: Json = {"do": "run", "family": "files", "function": "x"}
    with pytest.raises(Invalid, match="wanted one of Call, Put, Await"):
        decode(model.UndoBy, {"says": "", "operations": [document]})


def test_a_tree_without_end_is_refused_and_no_crash() -> None:
    tree: Json = {"all": []}
    for _ in range(50_000):
        tree = {"inverted": tree}
    with pytest.raises(Invalid, match="nested too deeply"):
        decode(NotOf, tree)


@pytest.mark.parametrize(
    "value", [Secret("hunter2hunter2"), object(), b"bytes", {1: 2}, {"a": {1, 2}}, [Secret("x" * 9)]]
)
def test_what_has_no_json_form_is_a_bug_that_does_not_show_it(value: object) -> None:
    with pytest.raises(Bug) as bug:
        encode(value)
    assert "hunter2" not in str(bug.value)


# ---------------------------------------------------------------- speed


def cpu_ms(plan: Plan) -> float:
    """Processor time of encoding and decoding, the best of three."""
    best = float("inf")
    for _ in range(3):
        begun_s = time.process_time()
        assert decode(Plan, encode(plan)) == plan
        best = min(best, time.process_time() - begun_s)
    return best * 1000


def test_a_plan_of_10_000_items_is_encoded_and_decoded_in_300_ms() -> None:
    items = tuple(f"{n} 40 {n * 1000} 1700000000 /var/log/app/worker-{n}.log.1" for n in range(10_000))
    assert cpu_ms(with_step(a_plan("h"), a_step(items=items))) < 300


def test_a_plan_of_1_000_changes_is_encoded_and_decoded_in_300_ms() -> None:
    steps = tuple(a_step(f"s{n}", items=(f"{n} 1 1 /x",) * 10) for n in range(1000))
    assert cpu_ms(with_step(a_plan("h"), *steps)) < 300
