"""The shell text that is sent: the runner, its worker, and the functions they need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources

from remedy.errors import Bug

ShellOf = Callable[[str], bytes]

# The one command, whatever the host and whatever is asked. `dd` reads exactly what was counted also
# when it comes in pieces; busybox's head and every `sh -s` would read ahead of it.
COMMAND = (
    "exec sh -c 'IFS= read -r n; t=$(dd bs=$n count=1 iflag=fullblock 2>/dev/null"
    ' || dd bs=1 count=$n 2>/dev/null); eval "$t"\''
)
ELEVATED = COMMAND.replace("exec sh", "exec sudo -n sh", 1)

LARGEST_BYTES = 120_000  # one string of the environment may hold 128 KiB: MAX_ARG_STRLEN of Linux
IDLE_S = 900
PUT = "put"  # the family that is this package's own: how a file is written


def bootstrap(
    nonce: str, families: Iterable[str], shell_of: ShellOf, *, can_change: bool, idle_s: int = IDLE_S
) -> bytes:
    """Everything the far end needs to begin: its length in a line, then the runner's text."""
    names = ("common", *families)
    text = b"".join(
        [
            f"far_nonce={nonce}\nfar_idle_s={idle_s}\nremedy_families='{' '.join(names)}'\n".encode(),
            b"remedy_worker=%s\n" % _quoted(own("worker")),
            *(b"export remedy_f_%s=%s\n" % (name.encode(), _quoted(sized(name, shell_of))) for name in names),
            own("runner"),
            ledger() if can_change else b"",
            b"far_begin whole",
        ]
    )
    return b"%d\n%s" % (len(text), text)


def _quoted(text: bytes) -> bytes:
    return b"'" + text.replace(b"'", b"'\\''") + b"'"


def sized(name: str, shell_of: ShellOf) -> bytes:
    """The functions of a family, as short as can be, if they can be handed on at the far end."""
    text = own(name) if name == PUT else stripped(shell_of(name))
    if len(text) > LARGEST_BYTES or b"\0" in text:
        raise Bug(f"the shell functions of {name} are too long to be sent")
    return text


def ledger() -> bytes:
    """What the runner needs besides, before a lease, a change or a receipt."""
    return own("ledger") + own("change")


@cache
def own(name: str) -> bytes:
    """A shell file of this package, as short as can be."""
    return stripped(resources.files("remedy.hosts").joinpath(f"{name}.sh").read_bytes())


def stripped(text: bytes) -> bytes:
    """Shell text without its comment lines. One with a here-document stays as it is."""
    return text if b"<<" in text else re.sub(rb"(?m)^\t*#.*\n", b"", text)
