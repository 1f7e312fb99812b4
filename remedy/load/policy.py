"""The policy: whose consent a plan needs, as inventory/policy.yml says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from remedy.actions.kinds import KINDS
from remedy.digest import digest
from remedy.errors import Invalid
from remedy.load.documents import Document, read_document
from remedy.load.find import POLICY_STEMS, yaml_files
from remedy.load.problems import below, refuse
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import schema
from remedy.model import Json, Policy, Risk, Rule


def load_policy(directory: Path) -> Policy:
    """The policy beside the inventory; without one, the built-in rules alone. Raises Invalid."""
    paths = [p for p in yaml_files(directory) if p.stem in POLICY_STEMS]
    if len(paths) > 1:
        raise Invalid(f"there are two policies, {paths[0].name} and {paths[1].name}", fix="remove one")
    return policy_of(checked_policy(paths[0])) if paths else Policy()


def checked_policy(path: Path) -> Document:
    """The document with everything that is wrong with it in `flaws`."""
    document = read_document(path)
    if document.is_whole:
        hold_against(document, schema("policy"))
    return document


def policy_of(document: Document) -> Policy:
    """The typed policy. Raises Invalid when the document has flaws."""
    refuse(document.flaws.problems(), document.file)
    body = cast(dict[str, Any], document.value)
    rules = body.get("rules", [])
    return Policy(
        rules=tuple(_rule(r, str(document.place(below("/rules", i)))) for i, r in enumerate(rules)),
        max_hosts=body.get("max_hosts", 0),
        approval_s=cast(int, KINDS["duration"].parse(body.get("approval", "1h"))),
        digest=digest(body),
    )


def _rule(raw: dict[str, Any], at: str) -> Rule:
    return Rule(
        risk=tuple(Risk[r.upper()] for r in _listed(raw.get("risk", []))),
        environments=tuple(_listed(raw.get("environment", []))),
        playbooks=tuple(_listed(raw.get("playbook", []))),
        people=raw.get("people", 2),
        never=raw.get("never", False),
        typed=raw.get("typed", False),
        at=at,
    )


def _listed(value: Json) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]
