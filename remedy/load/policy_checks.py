"""What is wrong with a policy beyond its form: times, names used twice, consent that no rule may waive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from remedy.actions.kinds import KINDS
from remedy.errors import Invalid
from remedy.load.documents import Document
from remedy.load.policy_times import moment_of, span_of, zone_of
from remedy.load.problems import Flaw, below
from remedy.load.text import said, shown, suggestion
from remedy.model import Cap, Host, Json, Policy, Scope


def check_policy(document: Document) -> None:
    """Add to the document's flaws what no schema can say. Silent about wrong forms: the schema speaks of those."""
    body = document.value
    if not isinstance(body, dict):
        return
    _try(document, "/timezone", lambda: zone_of(_text(body.get("timezone", "UTC"))))
    for pointer, rule in _entries(body, "rules"):
        _waived(document, pointer, rule)
    for pointer, window in _entries(body, "windows"):
        _zone(document, pointer, window)
        for i, _ in enumerate(_list(window.get("open"))):
            _try(document, f"{pointer}/open/{i}/hours", lambda w=window, n=i: span_of(w["open"][n]))  # type: ignore[misc]
    for pointer, freeze in _entries(body, "freezes"):
        _zone(document, pointer, freeze)
        _freeze(document, pointer, freeze)
    for pointer, cap in _entries(body, "caps"):
        if isinstance(cap.get("max_hosts"), str):
            _try(document, below(pointer, "max_hosts"), lambda c=cap: KINDS["percent"].parse(c["max_hosts"]))  # type: ignore[misc]
        if "max_bytes" in cap:
            _try(document, below(pointer, "max_bytes"), lambda c=cap: KINDS["size"].parse(c["max_bytes"]))  # type: ignore[misc]
    _named_twice(document, [*_entries(body, "windows"), *_entries(body, "freezes")])


def _waived(document: Document, pointer: str, rule: Mapping[str, Json]) -> None:
    """Refuse a rule by which something of high risk would be done by itself."""
    risk = rule.get("risk", "high")
    if rule.get("people") == 0 and "high" in (risk if isinstance(risk, list) else [risk]):
        what = "'people' is 0 where the risk may be high"
        _flaw(document, below(pointer, "people"), what, "high risk always takes a person", "add risk: [low, medium]")


def _zone(document: Document, pointer: str, entry: Mapping[str, Json]) -> None:
    if "timezone" in entry:
        _try(document, below(pointer, "timezone"), lambda: zone_of(_text(entry["timezone"])))


def _freeze(document: Document, pointer: str, freeze: Mapping[str, Json]) -> None:
    zone = zone_of("UTC")
    for name in ("from", "until"):
        _try(document, below(pointer, name), lambda n=name: moment_of(_text(freeze[n]), zone, latest=False))  # type: ignore[misc]
    since, until = (freeze.get(n) for n in ("from", "until"))
    if isinstance(since, str) and isinstance(until, str) and until <= since and not document.flaws.within(pointer):
        _flaw(document, below(pointer, "until"), f"'until' is {shown(until)}", f"it comes after 'from', {shown(since)}")


def _named_twice(document: Document, entries: Iterable[tuple[str, Mapping[str, Json]]]) -> None:
    first: dict[str, str] = {}
    for pointer, entry in entries:
        name = entry.get("name")
        if isinstance(name, str):
            at = first.setdefault(name, str(document.place(pointer)))
            if at != str(document.place(pointer)):
                _flaw(
                    document,
                    below(pointer, "name"),
                    f"{shown(name)} is here twice, first at {at}",
                    "a name stands once",
                )


def _try(document: Document, pointer: str, attempt: Callable[[], object]) -> None:
    """A flaw where the attempt raises Invalid; what has another form than was wanted is the schema's to say."""
    try:
        attempt()
    except Invalid as wrong:
        value = _at(document.value, pointer)
        _flaw(document, pointer, said(pointer, value, named=True), wrong.message, wrong.fix)
    except (KeyError, ValueError, TypeError, AttributeError):
        return


def _at(value: Any, pointer: str) -> Json:
    for key in pointer.split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value[key]
    found: Json = value
    return found


def _flaw(document: Document, pointer: str, message: str, rule: str, fix: str = "") -> None:
    document.flaws.add(Flaw(pointer, document.place(pointer), message, rule, fix))


def _entries(body: Mapping[str, Json], name: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for i, entry in enumerate(_list(body.get(name))):
        if isinstance(entry, dict):
            yield below(f"/{name}", i), entry


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


# ---------------------------------------------------------------- against the inventory


def for_fleet(policy: Policy, hosts: Iterable[Host], playbooks: Iterable[str]) -> Policy:
    """The policy with its shares counted out. Raises Invalid for an environment, group or playbook that nothing has.

    A misspelled word would silently let through what it was to hold back.
    """
    fleet = list(hosts)
    known = {
        "environment": {h.environment for h in fleet if h.environment},
        "group": {g for h in fleet for g in h.groups},
        "playbook": set(playbooks),
    }
    for scope in (*policy.rules, *policy.windows, *policy.freezes, *policy.caps):
        _demand_known(scope, known)
    return replace(policy, caps=tuple(_counted(c, fleet) for c in policy.caps))


def _demand_known(scope: Scope, known: Mapping[str, set[str]]) -> None:
    words = {"environment": scope.environments, "group": scope.groups, "playbook": scope.playbooks}
    for what, named in words.items():
        for word in named:
            if word not in known[what]:
                whose = "playbook is called" if what == "playbook" else f"host of the inventory has the {what}"
                near = suggestion(word, known[what])
                raise Invalid(f"the policy speaks of {shown(word)}, and no {whose} so", at=scope.at, fix=near)


def _counted(cap: Cap, fleet: Iterable[Host]) -> Cap:
    """The same cap in hosts: its share of those it speaks of, rounded down, and one at least."""
    if cap.host_parts is None:
        return cap
    fitting = sum(
        (not cap.environments or h.environment in cap.environments)
        and (not cap.groups or bool({*cap.groups} & {*h.groups}))
        for h in fleet
    )
    return replace(cap, hosts=max(1, fitting * cap.host_parts // 10_000))
