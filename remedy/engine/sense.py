"""Reading what a host answered, which may be anything: what makes no sense cannot be told, and breaks nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from remedy.errors import CannotTell

NONSENSE = (ArithmeticError, LookupError, TypeError, ValueError)  # what reading a lie may raise
SAID = 200  # characters of why


@contextmanager
def sensible(name: str) -> Iterator[None]:
    """Raise CannotTell where what is done inside with an answer stumbles over it. `name` is the verb that asked."""
    try:
        yield
    except NONSENSE as stumbled:
        said = f"{type(stumbled).__name__}: {str(stumbled)[:SAID]}"
        raise CannotTell(f"{name}: the host's answer makes no sense ({said})") from stumbled
