"""A playbook's drill: what may stand there, and the playbook that it makes."""

from __future__ import annotations

import textwrap

import pytest

from remedy.errors import Refused
from remedy.load.drills import injection_of
from remedy.load.resolve import resolve
from remedy.load.values import parse_value
from remedy.model import AllOf, AnyOf, Asked, NotOf
from tests.load.toy import CATALOGUE, PLAIN, host, playbook, said_of, step, with_steps

DRILL = PLAIN + textwrap.dedent("""\
    drill:
      about: The logs are smashed
      inject:
        - id: smash
          toy.smash: {paths: ["{{ log_dir }}/app.log"]}
      symptom_within: 5s
      with: {free: 30%}
    """)


def drill(body: str) -> str:
    """A playbook with this drill, a flow mapping's inside."""
    return f"{PLAIN}drill: {{{body}}}\n"


SMASH = "{id: a, toy.smash: {paths: [/a]}}"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"about: x, inject: [{SMASH}]", ""),
        ("about: x, inject: [{id: a, toy.rotate: {paths: ['{{ log_dir }}/a']}}], symptom_within: '{{ 5 }}s'", ""),
        (f"about: x, inject: [{SMASH}], with: {{free: 5%, log_dir: /x}}", ""),
        ("about: x, inject: []", "at least one member"),
        (f"inject: [{SMASH}]", "about"),
        ("about: x", "inject"),
        (f"about: x, inject: [{SMASH}, {SMASH}]", "is here twice"),
        ("about: x, inject: [{id: a, toy.smash: {paths: ['{{ nothing }}/a']}}]", "nothing"),
        ("about: x, inject: [{id: a, toy.smash: {}}]", "lacks 'paths'"),
        ("about: x, inject: [{id: a, toy.smach: {paths: [/a]}}]", "did you mean toy.smash?"),
        ("about: x, inject: [{id: a, ask: break it}]", "ask"),
        (f"about: x, inject: [{SMASH}], symptom_within: soon", "duration"),
        (f"about: x, inject: [{SMASH}], with: {{fre: 5%}}", "did you mean free?"),
        (f"about: x, inject: [{SMASH}], with: {{free: 500%}}", "free"),
        (f"about: x, inject: [{SMASH}], with: {{free: '{{{{ log_dir }}}}'}}", "is a template"),
        (f"about: x, inject: [{SMASH}], after: [{SMASH}]", "after"),
    ],
)
def test_a_drill_is_right_or_says_what_is_wrong(body: str, why: str) -> None:
    said = said_of(drill(body))
    assert bool(said) == bool(why), said
    assert all(s.startswith("plain.yml:1") for s in said)
    assert why in "".join(said)


def test_what_breaks_something_is_refused_outside_a_drill_with_its_place() -> None:
    (said,) = said_of(with_steps(step("toy.smash: {paths: [/a]}")))
    assert said.startswith("plain.yml:5:15 toy.smash is for drills")
    assert said.endswith("put it into drill: inject:")


def test_a_drill_without_a_symptom_has_nothing_to_wait_for() -> None:
    text = f"playbook: plain\nsummary: x\nsteps: [{{id: a, ask: hello}}]\ndrill: {{about: x, inject: [{SMASH}]}}\n"
    assert "without a symptom" in "".join(said_of(text))


def test_it_becomes_a_playbook_that_waits_for_the_symptom() -> None:
    made = injection_of(playbook(DRILL))
    assert (made.name, made.summary, made.drill) == ("plain.drill", "The logs are smashed", None)
    resolved = resolve(made, host(), {"free": "30%"}, CATALOGUE)
    (before,), (after,) = _leaves(resolved.symptom), _leaves(resolved.verify)
    assert isinstance(resolved.symptom, AllOf)
    assert isinstance(resolved.symptom.all[0], NotOf)
    assert (before.params, before.within_s, after.within_s) == (after.params, 0, 5)
    assert before.params["below"] == parse_value(playbook(DRILL).params[1], "30%")
    (one,) = resolved.steps
    assert (one.action is not None and one.action.name, one.at) == ("toy.smash", "plain.yml:14:7")


def test_a_drill_is_part_of_what_a_playbook_is() -> None:
    one, other = playbook(DRILL), playbook(DRILL.replace("5s", "6s"))
    assert one.digest != other.digest
    assert len({injection_of(p).digest for p in (one, other)} | {one.digest}) == 3


def test_values_of_the_drill_are_as_one_types_them() -> None:
    lists = PLAIN.replace(
        "params:", "params:\n  names: {type: [path], default: [/a]}\n  on: {type: bool, default: false}"
    )
    made = playbook(f"{lists}drill: {{about: x, inject: [{SMASH}], with: {{names: [/b, /c], on: true, free: 7%}}}}\n")
    assert made.drill is not None
    assert made.drill.values == {"names": '["/b", "/c"]', "on": "true", "free": "7%"}
    values = resolve(injection_of(made), host(), made.drill.values, CATALOGUE).params
    assert (values["names"], values["on"]) == (["/b", "/c"], True)


def test_without_a_drill_there_is_none() -> None:
    with pytest.raises(Refused, match="no drill: section"):
        injection_of(playbook(PLAIN))


def _leaves(tree: object) -> list[Asked]:
    match tree:
        case Asked():
            return [tree]
        case AllOf(all=members) | AnyOf(any=members):
            return [a for m in members for a in _leaves(m)]
        case NotOf(inverted=inner):
            return _leaves(inner)
        case _:
            raise AssertionError(tree)
