"""The lists: a document for each line, and the columns that fit a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from remedy.cli.wiring import Parts
from remedy.codec import encode
from remedy.errors import Invalid
from remedy.model import Host, Json


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A list, for scripts and for people."""

    documents: list[Json]
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]


def rows_of(parts: Parts, what: str, limit: int, *, open_only: bool) -> Listed:
    """One of the lists that `remedy list` knows."""
    match what:
        case "plans":
            return _plans(parts, limit, open_only=open_only)
        case "runs":
            return _runs(parts, limit, open_only=open_only)
        case "hosts":
            return _hosts(parts)
        case "actions":
            return _verbs(parts)
        case "playbooks":
            return _playbooks(parts)
        case "approvals":
            return _approvals(parts, open_only=open_only)
        case "schedules":
            return _schedules(parts)
        case other:
            raise Invalid(f"there is no list of {other}")


def _plans(parts: Parts, limit: int, *, open_only: bool) -> Listed:
    plans = [p for p in parts.store.plans(limit) if p.state == "open" or not open_only]
    return Listed(
        documents=[encode(p) for p in plans],
        head=("PLAN", "PLAYBOOK", "HOSTS", "CHANGES", "RISK", "STATE", "MADE"),
        rows=[(p.id, p.playbook, _names(p.hosts), str(p.changes), p.risk, p.state, p.made_at) for p in plans],
    )


def _runs(parts: Parts, limit: int, *, open_only: bool) -> Listed:
    runs = parts.store.runs(limit, open_only=open_only)
    return Listed(
        documents=[encode(r) for r in runs],
        head=("RUN", "PLAYBOOK", "HOSTS", "OUTCOME", "VERDICT", "BY", "BEGUN"),
        rows=[
            (r.id, r.playbook, _names(r.hosts), r.outcome or "open", r.verdict, r.person, r.created_at[:19])
            for r in runs
        ],
    )


def _approvals(parts: Parts, *, open_only: bool) -> Listed:
    from remedy.cli.lasting import standing_rows  # noqa: PLC0415 — where it is used

    found = standing_rows(parts, open_only=open_only)
    return Listed(
        documents=[document for document, _ in found],
        head=("APPROVAL", "PLAYBOOK", "FOR", "AT MOST", "UNTIL", "BY", "STATE"),
        rows=[row for _, row in found],
    )


def _names(hosts: Sequence[str]) -> str:
    more = f" +{len(hosts) - 3}" if len(hosts) > 3 else ""
    return ",".join(hosts[:3]) + more


def _hosts(parts: Parts) -> Listed:
    hosts = list(parts.inventory.hosts.values())
    return Listed(
        documents=[_host_json(h) for h in hosts],
        head=("HOST", "ADDRESS", "ENVIRONMENT", "GROUPS", "KEY", "DRILLS"),
        rows=[(h.name, h.way, h.environment, ",".join(h.groups), _pinned(h), _drills(h)) for h in hosts],
    )


def _pinned(host: Host) -> str:
    if host.address.scheme != "ssh":
        return "-"
    return "pinned" if host.host_key or host.known_hosts else "not pinned"


def _drills(host: Host) -> str:
    """Whether a drill may break something there."""
    return "drillable" if host.drillable else "-"


def _host_json(host: Host) -> Json:
    document = cast("dict[str, Any]", encode(replace(host, vars={})))
    del document["container"]  # a plan's, not the inventory's
    variables = {k: {"secret": True} if hasattr(v.value, "secret") else encode(v.value) for k, v in host.vars.items()}
    return cast(Json, {**document, "address": str(host.address), "vars": variables})


def _verbs(parts: Parts) -> Listed:
    catalogue = parts.catalogue
    verbs = [("action", v) for v in catalogue.actions.values()] + [("check", v) for v in catalogue.checks.values()]
    rows = [(v.name, kind, _risk(v), _first_line(v)) for kind, v in verbs]
    return Listed(
        documents=[
            {"name": n, "kind": k, "risk": r, "about": a, "verified_on": v.verified_on}
            for (n, k, r, a), (_, v) in zip(rows, verbs, strict=True)
        ],
        head=("NAME", "KIND", "RISK", "ABOUT"),
        rows=rows,
    )


def _risk(verb: type) -> str:
    risk = getattr(verb, "risk", None)
    return risk.word if risk is not None else ""


def _first_line(verb: type) -> str:
    return (verb.__doc__ or "").strip().partition("\n")[0]


def _playbooks(parts: Parts) -> Listed:
    documents, rows = [], []
    for name, path, loaded in _loaded(parts):
        said = loaded if isinstance(loaded, str) else loaded.summary
        valid = not isinstance(loaded, str)
        severity = "" if isinstance(loaded, str) else loaded.severity
        documents.append({"name": name, "path": path, "valid": valid, "summary": said, "severity": severity})
        rows.append((name, severity, said if valid else f"INVALID: {said}"))
    return Listed(documents=list[Json](documents), head=("PLAYBOOK", "SEVERITY", "SUMMARY"), rows=rows)


def _loaded(parts: Parts) -> list[tuple[str, str, Any]]:
    """Every playbook by name, or what is wrong with it."""
    from remedy.load.find import playbook_names  # noqa: PLC0415 — where it is used
    from remedy.load.playbook import load_playbook  # noqa: PLC0415 — where it is used

    found: list[tuple[str, str, Any]] = []
    for name, path in playbook_names(parts.home.path).items():
        try:
            found.append((name, str(path), load_playbook(name, parts.home.path, parts.catalogue)))
        except Invalid as wrong:
            found.append((name, str(path), wrong.message))
    return found


def _schedules(parts: Parts) -> Listed:
    documents, rows = [], []
    for name, _, loaded in _loaded(parts):
        schedule = {} if isinstance(loaded, str) else dict(loaded.schedule)
        if schedule:
            documents.append({"playbook": name, **schedule})
            groups = ",".join(str(g) for g in cast("list[str]", schedule.get("groups", [])))
            rows.append((name, str(schedule.get("cron", "")), groups, str(schedule.get("missed", ""))))
    return Listed(documents=list[Json](documents), head=("PLAYBOOK", "CRON", "GROUPS", "MISSED"), rows=rows)
