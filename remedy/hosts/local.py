"""This machine as a host: the constant command as a child process, in a session of its own."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from pwd import getpwuid

from remedy.errors import Unreachable

PIECE_BYTES = 65_536
COMPLAINT_BYTES = 8_192
ENDING_S = 5.0


class LocalPipe:
    """The standard streams of a child process. Its environment is new: ours may hold secrets."""

    container = ""

    def __init__(self, command: Sequence[str]) -> None:
        """Raises Unreachable when it cannot be started."""
        try:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise Unreachable(f"local: no shell can be started: {error}") from error
        assert self._child.stdin and self._child.stdout and self._child.stderr
        self._in = self._child.stdin.fileno()
        self._out = self._child.stdout.fileno()
        self._err = self._child.stderr.fileno()
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        self._complaint = b""
        self._reads = select.poll()
        self._reads.register(self._out, select.POLLIN)
        self._reads.register(self._err, select.POLLIN)

    def send(self, piece: bytes, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        writes = select.poll()
        writes.register(self._in, select.POLLOUT)
        rest = memoryview(piece)
        while rest:
            if not writes.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError("the far end takes no more input")
            rest = rest[os.write(self._in, rest[:PIECE_BYTES]) :]

    def receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while True:
            ready = [fd for fd, _ in self._reads.poll(max(0.0, deadline - time.monotonic()) * 1000)]
            if not ready:
                raise TimeoutError("nothing came")
            if self._err in ready:
                self._listen()
            if self._out in ready:
                return os.read(self._out, PIECE_BYTES)

    def _listen(self) -> None:
        said = os.read(self._err, PIECE_BYTES)
        self._complaint = (self._complaint + said)[-COMPLAINT_BYTES:]
        if not said:
            self._reads.unregister(self._err)

    def ending(self) -> str | None:
        try:
            code = self._child.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            return None
        errors = select.poll()  # which, unlike select, takes descriptors beyond 1,023
        errors.register(self._err, select.POLLIN)
        while errors.poll(0) and (said := os.read(self._err, PIECE_BYTES)):
            self._complaint = (self._complaint + said)[-COMPLAINT_BYTES:]
        return self._complaint.decode("utf-8", "replace").strip() or f"it ended with {code}"

    def close(self) -> None:
        """The far end ends at the end of its input; where an operation runs, when that has ended."""
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream and not stream.closed:
                stream.close()
        try:
            self._child.wait(0.2)
        except subprocess.TimeoutExpired:
            return


def _environment() -> dict[str, str]:
    uid = os.getuid()
    path = os.environ.get("PATH", os.defpath)
    try:
        entry = getpwuid(uid)
    except KeyError:
        return {"PATH": path, "HOME": str(Path.home())}
    return {"PATH": path, "HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}
