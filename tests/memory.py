"""How much memory this process holds at most, by /proc: getrusage counts the parent's before an exec too."""

import re
from pathlib import Path

PROC = Path("/proc/self")


def peak_bytes() -> int:
    """The most resident memory since the process began, or since the last `forget_peak`."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", (PROC / "status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def forget_peak() -> int:
    """Let the peak begin anew at what is held now; returns that. 5 is the kernel's word for it: proc(5)."""
    (PROC / "clear_refs").write_text("5")
    return peak_bytes()
