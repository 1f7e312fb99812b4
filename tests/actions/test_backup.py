"""Backups on a real server: taken, seen, restored on trial; and what is no backup is known for none."""

import gzip
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Answer, Host, Reply
from tests.actions import kit
from tests.actions.backup_shelf import SHOP_TABLES, Shelf, rewrite, said_of
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Scene, play
from tests.lab import Postgres

pytestmark = pytest.mark.lab


@pytest.fixture
def end(tmp_path_factory: pytest.TempPathFactory) -> FarEnd:
    found = far_end_of("dash", tmp_path_factory.mktemp("end"))
    assert found is not None
    return found


@pytest.fixture
def shelf(postgres: Postgres, tmp_path: Path, end: FarEnd, catalogue: Catalogue, host: Host) -> Shelf:
    postgres.make("shop", SHOP_TABLES)
    folder = tmp_path / "backups"
    folder.mkdir()
    return Shelf(postgres, folder, end, catalogue, host)


# ---------------------------------------------------------------- backup.create


@pytest.mark.parametrize(
    ("shell", "form"),
    [
        ("dash", "custom"),
        ("busybox", "plain"),
        pytest.param("bash", "custom", marks=pytest.mark.long),
        pytest.param("bash", "plain", marks=pytest.mark.long),
        pytest.param("dash", "plain", marks=pytest.mark.long),
        pytest.param("busybox", "custom", marks=pytest.mark.long),
    ],
)
def test_a_backup_is_whole_and_its_manifest_tells_what_is_in_it(
    shelf: Shelf, shell: str, form: str, tmp_path: Path
) -> None:
    found = far_end_of(shell, tmp_path)
    assert found is not None
    if shell == "busybox":  # its own tools first, and the server's beside them
        found = FarEnd(found.name, found.shell, f"{found.path}:/usr/bin:/usr/sbin:/sbin")
    shelf.end = found
    path = shelf.take(format=form)
    told = said_of(path)
    assert told["rows"] == "730"
    assert told["tables"] == "3"
    assert told["source"] == shelf.pg.sql("SELECT system_identifier FROM pg_control_system()", "shop")
    assert int(told["size"]) == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    assert {p.name for p in shelf.folder.iterdir()} == {path.name, f"{path.name}.manifest"}
    assert shelf.plan("backup.create") is None
    assert shelf.judge("backup.fresh").answer is Answer.OK


def test_the_counted_rows_are_those_of_the_dump_however_much_is_written_meanwhile(shelf: Shelf) -> None:
    write = f"""psql -Xq -h {shelf.pg.socket} -p {shelf.pg.port} -d shop -c 'INSERT INTO "odd name" SELECT 1'"""
    loop = subprocess.Popen(["runuser", "-u", "postgres", "--", "sh", "-c", f"while {write}; do :; done"])
    try:
        shelf.take()
    finally:
        loop.kill()
        loop.wait()
    shelf.apply("backup.test")
    assert shelf.judge("backup.valid").answer is Answer.OK


def test_a_dump_that_fails_leaves_nothing(shelf: Shelf) -> None:
    change = shelf.plan("backup.create")
    assert change is not None
    shelf.pg.sql("CREATE FUNCTION bad() RETURNS int LANGUAGE c AS 'pg_trgm', 'gtrgm_in'", "shop")
    shelf.pg.sql("UPDATE pg_proc SET prolang = 99999 WHERE proname = 'bad'", "shop")  # what pg_dump stumbles over
    done = shelf.end.act(change.operations[0])
    assert done.returncode == 1
    assert b"no backup was made" in done.stderr
    assert list(shelf.folder.iterdir()) == []


def test_the_guard_is_the_newest_backup_that_is_good_to_its_last_byte(shelf: Shelf) -> None:
    path = shelf.take()
    assert shelf.plan("backup.create") is None
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert shelf.plan("backup.create") is not None


def test_a_replica_is_refused_and_so_is_a_full_disk(shelf: Shelf) -> None:
    action = shelf.action("backup.create")
    reply = shelf.reply(action)
    for was, then in (("primary", "replica"), ("room yes", "room no")):
        ground = tuple(line.replace(was, then) for line in reply.ground)
        with pytest.raises(Refused):
            action.plan(action.see(Reply(rc=0, ground=ground, evidence=reply.evidence)))


def test_fault_086_on_a_full_disk_no_backup_is_begun(shelf: Shelf, shelf_small: Path) -> None:
    shelf.folder = shelf_small
    (shelf_small / "filler").write_bytes(b"x" * 2_000_000)
    with pytest.raises(Refused, match="may need"):
        shelf.plan("backup.create")
    assert [p.name for p in shelf_small.iterdir()] == ["filler"]


@pytest.fixture
def shelf_small(tmp_path: Path) -> Iterator[Path]:
    """A directory on a filesystem of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


# ---------------------------------------------------------------- backup.fresh, backup.valid, backup.test


def test_fault_083_the_age_is_the_manifests_whatever_the_files_time_says(shelf: Shelf) -> None:
    path = shelf.take()
    now = int(time.time())
    rewrite(path, started=now - 200_000, finished=now - 199_990)
    os.utime(path)
    judged = shelf.judge("backup.fresh")
    assert judged.answer is Answer.NOT_OK
    assert "2 days old" in judged.says
    rewrite(path, started=now + 86_400, finished=now + 86_400)
    assert "in the future" in shelf.judge("backup.fresh").says


def test_fault_083_a_link_that_leads_nowhere_is_told(shelf: Shelf) -> None:
    path = shelf.take()
    (shelf.folder / "latest_backup").symlink_to(path.name)
    assert shelf.judge("backup.fresh").answer is Answer.OK
    (shelf.folder / "latest_backup").unlink()
    (shelf.folder / "latest_backup").symlink_to("gone.dump")
    judged = shelf.judge("backup.fresh")
    assert (judged.answer, judged.says.endswith("latest_backup leads nowhere")) == (Answer.NOT_OK, True)


def test_a_backup_half_as_large_as_usual_is_told(shelf: Shelf) -> None:
    shelf.pg.sql("CREATE TABLE big AS SELECT md5(n::text) AS x FROM generate_series(1, 5000) n", "shop")
    for _ in range(4):
        shelf.take()
    shelf.pg.sql("TRUNCATE big", "shop")
    shelf.wait_for_the_next_second()
    action = shelf.action("backup.create", younger_than="0s")
    before = action.see(shelf.reply(action))
    change = action.plan(before)
    assert change is not None
    assert shelf.end.act(change.operations[0]).returncode == 0
    assert "those before it" in shelf.judge("backup.fresh").says
    assert shelf.judge("backup.fresh").answer is Answer.NOT_OK


def test_backups_are_valid_once_one_was_restored_and_equal(shelf: Shelf) -> None:
    path = shelf.take()
    assert "never restored" not in shelf.judge("backup.fresh").says
    judged = shelf.judge("backup.valid")
    assert (judged.answer, "was ever restored" in judged.says) == (Answer.NOT_OK, True)
    others = shelf.pg.databases()
    shelf.apply("backup.test")
    assert shelf.judge("backup.valid").answer is Answer.OK
    assert shelf.plan("backup.test") is None
    assert shelf.pg.databases() == others
    assert Path(f"{path}.tested").read_text().splitlines()[-2:] == ["result equal", "end"]
    shelf.take()  # the next night's: whole, and the last test is young enough
    assert shelf.judge("backup.valid").answer is Answer.OK
    assert shelf.judge("backup.valid", tested_within="0s").answer is Answer.NOT_OK


@pytest.mark.parametrize("form", ["custom", "plain"])
def test_fault_082_a_manifest_that_tells_of_other_rows_is_found_out_by_the_restore(shelf: Shelf, form: str) -> None:
    path = shelf.take(format=form)
    manifest = Path(f"{path}.manifest")
    text = manifest.read_text().replace("table public.orders 500", "table public.orders 501")
    manifest.write_text(text)
    rewrite(path, rows=731)
    assert "makes no sense" in shelf.judge("backup.valid").says  # the digest of the rows
    rows = "".join(f"{line}\n" for line in manifest.read_text().splitlines() if line.startswith("table "))
    rewrite(
        path, counts=subprocess.run(["sha256sum"], input=rows, capture_output=True, text=True, check=True).stdout[:64]
    )
    change = shelf.plan("backup.test")
    assert change is not None
    first, last = change.operations
    done = shelf.end.act(first)
    assert b"public.orders has 500 rows, not 501" in done.stderr
    assert shelf.end.act(last).returncode == 0
    assert shelf.pg.databases() == ["shop"]
    assert "was not what its manifest tells" in shelf.judge("backup.valid").says
    assert "was restored for a test" in shelf.judge("backup.valid").says
    with pytest.raises(Refused, match="restored for a test"):
        shelf.plan("backup.test")


def test_an_empty_gzip_passes_gzip_and_not_us(shelf: Shelf) -> None:
    path = shelf.take(format="plain")
    path.write_bytes(gzip.compress(b""))
    assert subprocess.run(["gzip", "-t", str(path)], check=False).returncode == 0
    rewrite(path, size=path.stat().st_size)
    assert "other bytes" in shelf.judge("backup.valid").says
    rewrite(
        path, sha256=subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout[:64]
    )
    assert "does not end as a whole dump does" in shelf.judge("backup.valid").says


# ---------------------------------------------------------------- the kit


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _scenes(shelf: Shelf) -> tuple[Scene, ...]:
    def state(_: Ground) -> object:
        """How many are whole, and whatever else is there."""
        left = sorted(p.name for p in shelf.folder.iterdir() if p.suffix not in (".dump", ".manifest", ".tested"))
        tested = sum(p.suffix == ".tested" for p in shelf.folder.iterdir())
        return len(shelf.dumps), tested, left, shelf.pg.databases()

    def none(_: Ground) -> None:
        _emptied(shelf.folder)

    def one(_: Ground) -> None:
        _emptied(shelf.folder)
        shelf.take()

    def tested(ground: Ground) -> None:
        one(ground)
        shelf.apply("backup.test")

    return (
        Scene("backup.create", "backup.create", lambda _: shelf.params(), none, one, state),
        Scene("backup.test", "backup.test", lambda _: shelf.params(), one, tested, state),
    )


LONG = (kit.killed_inside_an_operation_it_converges, kit.cut_off_between_operations_it_converges)


@pytest.mark.parametrize(
    "proof",
    [pytest.param(p, marks=pytest.mark.long if p in LONG else ()) for p in kit.PROOFS],
    ids=lambda p: p.__name__,
)
@pytest.mark.parametrize("which", [0, 1], ids=["create", "test"])
def test_the_kit(shelf: Shelf, which: int, proof: Callable[[kit.Played], None]) -> None:
    scene = _scenes(shelf)[which]
    played = play(scene, Ground(shelf.folder, shelf.folder), shelf.end, shelf.catalogue, shelf.host)
    proof(played)


@pytest.mark.parametrize("after_s", [0.2, 0.45])
def test_killed_while_it_dumps_it_leaves_nothing_under_a_final_name(shelf: Shelf, after_s: float) -> None:
    change = shelf.plan("backup.create")
    assert change is not None
    if shelf.end.cut_off(change.operations[0], after_s):
        assert all(Path(f"{p}.manifest").exists() for p in shelf.dumps)
    shelf.take()
    assert [p.name for p in shelf.folder.iterdir() if p.name.startswith(".")] == []
    assert shelf.judge("backup.fresh").answer is Answer.OK


@pytest.mark.parametrize("name", ["backup.create", "backup.test"])
def test_typed_by_hand_it_does_the_same(shelf: Shelf, name: str) -> None:
    if name == "backup.test":
        shelf.take()
    action = shelf.action(name)
    change = shelf.plan(name)
    assert change is not None
    script = "\n".join(lines_of(type(action), change.operations))
    done = subprocess.run(["dash", "-eu"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if name == "backup.create":
        assert shelf.newest.stat().st_size > 1000
    else:
        assert "public.orders" in done.stdout
    assert shelf.pg.databases() == ["shop"]
