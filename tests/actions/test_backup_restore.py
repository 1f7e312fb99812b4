"""A backup put in the place of a live database on a real server; and every backup that never is."""

import gzip
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from remedy.actions.by_hand import lines_of
from remedy.actions.catalogue import Catalogue
from remedy.errors import Refused
from remedy.model import Address, Call, Host, Reply, UndoBy
from tests.actions import kit
from tests.actions.backup_shelf import SHOP_TABLES, Shelf, rewrite, said_of
from tests.actions.far_end import FarEnd, far_end_of
from tests.actions.kit import Ground, Scene, play
from tests.lab import Postgres

pytestmark = pytest.mark.lab
COUNTS = "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM orders)"
WHOLE, DAMAGED = "200|500", "200|0"


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory) -> FarEnd:
    found = far_end_of("dash", tmp_path_factory.mktemp("end"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def good(postgres: Postgres, end: FarEnd, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a good backup of each format: shop.dump and shop.sql.gz."""
    postgres.make("shop", SHOP_TABLES)
    folder = tmp_path_factory.mktemp("good")
    host = Host(name="here", address=Address(scheme="local"))
    shelf = Shelf(postgres, folder, end, catalogue, host)
    for form in ("custom", "plain"):
        shelf.take(format=form)
    return folder


@pytest.fixture
def shelf(good: Path, postgres: Postgres, tmp_path: Path, end: FarEnd, catalogue: Catalogue, host: Host) -> Shelf:
    """A copy of the good backups."""
    shutil.copytree(good, tmp_path / "backups")
    return Shelf(postgres, tmp_path / "backups", end, catalogue, host)


@pytest.fixture
def damaged(shelf: Shelf) -> Iterator[Shelf]:
    """The live database has lost the rows of a table."""
    damage(shelf)
    yield shelf
    shelf.pg.drop(*shelf.pg.databases())


def damage(shelf: Shelf) -> None:
    shelf.pg.drop(*shelf.pg.databases())
    shelf.pg.make("shop", SHOP_TABLES)
    shelf.pg.sql("TRUNCATE orders", "shop")


def custom(shelf: Shelf) -> Path:
    return next(p for p in shelf.dumps if p.suffix == ".dump")


def plain(shelf: Shelf) -> Path:
    return next(p for p in shelf.dumps if p.suffix == ".gz")


def sha_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ---------------------------------------------------------------- what is never restored

Spoil = Callable[[Path], None]


def content(change: Callable[[bytes], bytes], *, honest: bool = False) -> Spoil:
    """The dump with other bytes; `honest`: its manifest is of these."""

    def spoil(path: Path) -> None:
        new = change(path.read_bytes())
        path.write_bytes(new)
        if honest:
            rewrite(path, size=len(new), sha256=sha_of(new))

    return spoil


def manifest(change: Callable[[str], str]) -> Spoil:
    def spoil(path: Path) -> None:
        beside = Path(f"{path}.manifest")
        beside.write_text(change(beside.read_text()))

    return spoil


def said(*words: str) -> Spoil:
    """The manifest with words of it replaced by others: old, new, old, new."""

    def spoil(path: Path) -> None:
        beside = Path(f"{path}.manifest")
        text = beside.read_text()
        for old, new in zip(words[::2], words[1::2], strict=True):
            assert old in text
            text = text.replace(old, new)
        beside.write_text(text)

    return spoil


def values(**of: object) -> Spoil:
    return lambda path: rewrite(path, **of)


def flipped(at: float) -> Spoil:
    def flip(old: bytes) -> bytes:
        index = min(int(len(old) * at), len(old) - 1)
        return old[:index] + bytes([old[index] ^ 1]) + old[index + 1 :]

    return content(flip)


def half_a_dump(old: bytes) -> bytes:
    text = gzip.decompress(old)
    return gzip.compress(text[: len(text) // 2])


def of_age(seconds: int) -> Spoil:
    now = int(time.time())
    return values(started=now - seconds, finished=now - seconds + 5)


def forged_time(path: Path) -> None:
    of_age(400_000)(path)
    os.utime(path)


def renamed_over(path: Path) -> None:
    Path(f"{path}.manifest").write_text(Path(f"{path}.manifest").read_text().replace(path.name, "other.dump"))


def failed_before(path: Path) -> None:
    Path(f"{path}.tested").write_text(f"remedy-test 1\nsha256 {said_of(path)['sha256']}\nat 5\nresult differs\nend\n")


def linked_manifest(path: Path) -> None:
    beside = Path(f"{path}.manifest")
    beside.rename(path.parent / "elsewhere")
    beside.symlink_to("elsewhere")


def hollow(path: Path) -> None:
    """As a backup of a database without tables would be."""
    beside = Path(f"{path}.manifest")
    lines = [line for line in beside.read_text().splitlines() if not line.startswith("table ")]
    beside.write_text("".join(f"{line}\n" for line in lines))
    rewrite(path, tables=0, rows=0, counts=sha_of(b""))


def without_manifest(path: Path) -> None:
    Path(f"{path}.manifest").unlink()


def of_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT: dict[str, tuple[str, Spoil, str]] = {
    "a byte short": ("dump", content(lambda b: b[:-1]), "another size"),
    "half of it": ("dump", content(lambda b: b[: len(b) // 2]), "another size"),
    "empty": ("dump", content(lambda _: b""), "is empty"),
    "a byte more": ("dump", content(lambda b: b + b"\n"), "another size"),
    "a bit flipped at its head": ("dump", flipped(0.0), "other bytes"),
    "a bit flipped in the middle": ("dump", flipped(0.5), "other bytes"),
    "a bit flipped at its end": ("dump", flipped(1.0), "other bytes"),
    "zeros of its size": ("dump", content(lambda b: bytes(len(b))), "other bytes"),
    "another dump of its size": ("dump", content(lambda b: b[::-1]), "other bytes"),
    "gzip cut off": ("gz", content(lambda b: b[:-9]), "another size"),
    "gzip cut off, manifest made of it": ("gz", content(lambda b: b[:-9], honest=True), "whole dump"),
    "gzip of nothing": ("gz", content(lambda _: gzip.compress(b""), honest=True), "whole dump"),
    "gzip of a dump that failed": ("gz", content(half_a_dump, honest=True), "whole dump"),
    "gzip of an error message": ("gz", content(lambda _: gzip.compress(b"pg_dump: error"), honest=True), "whole dump"),
    "an archive cut off, manifest made of it": ("dump", content(lambda b: b[:-40], honest=True), "whole dump"),
    "no dump at all": ("dump", content(lambda _: b"pg_dump: error: no such host\n", honest=True), "whole dump"),
    "of another format than it says": ("dump", values(format="plain"), "whole dump"),
    "no manifest": ("dump", without_manifest, "no manifest"),
    "an empty manifest": ("dump", manifest(lambda _: ""), "no manifest"),
    "a manifest elsewhere": ("dump", linked_manifest, "no manifest"),
    "a manifest cut off": ("dump", manifest(lambda t: t.removesuffix("end\n")), "cut off"),
    "a manifest cut in the middle": ("dump", manifest(lambda t: t[: len(t) // 2]), "makes no sense"),
    "a manifest of a later format": ("dump", said("remedy-backup 1", "remedy-backup 2"), "no sense"),
    "a manifest with a line twice": ("dump", said("tables 3", "tables 3\ntables 3"), "no sense"),
    "a manifest that goes on": ("dump", manifest(lambda t: t + "size 1\n"), "no sense"),
    "a manifest of another file": ("dump", renamed_over, "of another file"),
    "a forged size": ("dump", values(size=1), "another size"),
    "a forged sum": ("dump", values(sha256="0" * 64), "other bytes"),
    "no sum": ("dump", values(sha256="x"), "no sense"),
    "rows that do not add up": ("dump", values(rows=731), "no sense"),
    "rows of a table forged": ("dump", said("orders 500", "orders 499", "rows 730", "rows 729"), "no sense"),
    "of another database": ("dump", values(database="crm"), "another database: crm"),
    "of another server": ("dump", values(source="7000000000000000001"), "another server"),
    "of a later PostgreSQL": ("dump", values(server="990001"), "PostgreSQL 99"),
    "of an empty database": ("dump", hollow, "holds no rows"),
    "older than what may be lost": ("dump", of_age(100_000), "at_most_lost"),
    "old, with a new time": ("dump", forged_time, "at_most_lost"),
    "from the future": ("dump", values(finished=int(time.time()) + 90_000), "in the future"),
    "finished before it was begun": ("dump", values(finished=5), "no sense"),
    "restored on trial, and not equal": ("dump", failed_before, "restored for a test"),
    "a directory": ("dump", of_directory, "not there"),
    "gone": ("dump", Path.unlink, "not there"),
}  # fmt: skip


@pytest.mark.parametrize(
    "which", [pytest.param(w, marks=pytest.mark.long if n % 4 else ()) for n, w in enumerate(SPOILT)], ids=list(SPOILT)
)
def test_fault_082_a_spoilt_backup_is_refused_by_name_of_what_is_wrong(shelf: Shelf, which: str) -> None:
    suffix, spoil, says = SPOILT[which]
    path = custom(shelf) if suffix == "dump" else plain(shelf)
    spoil(path)
    with pytest.raises(Refused, match=says):
        shelf.plan("backup.restore", backup=path.name, even_if_right=True)
    assert shelf.pg.databases() == ["shop"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("gone.dump", "leads nowhere"),
        ("/etc/hostname", "leads out"),
        ("../good/x", "leads nowhere"),
        ("bare.dump", "no manifest"),
    ],
)
def test_fault_083_a_latest_link_is_resolved_and_held_to_the_same(shelf: Shelf, target: str, says: str) -> None:
    (shelf.folder / "bare.dump").write_bytes(b"x")
    (shelf.folder / "latest_backup").symlink_to(target)
    with pytest.raises(Refused, match=says):
        shelf.plan("backup.restore", backup="latest_backup", even_if_right=True)


def test_fault_083_a_latest_link_to_a_dump_that_is_too_old_is_refused(shelf: Shelf) -> None:
    forged_time(custom(shelf))
    (shelf.folder / "latest_backup").symlink_to(custom(shelf).name)
    with pytest.raises(Refused, match="at_most_lost"):
        shelf.plan("backup.restore", backup="latest_backup", even_if_right=True)


def test_without_a_name_the_newest_good_one_is_taken_and_the_others_are_told(damaged: Shelf) -> None:
    flipped(0.5)(plain(damaged))  # the newest
    (damaged.folder / "shop_99991231.sql.gz").write_bytes(gzip.compress(b""))
    change = damaged.plan("backup.restore")
    assert change is not None
    assert f"passed over: {plain(damaged).name} has other bytes than its manifest has the SHA-256 of" in change.lines
    assert "passed over: shop_99991231.sql.gz has no manifest" in change.lines
    assert change.title.startswith(f"restore shop from {custom(damaged).name}")


@pytest.mark.long
def test_where_none_is_good_nothing_is_restored(damaged: Shelf) -> None:
    for path in damaged.dumps:
        flipped(0.5)(path)
    with pytest.raises(Refused, match="other bytes"):
        damaged.plan("backup.restore")
    for path in damaged.folder.iterdir():
        path.unlink()
    with pytest.raises(Refused, match="no backup of shop"):
        damaged.plan("backup.restore")


def test_fault_084_a_replica_and_another_server_are_refused(damaged: Shelf) -> None:
    action = damaged.action("backup.restore")
    reply = damaged.reply(action)
    for was, then, says in (
        ("primary", "replica", "is a replica"),
        (f"server {said_of(custom(damaged))['source']}", "server 7000000000000000001", "another server"),
    ):
        ground = tuple(line.replace(was, then) for line in reply.ground)
        with pytest.raises(Refused, match=says):
            action.plan(action.see(Reply(rc=0, ground=ground, evidence=reply.evidence)))
    change = damaged.wanted("backup.restore")
    swap = next(o for o in change.operations if isinstance(o, Call) and o.function == "backup_restore_swap")
    elsewhere = replace(swap, args=(*swap.args[:-1], "7000000000000000001"))
    assert b"another server" in damaged.end.act(elsewhere).stderr
    assert damaged.pg.sql(COUNTS, "shop") == DAMAGED


@pytest.mark.long
def test_a_backup_of_a_replaced_server_is_taken_where_it_is_named(damaged: Shelf) -> None:
    for path in damaged.dumps:
        rewrite(path, source="7000000000000000001")
    with pytest.raises(Refused, match="no backup of shop"):
        damaged.plan("backup.restore")
    assert damaged.plan("backup.restore", source="7000000000000000001") is not None


def test_fault_086_without_room_for_the_safety_copy_nothing_is_restored(damaged: Shelf) -> None:
    small = damaged.folder.parent / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)], check=True)
    try:
        for path in damaged.folder.iterdir():
            shutil.copy(path, small)
        damaged.folder = small
        change = damaged.wanted("backup.restore")
        (small / "filler").write_bytes(b"x" * 3_000_000)
        with pytest.raises(Refused, match="no room for the safety copy"):
            damaged.plan("backup.restore")
        done = damaged.end.act(change.operations[0])
        assert (done.returncode, b"no room for a safety copy" in done.stderr) == (1, True)
        assert damaged.pg.databases() == ["shop"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


# ---------------------------------------------------------------- what only the restore finds out


def honest(path: Path, dump: bytes) -> None:
    path.write_bytes(dump)
    rewrite(path, size=len(dump), sha256=sha_of(dump))


@pytest.mark.parametrize(
    "how",
    [
        "schema alone",
        *(
            pytest.param(how, marks=pytest.mark.long)
            for how in ("a table left out", "a statement that fails", "a schema forged")
        ),
    ],
)
def test_fault_082_what_is_not_what_its_manifest_tells_never_gets_the_name(damaged: Shelf, how: str) -> None:
    path = plain(damaged)
    text = gzip.decompress(path.read_bytes())
    match how:
        case "schema alone":
            lines = text.split(b"COPY public.orders")
            text = lines[0] + lines[1].partition(b"\\.\n")[2]
            honest(path, gzip.compress(text))
        case "a table left out":
            honest(
                path,
                gzip.compress(
                    text.replace(b"CREATE VIEW", b"-- CREATE VIEW").replace(b"SELECT customers", b"-- SELECT")
                ),
            )
        case "a statement that fails":
            honest(path, gzip.compress(text.replace(b"OWNER TO postgres", b"OWNER TO nobody_here")))
        case _:
            rewrite(path, schema="0" * 32)
    change = damaged.wanted("backup.restore", backup=path.name)
    results = [damaged.end.act(o).returncode for o in change.operations if not o.always]
    assert results == [0, 1, 1]  # the safety copy; what was restored is dropped; nothing is swapped
    assert damaged.pg.databases() == ["shop"]
    assert damaged.pg.sql(COUNTS, "shop") == DAMAGED


# ---------------------------------------------------------------- what is restored


@pytest.mark.parametrize("form", [".dump", pytest.param(".gz", marks=pytest.mark.long)])
def test_a_damaged_database_is_replaced_and_what_was_there_is_kept(damaged: Shelf, form: str) -> None:
    pg, path = damaged.pg, next(p for p in damaged.dumps if p.suffix == form)
    pg.sql('ALTER DATABASE shop OWNER TO app; ALTER DATABASE shop SET search_path = public, "$user"')
    pg.sql("REVOKE CONNECT ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO app")
    rights = (
        "SELECT pg_get_userbyid(datdba), ARRAY(SELECT unnest(datacl)::text ORDER BY 1), setconfig FROM pg_database "
    )
    rights += "JOIN pg_db_role_setting ON setdatabase = pg_database.oid"
    before = pg.sql(f"{rights} WHERE datname = 'shop'")
    sleeps = [*pg.psql("shop"), "-c", "SELECT pg_sleep(60)"]
    session = subprocess.Popen(["runuser", "-u", "postgres", "--", *sleeps], stderr=subprocess.DEVNULL)
    change = damaged.apply("backup.restore", backup=path.name)
    assert session.wait(20) != 0
    assert change.risk.word == "high"
    assert change.typed.endswith(" minutes")  # faults 83, 84
    assert any(line.startswith("damage: public.orders has 0 rows of 500") for line in change.lines)
    assert any("1 session ended" in line for line in change.lines)
    assert pg.sql(COUNTS, "shop") == WHOLE
    assert pg.sql(f"{rights} WHERE datname = 'shop'") == before
    kept, now = pg.databases()[1], pg.databases()[0]
    assert (now, kept.startswith("shop_before_")) == ("shop", True)
    assert pg.sql(COUNTS, kept) == DAMAGED
    safety = [p for p in damaged.dumps if "before-restore" in p.name]
    assert [said_of(p)["kind"] for p in safety] == ["safety"]
    assert damaged.plan("backup.restore") is None
    assert damaged.plan("backup.restore", even_if_right=True, backup=path.name) is None  # it is this backup already
    assert isinstance(change.undo, UndoBy)
    for _ in range(2):
        assert damaged.end.act(change.undo.operations[0]).returncode == 0
        assert pg.sql(COUNTS, "shop") == DAMAGED
    assert [n.rpartition("_")[0] for n in pg.databases()] == ["", "shop_undone"]


def test_a_safety_copy_is_never_the_newest_backup(damaged: Shelf) -> None:
    damaged.apply("backup.restore")
    damage_again = "TRUNCATE orders"
    damaged.pg.sql(damage_again, "shop")
    change = damaged.wanted("backup.restore")
    assert "before-restore" not in change.title
    assert any(line.startswith("kept by a restore before: shop_before_") for line in change.lines)


def test_a_database_that_is_gone_is_made_again(damaged: Shelf) -> None:
    damaged.pg.drop("shop")
    change = damaged.apply("backup.restore")
    assert damaged.pg.sql(COUNTS, "shop") == WHOLE
    assert isinstance(change.undo, UndoBy)
    for _ in range(2):
        assert damaged.end.act(change.undo.operations[0]).returncode == 0
        assert [n.rpartition("_")[0] for n in damaged.pg.databases()] == ["shop_undone"]


def test_fault_084_a_database_that_was_made_anew_meanwhile_is_left_alone(damaged: Shelf) -> None:
    change = damaged.wanted("backup.restore")
    for operation in change.operations[:2]:
        assert damaged.end.act(operation).returncode == 0
    damaged.pg.make("shop", "CREATE TABLE of_another (x int)")
    assert b"another one now" in damaged.end.act(change.operations[2]).stderr
    assert damaged.pg.sql("SELECT count(*) FROM of_another", "shop") == "0"


def dump_of(shelf: Shelf) -> list[str]:
    """All that the live database holds, as pg_dump writes it, but for the key that each dump has of its own."""
    place = ("-h", shelf.pg.socket, "-p", str(shelf.pg.port), "-U", "postgres", "shop")
    text = shelf.pg.run(str(shelf.pg.programs / "pg_dump"), *place)
    return [line for line in text.splitlines() if not line.startswith(("\\restrict ", "\\unrestrict "))]


@pytest.mark.long
def test_fault_084_sessions_that_come_back_at_once_never_leave_it_half_done(damaged: Shelf) -> None:
    """Four programs that connect again as soon as they are thrown out: the swap finds no session, or is not done."""
    command = " ".join(map(shlex.quote, [*damaged.pg.psql("shop"), "-c", "SELECT pg_sleep(0.05)"]))
    loop = ["runuser", "-u", "postgres", "--", "sh", "-c", f"while sleep 0.01; do {command}; done >/dev/null 2>&1"]
    change = damaged.wanted("backup.restore")
    restless = [subprocess.Popen(loop, start_new_session=True) for _ in range(4)]
    try:
        done = [damaged.end.act(operation).returncode for operation in change.operations]
    finally:
        for process in restless:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    names = [n.rpartition("_")[0] or n for n in damaged.pg.databases()]
    if any(done):
        assert (names, damaged.pg.sql(COUNTS, "shop")) == (["shop"], DAMAGED)
    else:
        assert (names, damaged.pg.sql(COUNTS, "shop")) == (["shop", "shop_before"], WHOLE)


@pytest.mark.parametrize("after_s", [0.4, *(pytest.param(n / 10, marks=pytest.mark.long) for n in range(1, 21))])
@pytest.mark.parametrize("which", [1, 2], ids=["restored beside", "swapped"])
def test_fault_085_killed_anywhere_the_live_database_is_as_it_was_or_new(
    damaged: Shelf, which: int, after_s: float
) -> None:
    change, before = damaged.wanted("backup.restore"), dump_of(damaged)
    for operation in change.operations[:which]:
        assert damaged.end.act(operation).returncode == 0
    cut = damaged.end.cut_off(change.operations[which], after_s if which == 1 else after_s / 5)
    time.sleep(0.3)  # the server finds out by itself that nobody listens
    counts = damaged.pg.sql(COUNTS, "shop")
    assert counts in ((DAMAGED, WHOLE) if which == 2 else (DAMAGED,))
    if counts == DAMAGED:
        assert cut or which == 1
        assert dump_of(damaged) == before
        damaged.apply("backup.restore")
    assert damaged.pg.sql(COUNTS, "shop") == WHOLE
    assert not [n for n in damaged.pg.databases() if n.endswith("_scratch")]


# ---------------------------------------------------------------- the kit


def _scene(shelf: Shelf) -> Scene:
    def healthy(_: Ground) -> None:
        shelf.pg.drop(*shelf.pg.databases())
        shelf.pg.make("shop", SHOP_TABLES)

    def state(_: Ground) -> object:
        """What the live database holds, and the kinds of the others."""
        others = sorted(n.rpartition("_")[0] for n in shelf.pg.databases() if "undone" not in n)
        return shelf.pg.sql(COUNTS, "shop"), others

    return Scene("backup.restore", "backup.restore", lambda _: shelf.params(), lambda _: damage(shelf), healthy, state)


LONG = (
    kit.killed_inside_an_operation_it_converges,
    kit.cut_off_between_operations_it_converges,
    kit.undo_brings_back_what_was_seen,  # the damaged database's test does
)


@pytest.mark.parametrize(
    "proof",
    [pytest.param(p, marks=pytest.mark.long if p in LONG else ()) for p in kit.PROOFS],
    ids=lambda p: p.__name__,
)
def test_the_kit(damaged: Shelf, proof: Callable[[kit.Played], None]) -> None:
    ground = Ground(damaged.folder, damaged.folder)
    proof(replace(play(_scene(damaged), ground, damaged.end, damaged.catalogue, damaged.host), cut_every_s=0.15))


@pytest.mark.parametrize("form", [".dump", pytest.param(".gz", marks=pytest.mark.long)])
def test_typed_by_hand_it_ends_in_the_same_state(damaged: Shelf, form: str) -> None:
    path = next(p for p in damaged.dumps if p.suffix == form)
    action = damaged.action("backup.restore", backup=path.name)
    change = damaged.wanted("backup.restore", backup=path.name)
    assert isinstance(change.undo, UndoBy)
    for operations, counts in ((change.operations, WHOLE), (change.undo.operations, DAMAGED)):
        script = "\n".join(lines_of(type(action), operations))
        done = subprocess.run(["dash", "-eu"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert damaged.pg.sql(COUNTS, "shop") == counts
