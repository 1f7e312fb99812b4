"""What a JSON Schema finds wrong, as located problems in a person's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from remedy.load.documents import Document
from remedy.load.form import exact, fits, is_of_type
from remedy.load.problems import MOST_PROBLEMS, Flaw, below
from remedy.load.text import HIDDEN, is_secretive, kind_of, shown, suggestion

Schema = dict[str, Any]
_CHOICE = "wanted exactly one of"
_UNITS = {"Items": "members", "Length": "characters", "Properties": "keys"}
_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def hold_against(document: Document, schema: Schema) -> None:
    """Add to the document's flaws what the schema finds wrong, where nothing is known to be wrong already."""
    if fits(document.value, schema, schema):
        return
    validator = _validator(schema)
    errors = islice(validator.iter_errors(document.value), MOST_PROBLEMS)
    found = [f for error in errors for f in _flaws(document, error)]
    before = list(document.flaws.found)
    for flaw in sorted(found, key=_is_choice):  # a choice last: it may have a reason below
        known = document.flaws.found if _is_choice(flaw) else before
        if not any(_about_the_same(flaw, k.pointer) for k in known):
            document.flaws.add(flaw)


def _is_choice(flaw: Flaw) -> bool:
    return flaw.rule.startswith(_CHOICE)


def _about_the_same(flaw: Flaw, known: str) -> bool:
    """Whether a flaw says again what is known: at or below it; or, of a choice between members, around it."""
    if not known:
        return False
    pointer = flaw.pointer
    around = _is_choice(flaw) and known.startswith(pointer + "/")
    return around or pointer == known or pointer.startswith(known + "/")


def _validator(schema: Schema) -> Any:
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - costs 100 ms; only for what is wrong

    extend: Any = validators.extend
    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    return extend(Draft202012Validator, {"pattern": _pattern}, type_checker=checker)(schema)


def _is_integer(_checker: Any, instance: Any) -> bool:
    return is_of_type(instance, "integer")


def _pattern(validator: Any, pattern: str, instance: Any, schema: Schema) -> Iterator[Any]:
    """`$` is the end of the text, as JSON Schema has it, and not Python's end before a newline."""
    from jsonschema import ValidationError  # noqa: PLC0415 - loaded by now

    if validator.is_type(instance, "string") and not exact(pattern).search(instance):
        yield ValidationError(f"wanted {schema.get('description', pattern)}")


def _flaws(document: Document, error: Any) -> Iterator[Flaw]:
    error = _best(error)
    pointer = ""
    for part in error.absolute_path:
        pointer = below(pointer, part)
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(document, pointer, error)
        case "required":
            missing = re.match(r"'(.*)' is a required property", error.message)
            name = missing[1] if missing else "a key"
            about = error.schema.get("properties", {}).get(name, {}).get("description", "")
            yield Flaw(pointer, document.key_place(pointer), f"{_named(pointer)} lacks '{name}'", about, f"add {name}:")
        case _ if "propertyNames" in error.absolute_schema_path:
            key = below(pointer, error.instance)
            yield Flaw(key, document.key_place(key), f"{shown(error.instance)} is no name", _rule(error))
        case _:
            yield Flaw(pointer, document.place(pointer), _found(document, pointer, error.instance), _rule(error))


def _best(error: Any) -> Any:
    """Of alternatives, the error in the one that is nearest: the kind that was written, then the deepest."""
    while error.context and error.validator in ("anyOf", "oneOf"):
        if all(e.validator == "required" and len(e.relative_path) == 0 for e in error.context):
            return error
        error = max(error.context, key=_nearness)
    return error


def _nearness(error: Any) -> tuple[int, bool, bool]:
    is_template = error.validator == "pattern" and error.validator_value == "\\{\\{"
    return (len(error.absolute_path), error.validator != "type", not is_template)


def _unknown_keys(document: Document, pointer: str, error: Any) -> Iterator[Flaw]:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key not in known:
            place = below(pointer, key)
            near = suggestion(key, known)
            yield Flaw(place, document.key_place(place), f"{_named(pointer)} has no key '{key}'", "", near)


def _named(pointer: str) -> str:
    name = pointer.rpartition("/")[2]
    return "the file" if not pointer else f"member {int(name) + 1}" if name.isdecimal() else f"'{name}'"


def _found(document: Document, pointer: str, value: Any) -> str:
    name = pointer.rpartition("/")[2]
    hidden = any(map(is_secretive, pointer.split("/"))) or isinstance(value, dict)
    said = kind_of(value) if isinstance(value, dict | list) or value is None else HIDDEN if hidden else shown(value)
    return f"{_named(pointer)} is {said}" if name else f"the file is {kind_of(document.value)}"


def _rule(error: Any) -> str:
    schema, value = error.schema, error.validator_value
    match error.validator:
        case "type":
            kinds = value if isinstance(value, list) else [value]
            about = schema.get("description") if "pattern" in schema else ""
            return f"wanted {about or _kinds(kinds)}"
        case "enum":
            return "wanted one of " + ", ".join(str(v) for v in value)
        case "const":
            return f"wanted {shown(value)}"
        case "minimum" | "maximum":
            return f"wanted at {'least' if error.validator == 'minimum' else 'most'} {value}"
        case "minItems" | "minLength" | "minProperties":
            return f"wanted at least {value} {_UNITS[error.validator[3:]]}".replace("1 members", "one member")
        case "maxItems" | "maxLength" | "maxProperties":
            return f"wanted at most {value} {_UNITS[error.validator[3:]]}".replace(" 1 keys", " one key")
        case "anyOf" | "oneOf":
            return _choice(error)
        case _:
            return str(error.message) if error.validator == "pattern" else f"breaks the rule {error.validator}"


def _kinds(kinds: list[str]) -> str:
    return " or ".join(_KINDS[k] for k in kinds)


def _choice(error: Any) -> str:
    words = [w for alternative in error.validator_value for w in alternative.get("required", [])]
    few = ", ".join(words[:12]) + (", ..." if len(words) > 12 else "")
    return f"wanted {'exactly' if error.validator == 'oneOf' else 'at least'} one of {few}" if words else "fits no form"
