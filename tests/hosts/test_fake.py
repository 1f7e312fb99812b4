"""The fake keeps the promises of the ports, so an engine proven on it is proven on them."""

from __future__ import annotations

import pytest

from remedy.errors import Bug, Busy, Lost, Unreachable
from remedy.hosts.fake import FakeHost, FakeTransport, Fault
from remedy.model import Address, Ago, Call, Host, Look, Put, Reply, Result, ResultRef
from remedy.ports import ChangeRequest, Session, Transport

HOST = Host(name="h", address=Address(scheme="local"))
SIZE = Look(family="files", function="size_look")


def machine() -> FakeHost:
    world = {"size": 3}

    def size_look(args: tuple[str, ...], items: tuple[str, ...]) -> tuple[int, str]:
        return 0, f"size {world['size']}\n--\nasked {args}\n"

    def grow(args: tuple[str, ...], items: tuple[str, ...]) -> tuple[int, str]:
        world["size"] += len(items)
        return 0, f"{world['size']}\n"

    def fail(args: tuple[str, ...], items: tuple[str, ...]) -> tuple[int, str]:
        return 7, "no\n"

    return FakeHost({"size_look": size_look, "grow": grow, "fail": fail}, world=world)


def request(*operations: Call | Put, id: str = "c1", ground: tuple[str, ...] = ("size 3",)) -> ChangeRequest:  # noqa: A002
    return ChangeRequest(id=id, run="r", fence=1, look=SIZE, ground=ground, operations=operations, then=(SIZE,))


GROW = Call(family="files", function="grow", items=("a", "b"))


def test_the_fake_is_a_transport() -> None:
    transport: Transport = FakeTransport({"h": machine()})
    session: Session = transport.connect(HOST)
    with pytest.raises(Bug):
        _ = session.facts
    asked = Look(family="files", function="size_look", args=(Ago(10),))
    assert session.look([SIZE, asked])[1] == Reply(rc=0, ground=("size 3",), evidence=("asked ('1699999990',)",))
    assert session.facts.user == "root"


def test_a_change_acts_once_on_the_ground_it_was_planned_on() -> None:
    host = machine()
    session = FakeTransport({"h": host}).connect(HOST)
    assert session.change(request(GROW)).state == "fenced"
    session.lease("r", "me", [])
    assert session.change(request(GROW, ground=("size 4",))).state == "moved"
    done = session.change(request(GROW))
    assert (done.state, done.after[0].ground, host.world["size"]) == ("done", ("size 5",), 5)
    assert session.change(request(GROW)).state == "repeated"
    assert session.receipts("r")["c1"].rc == 0


def test_after_a_failure_only_always_runs() -> None:
    host = machine()
    session = FakeTransport({"h": host}).connect(HOST)
    session.lease("r", "me", [])
    always = Put(path="/x", content=("y",), always=True)
    reply = session.change(request(Call(family="files", function="fail"), GROW, always))
    assert (reply.state, reply.failed_at, reply.rc) == ("failed", 0, 7)
    assert (host.world["size"], host.files) == (3, {"/x": b"y"})


def test_a_result_outside_its_bound_fails() -> None:
    session = FakeTransport({"h": machine()}).connect(HOST)
    session.lease("r", "me", [])
    named = Call(family="files", function="grow", result=Result(name="n", bound="equals", of="4"))
    used = Call(family="files", function="grow", args=(ResultRef(result="n"),))
    assert session.change(request(named, used)).failed_at == 0


def test_a_second_run_is_busy_and_the_same_run_takes_over() -> None:
    transport = FakeTransport({"h": machine()})
    first, _ = transport.connect(HOST).lease("r", "me", [])
    with pytest.raises(Busy, match="held by me, run r"):
        transport.connect(HOST).lease("other", "you", [])
    again, _ = transport.connect(HOST).lease("r", "me", [])
    assert again.fence > first.fence
    with pytest.raises(Busy):
        transport.connect(HOST).unlock("you")
    assert transport.connect(HOST).unlock("me")
    assert not transport.connect(HOST).unlock("me")


@pytest.mark.parametrize(
    ("fault", "error", "size", "rc"),
    [
        (Fault(verb="change", when="unsent"), Unreachable, 3, "absent"),
        (Fault(verb="change", when="dispatched"), Lost, 3, "absent"),
        (Fault(verb="change", when="acting", operations=1), Lost, 5, None),
        (Fault(verb="change", when="answered"), Lost, 5, 0),
    ],
)
def test_a_fault_leaves_the_receipt_that_is_true(fault: Fault, error: type[Exception], size: int, rc: object) -> None:
    host = machine()
    transport = FakeTransport({"h": host})
    session = transport.connect(HOST)
    session.lease("r", "me", [])
    host.fail(fault)
    with pytest.raises(error):
        session.change(request(GROW))
    with pytest.raises(Unreachable):
        session.look([SIZE])
    receipts = transport.connect(HOST).receipts("r")
    assert host.world["size"] == size
    assert (receipts["c1"].rc if "c1" in receipts else "absent") == rc
