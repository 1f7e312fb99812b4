"""logs.rotate goes on where it was cut off: what a cut left is told from what is still to be done."""

import gzip
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.actions.logs.logs import Rotate
from remedy.model import Host
from tests.actions.far_end import FarEnd
from tests.actions.kit import tree_of, write
from tests.actions.test_logs import rotate

pytestmark = pytest.mark.shells
LINES = b"a line\n" * 300


@pytest.fixture
def action(catalogue: Catalogue, tmp_path: Path) -> Rotate:
    found = catalogue.action("logs.rotate", {"paths": [f"{tmp_path}/logs/*.log"], "larger_than": "1KiB", "keep": 3})
    assert isinstance(found, Rotate)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log that is aside, with an empty one in its place, and three generations, the first just written."""
    folder = tmp_path / "logs"
    (folder / ".remedy-rotating").mkdir(mode=0o700, parents=True)
    write(folder / "app.log", b"")
    write(folder / ".remedy-rotating" / "app.log", LINES)
    write(folder / "app.log.1.gz", gzip.compress(LINES, mtime=0))
    for number in (2, 3):
        write(folder / f"app.log.{number}.gz", gzip.compress(b"older\n" * number, mtime=0))
    return folder


def test_a_log_that_was_kept_just_before_the_cut_costs_no_generation(
    far_end: FarEnd, action: Rotate, host: Host, folder: Path
) -> None:
    before = tree_of(folder)
    rotate(far_end, action, host)
    after = tree_of(folder)
    assert after == {name: state for name, state in before.items() if ".remedy-rotating" not in name}


def test_a_generation_that_was_being_dropped_at_the_cut_is_dropped_and_nothing_else(
    far_end: FarEnd, action: Rotate, host: Host, folder: Path
) -> None:
    aside, third = folder / ".remedy-rotating", folder / "app.log.3.gz"
    (folder / "app.log.1.gz").unlink()
    status = third.stat()
    third.rename(aside / f".remedy-drop:{status.st_dev}:{status.st_ino}:{status.st_size}:{int(status.st_mtime)}")
    rotate(far_end, action, host)
    assert not aside.exists()
    assert sorted(tree_of(folder)) == ["app.log", "app.log.1.gz", "app.log.2.gz"]


def test_what_is_not_what_was_to_be_dropped_stays(far_end: FarEnd, action: Rotate, host: Host, folder: Path) -> None:
    other = write(folder / ".remedy-rotating" / ".remedy-drop:1:2:3:4", b"somebody's")
    rotate(far_end, action, host)
    assert other.read_bytes() == b"somebody's"
