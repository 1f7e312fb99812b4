"""What is wrong with a playbook beyond its form: names, templates, values, references. No host is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remedy.actions.action import Verb
from remedy.actions.catalogue import Catalogue
from remedy.actions.kinds import KINDS
from remedy.actions.params import Param, params_of
from remedy.errors import Invalid
from remedy.load import templates
from remedy.load.documents import Document
from remedy.load.drill_checks import check_drill
from remedy.load.problems import Flaw, below
from remedy.load.resolved import ParamSpec
from remedy.load.text import said, suggestion
from remedy.load.values import parse_value
from remedy.model import Json, Risk

STEP_WORDS = ("id", "title", "when", "timeout", "ask")
CHECK_LISTS = ("symptom", "diagnose", "until", "verify")
_SHELL_WORDS = frozenset({"shell", "sh", "bash", "command", "cmd", "exec", "raw", "script", "run"})


@dataclass(frozen=True)
class Checker:
    """Adds to a document's flaws. Silent about wrong forms: the schema speaks of those."""

    document: Document
    catalogue: Catalogue

    def check(self, stem: str) -> None:
        body = self.document.value
        if not isinstance(body, dict):
            return
        if "include" in body:
            self._included("/include")
        if isinstance(body.get("playbook"), str) and body["playbook"] != stem:
            names = f"is called {said('', body['playbook'])}, its file {said('', stem)}"
            self.flaw("/playbook", names, "both are the same")
        params = self._params(mapping(body.get("params")))
        for name in CHECK_LISTS:
            self._checks(body.get(name), f"/{name}", params, nested=name != "diagnose")
        self.steps(listed(body.get("steps")), "/steps", params)
        if "drill" in body:
            check_drill(self, mapping(body["drill"]), params, has_symptom="symptom" in body)
        cron = mapping(body.get("schedule")).get("cron")
        if isinstance(cron, str):
            self._cron(cron, listed(body.get("steps")))

    def _cron(self, cron: str, steps: list[Json]) -> None:
        """Whether it is one, and not oftener than the highest risk of the playbook's actions allows."""
        from remedy.load.cron import check_cron, check_often  # noqa: PLC0415 - few playbooks have a schedule

        named = [k for s in steps if isinstance(s, dict) for k in s if k in self.catalogue.actions]
        risk = max((self.catalogue.actions[n].risk for n in named), default=Risk.LOW)
        self.attempt("/schedule/cron", cron, lambda: check_cron(cron))
        self.attempt("/schedule/cron", cron, lambda: check_often(cron, risk))

    def _included(self, pointer: str) -> None:
        self.flaw(pointer, "'include' is reserved", "playbooks include nothing yet", "write the steps out", key=True)

    def flaw(self, pointer: str, message: str, rule: str = "", fix: str = "", *, key: bool = False) -> None:
        place = self.document.key_place(pointer) if key else self.document.place(pointer)
        self.document.flaws.add(Flaw(pointer, place, message, rule, fix))

    def attempt(self, pointer: str, value: Json, attempt: Any) -> None:
        if self.document.flaws.within(pointer):
            return
        try:
            attempt()
        except Invalid as wrong:
            self.flaw(pointer, said(pointer, value, named=True), wrong.message, wrong.fix)

    # ------------------------------------------------------------ params

    def _params(self, raw: Mapping[str, Json]) -> dict[str, ParamSpec | None]:
        return {name: self._param(name, spec) for name, spec in raw.items()}

    def _param(self, name: str, raw: Json) -> ParamSpec | None:
        pointer = below("/params", name)
        if name in templates.RESERVED:
            self.flaw(pointer, f"'{name}' is a word of the template language", "", "choose another name", key=True)
        spec = param_spec(name, raw, str(self.document.key_place(pointer)))
        if spec and isinstance(spec.default, dict) and "secret" in spec.default:
            self.flaw(below(pointer, "default"), "a secret as a default", "secrets are named in the inventory only")
        elif spec and not spec.required:
            value = spec.default
            self.attempt(below(pointer, "default"), value, lambda: parse_value(spec, value))
        return spec

    # ------------------------------------------------------------ checks

    def _checks(self, raw: Json, pointer: str, params: Mapping[str, object], *, nested: bool) -> None:
        for i, one in enumerate(listed(raw)):
            for name, given in mapping(one).items():
                here = below(below(pointer, i), name)
                if name in ("any", "not") and nested:
                    self._checks(given, here, params, nested=True)
                elif name in ("any", "not"):
                    self.flaw(
                        here, f"'{name}' stands in symptom, until and verify only", "", "list the checks", key=True
                    )
                else:
                    self._verb(self.catalogue.checks, "check", name, given, here, params)

    # ------------------------------------------------------------ steps

    def steps(self, raw: list[Json], base: str, params: Mapping[str, object]) -> None:
        """The steps below `base`; what breaks something on purpose is a drill's alone."""
        ids = [s.get("id") for s in raw if isinstance(s, dict)]
        first: dict[str, str] = {}
        for i, step in enumerate(raw):
            if self.document.flaws.cut:
                return
            if not isinstance(step, dict):
                continue
            pointer = below(base, i)
            name = step.get("id")
            if isinstance(name, str):
                self._unique(name, below(pointer, "id"), first)
            self._step(step, pointer, params, frozenset(n for n in ids if isinstance(n, str)))

    def _unique(self, name: str, pointer: str, first: dict[str, str]) -> None:
        at = first.setdefault(name, str(self.document.place(pointer)))
        if at != str(self.document.place(pointer)):
            self.flaw(pointer, f"the step {said('', name)} is here twice, first at {at}", "a step's id stands once")

    def _step(self, step: Mapping[str, Json], pointer: str, params: Mapping[str, object], ids: frozenset[str]) -> None:
        for word in ("title", "ask"):
            self._texts(step.get(word), below(pointer, word), params)
        self._when(step.get("when"), below(pointer, "when"), params, ids)
        self.duration(step.get("timeout"), below(pointer, "timeout"), params)
        verbs = [k for k in step if k not in STEP_WORDS and not self._is_no_word(k, pointer)]
        if len(verbs) + ("ask" in step) != 1:
            many = ", ".join((*verbs, *(["ask"] if "ask" in step else [])))
            self.flaw(pointer, f"has the actions {many}" if many else "has no action", "a step has one action, or asks")
        for verb in verbs:
            if (
                pointer.startswith("/steps")
                and verb in self.catalogue.actions
                and self.catalogue.actions[verb].drill_only
            ):
                why = "it breaks something on purpose"
                self.flaw(below(pointer, verb), f"{verb} is for drills", why, "put it into drill: inject:", key=True)
                continue
            self._verb(self.catalogue.actions, "action", verb, step[verb], below(pointer, verb), params)

    def _is_no_word(self, key: str, pointer: str) -> bool:
        """Whether a key of a step is neither a word of steps nor meant as an action; then it is a flaw."""
        if "." in key or key in self.catalogue.actions or key in _SHELL_WORDS or key == "include":
            return False
        known = (*STEP_WORDS, *self.catalogue.actions)
        self.flaw(below(pointer, key), f"a step has no key {said('', key)}", "", suggestion(key, known), key=True)
        return True

    def duration(self, raw: Json, pointer: str, params: Mapping[str, object]) -> None:
        if isinstance(raw, str) and templates.is_template(raw):
            self._texts(raw, pointer, params)
        elif isinstance(raw, str | int):
            self.attempt(pointer, raw, lambda: KINDS["duration"].parse(raw))

    def _texts(self, raw: Json, pointer: str, params: Mapping[str, object]) -> None:
        if isinstance(raw, dict):
            for key, value in raw.items():
                self._texts(value, below(pointer, key), params)
        elif isinstance(raw, str):
            self.attempt(pointer, raw, lambda: templates.check_names(templates.parse(raw), params))

    def _when(self, raw: Json, pointer: str, params: Mapping[str, object], ids: frozenset[str]) -> None:
        if isinstance(raw, str):
            self.attempt(pointer, raw, lambda: _check_when(raw, params, ids))

    # ------------------------------------------------------------ verbs and their parameters

    def _verb(
        self,
        known: Mapping[str, type[Verb]],
        what: str,
        name: str,
        given: Json,
        pointer: str,
        params: Mapping[str, object],
    ) -> None:
        if name not in known:
            self._unknown(known, what, name, pointer)
            return
        if not isinstance(given, dict):
            return
        values = {k: v for k, v in given.items() if not (what == "check" and k == "within")}
        if what == "check":
            self.duration(given.get("within"), below(pointer, "within"), params)
        declared = {p.name: p for p in params_of(known[name])}
        within = ("within",) if what == "check" else ()
        for key in (k for k in values if k not in declared):
            near = suggestion(key, (*declared, *within))
            self.flaw(below(pointer, key), f"{name} has no parameter {said('', key)}", "", near, key=True)
        for p in declared.values():
            if p.required and p.name not in values:
                fix = f"for example {p.name}: {p.kind.example}"
                self.flaw(pointer, f"{name} lacks '{p.name}'", p.about, fix, key=True)
            elif p.name in values:
                self._parameter(p, values[p.name], below(pointer, p.name), params)
        if not self.document.flaws.within(pointer) and not _has_template(values):
            self._whole(known[name], values, pointer)

    def _whole(self, verb: type[Verb], values: Mapping[str, Json], pointer: str) -> None:
        """Whether parameters that are right one by one fit together."""
        try:
            verb.of(values)
        except Invalid as wrong:
            given = ", ".join(values) or "nothing"
            self.flaw(pointer, f"{verb.name} is given {given}", wrong.message, wrong.fix, key=True)

    def _unknown(self, known: Mapping[str, object], what: str, name: str, pointer: str) -> None:
        if name == "include":
            self._included(pointer)
        elif name in _SHELL_WORDS and what == "action":
            self.flaw(pointer, "there are no shell steps", "a step names an action", suggestion("", known), key=True)
        else:
            self.flaw(pointer, f"no {what} is called {said('', name)}", "", suggestion(name, known), key=True)

    def _parameter(self, param: Param, value: Json, pointer: str, params: Mapping[str, object]) -> None:
        if isinstance(value, str) and templates.is_template(value):
            self.attempt(pointer, value, lambda: templates.check_names(templates.parse(value), params))
            return
        if param.many and isinstance(value, list):
            for i, member in enumerate(value):
                self._member(param, member, below(pointer, i), params)
        if not _has_template(value):
            self.attempt(pointer, value, lambda: _parse(param, value))

    def _member(self, param: Param, value: Json, pointer: str, params: Mapping[str, object]) -> None:
        if isinstance(value, str) and templates.is_template(value):
            self.attempt(pointer, value, lambda: templates.check_names(templates.parse(value), params))
        else:
            self.attempt(pointer, value, lambda: _parse_member(param, value))


def _parse(param: Param, value: Json) -> None:
    try:
        param.parse(value)
    except Invalid as wrong:
        raise Invalid(wrong.message, fix=wrong.fix or f"for example {param.kind.example}") from None


def _parse_member(param: Param, value: Json) -> None:
    try:
        param.kind.parse(value)
    except Invalid as wrong:
        raise Invalid(wrong.message, fix=f"for example {param.kind.example}") from None


def _check_when(text: str, params: Mapping[str, object], ids: frozenset[str]) -> None:
    template = templates.parse(text)
    if len(template.parts) != 1 or template.is_literal:
        raise Invalid("wanted true, false or one expression in {{ }}", fix=f'when: "{{{{ {text.strip("{} ")} }}}}"')
    templates.check_names(template, params, steps=ids)


def param_spec(name: str, raw: Json, at: str) -> ParamSpec | None:
    """A declared parameter; None where its form is wrong."""
    if not isinstance(raw, dict):
        return None
    written = raw.get("type")
    many = isinstance(written, list)
    kind = written[0] if isinstance(written, list) and written else written
    if not isinstance(kind, str) or kind not in KINDS:
        return None
    default, about = raw.get("default"), raw.get("about", "")
    return ParamSpec(
        name=name, kind=kind, many=many, required="default" not in raw, default=default, about=str(about), at=at
    )


def _has_template(value: Json) -> bool:
    match value:
        case str():
            return templates.is_template(value)
        case list():
            return any(map(_has_template, value))
        case dict():
            return any(map(_has_template, value.values()))
        case _:
            return False


def mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
