"""The place of the store is the user's own, or nothing is opened. Fault 66."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from remedy.errors import Unsafe
from remedy.store import place
from remedy.store.sqlite import SqliteStore
from tests.store.made import StandingClock, a_draft

FILES = ("remedy.db", "remedy.db-wal", "remedy.db-shm", "head")
NOBODY_UID = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another user needs root")


def refused(state: Path, clock: StandingClock) -> Unsafe:
    with pytest.raises(Unsafe) as refusal:
        SqliteStore.open(state, clock)
    assert refusal.value.exit_code == 2
    assert refusal.value.fix
    return refusal.value


@pytest.fixture
def used(state: Path, store: SqliteStore) -> Path:
    """A state directory with every file a store has, one of its users still there."""
    store.append([a_draft()])
    return state


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o750, 0o701, 0o500, 0o1777])
def test_fault_066_a_directory_with_another_mode_is_refused(used: Path, clock: StandingClock, mode: int) -> None:
    used.chmod(mode)
    error = refused(used, clock)
    assert f"{mode:04o}" in error.message
    assert error.fix == f"chmod 700 {used}"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", [0o666, 0o644, 0o640, 0o400])
def test_fault_066_a_file_with_another_mode_is_refused(used: Path, clock: StandingClock, name: str, mode: int) -> None:
    (used / name).chmod(mode)
    assert refused(used, clock).fix == f"chmod 600 {used / name}"


@pytest.mark.parametrize("name", FILES)
def test_fault_066_a_link_or_a_directory_in_a_files_place_is_refused(
    used: Path, clock: StandingClock, name: str
) -> None:
    target = used / name
    target.rename(used / "aside")
    target.symlink_to("aside")
    assert "is not a plain file" in refused(used, clock).message
    target.unlink()
    target.mkdir(0o600)
    assert "is not a plain file" in refused(used, clock).message


@as_root
@pytest.mark.parametrize("name", ["", *FILES])
def test_fault_066_what_belongs_to_another_user_is_refused(used: Path, clock: StandingClock, name: str) -> None:
    os.chown(used / name, NOBODY_UID, NOBODY_UID)
    assert f"belongs to user {NOBODY_UID}" in refused(used, clock).message


@as_root
def test_fault_066_a_parent_of_another_user_is_refused(used: Path, clock: StandingClock) -> None:
    os.chown(used.parent, NOBODY_UID, NOBODY_UID)
    assert f"{used.parent} belongs to user {NOBODY_UID}" in refused(used, clock).message


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o702])
def test_fault_066_a_parent_that_others_can_write_is_refused(used: Path, clock: StandingClock, mode: int) -> None:
    used.parent.chmod(mode)
    error = refused(used, clock)
    assert "can be written by others" in error.message
    used.parent.chmod(0o755)
    SqliteStore.open(used, clock).close()


def test_a_linked_state_directory_is_refused(used: Path, clock: StandingClock) -> None:
    link = used.parent / "link"
    link.symlink_to(used)
    assert "a link does not serve" in refused(link, clock).message


def test_a_missing_parent_is_refused(tmp_path: Path, clock: StandingClock) -> None:
    assert "No such file" in refused(tmp_path / "nowhere" / ".remedy", clock).message


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o077, 0o777])
def test_fault_100_no_umask_opens_or_breaks_it(state: Path, clock: StandingClock, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = SqliteStore.open(state, clock)
        store.append([a_draft()])
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in state.iterdir()} == {0o600}
    store.close()


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "9p", "fuse.sshfs"])
def test_fault_066_a_network_filesystem_is_refused(tmp_path: Path, kind: str) -> None:
    mounts = (
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        f"90 22 0:55 / /srv/my\\040home rw,relatime shared:9 master:1 - {kind} box:/home rw,addr=10.0.0.5\n"
    )
    assert place.filesystem(os.makedev(0, 55), mounts) == kind
    assert place.filesystem(os.makedev(254, 0), mounts) == "ext4"
    assert place.filesystem(os.makedev(9, 9), mounts) == ""
    with pytest.raises(Unsafe, match="network filesystem"):
        place.refuse_remote(tmp_path, kind)
    place.refuse_remote(tmp_path, "ext4")


# A tmpfs of the namespace's own, never a view of a directory of the machine.
READ_ONLY = """
set -e
mount -t tmpfs -o mode=0700 tmpfs "$1"
mkdir -m 700 "$1/.remedy"
mount -o remount,ro "$1"
exec "$2" -c 'import sys; from pathlib import Path; from remedy.store.sqlite import SqliteStore
from remedy.errors import RemedyError
from tests.store.made import StandingClock
try: SqliteStore.open(Path(sys.argv[1]), StandingClock())
except RemedyError as error: print(type(error).__name__, error.message)' "$1/.remedy"
"""


@pytest.mark.userns
def test_fault_066_a_read_only_filesystem_is_refused(tmp_path: Path) -> None:
    probe = ["unshare", "-rm", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("an unprivileged user namespace (unshare -rm) is missing")
    command = ["unshare", "-rm", "sh", "-c", READ_ONLY, "sh", str(tmp_path), sys.executable]
    said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert said.stdout == f"Unsafe {tmp_path}/.remedy is on a read-only filesystem\n", said.stderr
