"""The nouns: frozen data, no I/O. One word, one meaning, in YAML, Python, SQL, CLI and pages."""

from remedy.model.words import Answer, Json, Outcome, Risk, Verdict, worst
from remedy.model.look import Ago, Facts, Judgement, Look, Reply
from remedy.model.change import Argument, Await, Call, Change, Effect, Operation, Put, Result, ResultRef, SecretRef, Undo, UndoBy, UndoImpossible, UndoUnnecessary
from remedy.model.inventory import Address, Host, Inventory, Sourced
from remedy.model.plan import AllOf, AnyOf, Asked, CheckTree, Finding, HostPlan, Limits, Need, NotOf, Plan, PlannedStep, Policy, Rule
from remedy.model.record import Approval, Draft, Event, Kind

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
    "Change",
    "CheckTree",
    "Draft",
    "Effect",
    "Event",
    "Facts",
    "Finding",
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
    "SecretRef",
    "Sourced",
    "Undo",
    "UndoBy",
    "UndoImpossible",
    "UndoUnnecessary",
    "Verdict",
    "worst",
]
