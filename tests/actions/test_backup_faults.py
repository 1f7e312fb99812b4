"""What drills break of a database and its backups, and that all of it comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.model import Answer, Host, Json, UndoBy
from tests.actions import kit
from tests.actions.backup_shelf import SHOP_TABLES, Shelf
from tests.actions.far_end import far_end_of
from tests.actions.kit import Ground, Played, Scene, play, tree_of
from tests.actions.test_by_hand import typed
from tests.lab import Postgres

pytestmark = pytest.mark.lab
LONG = (kit.killed_inside_an_operation_it_converges, kit.cut_off_between_operations_it_converges)
DAMAGE: dict[str, Json] = {"database": "shop", "table": "orders"}


@pytest.fixture
def backups(postgres: Postgres, tmp_path: Path, catalogue: Catalogue, host: Host) -> Iterator[Shelf]:
    found = far_end_of("dash", tmp_path)
    assert found is not None
    postgres.make("shop", SHOP_TABLES)
    (tmp_path / "backups").mkdir()
    shelf = Shelf(postgres, tmp_path / "backups", found, catalogue, host)
    shelf.take()
    yield shelf
    postgres.drop(*postgres.databases())


def _corrupt(shelf: Shelf, how: str = "garbled") -> Played:
    content = tree_of(shelf.folder)

    def whole(_: Ground) -> None:
        for path in shelf.folder.iterdir():
            path.unlink()
        for name, state in content.items():
            assert isinstance(state[0], bytes)
            kit.write(shelf.folder / name, state[0], mode=0o600)

    def spoilt(ground: Ground) -> None:
        """What the fault has nothing left to do for."""
        whole(ground)
        change = played.plan()
        assert change is not None
        played.act(change.operations)

    def all_of_it(_: Ground) -> object:
        return tree_of(shelf.folder)

    params: dict[str, Json] = {"dir": str(shelf.folder), "database": "shop", "how": how}
    scene = Scene("fault.backup_corrupt", "fault.backup_corrupt", lambda _: params, whole, spoilt, all_of_it)
    played = play(scene, Ground(shelf.folder, shelf.folder), shelf.end, shelf.catalogue, shelf.host)
    return played


def _damage(shelf: Shelf) -> Played:
    def whole(_: Ground) -> None:
        shelf.pg.make("shop", SHOP_TABLES)

    def damaged(_: Ground) -> None:
        whole(_)
        shelf.pg.sql("ALTER TABLE orders RENAME TO remedy_fault_orders", "shop")

    def tables(_: Ground) -> object:
        return shelf.pg.sql("SELECT relname, reltuples FROM pg_class WHERE relname ~ 'orders' ORDER BY 1", "shop")

    scene = Scene(
        "fault.database_damage", "fault.database_damage", lambda _: {**DAMAGE, **shelf.place}, whole, damaged, tables
    )
    return play(scene, Ground(shelf.folder, shelf.folder), shelf.end, shelf.catalogue, shelf.host)


@pytest.mark.parametrize(
    "proof",
    [pytest.param(p, marks=pytest.mark.long if p in LONG else ()) for p in kit.PROOFS],
    ids=lambda p: p.__name__,
)
@pytest.mark.parametrize("which", [_corrupt, pytest.param(_damage, marks=pytest.mark.long)], ids=["backup", "database"])
def test_the_kit(backups: Shelf, which: Callable[[Shelf], Played], proof: Callable[[Played], None]) -> None:
    proof(which(backups))


@pytest.mark.parametrize(
    "how",
    ["garbled", pytest.param("truncated", marks=pytest.mark.long), pytest.param("empty", marks=pytest.mark.long)],
)
def test_a_spoilt_backup_is_seen_replaced_and_brought_back(backups: Shelf, how: str) -> None:
    before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in backups.folder.iterdir()}
    backups.apply("backup.test")
    assert backups.judge("backup.valid").answer is Answer.OK
    played = _corrupt(backups, how)
    change = played.plan()
    assert change is not None
    assert isinstance(change.undo, UndoBy)
    played.act(change.operations)
    assert backups.judge("backup.valid").answer is Answer.NOT_OK
    backups.apply("backup.create")
    for _ in range(2):
        played.act(change.undo.operations)
        assert {n: s for n, s in _state(backups).items() if n in before} == before
    assert not [p.name for p in backups.folder.iterdir() if p.name.startswith(".")]


def _state(shelf: Shelf) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in shelf.folder.iterdir()}


def test_a_damaged_database_is_restored_and_then_there_is_nothing_to_bring_back(backups: Shelf) -> None:
    played = _damage(backups)
    change = played.plan()
    assert change is not None
    assert isinstance(change.undo, UndoBy)
    played.act(change.operations)
    restore = backups.apply("backup.restore")
    assert any("public.orders is not there" in line for line in restore.lines)
    played.act(change.undo.operations)
    assert backups.pg.sql("SELECT count(*) FROM orders", "shop") == "500"
    assert backups.pg.sql("SELECT to_regclass('remedy_fault_orders') IS NULL", "shop") == "t"


@pytest.mark.parametrize("which", [_corrupt, _damage], ids=["backup", "database"])
def test_typed_by_hand_it_breaks_and_mends(backups: Shelf, which: Callable[[Shelf], Played]) -> None:
    played = which(backups)
    played.scene.sick(played.ground)
    before, change = played.scene.snapshot(played.ground), played.plan()
    assert change is not None
    assert isinstance(change.undo, UndoBy)
    for operations in (change.operations, change.undo.operations):
        lines = lines_of(type(played.action), operations)
        said = typed(tuple(line.replace("env ", "env PGHOST=/var/run/postgresql ") for line in lines))
        assert said.returncode == 0, said.stderr
        assert (played.plan() is None) is (operations is change.operations)
    assert played.scene.snapshot(played.ground) == before
