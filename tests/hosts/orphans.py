"""A whole conversation below a process that takes orphans in, as process 1 of a container does: how did they end?

Run as `python -m tests.hosts.orphans DIRECTORY SHELL [PROGRAM THAT IS MISSING ...]`.
"""

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.hosts.far import Far, call, change, look

TAKES_ORPHANS_IN = 36  # PR_SET_CHILD_SUBREAPER: prctl(2)
LAST_S = 1.0  # what is left ends at once, or had not been ended


def ended() -> list[int]:
    """How every child ended that nobody else has waited for: its exit code, or minus its signal."""
    codes: list[int] = []
    until_s = time.monotonic() + LAST_S
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until_s:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                codes.append(os.waitstatus_to_exitcode(status))
            else:
                time.sleep(0.02)
    return codes


def converse(far: Far) -> None:
    """Looks, a change that looks again first, and the end."""
    session, lease = far.held()
    for _ in range(10):
        session.look([look("t_show", "x"), look("t_show", "y")])
    (ground,) = session.look([look("t_show", "x")])
    seen = look("t_show", "x")
    reply = session.change(change(lease, call("t_rc", "0"), seen=seen, ground=ground.ground, then=[seen]))
    assert reply.state == "done", reply
    session.release(lease.run)
    far.close()


def main() -> None:
    directory, shell, *without = sys.argv[1:]
    assert ctypes.CDLL(None).prctl(TAKES_ORPHANS_IN, 1, 0, 0, 0) == 0
    subprocess.run(["sh", "-c", "sh -c 'kill -KILL $$' &"], check=True)  # one that is surely seen
    control = ended()
    converse(Far(Path(directory), shell=shell, without=tuple(without)))
    json.dump({"control": control, "left": ended()}, sys.stdout)


if __name__ == "__main__":
    main()
