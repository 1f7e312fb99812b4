"""What a host answers may be anything: the engine then says that it cannot tell, or sees it, and never breaks."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from remedy.actions.action import Action, Check
from remedy.actions.catalogue import Catalogue, shipped
from remedy.engine import checks
from remedy.engine.allow import allow
from remedy.engine.plan import plan_step
from remedy.engine.settle import settle
from remedy.errors import CannotTell, Refused, RemedyError
from remedy.hosts.fake import FACTS
from remedy.load.resolved import Step
from remedy.model import Address, Asked, Host, Reply
from remedy.ports import Receipt
from tests.actions.test_cases import CASES, _reply
from tests.fuzz import LONG, bounded, mutants

UNENDED = Receipt(id="r.s.0", rc=None)
PIECES = (
    *(b"\n", b"\t", b" ", b"-", b"--", b"\n--\n", b"0", b"-1", b"1e999", b"nan", b"9" * 30, b"9" * 5000, b"\xc2\xb2"),
    *(
        b"item ",
        b"item \t",
        b"item x\t1:2:3:4\n",
        b"none",
        b":",
        b"::::",
        b"%",
        b"\\",
        b"\x1b[2J",
        b"\xff",
        b"\xe2\x80\xae",
    ),
)


def verb_of(case: dict[str, Any], catalogue: Catalogue) -> Action[Any] | Check:
    if "action" in case:
        return catalogue.action(case["action"], case["params"])
    return catalogue.check(case["check"], case["params"])


def seen(case: dict[str, Any], verb: Any, reply: Reply, before: Reply, catalogue: Catalogue) -> None:
    """All that the engine does with an answer."""
    host = Host(name="here", address=Address(scheme="local"))
    if isinstance(verb, Check):
        checks.find(Asked(check=verb.name, params=case["params"], look=verb.look(host)), reply, catalogue)
        return
    step = Step(id="s", title="", action=verb, params=case["params"])
    planned = plan_step(step, reply, FACTS, host, has_symptom=True, wanted=True)
    honest = plan_step(step, before, FACTS, host, has_symptom=True, wanted=True)
    for one in (planned, honest):
        if one.change:
            allow(one, one.change, verb, reply, own=True, exact=False)
    settle(verb, before.ground, UNENDED, reply)
    settle(verb, before.ground, UNENDED, reply, expect=before.ground)


@pytest.mark.parametrize("count", [3_000, pytest.param(LONG, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_fault_053_an_answer_that_is_garbled_is_told_and_breaks_nothing(count: int) -> None:
    catalogue, chance = shipped(), random.Random(count)
    cases = [c.values[0] for c in CASES if "given" in c.values[0]]
    verbs = []
    for case in cases:
        try:
            verbs.append((case, verb_of(case, catalogue)))
        except RemedyError:  # the case is of parameters that are refused
            continue
    broken: dict[str, str] = {}
    for number in range(count):
        case, verb = chance.choice(verbs)
        honest = _reply(case)
        whole = "\n".join([*honest.ground, "--", *honest.evidence]).encode("utf-8", "surrogateescape")
        (lie,) = mutants([whole], PIECES, 1, count + number)
        lines = lie.replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n")
        at = lines.index("--") if "--" in lines else len(lines)
        reply = replace(honest, ground=tuple(lines[:at]), evidence=tuple(lines[at + 1 :]))
        try:
            with bounded():
                seen(case, verb, reply, honest, catalogue)
        except (CannotTell, Refused):
            continue
        except Exception as unforeseen:  # noqa: BLE001 — what is looked for
            broken.setdefault(f"{verb.name} {type(unforeseen).__name__} {unforeseen}", repr(lie[:300]))
    assert not broken, "\n".join(f"{k}\n    {v}" for k, v in list(broken.items())[:12])
