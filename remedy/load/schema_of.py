"""JSON Schemas made from code: of the catalogue's parameters, and of the nouns as `codec` writes them."""

from __future__ import annotations

import copy
import dataclasses
import sys
import types
from collections.abc import Mapping
from enum import Enum
from inspect import cleandoc
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from remedy import model
from remedy.actions.action import Verb
from remedy.actions.catalogue import Catalogue
from remedy.actions.kinds import KINDS
from remedy.actions.params import Param, params_of

Schema = dict[str, Any]

WITHIN: Schema = {
    "description": "How long it may take to hold",
    "anyOf": [{"$ref": "#/$defs/duration"}, {"$ref": "#/$defs/template"}],
}


def with_catalogue(envelope: Schema, catalogue: Catalogue) -> Schema:
    """The playbook's schema: a hand-written envelope with the catalogue's actions and checks in it."""
    whole = copy.deepcopy(envelope)
    defs = {k: v for k, v in whole["$defs"].items() if not k.startswith(("action ", "check "))}
    for name, check in sorted(catalogue.checks.items()):
        defs[f"check {name}"] = _verb(check, {"within": WITHIN})
    for name, action in sorted(catalogue.actions.items()):
        defs[f"action {name}"] = _verb(action, {})
    defs["kind"] = {"enum": list(KINDS)}
    _replace(defs["check"]["properties"], "check", sorted(catalogue.checks))
    remedies = [n for n in sorted(catalogue.actions) if not catalogue.actions[n].drill_only]
    _replace(defs["step"]["properties"], "action", remedies)
    defs["step"]["oneOf"] = [{"required": [n]} for n in (*remedies, "ask")]
    _replace(defs["fault"]["properties"], "action", sorted(catalogue.actions))
    defs["fault"]["oneOf"] = [{"required": [n]} for n in sorted(catalogue.actions)]
    whole["$defs"] = defs
    return whole


def _replace(properties: Schema, what: str, names: list[str]) -> None:
    for old in [k for k in properties if "." in k]:  # a verb's name has a dot, a word of the envelope has none
        del properties[old]
    properties.update({n: {"$ref": f"#/$defs/{what} {n}"} for n in names})


def _verb(verb: type[Verb], extra: Schema) -> Schema:
    params = params_of(verb)
    return {
        "description": cleandoc(verb.__doc__ or "").partition("\n")[0],
        "type": "object",
        "additionalProperties": False,
        "required": [p.name for p in params if p.required],
        "properties": {p.name: _templated(p) for p in params} | extra,
    }


def _templated(param: Param) -> Schema:
    schema: Schema = param.schema()
    about = {k: schema.pop(k) for k in ("description", "default") if schema.get(k) is not None}
    schema.pop("default", None)
    if param.many:
        schema["items"] = _or_template(schema["items"])
    return about | _or_template(schema)


def _or_template(schema: Schema) -> Schema:
    if schema == {"type": "string"}:
        return schema
    return {"anyOf": [schema, {"$ref": "#/$defs/template"}]}


def of_type(kind: type, title: str) -> Schema:
    """The schema of a dataclass of `model` as `codec.encode` writes it and `codec.decode` reads it."""
    defs: dict[str, Schema] = {}
    root = _type(kind, defs)
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **root}
    return whole | {"$defs": dict(sorted(defs.items()))}


def _type(kind: Any, defs: dict[str, Schema]) -> Schema:
    kind = getattr(model, kind) if isinstance(kind, str) else kind
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union(args, defs)
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        return {"type": "array", "items": _type(args[0], defs)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(args[1], defs)}
    if dataclasses.is_dataclass(kind):
        return _record(cast(type, kind), defs)
    return _scalar(kind)


def _scalar(kind: Any) -> Schema:
    if kind is model.Risk:
        return {"enum": [r.word for r in model.Risk]}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [m.value for m in kind]}
    words = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return {"type": words[kind]}


def _union(members: tuple[Any, ...], defs: dict[str, Schema]) -> Schema:
    if any(get_origin(m) is dict for m in members):  # Json itself
        return {}
    return {"anyOf": [_type(m, defs) for m in members]}


def _record(kind: type, defs: dict[str, Schema]) -> Schema:
    name = kind.__name__
    if name not in defs:
        defs[name] = {}
        hints = get_type_hints(kind, {**vars(model), **vars(sys.modules[kind.__module__])})
        defs[name].update(
            description=cleandoc(kind.__doc__ or "").partition("\n")[0],
            type="object",
            additionalProperties=False,
            required=[f.name for f in dataclasses.fields(kind) if _is_required(f)],
            properties={f.name: _type(hints[f.name], defs) for f in dataclasses.fields(kind)},
        )
    return {"$ref": f"#/$defs/{name}"}


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
