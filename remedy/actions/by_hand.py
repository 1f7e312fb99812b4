"""Operations as a person would type them: POSIX shell with every value quoted, safe to show on a terminal. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from remedy.actions.words import escaped_text, is_seen, span_text
from remedy.model import Argument, Call, Functions, Operation, Put, ResultRef, SecretRef

if TYPE_CHECKING:
    from remedy.actions.action import Action

_PRINTF = {"%": "%%", "\\": "\\\\", "\n": "\\n", "'": "\\047"}


def lines_of(action: type[Action[Any]], operations: Sequence[Operation]) -> tuple[str, ...]:
    """The lines of these operations of one change of `action`, in order.

    They run one after the other under `sh -eu`, by the login that changes things; nothing of them
    reads standard input.
    """
    found: list[str] = []
    for operation in operations:
        if operation.always:
            found.append(note("this in any case, also when a line above has failed and ended the rest"))
        match operation:
            case Put():
                found += _put(operation)
            case Call(family="timer"):
                found += _timer(operation)
            case _:
                found += action.by_hand(operation)
    return tuple(found)


def quoted(text: str) -> str:
    """One word of shell that is exactly this text, whatever its bytes, with nothing in it that a terminal obeys.

    Plain text is quoted as usual; what could not be seen is written by `printf` in octal.
    """
    if all(is_seen(c) for c in text):
        return shlex.quote(text)
    body = text.rstrip("\n")
    ends = text[len(body) :]  # a substitution would lose them
    tail = f"'{ends}'" if ends else ""
    if all(is_seen(c) for c in body):
        return shlex.quote(body) + tail
    written = "".join(_in_printf(c) for c in body)
    if body.startswith("-"):
        written = f"\\055{written[1:]}"  # or it would be read as an option
    return f"\"$(printf '{written}')\"{tail}"


def _in_printf(character: str) -> str:
    """A character of a printf format that stands between single quotes."""
    if character in _PRINTF:
        return _PRINTF[character]
    if is_seen(character):
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def word(argument: Argument) -> str:
    """An operation's argument as one word. A secret is a variable that the person sets, never its value."""
    match argument:
        case str():
            return quoted(argument)
        case SecretRef(secret=ref):
            name = "SECRET_" + re.sub(r"[^A-Za-z0-9]+", "_", ref).strip("_")[:60]
            return f'"${{{name}:?set it in here to the secret that the plan only names}}"'
        case ResultRef(result=name):
            return f'"${{{name}:?what an earlier line printed}}"'
        case Functions(functions=family):
            return f'"${{FUNCTIONS_{family}:?the shipped shell functions of {family}}}"'


def note(text: str) -> str:
    """A comment of one line, whatever the text."""
    return f"# {escaped_text(text)}"


def item_paths(call: Call) -> tuple[tuple[str, str], ...]:
    """The `KEY<TAB>STATE` items of a call, keys still escaped."""
    split = (item.rpartition("\t") for item in call.items)
    return tuple((key, state) for key, _, state in split)


def _put(put: Put) -> list[str]:
    """A file written beside and renamed over, its owner kept where the operation names none."""
    path, new = quoted(put.path), quoted(f"{put.path}.new")
    owner = f"{put.owner}:{put.group}".rstrip(":")
    who = f"chown -- {quoted(owner)} {new}" if owner else f"[ ! -e {path} ] || chown --reference={path} -- {new}"
    return [
        note(f"look first: {put.path} is replaced; cp -p keeps what is there"),
        f"(umask 077; printf %s {_content(put.content)} >{new})",
        who,
        f"chmod {quoted(put.mode)} -- {new}",
        f"mv -f -- {new} {path}",
    ]


def _timer(call: Call) -> list[str]:
    """What a person would do instead of a timer on the host: remember it."""
    if call.function == "timer_disarm":
        return [
            note(
                f"nothing will be put back any more by a timer: {call.args[0]}; `remedy look` tells of those there are"
            )
        ]
    _, after_s, what, *_ = map(str, call.args)
    return [
        note(f"remedy's timer would put it back {span_text(int(after_s))} later; by hand, remember to: {what}"),
        f"echo {word(f'to be put back: {what}')} >&2",
    ]


def _content(pieces: tuple[str | SecretRef, ...]) -> str:
    return "".join(_text(p) if isinstance(p, str) else word(p) for p in pieces) or "''"


def _text(text: str) -> str:
    """Text of a file: its lines stay lines, for a person to read, where all of it can be seen."""
    return shlex.quote(text) if all(is_seen(c) or c == "\n" for c in text) else quoted(text)


def ends_of_shells(mark: str, asks: str) -> tuple[str, ...]:
    """Lines that end the shells a drill left running, each of which has a mark among its arguments."""
    find = f"grep -lsF -e {quoted(mark)} /proc/[0-9]*/cmdline"
    ends = "do p=${f#/proc/}; p=${p%/cmdline}; [ $p = $$ ] || kill -KILL $p; done"
    return note(f"look first: {asks} ps -o args"), f"for f in $({find}); {ends}"
