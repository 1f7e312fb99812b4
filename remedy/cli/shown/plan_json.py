"""A plan as scripts read it, and as a file that anyone can read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from remedy.codec import encode
from remedy.model import Approval, HostPlan, Json, Plan, PlannedStep


def plan_json(plan: Plan, approvals: Sequence[Approval] = ()) -> dict[str, Json]:
    """The plan as `--json` prints it; its shape is part of the contract."""
    return {
        "id": plan.id,
        "digest": plan.digest,
        "playbook": plan.playbook,
        "summary": plan.summary,
        "made_at": plan.made_at,
        "requester": plan.requester,
        "undo_of": plan.undo_of,
        "hosts": [_host(p) for p in plan.hosts],
        "changes": [_change(p.host, s) for p in plan.hosts for s in p.changes],
        "unchanged": [_unchanged(p.host, s) for p in plan.hosts for s in p.steps if s.change is None],
        "approval": {"needed": encode(plan.need), "given": [encode(a) for a in approvals]},
    }


def _host(part: HostPlan) -> Json:
    return {
        "host": part.host,
        "environment": part.environment,
        "unreachable": part.unreachable,
        "own": part.own,
        "left_out": part.left_out,
        "fix": part.left_out_fix,
        "container": part.container,
        "symptom": str(part.symptom_holds),
        "findings": [
            {
                "check": f.asked.check,
                "answer": str(f.judgement.answer),
                "says": f.judgement.says,
                "facts": encode(f.judgement.facts),
            }
            for f in part.findings
        ],
    }


def _change(host: str, step: PlannedStep) -> Json:
    assert step.change is not None
    return {
        "host": host,
        "step": step.step,
        "action": step.action,
        "title": step.title,
        "risk": step.risk.word,
        "lines": list[Json](step.change.lines),
        "operations": encode(step.change.operations),
        "undo": encode(step.change.undo),
        "effect": encode(step.change.effect),
        "typed": step.change.typed,
    }


def _unchanged(host: str, step: PlannedStep) -> Json:
    asked: Json = {"question": step.question, "of": step.question_of} if step.question else None
    return {"host": host, "step": step.step, "action": step.action, "reason": step.reason, "ask": asked}


def file_text(plan: Plan) -> str:
    """The plan's file: all of it, in the one form in which it can be applied again."""
    return json.dumps(encode(plan), indent=1, sort_keys=True, ensure_ascii=True) + "\n"
