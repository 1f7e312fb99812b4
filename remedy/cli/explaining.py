"""What a word means: an exit code, a kind of error, an action, a check, a playbook, a host's variable."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from remedy.cli.exits import EXITS, kinds, promise
from remedy.cli.shown.explained import Explained
from remedy.cli.wiring import Parts
from remedy.codec import encode
from remedy.errors import Invalid, RemedyError
from remedy.model import Json, SecretRef, Sourced

if TYPE_CHECKING:
    from remedy.load.resolved import Playbook


SHOWN_RUNS = 5


def explain(parts: Parts, words: Sequence[str]) -> Explained:
    """Raises Invalid, naming what there is, where the words mean nothing."""
    match list(words):
        case [host, var]:
            return _variable(parts, host, var)
        case [word]:
            return _word(parts, word)
        case _:
            raise Invalid("explain takes one word, or a host and a variable", fix="remedy explain HOST VAR")


def _word(parts: Parts, word: str) -> Explained:
    for code in EXITS:
        if word == str(code.code):
            body = (code.means, f"then: {code.then}")
            return Explained(
                f"exit code {code.code}", body, {"code": code.code, "means": code.means, "then": code.then}
            )
    for kind in kinds():
        if word == kind.kind:
            return _kind(kind)
    verbs = {**parts.catalogue.actions, **parts.catalogue.checks}
    if word in verbs:
        return _verb(word, verbs[word])
    if re.fullmatch(r"p[0-9a-f]{2,}", word):
        from remedy.cli.permitting import explain_plan  # noqa: PLC0415 — where it is used

        return explain_plan(parts, parts.store.plan(word))
    return _playbook(parts, word, verbs)


def _kind(kind: type[RemedyError]) -> Explained:
    from remedy.cli.kinds import lines_of, page_of  # noqa: PLC0415 — where it is used

    page = page_of(kind.kind)
    told: Json = {
        "kind": page.kind,
        "exit_code": kind.exit_code,
        "means": promise(kind),
        "then": page.advice,
        "causes": list[Json](page.causes),
        "host": page.host,
        "next": [{"command": command, "when": when} for command, when in page.then],
    }
    return Explained(page.kind, tuple(lines_of(page)), told)


def _verb(name: str, verb: Any) -> Explained:
    from remedy.actions.params import params_of  # noqa: PLC0415 — where it is used

    about = inspect.cleandoc(verb.__doc__ or "")
    risk = getattr(verb, "risk", None)
    what = f"action, risk {risk.word} (one up without undo, one up without a symptom)" if risk else "check: reads only"
    params = params_of(verb)
    rows = [_param_row(p) for p in params]
    document: Json = {
        "name": name,
        "kind": "action" if risk else "check",
        "risk": risk.word if risk else "",
        "about": about,
        "verified_on": verb.verified_on,
        "parameters": [
            {
                "name": p.name,
                "kind": p.kind.name,
                "list": p.many,
                "required": p.required,
                "default": p.default,
                "about": p.about,
            }
            for p in params
        ],
    }
    return Explained(name, (what, "", *about.split("\n"), "", "parameters:", *rows), document)


def _param_row(param: Any) -> str:
    many = "list of " if param.many else ""
    default = "required" if param.required else f"default {_shown(param.default)}"
    return f"  {param.name}: {many}{param.kind.about}, {default}. {param.about}"


def _shown(value: Json) -> str:
    return "none" if value is None else str(value)


def _playbook(parts: Parts, word: str, verbs: object) -> Explained:
    from remedy.load.find import playbook_names  # noqa: PLC0415 — where it is used
    from remedy.load.playbook import load_playbook  # noqa: PLC0415 — where it is used
    from remedy.load.text import suggestion  # noqa: PLC0415 — where it is used

    names = playbook_names(parts.home_path)
    if word not in names:
        assert isinstance(verbs, dict)
        known = [*verbs, *names, *(k.kind for k in kinds()), *(str(e.code) for e in EXITS)]
        said = suggestion(word, known)
        fix = said if said.startswith("did you mean") else "remedy list actions, or remedy list playbooks"
        raise Invalid(f"nothing here is called {word}", at=word, fix=fix)
    playbook = load_playbook(word, parts.home_path, parts.catalogue)
    rows = [
        f"  {p.name}: {'list of ' if p.many else ''}{p.kind}, "
        f"{'required' if p.required else f'default {_shown(p.default)}'}. {p.about}"
        for p in playbook.params
    ]
    document: Json = {
        "name": playbook.name,
        "path": playbook.path,
        "summary": playbook.summary,
        "severity": playbook.severity,
        "params": [encode(p) for p in playbook.params],
        "drill": playbook.drill.about if playbook.drill else "",
        "schedule": {**playbook.schedule, "next": [at.isoformat() for at in _next_runs(parts, playbook)]},
    }
    body = (playbook.summary, f"in {playbook.path}", "", "parameters:", *(rows or ["  none"]))
    drill = ["", f"drill: {playbook.drill.about}; remedy drill {playbook.name} --host H"] if playbook.drill else []
    return Explained(playbook.name, (*body, *_schedule_lines(parts, playbook), *drill), document)


def _next_runs(parts: Parts, playbook: Playbook) -> tuple[datetime, ...]:
    from remedy.load.cron import next_runs  # noqa: PLC0415 — where it is used

    cron = playbook.schedule.get("cron")
    return next_runs(cron, parts.clock.now(), SHOWN_RUNS) if isinstance(cron, str) else ()


def _schedule_lines(parts: Parts, playbook: Playbook) -> list[str]:
    """When it runs by itself, in UTC and as this machine's wall will show it."""
    runs = _next_runs(parts, playbook)
    if not runs:
        return []
    where = [str(w) for key in ("groups", "hosts") for w in _texts(playbook.schedule.get(key))]
    missed = playbook.schedule.get("missed", "skip")
    shown = [f"  {at:%a %Y-%m-%d %H:%M} UTC   {at.astimezone():%a %Y-%m-%d %H:%M %Z} here" for at in runs]
    cron = f"schedule: {playbook.schedule['cron']} (UTC), on {', '.join(where)}; a time that was missed: {missed}"
    return ["", cron, *shown]


def _texts(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _variable(parts: Parts, host: str, var: str) -> Explained:
    from remedy.load.inventory import explain as layers_of  # noqa: PLC0415 — where it is used

    found = layers_of(parts.inventory, host, var)
    body = [f"{_value(found.value)}", f"from {found.value.layer}, at {found.value.at}"]
    body += [f"instead of {_value(lost)} from {lost.layer}, at {lost.at}" for lost in found.lost]
    if found.value.unread:
        body.append(f"no playbook takes it: it {found.value.unread}")
    document: Json = {
        "host": host,
        "variable": var,
        **_sourced_json(found.value),
        "instead_of": [_sourced_json(lost) for lost in found.lost],
    }
    return Explained(f"{host} {var}", tuple(body), document)


def _value(sourced: Sourced) -> str:
    """A value as it can be shown; a secret is its reference."""
    value = sourced.value
    return f"the secret {value.secret.partition(':')[0]}:..." if isinstance(value, SecretRef) else f"{value!r}"


def _sourced_json(sourced: Sourced) -> dict[str, Json]:
    is_secret = isinstance(sourced.value, SecretRef)
    value: Json = {"secret": True} if is_secret else encode(sourced.value)
    return {"value": value, "layer": sourced.layer, "at": sourced.at, "unread": sourced.unread}
