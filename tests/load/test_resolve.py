"""A playbook for one host: which value wins, what type it has, and what is refused."""

from __future__ import annotations

import pytest

from remedy.errors import Invalid, Refused
from remedy.load.resolve import choose, resolve
from remedy.load.resolved import Resolved, Step
from remedy.model import AllOf, AnyOf, Asked, Host, Json, NotOf, SecretRef
from tests.load.toy import CATALOGUE, PLAIN, Rotate, host, playbook, step, with_steps


def resolved(text: str, on: Host | None = None, **overrides: str) -> Resolved:
    return resolve(playbook(text), on or host(), overrides, CATALOGUE)


def one_step(body: str, params: str = "", on: Host | None = None, **overrides: str) -> Step:
    return resolved(with_steps(step(body), params), on, **overrides).steps[0]


def test_default_then_inventory_then_command_line() -> None:
    assert resolved(PLAIN).params["free"] == "20%"
    assert resolved(PLAIN, host(free="30%")).params["free"] == "30%"
    assert resolved(PLAIN, host(free="30%"), free="40%").params["free"] == "40%"


def test_every_value_knows_where_it_comes_from() -> None:
    values = choose(playbook(PLAIN), host(free="30%"), {"log_dir": "/srv"})
    assert (values["free"].layer, values["free"].at) == ("host prod1", "hosts.yml:1:7")
    assert (values["log_dir"].layer, values["log_dir"].at) == ("-p", "-p log_dir")
    plain = choose(playbook(PLAIN), host(), {})["free"]
    assert (plain.layer, plain.at) == ("default", "plain.yml:5:34")


def test_variables_that_no_playbook_declares_are_ignored() -> None:
    assert set(resolved(PLAIN, host(other="x")).params) == {"log_dir", "free"}


def test_steps_and_checks_are_typed() -> None:
    found = resolved(PLAIN, host(log_dir="/srv/log"))
    (asked,) = found.symptom.all  # type: ignore[union-attr]
    assert isinstance(asked, Asked)
    assert asked.params["below"] == "20%"
    assert isinstance(found.steps[0].action, Rotate)
    assert found.steps[0].action.paths == ("/srv/log/*.log",)
    assert found.steps[0].params["larger_than"] == 100 * 1024**2
    assert found.steps[0].at == "plain.yml:9:5"
    assert found.verify == found.until == AllOf(())


def test_a_whole_template_keeps_its_type() -> None:
    params = "n: {type: int}\nwhich: {type: [path]}\nsize: {type: size, default: 2GiB}"
    on = host(n=5, which=["/a", "/b/*"])
    body = 'toy.rotate: {paths: "{{ which }}", keep: "{{ n }}", larger_than: "{{ size }}"}, timeout: "{{ n }}"'
    rotate = one_step(body, params, on)
    found = rotate.action
    assert rotate.timeout_s == 5
    assert isinstance(found, Rotate)
    assert (found.paths, found.keep, found.larger_than) == (("/a", "/b/*"), 5, 2 * 1024**3)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("text", "5", "5"),
        ("text", "true", "true"),
        ("text", "0644", "0644"),
        ("text", "{{ 7*7 }}", "{{ 7*7 }}"),
        ("text", "[a]", "[a]"),
        ("int", "5", 5),
        ("int", "-5", -5),
        ("bool", "true", True),
        ("size", "1024", 1024),
        ("size", "1KiB", 1024),
        ("duration", "2h", 7200),
        ("latency", "500ms", "500ms"),
        ("latency", "2s", "2000ms"),
        ("percent", "20%", "20%"),
        ("port", "443", 443),
        ("unit", "nginx", "nginx.service"),
        ("[path]", "/a", ["/a"]),
        ("[path]", '["/a", "/b"]', ["/a", "/b"]),
        ("[int]", "[1, 2]", [1, 2]),
    ],
)
def test_text_of_the_command_line_is_read_as_its_kind_wants(kind: str, given: str, value: Json) -> None:
    assert resolved(with_steps(step("ask: go"), f"x: {{type: {kind}}}"), x=given).params["x"] == value


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("int", "five"),
        ("int", "5.0"),
        ("int", "\uff19"),
        ("int", "9" * 5000),
        ("bool", "yes"),
        ("bool", "True"),
        ("path", "relative"),
        ("path", "/a/../b"),
        ("text", "a\x1b[2Jb"),
        ("text", "a\u202eb"),
        ("text", "a\0b"),
        ("[path]", "[/a"),
        ("[path]", "[" * 100_000),
        ("[path]", '{"a": 1}'),
        ("url", "javascript:alert(1)"),
        ("latency", "0s"),
        ("latency", "1.5s"),
        ("latency", "1000s"),
    ],
)
def test_a_wrong_value_of_the_command_line_is_invalid(kind: str, given: str) -> None:
    with pytest.raises(Invalid) as refused:
        resolved(with_steps(step("ask: go"), f"x: {{type: {kind}}}"), x=given)
    assert refused.value.at == "-p x"
    assert refused.value.message.isprintable()


def test_an_unknown_parameter_is_answered_with_the_right_one() -> None:
    with pytest.raises(Invalid) as refused:
        resolved(PLAIN, logdir="/a")
    assert refused.value.fix == "did you mean log_dir?"


def test_fault_011_a_missing_value_is_refused_with_its_place_parameter_and_host() -> None:
    with pytest.raises(Refused) as refused:
        resolved(with_steps(step("ask: go"), "x: {type: path, about: Where}"))
    assert refused.value.at == "plain.yml:4:3"
    assert refused.value.message == "prod1: plain needs a value for 'x': Where"
    assert refused.value.exit_code == 3


def test_a_wrong_value_of_the_inventory_is_refused_where_it_is_written() -> None:
    with pytest.raises(Refused) as refused:
        resolved(PLAIN, host(free="a lot"))
    assert refused.value.at == "hosts.yml:1:7"
    assert refused.value.message.startswith("prod1: 'free' is 'a lot': wanted a percentage")


def test_a_rendered_value_that_breaks_a_rule_is_refused_where_it_is_used() -> None:
    with pytest.raises(Refused) as refused:
        one_step('toy.rotate: {paths: ["{{ x }}"]}', "x: {type: text}", host(x="relative"))
    assert refused.value.at.startswith("plain.yml:7:")
    assert "prod1" in refused.value.message
    assert "paths" in refused.value.message
    both = 'symptom: [{toy.free: {below: "{{ x }}", at_least: "{{ x }}"}}]'
    with pytest.raises(Refused, match="exactly one"):
        resolved(with_steps(step("ask: go"), "x: {type: text}", both), host(x="5%"))


def test_fault_012_values_that_look_like_templates_are_inert() -> None:
    for value in ("{{ secrets.key }}", "{{ 7*7 }}", "{% raw %}", "{{ x }}"):
        found = one_step('toy.rotate: {paths: [/a], note: "is {{ x }}"}', "x: {type: text}", host(x=value))
        assert found.params["note"] == f"is {value}"


@pytest.mark.parametrize(
    "value", ["x; touch /canary", "$(id)", "`id`", "a\nb", "'", '"', "\\", "-rf", "*", "%PATH%", "y" * 8192]
)
def test_fault_013_values_pass_unchanged(value: str) -> None:
    found = one_step('toy.rotate: {paths: [/a], note: "{{ x }}"}', "x: {type: text}", host(x=value))
    assert found.params["note"] == value


def test_fault_096_a_secret_stays_a_reference_and_never_becomes_text() -> None:
    params = "x: {type: text}"
    secret = host(x=SecretRef("env:DB_PASSWORD"))
    assert resolved(with_steps(step("ask: go"), params), secret).params["x"] == SecretRef("env:DB_PASSWORD")
    for body in (
        'toy.rotate: {paths: [/a], note: "{{ x }}"}',
        'toy.rotate: {paths: [/a], note: "a{{ x }}"}',
        'toy.rotate: {paths: ["{{ x }}"]}',
        'toy.rotate: {paths: [/a], note: "{{ x|upper }}"}',
        "ask: 'is it {{ x }}?'",
        "ask: '{{ x }}'",
    ):
        with pytest.raises(Refused, match=r"secret"):
            one_step(body, params, secret)


def test_fault_099_a_wrong_value_under_the_name_of_a_secret_is_not_shown() -> None:
    with pytest.raises(Refused) as refused:
        resolved(with_steps(step("ask: go"), "db_password: {type: int}"), host(db_password="hunter2hunter2"))
    assert "hunter2" not in refused.value.message
    with pytest.raises(Invalid) as invalid:
        resolved(with_steps(step("ask: go"), "api_token: {type: int}"), api_token="hunter2hunter2")
    assert "hunter2" not in invalid.value.message


def test_trees_of_checks() -> None:
    text = """
    until:
      - any: [{toy.free: {below: 5%}}, {not: [{toy.free: {below: 6%, within: 1m}}]}]
      - not: [{toy.free: {below: 7%}}, {toy.free: {below: 8%}}]
    diagnose: [{toy.free: {below: 9%}}]
    """
    found = resolved(with_steps(step("ask: go"), rest=text))
    first, second = found.until.all  # type: ignore[union-attr]
    assert isinstance(first, AnyOf)
    assert isinstance(first.any[1], NotOf)
    assert isinstance(first.any[1].inverted, Asked)
    assert first.any[1].inverted.within_s == 60
    assert isinstance(second, NotOf)
    assert isinstance(second.inverted, AllOf)
    assert [d.params["below"] for d in found.diagnose] == ["9%"]


def test_within_may_be_a_template() -> None:
    wait = 'verify: [{toy.free: {below: 5%, within: "{{ wait }}"}}]'
    found = resolved(with_steps(step("ask: go"), "wait: {type: duration, default: 90s}", wait))
    (asked,) = found.verify.all  # type: ignore[union-attr]
    assert isinstance(asked, Asked)
    assert asked.within_s == 90
    with pytest.raises(Refused, match="wanted a duration"):
        resolved(with_steps(step("ask: go"), "wait: {type: text}", wait), host(wait="soon"))


def test_when_reads_parameters_and_what_was_seen() -> None:
    params = "n: {type: int, default: 3}"
    wanted = one_step("ask: go, when: '{{ n > 2 and seen.one.free < 5 }}'", params).when
    assert wanted is not None
    assert wanted({"one": {"free": 4}}) is True
    assert wanted({"one": {"free": 5}}) is False
    with pytest.raises(Invalid) as refused:
        wanted({})
    assert refused.value.at.startswith("plain.yml:7:")


def test_a_step_is_left_out_before_any_look_where_its_when_reads_parameters_alone() -> None:
    params = "n: {type: int, default: 3}"
    assert one_step("ask: go, when: '{{ n > 3 }}'", params).is_left_out
    assert not one_step("ask: go, when: '{{ n > 2 }}'", params).is_left_out
    assert not one_step("ask: go, when: '{{ n > 3 and seen.one.free < 5 }}'", params).is_left_out


def test_when_is_true_or_false_and_nothing_else() -> None:
    wanted = one_step("ask: go, when: '{{ n }}'", "n: {type: int, default: 1}").when
    assert wanted is not None
    with pytest.raises(Invalid, match="neither true nor false"):
        wanted({})
    never = one_step("ask: go, when: false")
    assert never.when is not None
    assert (never.when({}), never.when_text, never.is_left_out) == (False, "false", True)
    assert one_step("ask: go, when: true").when is None


def test_a_question_is_rendered() -> None:
    body = "ask: {text: 'is {{ n }} enough?', of: oncall}, title: 'ask {{ n }}'"
    found = one_step(body, "n: {type: int, default: 1}")
    assert found.ask is not None
    assert (found.ask.text, found.ask.of, found.title, found.action) == ("is 1 enough?", "oncall", "ask 1", None)
