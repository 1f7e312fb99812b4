"""The policy: whose consent a plan needs, when and how much, as inventory/policy.yml says it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from remedy.actions.kinds import KINDS
from remedy.digest import digest
from remedy.errors import Invalid
from remedy.load.documents import Document, read_document
from remedy.load.find import POLICY_STEMS, yaml_files
from remedy.load.policy_checks import check_policy
from remedy.load.policy_times import moment_of, span_of, zone_of
from remedy.load.problems import below, refuse
from remedy.load.schema_errors import hold_against
from remedy.load.schemas import schema
from remedy.model import Cap, Freeze, Json, Policy, Risk, Rule, Window
from remedy.model.policy import APPROVAL_S, STANDING_S


def load_policy(directory: Path) -> Policy:
    """The policy beside the inventory; without one, the built-in rules alone. Raises Invalid."""
    paths = [p for p in yaml_files(directory) if p.stem in POLICY_STEMS]
    if len(paths) > 1:
        raise Invalid(f"there are two policies, {paths[0].name} and {paths[1].name}", fix="remove one")
    return policy_of(checked_policy(paths[0])) if paths else Policy()


def checked_policy(path: Path) -> Document:
    """The document with everything that is wrong with it in `flaws`."""
    return held_policy(read_document(path))


def held_policy(document: Document) -> Document:
    """The same document, held against the schema and what no schema can say."""
    if document.is_whole:
        check_policy(document)
        hold_against(document, schema("policy"))
    return document


def policy_of(document: Document) -> Policy:
    """The typed policy. Raises Invalid when the document has flaws."""
    refuse(document.flaws.problems(), document.file)
    body = cast(dict[str, Any], document.value)
    zone = str(body.get("timezone", "UTC"))

    def each(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        entries = body.get(name, [])
        return [(e, _scope(e, str(document.place(below(f"/{name}", i))))) for i, e in enumerate(entries)]

    return Policy(
        rules=tuple(_rule(e, scope) for e, scope in each("rules")),
        windows=tuple(_window(e, scope, zone) for e, scope in each("windows")),
        freezes=tuple(_freeze(e, scope, zone) for e, scope in each("freezes")),
        caps=tuple(_cap(e, scope) for e, scope in each("caps")),
        max_hosts=body.get("max_hosts", 0),
        approval_s=_duration_s(body.get("approval"), APPROVAL_S),
        standing_s=_duration_s(body.get("standing"), STANDING_S),
        digest=digest(body),
    )


def _scope(raw: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The fields of a Scope."""
    return {
        "risk": tuple(Risk[r.upper()] for r in _listed(raw.get("risk", []))),
        "environments": tuple(_listed(raw.get("environment", []))),
        "groups": tuple(_listed(raw.get("group", []))),
        "playbooks": tuple(_listed(raw.get("playbook", []))),
        "at": at,
    }


def _rule(raw: Mapping[str, Any], scope: dict[str, Any]) -> Rule:
    return Rule(**scope, people=raw.get("people", 2), never=raw.get("never", False), typed=raw.get("typed", False))


def _window(raw: Mapping[str, Any], scope: dict[str, Any], zone: str) -> Window:
    return Window(
        **scope,
        name=raw["name"],
        zone=zone_of(raw.get("timezone", zone)),
        spans=tuple(span_of(s) for s in raw["open"]),
    )


def _freeze(raw: Mapping[str, Any], scope: dict[str, Any], zone: str) -> Freeze:
    where = zone_of(raw.get("timezone", zone))
    return Freeze(
        **scope,
        name=raw["name"],
        since=moment_of(raw["from"], where, latest=False),
        until=moment_of(raw["until"], where, latest=True),
        zone=where,
        reason=raw["reason"],
    )


def _cap(raw: Mapping[str, Any], scope: dict[str, Any]) -> Cap:
    most = raw.get("max_hosts")
    is_share = isinstance(most, str)
    size = raw.get("max_bytes")
    return Cap(
        **scope,
        hosts=None if is_share else most,
        host_parts=round(float(str(most)[:-1]) * 100) if is_share else None,
        size_bytes=None if size is None else cast(int, KINDS["size"].parse(size)),
        files=raw.get("max_files"),
        runs=raw.get("max_runs_per_hour"),
        at_once=raw.get("max_hosts_at_once"),
    )


def _duration_s(raw: Json, otherwise_s: int) -> int:
    return otherwise_s if raw is None else cast(int, KINDS["duration"].parse(raw))


def _listed(value: Json) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]
