"""Random trees: pruning changes exactly the listed files, and undo brings every one of them back."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remedy.actions.catalogue import Catalogue
from remedy.model import Address, Host, UndoBy
from tests.actions.far_end import FarEnd
from tests.actions.kit import YEAR_2001, tree_of
from tests.actions.scenes import empty

pytestmark = pytest.mark.shells

TODAY = 4_000_000_000
NAME_BYTES = st.integers(1, 255).filter(lambda b: b != ord("/"))
NAMES = st.one_of(
    st.sampled_from([b"a.log.1", b"b.log.1", b"app.log", b"-n", b"..x", b"\n", b"\\n", b"*", b"a\n./b"]),
    st.lists(NAME_BYTES, min_size=1, max_size=12).map(bytes).filter(lambda n: n not in (b".", b"..")),
    st.integers(200, 255).map(lambda n: b"l" * n),
)
KINDS = st.sampled_from(["old", "old", "old", "young", "link", "directory link", "hard link", "fifo", "empty"])
TREES = st.lists(st.tuples(st.lists(NAMES, max_size=2), NAMES, KINDS), max_size=12)


def _grow(root: Path, outside: Path, tree: list[tuple[list[bytes], bytes, str]]) -> None:
    """Make what can be made of a random tree: a name that is taken already, or a path that is too long, is left out."""
    for number, (folders, name, kind) in enumerate(tree):
        try:
            place = Path(os.fsdecode(b"/".join([os.fsencode(root), *folders])))
            place.mkdir(parents=True, exist_ok=True)
            _make(place / os.fsdecode(name), outside, kind, number)
        except OSError:
            continue


def _make(path: Path, outside: Path, kind: str, number: int) -> None:
    if os.path.lexists(path):
        return
    match kind:
        case "link":
            path.symlink_to(outside / "precious")
        case "directory link":
            path.symlink_to(outside)
        case "hard link":
            path.hardlink_to(outside / "precious")
        case "fifo":
            os.mkfifo(path)
        case _:
            path.write_bytes(b"" if kind == "empty" else b"x" * (number + 1))
            at = TODAY if kind == "young" else YEAR_2001 + number
            os.utime(path, (at, at))


def _prove(
    tree: list[tuple[list[bytes], bytes, str]], end: FarEnd, catalogue: Catalogue, tmp: Path, shelf: Path
) -> None:
    root, outside = empty(tmp / "root"), empty(tmp / "outside")
    empty(shelf)
    (outside / "precious").write_bytes(b"precious")
    os.utime(outside / "precious", (YEAR_2001, YEAR_2001))
    _grow(root, outside, tree)
    before, apart = _states(root), tree_of(outside)
    wanted = {n for n, s in before.items() if isinstance(s[0], bytes) and s[-2] != TODAY and s[-1] == 1}
    host = Host(name="here", address=Address(scheme="local"))
    action = catalogue.action(
        "files.prune", {"root": str(root), "match": "*", "older_than": "1d", "quarantine": str(shelf)}
    )
    seen = action.see(end.look(action.look(host)))
    assert {f.path for f in seen.files} == wanted
    change = action.plan(seen)
    if change is None:
        assert not wanted
        return
    assert end.act(change.operations[0]).returncode == 0
    assert _states(root) == {n: s for n, s in before.items() if n not in wanted}
    assert isinstance(change.undo, UndoBy)
    assert end.act(change.undo.operations[0]).returncode == 0
    assert _states(root) == before
    assert tree_of(outside) == apart


def _states(root: Path) -> dict[str, tuple[object, ...]]:
    """As `tree_of`, with the number of names of each file; a fifo is not read."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder) / name
            status = path.lstat()
            is_plain = path.is_file() and not path.is_symlink()
            what: object = path.read_bytes() if is_plain else status.st_mode
            if is_plain or path.is_symlink() or not path.is_dir():
                found[str(path.relative_to(root))] = (what, status.st_mode, int(status.st_mtime), status.st_nlink)
    return found


@settings(max_examples=9, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_fault_072_to_077_nothing_outside_the_list_changes(
    tree: list[tuple[list[bytes], bytes, str]], far_end: FarEnd, catalogue: Catalogue, tmp_path: Path, shelf: Path
) -> None:
    _prove(tree, far_end, catalogue, tmp_path, shelf)


@pytest.mark.long
@pytest.mark.timeout(10_800)
@settings(
    max_examples=3400,  # for each of three shells: ten thousand trees
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tree=TREES)
def test_fault_072_to_077_nothing_outside_the_list_changes_in_many_trees(
    tree: list[tuple[list[bytes], bytes, str]], far_end: FarEnd, catalogue: Catalogue, tmp_path: Path, shelf: Path
) -> None:
    _prove(tree, far_end, catalogue, tmp_path, shelf)


def test_a_long_chain_of_directories_is_walked(
    far_end: FarEnd, catalogue: Catalogue, tmp_path: Path, shelf: Path
) -> None:
    deep = [b"d" * 100] * 20
    _prove([(deep, b"old", "old")], far_end, catalogue, tmp_path, shelf)
    shutil.rmtree(tmp_path / "root")
