"""Old backups taken away, on real ones: never the last good ones, and nothing that is not listed."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Address, Host, UndoBy
from tests.actions import kit
from tests.actions.backup_shelf import SHOP_TABLES, Shelf, rewrite, said_of
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Scene, play, tree_of
from tests.lab import Postgres

pytestmark = pytest.mark.lab
DAY_S = 86_400


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory) -> FarEnd:
    found = far_end_of("dash", tmp_path_factory.mktemp("end"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def one(postgres: Postgres, end: FarEnd, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good backup, which the tests make others of."""
    postgres.make("shop", SHOP_TABLES)
    shelf = Shelf(
        postgres, tmp_path_factory.mktemp("one"), end, catalogue, Host(name="here", address=Address(scheme="local"))
    )
    return shelf.take(format="plain")


@pytest.fixture
def backups(postgres: Postgres, tmp_path: Path, end: FarEnd, catalogue: Catalogue, host: Host) -> Shelf:
    (tmp_path / "backups").mkdir()
    return Shelf(postgres, tmp_path / "backups", end, catalogue, host)


def aged(shelf: Shelf, one: Path, days: float, *, name: str = "") -> Path:
    """A backup that was finished so long ago; its file is as young as any."""
    path = shelf.folder / (name or f"shop_{days}.sql.gz")
    shutil.copyfile(one, path)
    shutil.copyfile(f"{one}.manifest", f"{path}.manifest")
    at = int(one.stat().st_mtime - days * DAY_S)  # however long the tests take, the same
    rewrite(path, file=path.name, started=at - 1, finished=at)
    return path


def names(shelf: Shelf) -> set[str]:
    return {p.name.removeprefix("shop_").removesuffix(".sql.gz") for p in shelf.dumps}


def test_what_is_old_goes_and_enough_good_ones_stay(backups: Shelf, one: Path) -> None:
    for days in (0.5, 1.5, 8, 9, 20, 30):
        aged(backups, one, days)
    (backups.folder / "README").write_text("not ours")
    aged(backups, one, 40, name="crm_40.sql.gz")
    rewrite(backups.folder / "crm_40.sql.gz", database="crm")
    kept = aged(backups, one, 50, name="shop-before-restore_50.sql.gz")
    rewrite(kept, kind="safety")
    change = backups.apply("backup.prune", keep=3)
    assert change.title.startswith("delete 3 old backups")
    assert names(backups) == {"0.5", "1.5", "8", "crm_40", "shop-before-restore_50"}
    assert (backups.folder / "README").exists()
    assert not list(backups.folder.glob("shop_30*"))
    assert backups.plan("backup.prune", keep=3) is None


def test_fault_081_a_spoilt_backup_does_not_count_among_those_that_stay(backups: Shelf, one: Path) -> None:
    for days in (0.5, 1.5, 8, 9, 20):
        aged(backups, one, days)
    for days in (1.5, 8):
        path = backups.folder / f"shop_{days}.sql.gz"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    change = backups.wanted("backup.prune", keep=2)
    assert [item.partition("\t")[0] for item in change.operations[0].items] == [
        "shop_20.sql.gz",
        "shop_20.sql.gz.manifest",
    ]  # type: ignore[union-attr] # a Call
    backups.apply("backup.prune", keep=2)
    assert names(backups) == {"0.5", "1.5", "8", "9"}


def test_fault_081_while_backups_fail_nothing_goes(backups: Shelf, one: Path) -> None:
    for days in (9, 10, 11, 12, 13):
        aged(backups, one, days)
    for days in range(8):  # what a failing script leaves every night
        (backups.folder / f"shop_failed_{days}.sql.gz").write_bytes(b"")
    before = tree_of(backups.folder)
    with pytest.raises(Refused, match="older than 2 days"):
        backups.plan("backup.prune", keep=2)
    assert tree_of(backups.folder) == before


def test_fault_072_a_directory_that_is_a_link_is_refused(backups: Shelf, one: Path) -> None:
    aged(backups, one, 9)
    link = backups.folder.with_name("link")
    link.symlink_to(backups.folder)
    backups.folder = link
    reply = backups.end.look(backups.action("backup.prune", keep=1).look(backups.host))
    assert (reply.rc, "reached through a symbolic link" in reply.error) == (3, True)


def test_fault_077_what_is_held_open_or_has_another_name_stays(backups: Shelf, one: Path) -> None:
    aged(backups, one, 0.5)
    held, linked = aged(backups, one, 9), aged(backups, one, 10)
    (backups.folder / "elsewhere").hardlink_to(linked)
    with held.open("rb"):
        change = backups.plan("backup.prune", keep=1)
        assert change is None
    backups.apply("backup.prune", keep=1)
    assert (held.exists(), linked.exists()) == (False, True)


def test_a_new_backup_or_one_that_went_bad_meanwhile_makes_the_plan_stale(backups: Shelf, one: Path) -> None:
    for days in (0.5, 9, 10):
        aged(backups, one, days)
    action, now = backups.action("backup.prune", keep=2), int(time.time())
    ground = backups.reply(action, now).ground
    assert any(re.match("keep:shop_9.sql.gz [0-9a-f]{64}", line) for line in ground)
    (backups.folder / "shop_9.sql.gz").write_bytes(b"x")
    assert backups.reply(action, now).ground != ground


def _scene(shelf: Shelf, one: Path, store: str) -> Scene:
    def old(ground: Ground) -> None:
        young(ground)
        for days in (9, 10, 11):
            aged(shelf, one, days)
        (shelf.folder / "shop_9.sql.gz.tested").write_text(
            f"remedy-test 1\nsha256 {said_of(one)['sha256']}\nat 5\nresult equal\nend\n"
        )
        for path in shelf.folder.glob("shop_[19]*"):
            kit.write(path, path.read_bytes(), mode=0o600)

    def young(ground: Ground) -> None:
        for folder in (shelf.folder, ground.shelf):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        aged(shelf, one, 0.5)

    def left(ground: Ground) -> object:
        kept = [v for v in tree_of(ground.shelf).values() if v != ("directory",)]
        return {k: v[:2] for k, v in tree_of(shelf.folder).items() if "0.5" not in k}, sorted(kept, key=repr)

    more = {"quarantine": store} if store else {}
    return Scene("backup.prune", "backup.prune", lambda _: shelf.params(keep=1, **more), old, young, left)


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(p, marks=pytest.mark.long if p is kit.killed_inside_an_operation_it_converges else ())
        for p in kit.PROOFS
    ],
    ids=lambda p: p.__name__,
)
@pytest.mark.parametrize("where", [pytest.param("", marks=pytest.mark.long), "quarantine"])
def test_the_kit(backups: Shelf, one: Path, shelf: Path, proof: Callable[[kit.Played], None], where: str) -> None:
    scene = _scene(backups, one, str(shelf) if where else "")
    proof(play(scene, Ground(backups.folder, shelf), backups.end, backups.catalogue, backups.host))


def test_what_was_quarantined_comes_back_as_it_was(backups: Shelf, one: Path, shelf: Path) -> None:
    for days in (0.5, 9, 10):
        aged(backups, one, days)
    before = tree_of(backups.folder)
    change = backups.apply("backup.prune", keep=1, quarantine=str(shelf))
    assert isinstance(change.undo, UndoBy)
    assert backups.end.act(change.undo.operations[0]).returncode == 0
    assert tree_of(backups.folder) == before
