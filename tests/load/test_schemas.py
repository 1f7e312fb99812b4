"""The schemas: as the code is, as editors read them, and as the loader itself understands them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from remedy.actions.catalogue import shipped as catalogue
from remedy.actions.params import params_of
from remedy.codec import encode
from remedy.engine.report import HostState, RunState, StepState, as_json
from remedy.load.form import ANNOTATIONS, KEYWORDS, fits
from remedy.load.schema_errors import _validator
from remedy.load.schemas import NAMES, generated, playbook_schema, schema
from remedy.load.shipped import shipped
from remedy.model import (
    Address,
    AllOf,
    Asked,
    Call,
    Change,
    Effect,
    Event,
    Host,
    HostPlan,
    Kind,
    Limits,
    Look,
    Need,
    NotOf,
    Outcome,
    Plan,
    PlannedStep,
    Put,
    Risk,
    SecretRef,
    UndoBy,
    UndoImpossible,
    Verdict,
)
from tests.load.toy import CATALOGUE, PLAIN

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["playbook", "plan", "event"])
def test_a_generated_schema_is_as_the_code_is(name: str) -> None:
    found = (shipped("schemas") / f"{name}.schema.json").read_text("utf-8")
    assert found == generated(catalogue())[name], "run: python -m remedy.load.schemas"


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"].endswith("2020-12/schema")


def test_no_check_has_a_parameter_that_remedy_gives_to_all() -> None:
    assert [n for n, c in catalogue().checks.items() if "within" in {p.name for p in params_of(c)}] == []


def test_every_action_and_check_is_in_the_schema_with_its_meaning() -> None:
    defs = schema("playbook")["$defs"]
    for what, verbs in (("action", catalogue().actions), ("check", catalogue().checks)):
        for name, verb in verbs.items():
            described = defs[f"{what} {name}"]
            assert described["description"]
            for p in params_of(verb):
                assert described["properties"][p.name]["description"] == p.about


@pytest.mark.parametrize("path", sorted((ROOT / "playbooks").glob("*.yml")), ids=lambda p: p.stem)
def test_editors_find_the_schema_and_the_playbook_fits_it(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/playbook.schema.json"
    read = yaml.load(path.read_text("utf-8"), yaml.SafeLoader)  # noqa: TID251 - as an editor would
    Draft202012Validator(schema("playbook")).validate(read)


def test_what_the_code_writes_fits_the_schema_of_plans() -> None:
    Draft202012Validator(schema("plan")).validate(encode(a_plan()))
    assert fits(encode(a_plan()), schema("plan"), schema("plan"))
    wrong = json.loads(json.dumps(encode(a_plan())))
    wrong["hosts"][0]["steps"][0]["risk"] = "none"
    assert not Draft202012Validator(schema("plan")).is_valid(wrong)


def test_what_the_code_writes_fits_the_schema_of_events() -> None:
    event = Event(seq=1, at="2026-01-01T00:00:00Z", kind=Kind.PLANNED, body={"a": [1, None, "x"]}, plan="p")
    Draft202012Validator(schema("event")).validate(encode(event))


def test_what_a_run_prints_fits_the_schema_of_reports() -> None:
    report = Draft202012Validator(schema("report"))
    steps = {"one": StepState(step="one", outcome=Outcome.CHANGED, reason="x"), "two": StepState(step="two")}
    hosts = {"prod1": HostState(host="prod1", outcome=Outcome.CHANGED, steps=steps), "prod2": HostState(host="prod2")}
    state = RunState(run="r", plan="p", hosts=hosts)
    report.validate(as_json(state))
    report.validate(as_json(replace(state, outcome=Outcome.CHANGED, verdict=Verdict.RESOLVED)))


def a_plan() -> Plan:
    look = Look(family="disk", function="disk_free", args=("/",))
    asked = Asked(check="disk.free", params={"mount": "/", "below": None}, look=look)
    change = Change(
        title="rotate",
        operations=(
            Call(family="logs", function="rotate", args=("/a", SecretRef("env:KEY")), items=("x",)),
            Put(path="/etc/x", content=("a", SecretRef("env:KEY"))),
        ),
        effect=Effect(says="frees", measures={"bytes_freed": 5}),
        undo=UndoBy(says="put it back", operations=(Call(family="files", function="back"),)),
        risk=Risk.MEDIUM,
    )
    lost = Change(title="x", operations=(), effect=Effect(says=""), undo=UndoImpossible(says=""), risk=Risk.HIGH)
    steps = (
        PlannedStep(step="one", action="logs.rotate", params={"paths": ["/a"]}, title="one", look=look, change=change),
        PlannedStep(step="two", action="files.prune", params={}, title="two", look=None, change=lost),
    )
    part = HostPlan(
        host=Host(name="prod1", address=Address(scheme="local")).name,
        identity="x",
        environment="lab",
        entry={"address": "local://"},
        params={"free": "20%"},
        clock=1,
        symptom=AllOf((asked, NotOf(asked))),
        until=AllOf(()),
        verify=AllOf((asked,)),
        steps=steps,
    )
    return Plan(
        id="p",
        digest="d",
        home="h",
        playbook="disk-full",
        summary="s",
        playbook_digest="x",
        policy_digest="",
        engine="1",
        on_failure="stop",
        limits=Limits(),
        hosts=(part,),
        need=Need(risk=Risk.MEDIUM, people=1),
    )


# ---------------------------------------------------------------- the quick answer and jsonschema's


def keywords_of(node: Any, *, is_schema: bool = True) -> Iterator[str]:
    if isinstance(node, dict):
        for key, inner in node.items():
            if is_schema:
                yield key
            holds_names = is_schema and key in ("properties", "$defs")
            if not is_schema or key not in ("enum", "const", "default", "required", "type"):
                yield from keywords_of(inner, is_schema=not holds_names)
    elif isinstance(node, list):
        for inner in node:
            yield from keywords_of(inner)


@pytest.mark.parametrize("name", NAMES)
def test_the_loader_knows_every_keyword_of_the_schemas(name: str) -> None:
    assert set(keywords_of(schema(name))) - ANNOTATIONS - KEYWORDS == set()


SCALARS = st.none() | st.booleans() | st.integers(-3, 20_000) | st.floats(allow_nan=False) | st.text(max_size=5)
WORDS = st.sampled_from(["id", "x", "1h", "prod", "a b", "{{ x }}", "P1", "stop", "low", "env:X", "word\n", "/a", ""])
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | WORDS, inner, max_size=3),
    max_leaves=8,
)
GOOD: dict[str, Any] = {
    "playbook": yaml.load(PLAIN, yaml.SafeLoader),  # noqa: TID251 - a plain text of these tests
    "inventory": {
        "vars": {"a": 1, "b": {"secret": "env:X"}},
        "groups": {"g": {"hosts": ["h"]}},
        "hosts": {"h": {"address": "x"}},
    },
    "policy": {"rules": [{"risk": "low", "people": 0}, {"never": True}], "max_hosts": 3, "approval": "1h"},
}


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += [(value, key), *spots(inner)]
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(GOOD)), given_data=st.data())
def test_the_quick_answer_is_that_of_jsonschema(name: str, given_data: st.DataObject) -> None:
    whole = playbook_schema(CATALOGUE) if name == "playbook" else schema(name)
    value = copy.deepcopy(GOOD[name])
    for _ in range(given_data.draw(st.integers(0, 3))):
        container, key = given_data.draw(st.sampled_from(spots(value)))
        match given_data.draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                container[key] = given_data.draw(VALUES)
            case "remove" if len(spots(value)) > 1:
                del container[key]
            case _ if isinstance(container, dict):
                container[given_data.draw(WORDS)] = given_data.draw(VALUES)
            case _:
                pass
    assert fits(value, whole, whole) is _validator(whole).is_valid(value)
