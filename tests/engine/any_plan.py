"""Strategies: any part of a plan that the types allow."""

from __future__ import annotations

from hypothesis import strategies as st

from remedy.model import (
    AllOf,
    AnyOf,
    Asked,
    Call,
    Change,
    CheckTree,
    Effect,
    HostPlan,
    Look,
    NotOf,
    Operation,
    PlannedStep,
    Put,
    Risk,
    SecretRef,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
some_words = st.lists(words, max_size=3).map(tuple)
looks = st.builds(Look, family=words, function=words, args=some_words, timeout_s=st.integers(1, 99))
calls = st.builds(
    Call,
    family=words,
    function=words,
    args=st.lists(st.one_of(words, st.builds(SecretRef, words)), max_size=2).map(tuple),
    items=some_words,
)
operations: st.SearchStrategy[Operation] = st.one_of(calls, st.builds(Put, path=words, content=some_words))
undos = st.one_of(
    st.builds(UndoUnnecessary, says=words),
    st.builds(UndoImpossible, says=words),
    st.builds(UndoBy, says=words, operations=st.lists(calls, max_size=2).map(tuple)),
)
changes = st.builds(
    Change,
    title=words,
    operations=st.lists(operations, max_size=3).map(tuple),
    effect=st.builds(Effect, says=words),
    undo=undos,
    risk=st.sampled_from(Risk),
)
steps = st.builds(
    PlannedStep,
    step=words,
    action=words,
    params=st.dictionaries(words, st.one_of(words, st.integers(), st.booleans(), st.none()), max_size=2),
    title=words,
    look=st.one_of(st.none(), looks),
    ground=some_words,
    change=st.one_of(st.none(), changes),
)
asks = st.builds(Asked, check=words, params=st.dictionaries(words, words, max_size=2), look=looks)
trees: st.SearchStrategy[CheckTree] = st.recursive(
    asks,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, max_size=2).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=2).map(tuple)),
        st.builds(NotOf, inner),
    ),
    max_leaves=3,
)
parts = st.builds(
    HostPlan,
    host=words,
    identity=words,
    environment=words,
    entry=st.dictionaries(words, words, max_size=1),
    params=st.dictionaries(words, words, max_size=2),
    clock=st.integers(0, 2**40),
    symptom=trees,
    until=trees,
    verify=trees,
    steps=st.lists(steps, max_size=2).map(tuple),
)
