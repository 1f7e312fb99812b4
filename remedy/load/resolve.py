"""A playbook and a host made one: values chosen by layer, templates rendered once, everything typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from remedy.actions.action import Verb
from remedy.actions.catalogue import Catalogue
from remedy.actions.kinds import KINDS
from remedy.actions.params import Param, params_of, parse_params, typed
from remedy.errors import Invalid, Refused
from remedy.load import templates
from remedy.load.problems import below
from remedy.load.resolved import ParamSpec, Playbook, Question, Resolved, Step
from remedy.load.template import Value, text_of
from remedy.load.text import printable, said, shown, suggestion
from remedy.load.values import example, parse_override, parse_value
from remedy.model import AllOf, AnyOf, Asked, CheckTree, Host, Json, NotOf, SecretRef, Sourced

T = TypeVar("T")


def resolve(playbook: Playbook, host: Host, overrides: Mapping[str, str], catalogue: Catalogue) -> Resolved:
    """The playbook for one host. Values: default < all < group < host < `overrides` (text, as of `-p`).

    Raises Invalid for an override that is wrong, and Refused (naming file, line, column, parameter
    and host) for a missing value or a value that breaks a rule.
    """
    values = choose(playbook, host, overrides)
    resolver = _Resolver(playbook, host, catalogue, {n: s.value for n, s in values.items()})
    body = playbook.body
    return Resolved(
        playbook=playbook,
        host=host,
        params=resolver.values,
        symptom=resolver.tree(body.get("symptom"), "/symptom"),
        diagnose=tuple(resolver.asked(body.get("diagnose"), "/diagnose")),
        until=resolver.tree(body.get("until"), "/until"),
        steps=tuple(resolver.steps()),
        verify=resolver.tree(body.get("verify"), "/verify"),
    )


def choose(playbook: Playbook, host: Host, overrides: Mapping[str, str]) -> dict[str, Sourced]:
    """The value of every declared parameter on this host, canonical, and where it comes from."""
    declared = {s.name: s for s in playbook.params}
    for name in overrides:
        if name not in declared:
            raise Invalid(
                f"{playbook.name} has no parameter {shown(name)}",
                at=f"-p {printable(name)}",
                fix=suggestion(name, declared),
            )
    return {s.name: _chosen(s, playbook, host, overrides) for s in playbook.params}


def _chosen(spec: ParamSpec, playbook: Playbook, host: Host, overrides: Mapping[str, str]) -> Sourced:
    if spec.name in overrides:
        return _overridden(spec, overrides[spec.name])
    found = host.vars.get(spec.name)
    if found is None and not spec.required:
        at = playbook.places.get(below("/params", spec.name) + "/default", spec.at)
        return Sourced(value=parse_value(spec, spec.default), at=at, layer="default")
    if found is None:
        raise Refused(
            f"{host.name}: {playbook.name} needs a value for '{spec.name}'" + (f": {spec.about}" if spec.about else ""),
            at=spec.at,
            fix=f"-p {spec.name}=..., or in the inventory; for example {example(spec)}",
        )
    if found.unread:
        message = f"{host.name}: '{spec.name}' from {found.layer} {found.unread}"
        fix = f"-p {spec.name}=..., or under 'vars' of {host.name} in a file of remedy's"
        raise Refused(message, at=found.at, fix=fix)
    if isinstance(found.value, SecretRef):
        return found
    try:
        return replace(found, value=parse_value(spec, found.value))
    except Invalid as wrong:
        message = f"{host.name}: {said(spec.name, found.value, named=True)}: {wrong.message}"
        raise Refused(message, at=found.at, fix=wrong.fix) from None


def _overridden(spec: ParamSpec, text: str) -> Sourced:
    at = f"-p {spec.name}"
    try:
        return Sourced(value=parse_override(spec, text), at=at, layer="-p")
    except Invalid as wrong:
        raise Invalid(f"{said(spec.name, text, named=True)}: {wrong.message}", at=at, fix=wrong.fix) from None


@dataclass(frozen=True)
class _Resolver:
    playbook: Playbook
    host: Host
    catalogue: Catalogue
    values: Mapping[str, Value]

    # ------------------------------------------------------------ checks

    def tree(self, raw: Json, pointer: str) -> AllOf:
        """All of these checks; an absent list is all of none."""
        members = raw if isinstance(raw, list) else []
        return AllOf(tuple(self._check(m, below(pointer, i)) for i, m in enumerate(members)))

    def asked(self, raw: Json, pointer: str) -> list[Asked]:
        """A plain list of checks."""
        return [m for m in self.tree(raw, pointer).all if isinstance(m, Asked)]

    def _check(self, raw: Json, pointer: str) -> CheckTree:
        assert isinstance(raw, dict)
        ((name, given),) = raw.items()
        here = below(pointer, name)
        match name:
            case "any":
                return AnyOf(self.tree(given, here).all)
            case "not":
                inner = self.tree(given, here)
                return NotOf(inner.all[0] if len(inner.all) == 1 else inner)
            case _:
                return self._asked(name, given, here)

    def _asked(self, name: str, given: Json, pointer: str) -> Asked:
        assert isinstance(given, dict)
        within = self._duration(given.get("within", 0), below(pointer, "within"))
        cls = self.catalogue.checks[name]
        params = self._params(cls, {k: v for k, v in given.items() if k != "within"}, pointer)
        look = self._made(cls, params, pointer).look(self.host)
        return Asked(check=name, params=params, look=look, within_s=within)

    # ------------------------------------------------------------ steps

    def steps(self) -> list[Step]:
        """Every step of the playbook, in order."""
        raw = self.playbook.body["steps"]
        assert isinstance(raw, list)
        return [self._step(s, f"/steps/{i}") for i, s in enumerate(raw) if isinstance(s, dict)]

    def _step(self, raw: Mapping[str, Json], pointer: str) -> Step:
        when = raw.get("when", True)
        step = Step(
            id=str(raw["id"]),
            title=self._text(raw.get("title", ""), below(pointer, "title")),
            action=None,
            when=None if when is True else self._when(when, below(pointer, "when")),
            when_is_fixed=isinstance(when, bool) or "seen" not in templates.parse(str(when)).names,
            when_text="" if when is True else str(when).lower() if isinstance(when, bool) else str(when),
            timeout_s=self._duration(raw.get("timeout", 0), below(pointer, "timeout")),
            at=self._at(pointer),
        )
        if "ask" in raw:
            return replace(step, ask=self._question(raw["ask"], below(pointer, "ask")))
        name = next(k for k in raw if k in self.catalogue.actions)
        given, here = raw[name], below(pointer, name)
        assert isinstance(given, dict)
        cls = self.catalogue.actions[name]
        params = self._params(cls, given, here)
        return replace(step, action=self._made(cls, params, here), params=params)

    def _question(self, raw: Json, pointer: str) -> Question:
        if isinstance(raw, dict):
            of = self._text(raw.get("of", ""), below(pointer, "of"))
            return Question(text=self._text(raw["text"], below(pointer, "text")), of=of)
        return Question(text=self._text(raw, pointer))

    def _when(self, raw: Json, pointer: str) -> Callable[[Mapping[str, Json]], bool]:
        if isinstance(raw, bool):
            return lambda _seen: raw
        template = templates.parse(str(raw))
        at = self._at(pointer)

        def wanted(seen: Mapping[str, Json]) -> bool:
            try:
                value = template.render({**self.values, "seen": dict(seen)})
            except Invalid as wrong:
                raise Invalid(f"{self.host.name}: `when` {raw}: {wrong.message}", at=at, fix=wrong.fix) from None
            if not isinstance(value, bool):
                raise Invalid(f"{self.host.name}: `when` {raw} is neither true nor false", at=at, fix="compare it")
            return value

        return wanted

    # ------------------------------------------------------------ values

    def _params(self, cls: type[Verb], given: Mapping[str, Json], pointer: str) -> dict[str, Json]:
        kinds = {p.name: p for p in params_of(cls)}
        rendered = {n: self._rendered(v, kinds[n], below(pointer, n)) for n, v in given.items()}
        return self._located(pointer, rendered, lambda: parse_params(cls, rendered))

    def _rendered(self, value: Json, param: Param, pointer: str) -> Json:
        if param.kind.takes_secrets and isinstance(value, str):
            return self._pieces(value, pointer)
        made = self._render(value, pointer)
        if isinstance(made, SecretRef):
            raise self._no_secret(param.name, pointer)
        return made

    def _pieces(self, text: str, pointer: str) -> Json:
        try:
            found = templates.parse(text).pieces(self.values)
        except Invalid as wrong:
            raise self._refused(pointer, f"'{_name(pointer)}': {wrong.message}", wrong.fix) from None
        return [{"secret": p.secret} if isinstance(p, SecretRef) else p for p in found]

    def _no_secret(self, name: str, pointer: str) -> Refused:
        message = f"'{name}' takes no secret: what it holds is shown, and stands in plans and command lines"
        return self._refused(pointer, message, "write it into a private file with file.put, and name that file")

    def _render(self, value: Json, pointer: str) -> Value:
        match value:
            case str():
                try:
                    return templates.parse(value).render(self.values)
                except Invalid as wrong:
                    raise self._refused(pointer, f"'{_name(pointer)}': {wrong.message}", wrong.fix) from None
            case list():
                members = [self._render(v, below(pointer, i)) for i, v in enumerate(value)]
                return [self._plain(m, below(pointer, i)) for i, m in enumerate(members)]
            case _:
                return value

    def _plain(self, value: Value, pointer: str) -> Json:
        if isinstance(value, SecretRef):
            raise self._no_secret(_name(pointer), pointer)
        return value

    def _duration(self, raw: Json, pointer: str) -> int:
        value = self._plain(self._render(raw, pointer), pointer)
        try:
            seconds = KINDS["duration"].parse(value)
        except Invalid as wrong:
            raise self._refused(pointer, f"{said(pointer, value, named=True)}: {wrong.message}", wrong.fix) from None
        assert isinstance(seconds, int)
        return seconds

    def _text(self, raw: Json, pointer: str) -> str:
        value = self._render(raw, pointer)
        try:
            return text_of(value)
        except Invalid as wrong:
            raise self._refused(pointer, f"'{_name(pointer)}': {wrong.message}", wrong.fix) from None

    def _made(self, cls: type[T], params: Mapping[str, Json], pointer: str) -> T:
        return self._located(pointer, params, lambda: cls(**typed(params)))

    def _located(self, pointer: str, given: Mapping[str, Json], attempt: Callable[[], T]) -> T:
        try:
            return attempt()
        except Invalid as wrong:
            here = below(pointer, wrong.at) if wrong.at else pointer
            value = given.get(wrong.at)
            found = f"{said(wrong.at, value, named=True)}: " if wrong.at in given else ""
            raise self._refused(here, f"{_name(pointer)}: {found}{wrong.message}", wrong.fix) from None

    def _refused(self, pointer: str, message: str, fix: str) -> Refused:
        return Refused(f"{self.host.name}: {message}", at=self._at(pointer), fix=fix)

    def _at(self, pointer: str) -> str:
        while pointer and pointer not in self.playbook.places:
            pointer = pointer.rpartition("/")[0]
        return self.playbook.places.get(pointer, self.playbook.path)


def _name(pointer: str) -> str:
    """The last name in a pointer that is not a number."""
    return next((p for p in reversed(pointer.split("/")) if not p.isdecimal()), "")
