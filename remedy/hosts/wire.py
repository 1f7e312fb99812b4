"""What goes over the wire: requests as bytes, and frames out of the bytes that come back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, unquote

from remedy.actions.catalogue import shell_of
from remedy.actions.families import FAMILIES
from remedy.errors import Bug, Invalid
from remedy.hosts.shell import PUT, sized
from remedy.model import Ago, Argument, Await, Call, Functions, Look, Operation, Put, ResultRef, SecretRef
from remedy.ports import Resolve

LOOK_BYTES = 1_048_576  # of one look's answer
BATCH_BYTES = 4_194_304  # of all answers of one request; what does not fit is asked again alone
FRAMES_BYTES = 131_072  # room for frames and errors beside one look's answer
PATIENCE_S = 60
FORESEEN_ARGS = 5  # a function that foresees gets so many of its look's arguments: paths come first
SHORT_BYTES = 1500  # a file's content that the far end reads byte by byte, which costs less than a process
TOKEN_BYTES = 200  # a run names a file on the host: 255 bytes on every filesystem
NOISE_BYTES = 65_536  # a login may print this much before the first frame

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def octets(text: str) -> bytes:
    """Text as the bytes it stands for. Raises Invalid for a NUL, which no shell can hold."""
    if "\0" in text:
        raise Invalid("a value for a host holds a NUL byte")
    return text.encode("utf-8", "surrogateescape")


def text_of(raw: bytes) -> str:
    """Bytes as text; those that are not UTF-8 are surrogate-escaped."""
    return raw.decode("utf-8", "surrogateescape")


def token(text: str) -> str:
    """A text as one plain word; ordinary names stay as they are. Raises Invalid for none, or a long one."""
    word = quote(text, safe="@:+,=", errors="surrogateescape").replace("~", "%7E")
    if not 0 < len(word) <= TOKEN_BYTES:
        raise Invalid(f"not an id: {text[:80]!r}")
    return word


def untoken(word: str) -> str:
    """The text that `token` made this word of."""
    return unquote(word, errors="surrogateescape")


# ---------------------------------------------------------------- requests


def request(nonce: str, verb: str, words: Iterable[object], body: bytes = b"") -> bytes:
    """One request. The body is whole lines."""
    if body and not body.endswith(b"\n"):
        raise Bug("a request's body must be whole lines")
    body += b".\n"
    head = " ".join([nonce, verb, str(body.count(b"\n")), str(len(body)), *map(str, words)])
    return head.encode() + b"\n" + body


def families_of(looks: Iterable[Look]) -> tuple[str, ...]:
    """The families whose functions these looks call, each once."""
    return tuple(dict.fromkeys(_known_name(look.family) for look in looks))


def questions(looks: Iterable[Look], resolve: Resolve, *, foresee: bool = True) -> bytes:
    """The looks as the worker reads them, their secrets resolved.

    Before them comes what several of them are going to ask of files, for the host to ask at once. What hangs there
    holds up all of them: a look that was not answered is asked again without it.
    """
    asked = tuple(looks)
    seen = tuple(foreseen(asked)) if foresee else ()
    before = b"".join(_arguments(args, resolve) + f"foresee {name}\n".encode() for name, args in seen)
    before += b"foreseen\n" if seen else b""
    return before + b"".join(_arguments(look.args, resolve) + _go(look.family, look.function) for look in asked)


def foreseen(looks: Iterable[Look]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The functions that foresee what looks will ask, with their arguments; none unless there are two."""
    found = []
    for look in looks:
        name = f"{look.function}_foresee"
        if _defines(look.family, name):
            found.append((name, tuple(a for a in look.args[:FORESEEN_ARGS] if isinstance(a, str))))
    return iter(found if len(found) > 1 else ())


def limits(looks: tuple[Look, ...]) -> tuple[int, int]:
    """Seconds and bytes that the group of these looks may take."""
    if not looks:
        return 0, 0
    limit = LOOK_BYTES + FRAMES_BYTES if len(looks) == 1 else BATCH_BYTES
    return max(1, *(look.timeout_s for look in looks)), limit


def looks_part(looks: tuple[Look, ...], resolve: Resolve) -> bytes:
    """Looks as a part of a change."""
    words = " ".join(map(str, [*limits(looks), *families_of(looks)]))
    return words.encode() + b"\n" + questions(looks, resolve)


def again_part(look: Look, ground: Iterable[str], before_s: int, resolve: Resolve) -> bytes:
    """The look that a change was planned on, and what it said then.

    It shares the deadline of the operation after it, which may take `before_s`; beyond
    PATIENCE_S it gets one of its own, which costs the host two processes.
    """
    head = f"{max(1, look.timeout_s)} {_known_name(look.family)}\n".encode()
    if before_s > PATIENCE_S:
        head += f"within {max(1, look.timeout_s)}\n".encode()
    asked = _arguments(look.args, resolve) + f"again {_function(look.family, look.function)}\n".encode()
    return head + asked + b"".join(b"|" + _item(line) for line in ground) + b"same\n"


def operation_part(operation: Operation, temporary: str, resolve: Resolve) -> bytes:
    """An operation as a part of a change, its secrets resolved. `temporary` names a file beside a Put's."""
    always = "always" if operation.always else "-"
    match operation:
        case Call():
            mode = "result" if operation.result else "call"
            head = f"{always} {max(1, operation.timeout_s)} {mode} {_known_name(operation.family)}\n".encode()
            body = _arguments(operation.args, resolve) + _go(operation.family, operation.function)
            return head + _bound(operation) + body + b"".join(_item(i) for i in operation.items)
        case Put():
            return f"{always} {max(1, operation.timeout_s)} put {PUT}\n".encode() + _put(operation, temporary, resolve)
        case Await():
            look = operation.look
            head = f"{always} {max(1, operation.within_s)} call {_known_name(look.family)}\n".encode()
            asked = (operation.expect, str(operation.every_s), _function(look.family, look.function), *look.args)
            return head + _arguments(asked, resolve) + b"go remedy_await\n"


def _put(put: Put, temporary: str, resolve: Resolve) -> bytes:
    directory, slash, name = put.path.rpartition("/")
    if not put.path.startswith("/") or not name:
        raise Invalid(f"not an absolute path of a file: {put.path!r}")
    beside = f"{directory}{slash}.{temporary}"
    content = octets("".join(part if isinstance(part, str) else resolve(part).reveal() for part in put.content))
    size = "short" if len(content) <= SHORT_BYTES else "long"
    args = _arguments((put.path, beside, put.mode, put.owner, put.group, size), resolve)
    return args + b"go remedy_put\n" + content + b"\n"


def _bound(call: Call) -> bytes:
    if call.result is None:
        return b""
    if "\n" in call.result.of:
        raise Invalid(f"the bound of result {call.result.name} has more than one line")
    return f"{_known_name(call.result.name)} {call.result.bound}\n=".encode() + octets(call.result.of) + b"\n"


def _item(item: str) -> bytes:
    raw = octets(item)
    if b"\n" in raw:
        raise Bug("an item is one line; escape it")
    return raw + b"\n"


def _arguments(args: Iterable[Argument | Ago], resolve: Resolve) -> bytes:
    return b"".join(_argument(a, resolve) for a in args)


def _argument(argument: Argument | Ago, resolve: Resolve) -> bytes:
    match argument:
        case Ago():
            return b"@%d\n" % argument.ago_s
        case ResultRef():
            return f"&{_known_name(argument.result)}\n".encode()
        case SecretRef():
            return _value(resolve(argument).reveal())
        case Functions(functions=family):
            return _value(text_of(sized("common", shell_of) + b"\n" + sized(family, shell_of)))
        case text:
            return _value(text)


def _value(text: str) -> bytes:
    return b"=" + octets(text).replace(b"\n", b"\n+") + b"\n"


def _go(family: str, function: str) -> bytes:
    return f"go {_function(family, function)}\n".encode()


def _function(family: str, function: str) -> str:
    kin = family.partition("_")[0]  # families of one word share files: a function of compose.sh is compose_up's, too
    if not _NAME.fullmatch(function) or not (function.startswith(f"{kin}_") or _defines(family, function)):
        raise Bug(f"not a function of {family}: {function!r}")
    return function


@cache
def _defines(family: str, function: str) -> bool:
    return family in FAMILIES and f"\n{function}() {{".encode() in shell_of(family)


def _known_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Bug(f"not a name: {name!r}")
    return name


# ---------------------------------------------------------------- replies


@dataclass(frozen=True)
class Frame:
    """The head of a frame: its words, without nonce and number."""

    words: tuple[str, ...]


@dataclass
class Frames:
    """Cuts what arrives, in whatever pieces, into frames of one request and the text after each.

    Bytes before the first frame are noise (a banner, a login's own output). A line counts as a
    frame only with the nonce, which no function at the far end can see. Frames of other
    requests are noise too.
    """

    nonce: str
    seq: int = 0
    noise: bytes = b""  # the last of it
    noise_bytes: int = 0
    _held: bytes = field(default=b"", repr=False)
    _is_text: bool = field(default=False, repr=False)

    def feed(self, piece: bytes) -> Iterator[Frame | bytes]:
        """The frames and texts that these bytes complete; text comes as it arrives."""
        mark = b"\n" + self.nonce.encode() + b" "
        held, start = self._held + piece, 0
        while (at := held.find(mark, start)) >= 0 and (end := held.find(b"\n", at + len(mark))) >= 0:
            yield from self._text(held[start:at])
            words = held[at + len(mark) : end].decode("ascii", "replace").split(" ")
            start = end + 1
            self._is_text = words[0] in ("0", str(self.seq))
            if self._is_text:
                yield Frame(tuple(words[1:]))
        keep = at if at >= 0 else len(held) - _begun(held, mark)
        yield from self._text(held[start : max(start, keep)])
        self._held = held[max(start, keep) :]
        if len(self._held) > NOISE_BYTES:
            raise ValueError("a frame without an end")

    def _text(self, text: bytes) -> Iterator[bytes]:
        if text and self._is_text:
            yield text
        elif text:
            self.noise = (self.noise + text)[-NOISE_BYTES:]
            self.noise_bytes += len(text)


def _begun(held: bytes, mark: bytes) -> int:
    """How many of the last bytes may be the beginning of a mark, whose only newline is its first byte."""
    at = held.rfind(b"\n", max(0, len(held) - len(mark) + 1))
    return len(held) - at if at >= 0 and mark.startswith(held[at:]) else 0
