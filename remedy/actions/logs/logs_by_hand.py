"""A rotation of logs as a person would type it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from remedy.actions.action import unescaped
from remedy.actions.by_hand import item_paths, note, quoted
from remedy.model import Call

PRIVATE = ".remedy-rotating"  # as in logs.sh: where a rotation that was cut off left the old file


def rotation(call: Call) -> tuple[str, ...]:
    """The lines of one of the three calls of a rotation: set aside, reopen, keep."""
    logs = [(unescaped(key), state.partition(":")[0]) for key, state in item_paths(call)]
    match call.function:
        case "logs_set_aside":
            return tuple(line for path, kind in logs for line in _set_aside(path, kind))
        case "logs_reopen":
            return tuple(_reopen(call, [path for path, _ in logs]))
        case _:
            keeps_packed = call.args[1] == "yes"
            return tuple(line for path, kind in logs for line in _keep(path, kind, compress=keeps_packed))


def _old(path: str) -> str:
    return f"{path}.rotating"


def _set_aside(path: str, kind: str) -> Iterator[str]:
    """The log under another name, and an empty one of the same owner and mode in its place."""
    log, old = quoted(path), quoted(_old(path))
    empty = f"cp --attributes-only --preserve=mode,ownership -- {old} {log}"
    if kind == "unfinished":
        folder, _, name = path.rpartition("/")
        yield note("an earlier rotation was cut off: the old file is still in its private directory")
        yield f"mv -n -- {quoted(f'{folder}/{PRIVATE}/{name}')} {old}"
        yield f"rmdir -- {quoted(f'{folder}/{PRIVATE}')}"
        yield f"[ -e {log} ] || {empty}"
        return
    yield note(f"look first: is {path} still the large file, and who writes to it? ls -li, fuser -v")
    yield f"mv -n -- {log} {old}"
    yield empty


def _reopen(call: Call, paths: list[str]) -> Iterator[str]:
    """Tell the writers, and wait until nobody has the old files open."""
    signal, units, pid_files, seconds = (str(a) for a in call.args)
    yield note(f"tell the writers to open their logs again; look first that they catch {signal}, or it ends them")
    for unit in filter(None, units.split("\n")):
        name = quoted(unit)
        yield f"! systemctl -q is-active -- {name} || systemctl kill -s {signal} --kill-who=main -- {name}"
    for pid_file in filter(None, pid_files.split("\n")):
        name = quoted(pid_file)
        yield f'[ ! -s {name} ] || kill -s {signal} "$(cat -- {name})"'
    for path in paths:
        old = quoted(_old(path))
        ids = "find -L /proc/[0-9]*/fd -maxdepth 1 -type f -exec stat -L -c %d:%i {} + 2>/dev/null"
        late = "{ echo 'it is still open' >&2; exit 1; }"
        yield f'n=0 id=$(stat -c %d:%i -- {old}); while {ids} | grep -qx "$id"; do'
        yield f"    n=$((n + 1)); [ $n -le {seconds} ] || {late}; sleep 1"
        yield "done"


def _keep(path: str, kind: str, *, compress: bool) -> Iterator[str]:
    """The old file as generation 1, the others one further, as far as the first gap."""
    log, old = quoted(path), quoted(_old(path))
    if kind == "drop":
        yield note("the oldest generation goes for good")
        yield f"rm -f -- {log}"
        return
    yield f"n=1; while [ -e {log}.$n ] || [ -e {log}.$n.gz ]; do n=$((n + 1)); done"
    yield "while [ $n -gt 1 ]; do"
    yield f"    m=$((n - 1)); for e in '' .gz; do [ ! -e {log}.$m$e ] || mv -n -- {log}.$m$e {log}.$n$e; done; n=$m"
    yield "done"
    yield f"mv -n -- {old} {log}.1"
    if compress:
        yield f"gzip -- {log}.1"
