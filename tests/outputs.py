"""What a command printed with --json, held against the published schema: schemas/output.schema.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parent.parent / "schemas/output.schema.json"
NOT_DESCRIBED = "not described"  # a document that only people's questions about the policy get
BY_COMMAND = {
    "apply": "run",
    "drill": "drill",
    "undo": "run",
    "settle": "run",
    "approve": "plan",
    "reject": "plan",
    "plan": "plan",
    "check": "check",
    "look": "look",
    "validate": "validate",
    "doctor": "doctor",
    "init": "init",
    "trust": "trust",
    "unlock": "unlock",
}


@cache
def whole() -> dict[str, Any]:
    """The schema as it is shipped."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return found


def shape_of(argv: tuple[str, ...], document: Any) -> str:
    """The name under which a command's document is described."""
    if isinstance(document, dict) and set(document) == {"error"}:
        return "error"
    command = next((w for w in argv if w in {*BY_COMMAND, "list", "explain", "show", "resume"}), "")
    match command:
        case "list":
            return f"list {argv[argv.index('list') + 1]}"
        case "plan" if isinstance(document, list):
            return "plans"
        case "resume":
            return "runs" if isinstance(document, list) else "run"
        case "show" if isinstance(document, dict) and ("run" in document or "changes" in document):
            return "run" if "run" in document else "plan"
        case "drill" if "left" in document:
            return "drill restored"
        case "explain":
            return _explained(document)
        case "approve" if "max_risk" in document:
            return "standing approval"
        case "unlock" if "unlocked" not in document:
            return NOT_DESCRIBED
        case _:
            return BY_COMMAND.get(command, NOT_DESCRIBED)


def _explained(document: Any) -> str:
    for key, name in (("variable", "variable"), ("code", "code"), ("exit_code", "kind"), ("parameters", "verb")):
        if key in document:
            return f"explain {name}"
    return "explain playbook" if "params" in document else NOT_DESCRIBED


def hold(argv: tuple[str, ...], text: str) -> str:
    """Fail where a document is not as the schema says; returns the name of its shape."""
    document = json.loads(text)
    name = shape_of(argv, document)
    if name != NOT_DESCRIBED:
        assert name in whole()["$defs"], f"{name} is described nowhere in {SCHEMA.name}"
        schema = {"$ref": f"#/$defs/{name}", "$defs": whole()["$defs"]}
        wrong = [f"{e.json_path}: {e.message[:200]}" for e in Draft202012Validator(schema).iter_errors(document)]
        assert wrong == [], f"remedy {' '.join(argv)} is not as {SCHEMA.name} has '{name}'"
    return name
