"""What a person would type instead: the same effect, and no value in it can become code or command a terminal."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remedy.actions.action import Action
from remedy.actions.by_hand import lines_of, note, quoted, word
from remedy.actions.catalogue import Catalogue
from remedy.actions.words import is_seen
from remedy.model import Host, Put, SecretRef
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Played, Scene, play, tree_of
from tests.actions.scenes import ON_A_HOST, SCENES

ANY_VALUE = st.binary(max_size=40).map(lambda b: b.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
SPEAKING = st.sampled_from(
    ["$(touch x)", "`x`", "'", "\\n", "%s%n", "-n", "\n\n", "\x1b[2J", "\u202e", "\u3164", "!x", "~"]
)


def typed(lines: tuple[str, ...]) -> "subprocess.CompletedProcess[bytes]":
    script = "\n".join(lines).encode("utf-8", "surrogateescape")
    return subprocess.run(["dash", "-eu"], input=script, capture_output=True, check=False, timeout=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_VALUE | SPEAKING, max_size=8).map("".join))
def test_fault_013_a_quoted_value_is_that_value_and_nothing_of_it_moves_a_terminal(text: str) -> None:
    said = typed((f"printf %s {quoted(text)}",))
    assert said.stdout == text.encode("utf-8", "surrogateescape")
    assert all(is_seen(c) or c == "\n" for c in quoted(text))
    assert "\n" not in note(text)


@pytest.mark.parametrize("shell", [("bash",), ("busybox", "sh")], ids=lambda s: s[0])
def test_a_quoted_value_is_the_same_in_other_shells(shell: tuple[str, ...]) -> None:
    text = "-n\x1b[31m %d 'it' \\ $(x)\n\udcff\n\n"
    said = subprocess.run([*shell, "-c", f"printf %s {quoted(text)}"], capture_output=True, check=True)
    assert said.stdout.decode("utf-8", "surrogateescape") == text


def test_every_action_says_what_would_be_typed(catalogue: Catalogue) -> None:
    assert {s.action for s in SCENES} | set(ON_A_HOST) == set(catalogue.actions)
    for action in catalogue.actions.values():
        assert action.by_hand.__func__ is not Action.by_hand.__func__  # type: ignore[attr-defined] # of a classmethod


@pytest.fixture
def here(tmp_path: Path) -> FarEnd:
    found = far_end_of("dash", tmp_path)
    assert found is not None
    return found


def _played(scene: Scene, tmp_path: Path, shelf: Path, end: FarEnd, catalogue: Catalogue, host: Host) -> Played:
    root = tmp_path / "root"
    root.mkdir()
    return play(scene, Ground(root, shelf), end, catalogue, host)


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.name)
def test_typed_by_hand_it_ends_in_the_same_state(
    scene: Scene, tmp_path: Path, shelf: Path, here: FarEnd, catalogue: Catalogue, host: Host
) -> None:
    p = _played(scene, tmp_path, shelf, here, catalogue, host)
    scene.sick(p.ground)
    p.finish()
    wanted = scene.snapshot(p.ground)
    scene.sick(p.ground)
    change = p.plan()
    assert change is not None
    said = typed(lines_of(type(p.action), change.operations))
    assert said.returncode == 0, said.stderr
    assert scene.snapshot(p.ground) == wanted
    assert p.plan() is None


def test_what_was_quarantined_by_hand_comes_back_by_hand(
    tmp_path: Path, shelf: Path, here: FarEnd, catalogue: Catalogue, host: Host
) -> None:
    (scene,) = (s for s in SCENES if s.name == "files.prune, to a quarantine")
    p = _played(scene, tmp_path, shelf, here, catalogue, host)
    scene.sick(p.ground)
    before = tree_of(p.ground.root)
    change = p.plan()
    assert change is not None
    assert change.undo.kind == "operations"
    for operations in (change.operations, change.undo.operations):
        said = typed(lines_of(type(p.action), operations))
        assert said.returncode == 0, said.stderr
    assert tree_of(p.ground.root) == before


def test_a_file_is_written_with_what_it_holds_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "it's new\n"
    content = "a line\n'quoted' $(x)\n\x1b"
    put = Put(path=str(path), content=(content,), mode="0640")
    assert typed(lines_of(Action, (put,))).returncode == 0  # type: ignore[type-abstract] # a Put is the same for all
    assert (path.read_text(), path.stat().st_mode & 0o777) == (content, 0o640)


def test_a_secret_is_a_variable_that_the_script_does_not_know() -> None:
    said = typed((f"printf %s {word(SecretRef('env:TOKEN'))}",))
    assert said.returncode != 0
    assert b"SECRET_env_TOKEN" in said.stderr


def test_what_is_to_be_done_in_any_case_is_said_to_be() -> None:
    put = Put(path="/etc/x", content=("x",), always=True)
    first, *_ = lines_of(Action, (put,))  # type: ignore[type-abstract] # a Put is the same for all
    assert first.startswith("# this in any case")
