"""The reference of actions and checks, made from their own parameters and words.

`make docs` writes docs/actions/*.md; a test fails while they are stale.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from remedy.actions.action import Action, Verb
from remedy.actions.catalogue import Catalogue
from remedy.actions.params import Param, params_of
from remedy.model import Json

VERIFIED = {
    "real": "its tests run against the real thing",
    "stub": "its tests run against a stand-in for the vendor's service",
    "contract": "its tests check only what is sent and how answers are read",
}


def pages(catalogue: Catalogue) -> dict[str, str]:
    """Every page by its file name."""
    verbs = [*catalogue.actions.values(), *catalogue.checks.values()]
    return {"README.md": _contents(catalogue), **{f"{v.name}.md": _page(v) for v in verbs}}


def _contents(catalogue: Catalogue) -> str:
    rows = ["# Actions and checks", ""]
    for title, verbs in (("Actions can change a host", catalogue.actions), ("Checks only read", catalogue.checks)):
        rows += [f"## {title}", "", "| name | what it promises |", "|---|---|"]
        rows += [f"| [`{name}`]({name}.md) | {_cell(_promise(verb))} |" for name, verb in sorted(verbs.items())]
        rows.append("")
    return "\n".join(rows)


def _page(verb: type[Verb]) -> str:
    kind = f"An action; risk {verb.risk.word}." if issubclass(verb, Action) else "A check: it only reads."
    rows = [f"# {verb.name}", "", inspect.cleandoc(verb.__doc__ or ""), ""]
    rows += [f"{kind} Verified: {VERIFIED[verb.verified_on]}.", ""]
    rows += ["| parameter | kind | default | meaning |", "|---|---|---|---|"]
    rows += [_row(p) for p in params_of(verb)]
    return "\n".join([*rows, "", "```yaml", *_example(verb), "```", ""])


def _row(p: Param) -> str:
    kind = f"list of {p.kind.name}" if p.many else p.kind.name
    choices = p.kind.schema.get("enum")
    if isinstance(choices, list):
        kind = ", ".join(f"`{c}`" for c in choices)
    bounds = _bounds(p.keywords)
    default = "*required*" if p.required else "" if p.default is None else f"`{_yaml(p.default)}`"
    return f"| `{p.name}` | {kind}{f' ({bounds})' if bounds else ''} | {default} | {_cell(p.about)} |"


def _bounds(keywords: Mapping[str, Json]) -> str:
    words = {"minimum": "at least {}", "maximum": "at most {}", "minItems": "at least {} of them"}
    return ", ".join(text.format(keywords[key]) for key, text in words.items() if key in keywords)


def _example(verb: type[Verb]) -> list[str]:
    """Its use as it is written in a playbook."""
    required = [p for p in params_of(verb) if p.required]
    values = [f"{p.name}: {f'[{p.kind.example}]' if p.many else p.kind.example}" for p in required]
    use = f"{verb.name}: {verb.example or '{' + ', '.join(values) + '}'}"
    return ["- id: a-name", f"  {use}"] if issubclass(verb, Action) else [f"- {use}"]


def _promise(verb: type[Verb]) -> str:
    return inspect.cleandoc(verb.__doc__ or "").splitlines()[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _yaml(value: Json) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(_yaml(v) for v in value)}]"
        case _:
            return str(value)
