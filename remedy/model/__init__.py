"""The nouns: frozen data, no I/O. One word, one meaning, in YAML, Python, SQL, CLI and pages."""

from typing import TYPE_CHECKING

from remedy.model.change import (
    Argument,
    Await,
    Call,
    Change,
    Effect,
    Functions,
    Operation,
    Put,
    Result,
    ResultRef,
    Undo,
    UndoBy,
    UndoImpossible,
    UndoUnnecessary,
)
from remedy.model.inventory import Address, Host, Inventory, Sourced
from remedy.model.look import Ago, Facts, Judgement, Look, Reply
from remedy.model.plan import (
    AllOf,
    AnyOf,
    Asked,
    CheckTree,
    Finding,
    HostPlan,
    Limits,
    Need,
    NotOf,
    Plan,
    PlannedStep,
)
from remedy.model.record import Approval, Draft, Event, Kind, StandingApproval
from remedy.model.secret_ref import SecretRef
from remedy.model.words import Answer, Json, Outcome, Risk, Verdict, worst

if TYPE_CHECKING:
    from remedy.model.policy import Cap, Freeze, Policy, Rule, Scope, Span, Window

__all__ = [
    "Address",
    "Ago",
    "AllOf",
    "Answer",
    "AnyOf",
    "Approval",
    "Argument",
    "Asked",
    "Await",
    "Call",
    "Cap",
    "Change",
    "CheckTree",
    "Draft",
    "Effect",
    "Event",
    "Facts",
    "Finding",
    "Freeze",
    "Functions",
    "Host",
    "HostPlan",
    "Inventory",
    "Json",
    "Judgement",
    "Kind",
    "Limits",
    "Look",
    "Need",
    "NotOf",
    "Operation",
    "Outcome",
    "Plan",
    "PlannedStep",
    "Policy",
    "Put",
    "Reply",
    "Result",
    "ResultRef",
    "Risk",
    "Rule",
    "Scope",
    "SecretRef",
    "Sourced",
    "Span",
    "StandingApproval",
    "Undo",
    "UndoBy",
    "UndoImpossible",
    "UndoUnnecessary",
    "Verdict",
    "Window",
    "worst",
]


def __getattr__(name: str) -> object:
    """The nouns of the policy, when one is first asked for: a playbook is validated without them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import remedy.model.policy as nouns  # noqa: PLC0415 — that is the point

    found: object = vars(nouns)[name]
    return found
