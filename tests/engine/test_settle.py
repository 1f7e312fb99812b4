"""What was in flight is told by the host's own word, or stays unknown."""

from __future__ import annotations

import pytest

from remedy.engine.settle import settle
from remedy.model import Outcome, Reply
from remedy.ports import DEADLINE_RC, Receipt
from tests.engine import toy

DROP = toy.catalogue().action("toy.drop", {"where": "/a"})
START = toy.catalogue().action("toy.start", {"service": "db"})
SENT_ON = ("root /a", "item x\t1", "item y\t2")
GONE = Reply(rc=0, ground=("root /a",))
HALF = Reply(rc=0, ground=("root /a", "item y\t2"))
ALL = Reply(rc=0, ground=SENT_ON)
OTHER = Reply(rc=0, ground=("root /a", "item y\t2", "item w\t4"))
MUTE = Reply(rc=1, error="no answer")


def receipt(rc: int | None) -> Receipt:
    return Receipt(id="r.s.0", rc=rc)


@pytest.mark.parametrize(
    ("receipt", "reply", "outcome", "begun"),
    [
        (None, ALL, None, False),
        (None, GONE, None, False),
        (None, MUTE, None, False),
        (receipt(0), GONE, Outcome.CHANGED, False),
        (receipt(0), ALL, Outcome.FAILED, False),
        (receipt(0), OTHER, Outcome.FAILED, False),
        (receipt(0), MUTE, Outcome.UNKNOWN, False),
        (receipt(9), GONE, Outcome.FAILED, False),
        (receipt(DEADLINE_RC), GONE, Outcome.FAILED, False),
        (receipt(9), MUTE, Outcome.FAILED, False),
        (receipt(None), GONE, Outcome.CHANGED, False),
        (receipt(None), HALF, None, True),
        (receipt(None), ALL, None, True),
        (receipt(None), OTHER, Outcome.UNKNOWN, False),
        (receipt(None), MUTE, Outcome.UNKNOWN, False),
        (receipt(None), Reply(rc=0, truncated=True), Outcome.UNKNOWN, False),
    ],
)
def test_the_truth_table(receipt: Receipt | None, reply: Reply, outcome: Outcome | None, begun: bool) -> None:
    told = settle(DROP, SENT_ON, receipt, reply)
    assert (told.outcome, told.begun) == (outcome, begun)
    assert told.reason


def test_one_that_its_deadline_ended_is_told_from_one_that_failed_by_itself() -> None:
    assert settle(DROP, SENT_ON, receipt(9), GONE).reason.endswith("it ended with 9")
    assert settle(DROP, SENT_ON, receipt(DEADLINE_RC), GONE).reason.endswith("was killed, or did not end in its time")


def test_a_begun_change_that_is_no_set_is_done_or_open_again() -> None:
    down, up = Reply(rc=0, ground=("state down",)), Reply(rc=0, ground=("state up",))
    assert settle(START, down.ground, receipt(None), up).outcome is Outcome.CHANGED
    assert settle(START, down.ground, receipt(None), down).begun
    odd = Reply(rc=0, ground=("state odd",))
    assert settle(START, down.ground, receipt(None), odd).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("receipt", "reply", "outcome"),
    [
        (receipt(0), ALL, Outcome.CHANGED),
        (receipt(0), GONE, Outcome.FAILED),
        (receipt(None), ALL, Outcome.CHANGED),
        (receipt(None), HALF, Outcome.UNKNOWN),
        (None, GONE, None),
    ],
)
def test_an_undo_is_settled_by_what_it_brings_back(receipt: Receipt | None, reply: Reply, outcome: Outcome) -> None:
    assert settle(DROP, GONE.ground, receipt, reply, expect=SENT_ON).outcome is outcome
