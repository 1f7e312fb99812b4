"""Values of INI files: a Python literal where the text is one, else the text, as Ansible takes them."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

from remedy.errors import Invalid
from remedy.load.ansible.opaque import Opaque
from remedy.load.documents import DEEPEST
from remedy.load.scalars import LARGEST
from remedy.load.text import unseen_in
from remedy.model import Json

LONGEST = 10_000  # characters of a list or mapping; reading one costs a thousand times its size
_PLAIN = re.compile(r"(?!(?:True|False|None)\s*(?:#|$))[A-Za-z_/~.@$%&*:;,<>=?!^|\\][^'\"(]*")


def value_of(text: str) -> Json:
    """What Ansible takes this text for. Raises Invalid for what cannot be read, or holds what cannot be seen."""
    if _PLAIN.fullmatch(text):
        return text
    if len(text) > LONGEST:
        raise Invalid(f"is longer than {LONGEST} characters", fix="keep it in a file of group_vars/ or host_vars/")
    return _json(_literal(text), text, 0)


def _literal(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    except (MemoryError, RecursionError):
        raise Invalid(f"is nested deeper than {DEEPEST} levels") from None


def _json(value: Any, text: str, depth: int) -> Json:
    if depth > DEEPEST:
        raise Invalid(f"is nested deeper than {DEEPEST} levels")
    match value:
        case None | bool():
            return value
        case str():
            _demand_seen(value)
            return value
        case int() | float():
            return _number(value, text) if depth == 0 else _finite(value)
        case list() | tuple():
            return [_json(v, text, depth + 1) for v in value]
        case set():
            return [_json(v, text, depth + 1) for v in sorted(value, key=repr)]
        case dict():
            return {str(_json(k, text, depth + 1)): _json(v, text, depth + 1) for k, v in value.items()}
        case bytes():
            return Opaque.of(value.decode("utf-8", "backslashreplace"), "is written as bytes; quote it as text")
        case complex():
            return str(value)
        case _:  # the ellipsis is all that is left of the literals
            return "..."


def _number(value: float, text: str) -> Json:
    """A number keeps only the spelling that it is printed in, as in remedy's own files."""
    bare = text.partition("#")[0].strip()
    if repr(value) != bare:
        why = f"is ambiguous: Ansible takes it for {value!r}; write that, or quote it twice: '\"...\"'"
        return Opaque.of(bare, why)
    return _finite(value)


def _finite(value: float) -> Json:
    if abs(value) > LARGEST or value != value:  # noqa: PLR0124 - what is not a number is not itself
        return Opaque.of(repr(value), "is a number of more than 64 bits")
    return value


def _demand_seen(text: str) -> None:
    why = unseen_in(text)
    if why:
        raise Invalid(why)
