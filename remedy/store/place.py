"""The place of the store: a directory of the user's own that nobody else can read or change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from remedy.errors import Unsafe

FILES = ("remedy.db", "remedy.db-wal", "remedy.db-shm", "remedy.db.new", "head")
MOUNTS = Path("/proc/self/mountinfo")

# Locks and shared memory do not hold between machines there: sqlite.org/wal.html, "Overview", item 2.
REMOTE = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "glusterfs", "lustre", "ncpfs"),
        *("vboxsf", "fuse.glusterfs", "fuse.sshfs", "fuse.s3fs"),
    )
)


def secure(directory: Path) -> None:
    """Make `directory` if it is missing; raise Unsafe unless it and the store's files can be trusted.

    Trusted: a real directory of the user's with mode 0700, on a local filesystem that can be
    written, below a directory that others cannot change; plain files of the user's, mode 0600.
    """
    try:
        _refuse_shared_parent(directory.parent)
        if not os.path.lexists(directory):
            directory.mkdir(mode=0o700, exist_ok=True)
            directory.chmod(0o700)  # whatever the umask took away
        _refuse_directory(directory)
        for name in FILES:
            _refuse_file(directory / name)
        if os.statvfs(directory).f_flag & os.ST_RDONLY:
            raise Unsafe(f"{directory} is on a read-only filesystem", at=str(directory), fix="mount it writable")
        kind = filesystem(os.lstat(directory).st_dev, MOUNTS.read_text() if MOUNTS.exists() else "")
    except OSError as error:
        raise Unsafe(
            f"{directory}: {error.strerror}", at=str(directory), fix="choose a home that you may write"
        ) from error
    refuse_remote(directory, kind)


def refuse_remote(directory: Path, kind: str) -> None:
    """Raise Unsafe for a filesystem that other machines share."""
    if kind in REMOTE:
        raise Unsafe(
            f"{directory} is on a network filesystem ({kind}), where locks do not hold",
            at=str(directory),
            fix="choose a home on a local disk",
        )


def filesystem(device: int, mounts: str) -> str:
    """The type of the filesystem with this device number, from the text of mountinfo; "" if unlisted."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in reversed(mounts.splitlines()):
        before, _, after = line.partition(" - ")
        if before.split(" ")[2:3] == [wanted]:
            return after.split(" ", 1)[0]
    return ""


def _refuse_shared_parent(parent: Path) -> None:
    found = parent.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise _unsafe(parent, f"belongs to user {found.st_uid}", "use a directory of your own")
    if found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX:
        raise _unsafe(parent, "can be written by others", f"chmod go-w {parent}")


def _refuse_directory(directory: Path) -> None:
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise _unsafe(directory, "is not a directory (a link does not serve)", f"move {directory} away")
    if found.st_uid != os.geteuid():
        raise _unsafe(directory, f"belongs to user {found.st_uid}", "run as that user, or use a home of your own")
    if stat.S_IMODE(found.st_mode) != 0o700:
        raise _unsafe(directory, f"has mode {stat.S_IMODE(found.st_mode):04o}", f"chmod 700 {directory}")


def _refuse_file(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise _unsafe(path, "is not a plain file", f"move {path} away")
    if found.st_uid != os.geteuid():
        raise _unsafe(path, f"belongs to user {found.st_uid}", "run as that user, or use a home of your own")
    if stat.S_IMODE(found.st_mode) != 0o600:
        raise _unsafe(path, f"has mode {stat.S_IMODE(found.st_mode):04o}", f"chmod 600 {path}")


def _unsafe(path: Path, what: str, fix: str) -> Unsafe:
    return Unsafe(f"{path} {what}", at=str(path), fix=fix)
