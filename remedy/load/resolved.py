"""A playbook resolved for one host: every template rendered once, every value typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from remedy.actions.action import Action
from remedy.model import Asked, CheckTree, Host, Json, Limits, SecretRef


@dataclass(frozen=True, kw_only=True)
class ParamSpec:
    """A declared parameter of a playbook. `kind` is a name in `actions.kinds.KINDS`."""

    name: str
    kind: str
    many: bool
    required: bool
    default: Json
    about: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Drill:
    """How the fault that a playbook is for is made on purpose. The steps that make it are in `Playbook.body`.

    `values` are parameters' values in the drill, as of `-p`.
    """

    about: str
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """One remedy as validated, not yet resolved. `body` is its content with templates in it.

    `places` maps a JSON pointer into `body` to the FILE:LINE:COL it was written at.
    """

    name: str
    path: str
    digest: str
    summary: str
    severity: str
    alerts: tuple[Mapping[str, str], ...]
    params: tuple[ParamSpec, ...]
    limits: Limits
    on_failure: Literal["stop", "undo"]
    notify: tuple[str, ...]
    schedule: Mapping[str, Json]
    body: Mapping[str, Json]
    places: Mapping[str, str]
    drill: Drill | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """An `ask:` step: what a person is asked or told, and who it is meant for."""

    text: str
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step for one host: an action or a question.

    `when` is None where the step is always wanted; else it is called with what was observed
    (step id -> observation as JSON) and raises Invalid where its expression goes wrong.
    One that does not read what was observed is asked first, and the step not looked at where it is not wanted.
    """

    id: str
    title: str
    action: Action[Any] | None
    ask: Question | None = None
    params: Mapping[str, Json] = field(default_factory=dict)  # canonical
    when: Callable[[Mapping[str, Json]], bool] | None = None
    when_text: str = ""
    when_is_fixed: bool = False  # it does not read what was observed
    timeout_s: int = 0
    at: str = ""

    @property
    def is_left_out(self) -> bool:
        """Whether the step is not wanted, whatever the host is like."""
        return self.when is not None and self.when_is_fixed and not self.when({})


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A playbook with one host's values in it. `params` holds every declared parameter.

    An absent `symptom`, `until` or `verify` is an empty AllOf.
    """

    playbook: Playbook
    host: Host
    params: Mapping[str, Json | SecretRef]
    symptom: CheckTree
    diagnose: tuple[Asked, ...]
    until: CheckTree
    steps: tuple[Step, ...]
    verify: CheckTree
