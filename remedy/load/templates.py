"""Templates: expressions in `{{ }}`, checked before anything is compiled, rendered once.

Jinja2 reads the text; what it read must consist of a short list of harmless parts, and only
then is it compiled, in an immutable sandbox that has neither globals nor Jinja's own filters.
Values are text, numbers, true, false and lists of them: there is no object to escape through,
and no operation whose result is much larger than its operands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from remedy.errors import Invalid
from remedy.load.template import Expression, Template, step_of
from remedy.load.text import suggestion

LONGEST_TEMPLATE = 8192  # characters
RESERVED = frozenset(
    {"seen", "true", "false", "none", "True", "False", "None"}
    | {"not", "and", "or", "in", "is", "if", "else", "self", "loop"}
)
_BARE_NAME = re.compile(r"\{\{[ \t\n]*([a-z][a-z0-9_]{0,62})[ \t\n]*\}\}", re.ASCII)


def is_template(text: str) -> bool:
    """Whether the text holds anything that would be read as a template."""
    return "{{" in text or "{%" in text or "{#" in text


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """The checked template. Raises Invalid for whatever is not a harmless expression."""
    if not is_template(text):
        return Template(text, (text,), frozenset(), frozenset())
    if len(text) > LONGEST_TEMPLATE:
        raise Invalid(f"a template has at most {LONGEST_TEMPLATE} characters")
    found = _of_names(text)
    if found is not None:
        return found
    from remedy.load.expressions import parsed  # noqa: PLC0415 - Jinja2 costs 60 ms; most templates are names

    return parsed(text)


def _of_names(text: str) -> Template | None:
    """A template of bare names, which most are, or None."""
    pieces = _BARE_NAME.split(text)
    names = frozenset(pieces[1::2])
    if names & RESERVED or any("{" in p or "}" in p for p in pieces[::2]):
        return None
    parts = [Expression(p, None) if i % 2 else p for i, p in enumerate(pieces)]
    return Template(text, tuple(p for p in parts if p != ""), names, frozenset())


def check_names(template: Template, known: Mapping[str, object], *, steps: frozenset[str] | None = None) -> None:
    """Raise Invalid unless every name is declared. `steps` are the ids that `seen` may be asked for, if it may."""
    allowed = set(known) | ({"seen"} if steps is not None else set())
    for name in sorted(template.names - allowed):
        if name == "seen":
            raise Invalid("'seen' can be read in `when` only: nothing was observed yet")
        raise Invalid(f"'{name}' is not declared in params", fix=suggestion(name, known))
    for step in sorted(template.seen):
        if steps is not None and step_of(step, steps) is None:
            raise Invalid(f"no step is called '{step}'", fix=suggestion(step, steps))
