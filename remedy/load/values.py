"""Values of a playbook's declared parameters: their kinds, and the text given for them on a command line."""

from __future__ import annotations

import json
from typing import cast

from remedy.actions.kinds import KINDS
from remedy.errors import Invalid
from remedy.load.resolved import ParamSpec
from remedy.load.text import unseen_in
from remedy.model import Json


def parse_value(spec: ParamSpec, value: Json) -> Json:
    """The canonical value. Raises Invalid with a sentence that says what is wanted."""
    kind = KINDS[spec.kind]
    try:
        if not spec.many:
            return kind.parse(value)
        if not isinstance(value, list):
            raise Invalid(f"wanted a list, each member {kind.about}")
        return [kind.parse(v) for v in value]
    except Invalid as wrong:
        raise Invalid(wrong.message, fix=f"for example {example(spec)}") from None


def example(spec: ParamSpec) -> str:
    """A value that would do, as it is written in YAML."""
    one = KINDS[spec.kind].example
    return f"[{one}]" if spec.many else one


def parse_override(spec: ParamSpec, text: str) -> Json:
    """The canonical value of `-p NAME=TEXT`, read as the parameter's kind wants it. Raises Invalid.

    Text stays text, whatever it looks like. A list is a JSON list, or one member.
    """
    why = unseen_in(text)
    if why:
        raise Invalid(f"the value of {spec.name} {why}")
    if not spec.many:
        return parse_value(spec, _literal(spec, text))
    return parse_value(spec, _listed(text) if text.lstrip().startswith("[") else [_literal(spec, text)])


def _literal(spec: ParamSpec, text: str) -> Json:
    wanted = KINDS[spec.kind].schema.get("type")
    kinds = wanted if isinstance(wanted, list) else [wanted]
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    if "integer" in kinds and text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= 20:
        return int(text)
    return text


def _listed(text: str) -> Json:
    try:
        return cast(Json, json.loads(text))
    except (ValueError, RecursionError):
        raise Invalid("wanted a JSON list", fix='for example \'["one", "two"]\'') from None
