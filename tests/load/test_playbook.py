"""Playbooks: where they are found, what they become, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from remedy.errors import Invalid
from remedy.load.find import find_playbook, playbook_names
from remedy.load.playbook import load_playbook
from remedy.model import Limits
from tests.load.toy import CATALOGUE, PLAIN, playbook, said_of, step, with_steps


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "plain.yml").write_text(PLAIN)
    return tmp_path


def test_a_playbook_is_named_by_its_file(home: Path) -> None:
    found = load_playbook("plain", home, CATALOGUE)
    assert (found.name, found.summary) == ("plain", "Do what is needed")
    declared = [(p.name, p.kind, p.required) for p in found.params]
    assert declared == [("log_dir", "path", False), ("free", "percent", False)]
    assert found.limits == Limits()
    assert found.places["/steps/0/toy.rotate/paths/0"].endswith("plain.yml:10:26")


def test_a_playbook_is_found_by_path(home: Path) -> None:
    by_path = load_playbook(str(home / "playbooks" / "plain.yml"), Path("/nowhere"), CATALOGUE)
    assert by_path.digest == load_playbook("plain", home, CATALOGUE).digest


def test_a_misspelled_name_is_answered_with_the_right_one(home: Path) -> None:
    with pytest.raises(Invalid) as refused:
        find_playbook("plian", home)
    assert refused.value.fix == "did you mean plain?"


@pytest.mark.parametrize(
    "name", ["../plain", "..", "", "-rf", "a b", "pl\u0430in", "plain\n", "x" * 300, "plain.txt", "a\0.yml"]
)
def test_fault_008_a_name_never_leaves_the_home(home: Path, name: str) -> None:
    with pytest.raises(Invalid):
        find_playbook(name, home)


def test_fault_008_a_link_out_of_the_home_is_refused(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.yml"
    elsewhere.write_text("password: hunter2hunter2\n")
    (home / "playbooks" / "linked.yml").symlink_to(elsewhere)
    (home / "playbooks" / "broken.yml").symlink_to("/nowhere/at/all.yml")
    (home / "playbooks" / "itself.yml").symlink_to("itself.yml")
    for name in ("linked", "broken", "itself"):
        with pytest.raises(Invalid) as refused:
            load_playbook(name, home, CATALOGUE)
        assert "hunter2" not in str(refused.value)


def test_a_link_within_the_playbooks_is_followed(home: Path) -> None:
    (home / "playbooks" / "other.yml").symlink_to("plain.yml")
    assert find_playbook("other", home).name == "other.yml"


def test_two_files_of_one_name_are_refused(home: Path) -> None:
    (home / "playbooks" / "plain.yaml").write_text(PLAIN)
    with pytest.raises(Invalid, match="both"):
        find_playbook("plain", home)


def test_what_is_hidden_or_no_yaml_is_no_playbook(home: Path) -> None:
    (home / "playbooks" / ".draft.yml").write_text("x")
    (home / "playbooks" / "notes.txt").write_text("x")
    assert "plain" in playbook_names(home)
    assert not {"notes", ".draft", "draft"} & set(playbook_names(home))


def test_fault_008_no_word_of_a_file_that_is_no_playbook_is_shown() -> None:
    """A playbook by path may be any file that this user can read."""
    with pytest.raises(Invalid) as refused:
        load_playbook("/etc/passwd", Path("/"), CATALOGUE)
    assert "root:" not in str(refused.value)


def test_fault_024_the_digest_is_of_the_content_alone() -> None:
    plain = playbook(PLAIN)
    assert playbook("# a comment\n" + PLAIN.replace("20%", "'20%'")).digest == plain.digest
    assert playbook(PLAIN.replace("20%", "21%")).digest != plain.digest


def test_all_problems_are_raised_together() -> None:
    with pytest.raises(Invalid) as refused:
        playbook(PLAIN.replace("summary:", "sumary:").replace("20%", "200%").replace("log_dir }}", "logdir }}"))
    assert [p.at for p in refused.value.problems] == [
        "plain.yml:1:1",
        "plain.yml:2:1",
        "plain.yml:5:34",
        "plain.yml:10:26",
    ]
    assert refused.value.exit_code == 2
    assert refused.value.message == "4 problems in plain.yml"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('toy.rotate: {paths: "{{ names }}"}', ""),
        ('toy.rotate: {paths: ["/a/{{ x }}"], keep: "{{ n }}"}', ""),
        ("ask: 'is {{ x }} right?'", ""),
        ("ask: {text: check it, of: oncall}", ""),
        ("toy.rotate: {paths: [/a]}, when: true", ""),
        ("toy.rotate: {paths: [/a]}, when: '{{ n > 2 }}', timeout: 90s, title: 'on {{ x }}'", ""),
        ("toy.rotate: {paths: [/a]}, when: '{{ seen.one.x }}'", ""),
        ("toy.rotate: {paths: [/a]}, when: 'n > 2'", "one expression"),
        ("toy.rotate: {paths: [/a]}, when: '{{ n }} > 2'", "one expression"),
        ("toy.rotate: {paths: [/a]}, title: '{{ seen.one.x }}'", "in `when` only"),
        ("toy.rotate: {paths: [/a], note: '{% if x %}'}", "a statement"),
        ("toy.rotate: {paths: ['/a/*', '/*/a']}", "only its last part"),
        ("toy.rotate: {paths: ['{{ x }}', relative]}", "absolute path"),
        ("toy.rotate: {paths: [/a], keep: 100}", "at most 99"),
        ("ask: hello, toy.rotate: {paths: [/a]}", "one action"),
        ("title: nothing", "no action"),
        ("toy.free: {below: 5%}", "no action is called"),
    ],
)
def test_a_step_is_right_or_says_what_is_wrong(body: str, why: str) -> None:
    params = "x: {type: text, default: y}\nn: {type: int, default: 3}\nnames: {type: [path], default: [/a]}"
    lines = said_of(with_steps(step(body), params))
    assert (why in lines[0]) if why else not lines, lines


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("toy.free: {below: 5%}", ""),
        ("toy.free: {below: 5%, within: 60s}", ""),
        ("any: [{toy.free: {below: 5%}}, {not: [{toy.answers: {url: 'http://x/'}}]}]", ""),
        ("toy.free: {}", "exactly one"),
        ("toy.free: {below: 5%, at_least: 6%}", "exactly one"),
        ("toy.free: {below: 5%, within: soon}", "duration"),
        ("toy.free: {below: 5}", "percentage"),
        ("toy.free: {blow: 5%}", "did you mean below?"),
        ("toy.rotate: {paths: [/a]}", "no check is called"),
        ("all: []", "no check is called"),
        ("not: {toy.free: {below: 5%}}", "wanted a list"),
    ],
)
def test_a_check_is_right_or_says_what_is_wrong(check: str, why: str) -> None:
    lines = said_of(with_steps(step("ask: hello"), rest=f"symptom: [{{{check}}}]"))
    assert (why in lines[0]) if why else not lines, lines


@pytest.mark.parametrize(
    ("cron", "right"),
    [
        ("17 3 * * *", True),
        ("*/15 0-6,22 1,15 jan-MAR mon-fri", True),
        ("0 0 29 2 *", True),
        ("0 0 31 2 mon", True),
        ("5/10 * * * 7", True),
        ("* * * *", False),
        ("* * * * * *", False),
        ("60 * * * *", False),
        ("* 24 * * *", False),
        ("* * 0 * *", False),
        ("* * * 13 *", False),
        ("* * * * 8", False),
        ("0 0 31 2 *", False),
        ("0 0 31 4,6,9,11 *", False),
        ("*/0 * * * *", False),
        ("5-1 * * * *", False),
        ("@daily", False),
        ("a b c d e", False),
        ("1,,2 * * * *", False),
        ("", False),
    ],
)
def test_fault_023_a_schedule_that_never_comes_is_refused(cron: str, *, right: bool) -> None:
    text = with_steps(step("ask: hello"), rest=f"schedule: {{cron: '{cron}', groups: [prod]}}")
    assert (not said_of(text)) is right


def test_a_playbook_is_called_as_its_file() -> None:
    assert "its file 'other'" in said_of(PLAIN, "other.yml")[0]
