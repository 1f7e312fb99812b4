"""files.prune against what a filesystem can hold: nothing outside the plan's list ever changes."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.actions.files.files import OldFiles, Prune
from remedy.errors import Invalid, Refused
from remedy.model import Change, Host, Json, Risk, UndoBy, UndoImpossible
from tests.actions.far_end import FarEnd
from tests.actions.kit import YEAR_2001, tree_of, write
from tests.actions.scenes import HOSTILE_NAMES

pytestmark = pytest.mark.shells

Pruner = Callable[..., Prune]
OVERLAY = "mount -t tmpfs none {other} && mkdir {other}/up {other}/work && touch {other}/up/precious"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def pruner(catalogue: Catalogue, root: Path) -> Pruner:
    """Makes the action for `root`, with parameters over its defaults."""

    def make(**over: Json) -> Prune:
        params: dict[str, Json] = {"root": str(root), "match": "*", "older_than": "1d", **over}
        action = catalogue.action("files.prune", params)
        assert isinstance(action, Prune)
        return action

    return make


def see(end: FarEnd, action: Prune, host: Host) -> OldFiles:
    reply = end.look(action.look(host))
    assert reply.answered, reply.error
    return action.see(reply)


def plan(end: FarEnd, action: Prune, host: Host) -> Change:
    change = action.plan(see(end, action, host))
    assert change is not None
    return change


def names(seen: OldFiles) -> set[str]:
    return {f.path for f in seen.files}


# ---------------------------------------------------------------- the root


def test_fault_072_a_root_that_is_a_link_is_refused(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    write(root / "old")
    (tmp_path / "link").symlink_to(root)
    (tmp_path / "up").symlink_to(tmp_path)
    for named in (f"{tmp_path}/link", f"{tmp_path}/link/", f"{tmp_path}/link/.", f"{tmp_path}/up/root"):
        reply = far_end.look(pruner(root=named).look(host))
        assert reply.rc == 3
        assert f"name {root} instead" in reply.error


def test_a_root_that_is_not_there_needs_nothing(far_end: FarEnd, pruner: Pruner, host: Host, root: Path) -> None:
    action = pruner(root=f"{root}/none")
    seen = see(far_end, action, host)
    assert action.plan(seen) is None
    assert action.unchanged(seen) == f"there is no {root}/none"


@pytest.mark.parametrize(
    "broad",
    [
        *("/", "/var", "/home", "/home/somebody", "/etc", "/usr", "/usr/bin", "/bin", "/lib/x86_64-linux-gnu", "/root"),
        *("/var/lib/postgresql/15/main", "/backups", "/var/backups/db", "/run/remedy", "/proc", "/opt", "/srv"),
    ],
)
def test_fault_079_broad_and_foreign_roots_are_refused(broad: str, pruner: Pruner) -> None:
    seen = OldFiles(root_id="1:2", cutoff=0, files=(), over="", database="", quarantine="none", facts={})
    with pytest.raises(Refused):
        pruner(root=broad).plan(seen)


@pytest.mark.parametrize("none", ["", "logs", "~/logs", "/srv/app/..", "/srv/app/../../var", "/srv/\0"])
def test_fault_079_what_is_no_absolute_path_is_no_root(none: str, pruner: Pruner) -> None:
    with pytest.raises(Invalid):
        pruner(root=none)


@pytest.mark.parametrize("fine", ["/var/log", "/tmp", "/var/tmp", "/srv/app/tmp", "/var/lib/app", "/home/app/logs"])
def test_a_directory_of_an_application_may_be_cleaned(fine: str, pruner: Pruner) -> None:
    seen = OldFiles(root_id="1:2", cutoff=0, files=(), over="", database="", quarantine="none", facts={})
    assert pruner(root=fine).plan(seen) is None


@pytest.mark.parametrize("mark", ["PG_VERSION", "ibdata1", "WiredTiger"])
@pytest.mark.parametrize("where", ["root", "root/main", "."])
def test_fault_079_a_databases_directory_is_refused(
    mark: str, where: str, far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    write(root / "old")
    write(root.parent / where / mark)
    action = pruner()
    with pytest.raises(Refused, match="holds a database"):
        action.plan(see(far_end, action, host))


@pytest.mark.parametrize(("cap", "value"), [("max_files", 2), ("max_bytes", 250)])
def test_fault_079_above_a_cap_it_refuses_and_never_truncates(
    cap: str, value: int, far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    for number in range(3):
        write(root / f"old{number}")
    action = pruner(**{cap: value})
    with pytest.raises(Refused, match=cap):
        action.plan(see(far_end, action, host))
    assert pruner(max_files=3, max_bytes=300).plan(see(far_end, pruner(max_files=3, max_bytes=300), host))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_fault_079_above_a_share_of_the_filesystem_it_refuses(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    """A filesystem of 100 KiB, of which 40 are an old file; in a namespace of its own."""
    command = (
        'mount -t tmpfs -o size=100k none "$1" && head -c 40960 /dev/zero >"$1/old" && touch -d @1 "$1/old" && shift'
    )
    shell = ("unshare", "-m", "sh", "-c", f'{command} && exec "$@"', "sh", str(root), *_whole(far_end.shell))
    inside = replace(far_end, shell=shell)
    assert plan(inside, pruner(max_share=40), host)
    with pytest.raises(Refused, match=r"max_share \(39%\)"):
        plan(inside, pruner(max_share=39), host)
    assert plan(inside, pruner(), host), "half of it, unless another share is named"


def test_fault_079_what_comes_after_the_plan_is_never_taken_however_much(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    write(root / "old")
    change = plan(far_end, pruner(), host)
    for number in range(10):
        write(root / f"old{number}")
    assert far_end.act(change.operations[0]).returncode == 0
    assert sorted(p.name for p in root.iterdir()) == [f"old{number}" for number in range(10)]


def test_fault_072_another_directory_under_the_same_name_is_left_alone(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    write(root / "old")
    change = plan(far_end, pruner(), host)
    root.rename(root.with_name("was"))
    write(root / "old")
    done = far_end.act(change.operations[0])
    assert done.returncode != 0
    assert b"another directory now" in done.stderr
    assert (root / "old").exists()


# ---------------------------------------------------------------- what is left alone


def test_fault_073_links_inside_are_never_followed(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    write(outside / "precious")
    before = tree_of(outside)
    write(root / "old")
    (root / "to-directory").symlink_to(outside)
    (root / "to-file").symlink_to(outside / "precious")
    for link in ("to-directory", "to-file"):
        os.utime(root / link, (YEAR_2001, YEAR_2001), follow_symlinks=False)
    change = plan(far_end, pruner(), host)
    assert "left alone: 2 that are symbolic links" in change.lines
    assert far_end.act(change.operations[0]).returncode == 0
    assert tree_of(outside) == before
    assert sorted(p.name for p in root.iterdir()) == ["to-directory", "to-file"]


def test_fault_074_a_directory_swapped_for_a_link_loses_nothing_outside(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    for number in range(20):
        write(root / "sub" / f"f{number}")
        write(outside / f"f{number}", b"precious")
    before = tree_of(outside)
    change = plan(far_end, pruner(), host)
    (root / "sub").rename(tmp_path / "moved")
    (root / "sub").symlink_to(outside)
    done = far_end.act(change.operations[0])
    assert done.returncode == 0
    assert b"20 were gone or changed" in done.stdout
    assert tree_of(outside) == before
    assert len(list((tmp_path / "moved").iterdir())) == 20


def test_fault_074_a_directory_that_was_moved_out_is_not_followed_by_a_link(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    """The very files that were listed: they are elsewhere now, and somebody else's to keep."""
    for number in range(3):
        write(root / "sub" / f"f{number}")
    change = plan(far_end, pruner(), host)
    (root / "sub").rename(tmp_path / "moved")
    (root / "sub").symlink_to(tmp_path / "moved")
    done = far_end.act(change.operations[0])
    assert (done.returncode, b"3 were gone or changed" in done.stdout) == (0, True)
    assert len(list((tmp_path / "moved").iterdir())) == 3


OFTEN = pytest.param(200, 10_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])


@pytest.mark.parametrize(("rounds", "swaps"), [(4, 1), OFTEN])
def test_fault_074_swapping_all_the_while_loses_nothing_outside(
    rounds: int, swaps: int, far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    for number in range(200):
        write(outside / f"f{number}", b"precious")
    before, swapped = tree_of(outside), 0
    while rounds > 0 or swapped < swaps:
        rounds -= 1
        for number in range(200):
            write(root / "sub" / f"f{number}")
        change = plan(far_end, pruner(), host)
        with _swapping(root / "sub", outside) as swapping:
            far_end.act(change.operations[0])
        swapped += swapping.count
        assert tree_of(outside) == before
        shutil.rmtree(root / "sub")


class _swapping:  # noqa: N801 - a context, named for what goes on in it
    """A directory and a link to another one take turns under one name, as fast as they can."""

    def __init__(self, place: Path, outside: Path) -> None:
        self.place, self.outside, self.count = place, outside, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._swap)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _swap(self) -> None:
        aside = self.place.with_name("aside")
        while not self.ended.is_set():
            self.place.rename(aside)
            self.place.symlink_to(self.outside)
            self.place.unlink()
            aside.rename(self.place)
            self.count += 1


def test_fault_075_files_with_two_names_are_left_alone_and_reported(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    write(tmp_path / "precious")
    (root / "hard").hardlink_to(tmp_path / "precious")
    write(root / "old")
    seen = see(far_end, pruner(), host)
    assert names(seen) == {"old"}
    assert seen.facts["linked"] == "1"
    change = plan(far_end, pruner(), host)
    assert (change.effect.size_bytes, "left alone: 1 with more than one name" in change.lines) == (100, True)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
@pytest.mark.parametrize(
    "mount",
    [
        "mount -t tmpfs none {at} && touch {at}/precious",
        "mount --bind {other} {at}",
        "touch {at}/precious && mount --bind {other}/precious {at}/precious",
        f"{OVERLAY} && mount -t overlay -o lowerdir=/opt,upperdir={{other}}/up,workdir={{other}}/work none {{at}}",
    ],
    ids=["tmpfs", "bind", "one file", "overlay"],
)
def test_fault_075_mounts_inside_are_left_alone(
    mount: str, far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    """The mount is made in a namespace of its own: nobody else ever sees it."""
    other = write(tmp_path / "other" / "precious").parent  # on the same device: a bind mount differs in nothing else
    at = root / "mo*unt \\ed"
    at.mkdir()
    write(root / "old")
    command = mount.format(at='"$1"', other='"$2"') + ' && touch -d @1 "$1/precious" && shift 2 && exec "$@"'
    shell = ("unshare", "-m", "sh", "-c", command, "sh", str(at), str(other), *_whole(far_end.shell))
    inside = replace(far_end, shell=shell)
    assert names(see(inside, pruner(), host)) == {"old"}


def _whole(shell: tuple[str, ...]) -> tuple[str, ...]:
    found = shutil.which(shell[0])
    assert found is not None
    return (found, *shell[1:])


def test_fault_077_a_file_held_open_is_left_alone_and_reported(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    write(root / "old")
    with write(root / "held").open("ab"):
        os.utime(root / "held", (YEAR_2001, YEAR_2001))
        seen = see(far_end, pruner(), host)
    assert names(seen) == {"old"}
    assert seen.facts["open"] == "1"
    assert seen.facts["open_by"].split(" ")[0] == str(os.getpid())


def test_fault_077_what_a_process_opens_before_it_is_taken_is_not_free_and_said_so(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    """Nothing that is listed was open when it was planned on; unlinked, it would free nothing."""
    for name in ("held", "old"):
        write(root / name)
    change = plan(far_end, pruner(), host)
    with (root / "held").open("rb"):
        done = far_end.act(change.operations[0])
    assert done.returncode == 1
    assert f"process {os.getpid()} holds them open: their space is free when it lets go".encode() in done.stderr
    assert far_end.act(change.operations[0]).returncode == 0, "and when it did, it is"


def test_fault_076_hostile_names_are_taken_exactly_as_listed(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    for name in HOSTILE_NAMES:
        write(root / os.fsdecode(name))
        write(root / "sub" / os.fsdecode(name), at=4_000_000_000)
    change = plan(far_end, pruner(), host)
    assert far_end.act(change.operations[0]).returncode == 0
    assert {os.fsencode(p.name) for p in (root / "sub").iterdir()} == {*HOSTILE_NAMES}
    assert [p.name for p in root.iterdir()] == ["sub"]


def test_only_names_that_match_and_no_deeper_than_asked(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    for name in ("a.log.1", "sub/b.log.1", "sub/deep/c.log.1", "sub/d.txt"):
        write(root / name)
    assert names(see(far_end, pruner(match="*.log.*"), host)) == {"a.log.1", "sub/b.log.1", "sub/deep/c.log.1"}
    assert names(see(far_end, pruner(match="*.log.*", depth=1), host)) == {"a.log.1"}
    assert names(see(far_end, pruner(match="*.log.*", depth=2), host)) == {"a.log.1", "sub/b.log.1"}


def test_a_directory_that_gives_its_group_to_new_ones_is_cleaned_too(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    write(root / "old")
    root.chmod(0o2775)
    assert far_end.act(plan(far_end, pruner(), host).operations[0]).returncode == 0
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("trap", ["a link", "somebody's"])
def test_a_private_directory_that_is_not_ours_is_not_used(
    trap: str, far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path
) -> None:
    outside = write(tmp_path / "outside" / "f1", b"precious").parent
    for number in range(3):
        write(root / f"f{number}")
    change = plan(far_end, pruner(), host)
    if trap == "a link":
        (root / ".remedy-aside").symlink_to(outside)
    else:
        (root / ".remedy-aside").mkdir(mode=0o777)
        (root / ".remedy-aside").chmod(0o777)
    before = tree_of(outside)
    done = far_end.act(change.operations[0])
    assert done.returncode != 0
    assert b"no private directory" in done.stderr
    assert tree_of(outside) == before


# ---------------------------------------------------------------- between plan and act


def test_fault_080_a_file_changed_since_the_plan_is_kept(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    for name in ("same", "grown", "touched", "replaced", "gone"):
        write(root / name)
    change = plan(far_end, pruner(), host)
    write(root / "grown", b"x" * 101)
    write(root / "touched", at=YEAR_2001 + 1)
    write(root / "new")
    (root / "new").rename(root / "replaced")
    (root / "gone").unlink()
    done = far_end.act(change.operations[0])
    assert done.returncode == 0
    assert b"took 1 files, 100 bytes; 4 were gone or changed" in done.stdout
    assert sorted(p.name for p in root.iterdir()) == ["grown", "replaced", "touched"]


def test_fault_080_the_newest_are_kept_however_old_the_clock_makes_them(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    for age in range(5):
        write(root / f"f{age}", at=YEAR_2001 - age * 1000)
    action = pruner(keep_newest=2)
    change = plan(far_end, action, host)
    assert far_end.act(change.operations[0]).returncode == 0
    assert sorted(p.name for p in root.iterdir()) == ["f0", "f1"]
    assert action.plan(see(far_end, action, host)) is None


def test_names_and_identities_never_come_apart_while_files_come_and_go(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path
) -> None:
    for number in range(300):
        write(root / f"stay-{number}", b"x" * number)
    ended = threading.Event()
    thread = threading.Thread(target=_come_and_go, args=(root, ended))
    thread.start()
    try:
        for _ in range(3):
            seen = see(far_end, pruner(), host)
            stayed = [f for f in seen.files if f.path.startswith("stay-")]
            assert len(stayed) == 300
            assert all(f.size_bytes == int(f.path.removeprefix("stay-")) for f in stayed)
    finally:
        ended.set()
        thread.join()


def _come_and_go(root: Path, ended: threading.Event) -> None:
    while not ended.is_set():
        for number in range(50):
            write(root / f"brief\n{number}")
        for number in range(50):
            (root / f"brief\n{number}").unlink()


# ---------------------------------------------------------------- the quarantine


@pytest.fixture
def small_shelf(shelf: Path) -> Iterator[Path]:
    yield shelf
    shelf.chmod(0o700)


def test_without_a_usable_quarantine_the_plan_says_permanent(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, tmp_path: Path, small_shelf: Path
) -> None:
    write(root / "old")
    (tmp_path / "near").mkdir(mode=0o700)
    assert _undo_words(far_end, pruner(), host) == "permanent: the host has no quarantine"
    near, none = str(tmp_path / "near"), str(tmp_path / "none")
    assert "same filesystem" in _undo_words(far_end, pruner(quarantine=near), host)
    assert "not there" in _undo_words(far_end, pruner(quarantine=none), host)
    small_shelf.chmod(0o777)
    assert "not its owner's alone" in _undo_words(far_end, pruner(quarantine=str(small_shelf)), host)


def _undo_words(end: FarEnd, action: Prune, host: Host) -> str:
    change = plan(end, action, host)
    assert isinstance(change.undo, UndoImpossible)
    assert change.title.startswith("delete ")
    return change.undo.says


def test_the_hosts_own_quarantine_is_used(far_end: FarEnd, pruner: Pruner, host: Host, root: Path, shelf: Path) -> None:
    write(root / "old")
    change = plan(far_end, pruner(), replace(host, quarantine=str(shelf)))
    assert isinstance(change.undo, UndoBy)
    assert change.risk is Risk.MEDIUM
    assert far_end.act(change.operations[0]).returncode == 0
    assert [p.name for p in shelf.rglob("old")] == ["old"]


def test_a_quarantine_that_is_gone_at_apply_takes_nothing(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, shelf: Path
) -> None:
    write(root / "old")
    folder = shelf / "inner"
    folder.mkdir(mode=0o700)
    change = plan(far_end, pruner(quarantine=str(folder)), host)
    folder.rmdir()
    done = far_end.act(change.operations[0])
    assert done.returncode != 0
    assert (root / "old").exists()


def test_undo_never_writes_over_what_is_there_now(
    far_end: FarEnd, pruner: Pruner, host: Host, root: Path, shelf: Path
) -> None:
    write(root / "old")
    write(root / "other")
    change = plan(far_end, pruner(quarantine=str(shelf)), host)
    assert far_end.act(change.operations[0]).returncode == 0
    write(root / "old", b"written since")
    assert isinstance(change.undo, UndoBy)
    done = far_end.act(change.undo.operations[0])
    assert done.returncode != 0
    assert b"another file has its name now" in done.stdout
    assert (root / "old").read_bytes() == b"written since"
    assert (root / "other").exists()
    assert [p.name for p in shelf.rglob("old")] == ["old"]


# ---------------------------------------------------------------- size


@pytest.mark.alone
@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "kept", [pytest.param(False, id="for good"), pytest.param(True, id="to a quarantine", marks=pytest.mark.long)]
)
def test_thousands_of_files_take_seconds(
    count: int, kept: bool, far_end: FarEnd, pruner: Pruner, host: Host, root: Path, shelf: Path
) -> None:
    for number in range(count):
        write(root / f"d{number // 200}" / f"app-{number}.log.1")
    action = pruner(**({"quarantine": str(shelf)} if kept else {}))
    begun = time.monotonic()
    change = plan(far_end, action, host)
    assert far_end.act(change.operations[0]).returncode == 0
    assert time.monotonic() - begun < 5 + count / 500  # 10,000 take 3 to 8 s; one fork for each would take a minute
    assert not any(p.is_file() for p in root.rglob("*"))
    if kept:
        assert isinstance(change.undo, UndoBy)
        assert far_end.act(change.undo.operations[0]).returncode == 0
        assert sum(p.is_file() for p in root.rglob("*")) == count


def test_the_shell_that_is_tested_is_the_one_that_is_named(far_end: FarEnd) -> None:
    """A far end called busybox must not fall back to GNU tools."""
    done = subprocess.run(
        [*_whole(far_end.shell), "-c", "stat --version 2>&1; command -v stat"],
        capture_output=True,
        env={"PATH": far_end.path},
        check=False,
    )
    assert (b"GNU coreutils" in done.stdout) == (far_end.name != "busybox")
