"""The digest covers everything a person consents to, and nothing that changes by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.codec import decode, encode
from remedy.engine.plan import demand_intact, entry_of, sealed
from remedy.errors import Invalid, Stale
from remedy.model import (
    AllOf,
    Answer,
    AnyOf,
    Asked,
    Await,
    Call,
    Change,
    Effect,
    Finding,
    HostPlan,
    Json,
    Judgement,
    Limits,
    Look,
    Need,
    NotOf,
    Operation,
    Plan,
    PlannedStep,
    Put,
    Reply,
    Result,
    ResultRef,
    Risk,
    SecretRef,
    UndoBy,
)
from tests.engine.any_plan import parts
from tests.engine.scene import ANY_HOST

OUTSIDE = ("id", "digest", "made_at", "requester")
Place = tuple[str | int, ...]


def whole_step() -> PlannedStep:
    look = Look(family="files", function="look", args=("/a", "17"), timeout_s=9)
    operations: tuple[Operation, ...] = (
        Call(
            family="files",
            function="drop",
            args=("/a", SecretRef("env:X"), ResultRef(result="n")),
            items=("x", "y"),
            result=Result(name="n", bound="differs", of="3"),
        ),
        Put(path="/etc/f", content=("a", SecretRef("file:/s")), owner="root", group="adm"),
        Await(look=look, expect="up", within_s=5),
    )
    change = Change(
        title="drop 2",
        operations=operations,
        effect=Effect(says="2 gone", measures={"files": 2}),
        undo=UndoBy(says="back", operations=operations[:1]),
        risk=Risk.MEDIUM,
        lines=("x 1 MB", "y 2 MB"),
        touches=("path:/a",),
        settle_s=3,
        typed="41 minutes",
    )
    return PlannedStep(
        step="s",
        action="files.prune",
        params={"root": "/a", "keep": 3},
        title="drop 2",
        look=look,
        ground=("root 1:2", "item x\t1"),
        evidence=("free 3",),
        change=change,
        risk=Risk.MEDIUM,
        reason="because",
        version="v1",
        timeout_s=60,
        expect=("root 1:2",),
    )


def whole_plan() -> Plan:
    """A plan in which every field of every noun is there and is not empty."""
    asked = Asked(check="c", params={"mount": "/"}, look=Look(family="disk", function="free"), within_s=4)
    question = PlannedStep(
        step="q", action="ask", params={"a": 1}, title="?", look=None, question="Sure?", question_of="owner"
    )
    reply = Reply(rc=0, ground=("band below",), evidence=("level 1",))
    finding = Finding(asked=asked, reply=reply, judgement=Judgement(answer=Answer.OK, says="yes", facts={"a": 1}))
    part = HostPlan(
        host="h1",
        identity="ssh-ed25519 AAAA",
        environment="production",
        entry={"address": {"scheme": "ssh", "name": "h1"}, "become": True},
        params={"mount": "/", "password": {"secret": "env:P"}},
        clock=1_700_000_000,
        symptom=AllOf((asked, NotOf(asked))),
        until=AnyOf((asked,)),
        verify=asked,
        findings=(finding,),
        steps=(whole_step(), question),
        unreachable="no",
    )
    return sealed(
        Plan(
            id="p1",
            digest="",
            home="home1",
            playbook="disk-full",
            summary="s",
            playbook_digest="d1",
            policy_digest="d2",
            engine="1",
            on_failure="undo",
            limits=Limits(hosts=2, batch=1, max_failures=1),
            hosts=(part,),
            need=Need(risk=Risk.MEDIUM, people=1, typed="h1", losses=("41 minutes",), rule="built in"),
            through="s",
            undo_of="r1",
            made_at="2030-01-01T00:00:00+00:00",
            requester="oncall",
        )
    )


def as_document(plan: Plan) -> Any:
    return json.loads(json.dumps(encode(plan)))


def leaves(document: Json, at: Place = ()) -> Iterator[Place]:
    """The place of every scalar of a document."""
    match document:
        case dict():
            for key, value in document.items():
                yield from leaves(value, (*at, key))
        case list():
            for n, value in enumerate(document):
                yield from leaves(value, (*at, n))
        case _:
            yield at


WORDS = {"low": "high", "medium": "low", "high": "low", "undo": "stop", "ok": "not ok", "differs": "equals"}


def changed(document: Any, at: Place) -> Any:
    """The same document with another value in one place."""
    copy = deepcopy(document)
    parent = copy
    for key in at[:-1]:
        parent = parent[key]
    match parent[at[-1]]:
        case bool() as truth:
            parent[at[-1]] = not truth
        case int() as number:
            parent[at[-1]] = number + 1
        case str() as word:
            parent[at[-1]] = WORDS.get(word, f"{word}x")
        case _:
            parent[at[-1]] = "something"
    return copy


def is_outside(at: Place) -> bool:
    """Whether a place is evidence, a time, an id, or only shown."""
    path = [x for x in at if isinstance(x, str)]
    if path[0] in OUTSIDE or path[:2] == ["hosts", "clock"] or path[:3] == ["hosts", "steps", "evidence"]:
        return True
    if path[:2] == ["hosts", "findings"]:
        return path[2] != "asked" and path[2:4] != ["reply", "ground"]
    return path[:3] == ["hosts", "steps", "change"] and path[3:4] in (["lines"], ["effect"])


def refuses(document: Any) -> bool:
    """Whether a changed document is no plan at all, or not the one whose digest it bears."""
    try:
        demand_intact(decode(Plan, document))
    except (Invalid, Stale):
        return True
    return False


PLAN = whole_plan()
BEFORE_LOSSES = (
    "f3cd366571c208ecd8822ff13aeadb8b7df6c0a0d4d1f07b7386e671573c2c9c"  # of this plan, by the code of that time
)
DOCUMENT = as_document(PLAN)
INSIDE = [p for p in leaves(DOCUMENT) if not is_outside(p)]
SHOWN = [p for p in leaves(DOCUMENT) if is_outside(p) and p != ("digest",)]


def test_the_plan_as_it_is_is_not_refused() -> None:
    assert not refuses(DOCUMENT)
    assert decode(Plan, DOCUMENT) == PLAN


@pytest.mark.parametrize("at", INSIDE, ids=lambda p: ".".join(map(str, p)))
def test_fault_033_every_covered_field_counts(at: Place) -> None:
    assert refuses(changed(DOCUMENT, at))


@pytest.mark.parametrize("at", SHOWN, ids=lambda p: ".".join(map(str, p)))
def test_evidence_times_and_ids_do_not_count(at: Place) -> None:
    altered = changed(DOCUMENT, at)
    assert altered != DOCUMENT
    assert not refuses(altered)


def test_fault_033_steps_added_removed_or_reordered_count() -> None:
    part = PLAN.hosts[0]
    one, two = part.steps
    for steps in ((two, one), (one,), (one, two, two), ()):
        with pytest.raises(Stale, match="digest mismatch"):
            demand_intact(replace(PLAN, hosts=(replace(part, steps=steps),)))
    with pytest.raises(Stale, match="digest mismatch"):
        demand_intact(replace(PLAN, hosts=(part, part)))


def test_a_plan_sealed_at_another_time_by_another_person_has_the_same_digest() -> None:
    again = replace(PLAN, id="p2", made_at="2031-01-01T00:00:00+00:00", requester="second")
    assert sealed(again).digest == PLAN.digest


def test_a_plan_that_loses_nothing_has_the_digest_it_had_before_losses_were_typed() -> None:
    part = PLAN.hosts[0]
    first, question = part.steps
    assert first.change is not None
    plain = replace(part, steps=(replace(first, change=replace(first.change, typed="")), question))
    document = as_document(sealed(replace(PLAN, hosts=(plain,), need=replace(PLAN.need, losses=()))))
    del document["need"]["losses"], document["hosts"][0]["steps"][0]["change"]["typed"]
    assert document["digest"] == BEFORE_LOSSES
    assert not refuses(document)


def test_a_host_that_may_not_be_drilled_has_the_entry_it_always_had() -> None:
    assert "drillable" not in entry_of(ANY_HOST)
    assert entry_of(replace(ANY_HOST, drillable=True))["drillable"] is True


@given(st.lists(parts, max_size=2).map(tuple), st.data())
def test_any_plan_survives_its_text_and_any_change_of_it_is_seen(
    hosts: tuple[HostPlan, ...], chosen: st.DataObject
) -> None:
    plan = sealed(replace(PLAN, hosts=hosts))
    document = as_document(plan)
    assert decode(Plan, document) == plan
    assert not refuses(document)
    inside = [p for p in leaves(document) if not is_outside(p)]
    assert refuses(changed(document, chosen.draw(st.sampled_from(inside))))
