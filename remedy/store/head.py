"""The head: a small file beside the database that remembers how far the journal had come.

It is written and synced after each commit, so it may lag behind the journal but never leads it:
a journal that ends before its head, or holds another event there, is an older or another copy.
Two slots are overwritten in turn, the older one first, so a torn write leaves the other whole.
Writers of several processes are kept apart by a lock on the file itself; a slot only moves on.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remedy.errors import Busy, StoreError
from remedy.store.chain import RESTORE

SLOT_BYTES = 512  # a disk's smallest sector: one slot is never spread over two
LOCK_POLL_S = 0.002
ADVANCE_WAIT_S = 0.1  # a writer that is stopped must not stop the others; the head then lags


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How far the journal of `home` had come: an event's number and hash. 0 is before the first."""

    home: str
    seq: int
    hash: str

    def line(self) -> bytes:
        body = f"{self.seq} {self.hash} {self.home}"
        return f"{body} {_checksum(body)}\n".encode("ascii").ljust(SLOT_BYTES)


class Head:
    """The head file, open. One thread of a process at a time may advance it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            os.fchmod(self._fd, 0o600)  # whatever the umask took away
        except OSError as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file, once: a second call does nothing."""
        descriptor, self._fd = self._fd, -1
        if descriptor >= 0:
            os.close(descriptor)

    def read(self) -> Mark | None:
        """The furthest whole mark; None when the file holds none."""
        return max((m for m in self._slots() if m is not None), key=lambda m: m.seq, default=None)

    def advance(self, mark: Mark) -> None:
        """Remember `mark`, durably, unless the file is further already."""
        with self._locked(ADVANCE_WAIT_S) as held:
            if held:
                first, second = self._slots()
                if all(m is None or m.seq < mark.seq for m in (first, second)):
                    self._write(_older(first, second), mark)

    @contextmanager
    def founding(self, wait_s: float) -> Iterator[None]:
        """Hold the file alone while the database beside it is made. Raises Busy after `wait_s`."""
        with self._locked(wait_s) as held:
            if not held:
                raise Busy(f"{self._path}: another process is preparing the store", fix="try again")
            yield

    def begin(self, mark: Mark) -> None:
        """Forget everything and start with `mark`. Only while founding."""
        self._write(1, mark)
        self._write(0, mark)

    def _slots(self) -> tuple[Mark | None, Mark | None]:
        try:
            content = os.pread(self._fd, 2 * SLOT_BYTES, 0)
        except OSError as error:
            raise self._unusable(error) from error
        return _mark(content[:SLOT_BYTES]), _mark(content[SLOT_BYTES:])

    def _write(self, slot: int, mark: Mark) -> None:
        try:
            os.pwrite(self._fd, mark.line(), slot * SLOT_BYTES)
            os.fdatasync(self._fd)
        except OSError as error:
            raise self._unusable(error) from error

    @contextmanager
    def _locked(self, wait_s: float) -> Iterator[bool]:
        held = self._lock(wait_s)
        try:
            yield held
        finally:
            if held:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _lock(self, wait_s: float) -> bool:
        deadline_s = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline_s:
                    return False
                time.sleep(LOCK_POLL_S)
            except OSError as error:
                raise self._unusable(error) from error
            else:
                return True

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(f"{self._path}: {error.strerror}", at=str(self._path), fix=RESTORE)


def _older(first: Mark | None, second: Mark | None) -> int:
    if first is None or second is None:
        return 0 if first is None else 1
    return 0 if first.seq <= second.seq else 1


def _mark(slot: bytes) -> Mark | None:
    try:
        seq, hash_, home, checksum = slot.decode("ascii").split()
        number = int(seq)
    except ValueError:
        return None
    whole = checksum == _checksum(f"{seq} {hash_} {home}")
    return Mark(home=home, seq=number, hash=hash_) if whole else None


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode("ascii")).hexdigest()[:16]
