"""A change is one request: look again, compare, then act once, leaving a receipt."""

from __future__ import annotations

import time

import pytest

from remedy.errors import Busy, Failed, Lost
from remedy.model import Await, Call, Result, ResultRef
from remedy.ports import ChangeRequest, Receipt
from tests.hosts.far import Far, call, change, is_alive, look, wait_until


def marks(far: Far) -> list[str]:
    file = far.directory / "marks"
    return file.read_text().split() if file.exists() else []


def mark(far: Far, word: str, *, always: bool = False) -> Call:
    return call("t_mark", str(far.directory / "marks"), word, always=always)


def test_operations_run_in_order_and_the_looks_after_them_are_answered(any_far: Far) -> None:
    session, lease = any_far.held()
    state = any_far.directory / "marks"
    request = change(lease, mark(any_far, "one"), mark(any_far, "two"), then=[look("t_state", str(state))])
    reply = session.change(request)
    assert (reply.state, reply.failed_at, reply.rc, reply.reason) == ("done", -1, 0, "")
    assert [r.ground for r in reply.after] == [("one", "two")]
    assert session.receipts("r1") == {"c1": Receipt(id="c1", rc=0)}
    assert session.talk.requests == 3  # lease, change, receipts: the looks before and after cost nothing


def test_the_ground_that_was_planned_on_is_looked_at_again(any_far: Far) -> None:
    session, lease = any_far.held()
    state = any_far.directory / "state.txt"
    for at, text in enumerate(["a\nb\n--\nevidence 1\n", "a\nb\n--\nevidence 2", "a\nb\n", "a\nb"]):
        state.write_text(text)
        request = change(lease, mark(any_far, "x"), id=f"c{at}", seen=look("t_state", str(state)), ground=["a", "b"])
        assert session.change(request).state == "done", text
    assert len(marks(any_far)) == 4


SAME = {
    ("a", "b"): ["a\nb\n--\nevidence", "a\nb\n--\n", "a\nb\n--", "a\nb\n", "a\nb"],
    ("a", ""): ["a\n\n", "a\n\n--\nx"],
    ("",): ["\n", "\n--\n", "\n--"],
    (): ["", "--\n", "--", "--\nx"],
}


def test_texts_are_the_same_ground_exactly_when_their_lines_are(any_far: Far) -> None:
    session, lease = any_far.held()
    state, count = any_far.directory / "state.txt", 0
    for lines, texts in SAME.items():
        for text in [t for some in SAME.values() for t in some]:
            state.write_text(text)
            request = change(lease, id=f"c{count}", seen=look("t_state", str(state)), ground=lines)
            assert session.change(request).state == ("done" if text in texts else "moved"), (lines, text)
            count += 1


@pytest.mark.parametrize("text", ["a\n", "a\nb\nc\n", "a\nb \n", "b\na\n", "", "--\na\nb\n", "a\nb\n\n--\n", "A\nB\n"])
def test_another_ground_has_moved_and_nothing_is_done(any_far: Far, text: str) -> None:
    session, lease = any_far.held()
    state = any_far.directory / "state.txt"
    state.write_text(text)
    seen = look("t_state", str(state))
    found = session.look([seen])[0].ground
    reply = session.change(change(lease, mark(any_far, "x"), seen=seen, ground=["a", "b"]))
    assert (reply.state, reply.ground) == ("moved", found)
    assert marks(any_far) == []
    assert session.receipts("r1") == {}
    state.write_text("a\nb\n")
    assert session.change(change(lease, mark(any_far, "x"), seen=seen, ground=["a", "b"])).state == "done"


def test_a_ground_of_ten_thousand_hostile_lines_is_compared_exactly(any_far: Far) -> None:
    session, lease = any_far.held()
    state = any_far.directory / "state.txt"
    lines = [f"item {n} \\ * ? [a] $(id) ' \" \udcff\t{n}" for n in range(10_000)]
    state.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + b"\n--\nmore\n")
    seen = look("t_state", str(state))
    began = time.monotonic()
    assert session.change(change(lease, mark(any_far, "x"), seen=seen, ground=lines)).state == "done"
    lines[5_000] += " "
    assert session.change(change(lease, mark(any_far, "x"), id="c2", seen=seen, ground=lines)).state == "moved"
    assert time.monotonic() - began < 10


def test_a_look_that_cannot_be_answered_again_fails_and_nothing_is_done(any_far: Far) -> None:
    session, lease = any_far.held()
    for at, (seen, why) in enumerate(
        [
            (look("t_lacks"), "no such thing"),
            (look("t_rc", "7"), ""),
            (look("t_hang", timeout_s=1), "no answer within 1 s"),
        ]
    ):
        act = call("t_mark", str(any_far.directory / "marks"), "x", timeout_s=1)
        reply = session.change(change(lease, act, id=f"c{at}", seen=seen))
        assert (reply.state, reply.failed_at) == ("failed", -1)
        assert f"cannot look again: {why}" in reply.reason
    assert (marks(any_far), session.receipts("r1")) == ([], {})


def test_a_look_that_hangs_does_not_wait_for_the_operations_own_deadline(any_far: Far) -> None:
    session, lease = any_far.held()
    act = call("t_mark", str(any_far.directory / "marks"), "x", timeout_s=3600)
    began = time.monotonic()
    reply = session.change(change(lease, act, seen=look("t_hang", timeout_s=1)))
    assert (reply.state, reply.failed_at, marks(any_far)) == ("failed", -1, [])
    assert time.monotonic() - began < 5
    slow = call("t_slowly", str(any_far.directory / "marks"), "3", timeout_s=3600)
    assert session.change(change(lease, slow, id="c2", seen=look("t_show", timeout_s=1))).state == "done"


def test_a_change_is_done_once(any_far: Far) -> None:
    session, lease = any_far.held()
    assert session.change(change(lease, mark(any_far, "x"))).state == "done"
    assert session.change(change(lease, mark(any_far, "x"))).state == "repeated"
    again = any_far.session()
    session.close()
    lease, _ = again.lease("r1", "tester", [], wait_s=5)
    assert again.change(change(lease, mark(any_far, "x"))).state == "repeated"
    assert marks(any_far) == ["x"]


def test_without_the_lease_nothing_is_done(any_far: Far) -> None:
    session, lease = any_far.held()
    stale = ChangeRequest(
        id="c", run="r1", fence=lease.fence - 1, look=None, ground=(), operations=(mark(any_far, "x"),)
    )
    other = ChangeRequest(id="c", run="r2", fence=lease.fence, look=None, ground=(), operations=(mark(any_far, "x"),))
    assert [session.change(r).state for r in (stale, other)] == ["fenced", "fenced"]
    assert any_far.session().change(change(lease, mark(any_far, "x"))).state == "fenced"
    session.release("r1")
    assert session.change(change(lease, mark(any_far, "x"))).state == "fenced"
    assert marks(any_far) == []


def test_after_a_failure_only_what_must_always_run_runs(any_far: Far) -> None:
    session, lease = any_far.held()
    operations = [mark(any_far, "a"), call("t_rc", "9"), mark(any_far, "b"), mark(any_far, "c", always=True)]
    reply = session.change(change(lease, *operations, then=[look("t_show", "after")]))
    assert (reply.state, reply.failed_at, reply.rc, reply.reason) == ("failed", 1, 9, "t_rc ended with 9")
    assert marks(any_far) == ["a", "c"]
    assert session.receipts("r1")["c1"].rc == 9
    assert reply.after[0].ground[0] == "after"


def test_fault_049_an_operation_ends_with_all_its_processes_at_its_deadline(any_far: Far) -> None:
    session, lease = any_far.held()
    pids = any_far.directory / "pids"
    began = time.monotonic()
    reply = session.change(change(lease, call("t_stubborn", str(pids), timeout_s=1), mark(any_far, "x", always=True)))
    assert (reply.state, reply.rc, reply.reason) == ("failed", 124, "t_stubborn did not end within 1 s")
    assert time.monotonic() - began < 4
    left = [int(line) for line in pids.read_text().split()]
    assert len(left) == 2
    wait_until(lambda: not any(map(is_alive, left)), "the end of all its processes", timeout_s=5)
    assert (marks(any_far), session.receipts("r1")["c1"].rc) == (["x"], 124)


def test_what_was_printed_before_a_deadline_is_kept(any_far: Far) -> None:
    session, lease = any_far.held()
    put = call("t_slowly", "/dev/stdout", "60", timeout_s=1)
    assert session.change(change(lease, put)).output.text == "begun\n"


def test_ten_thousand_items_arrive_on_standard_input(any_far: Far) -> None:
    session, lease = any_far.held()
    items = [f"/srv/data/log/app.log.{n} 64769:{n}:1048576:1700000000" for n in range(10_000)]
    target = any_far.directory / "items"
    began = time.monotonic()
    reply = session.change(change(lease, call("t_append", str(target), items=items), call("t_count", items=items)))
    assert (reply.state, reply.output.text.split()) == ("done", ["appended", "10000"])
    assert target.read_text() == "".join(f"{i}\n" for i in items)
    assert time.monotonic() - began < 5


def test_a_call_need_not_read_its_items(any_far: Far) -> None:
    session, lease = any_far.held()
    reply = session.change(change(lease, call("t_rc", "0", items=["x" * 1000] * 2000), call("t_count")))
    assert (reply.state, reply.output.text.strip()) == ("done", "0")


@pytest.mark.parametrize(
    ("printed", "result", "state"),
    [
        ("12", Result(name="n", bound="digits"), "done"),
        ("12a", Result(name="n", bound="digits"), "failed"),
        ("", Result(name="n", bound="digits"), "failed"),
        ("old", Result(name="n", bound="differs", of="old"), "failed"),
        ("new", Result(name="n", bound="differs", of="old"), "done"),
        ("", Result(name="n", bound="differs", of="old"), "failed"),
        ("same", Result(name="n", bound="equals", of="same"), "done"),
        ("same ", Result(name="n", bound="equals", of="same"), "failed"),
        ("*", Result(name="n", bound="equals", of="x"), "failed"),
        ("x", Result(name="n", bound="equals", of="*"), "failed"),
    ],
)
def test_a_result_is_passed_on_only_within_its_bound(far: Far, printed: str, result: Result, state: str) -> None:
    session, lease = far.held()
    first = Call(family="t", function="t_first", args=(printed,), result=result)
    second = Call(family="t", function="t_mark", args=(str(far.directory / "marks"), ResultRef(result="n")))
    reply = session.change(change(lease, first, second))
    assert reply.state == state
    assert marks(far) == ([printed] if state == "done" else [])
    if state == "failed":
        assert "outside the bound" in reply.reason


def test_waiting_ends_when_the_first_line_is_as_expected(any_far: Far) -> None:
    session, lease = any_far.held()
    state = any_far.directory / "state.txt"
    state.write_text("starting\nrunning\n")
    wait = Await(look=look("t_state", str(state)), expect="running", within_s=10)
    later = call("t_rc", "0")
    reply = session.change(change(lease, Await(look=wait.look, expect="running", within_s=2)))
    assert (reply.state, reply.rc) == ("failed", 124)
    assert reply.reason == "waiting for t_state to say 'running' did not end within 2 s"
    state.write_text("running\n")
    assert session.change(change(lease, wait, later, id="c2")).state == "done"


def test_waiting_does_not_believe_a_look_that_fails(far: Far) -> None:
    session, lease = far.held()
    wait = Await(look=look("t_rc", "1"), expect="", within_s=2)
    assert session.change(change(lease, wait)).state == "failed"


def test_a_receipt_that_cannot_be_begun_means_that_nothing_is_done(any_far: Far) -> None:
    session, lease = any_far.held()
    (any_far.state / "receipts.r1").mkdir()
    reply = session.change(change(lease, mark(any_far, "x")))
    assert (reply.state, reply.failed_at, marks(any_far)) == ("failed", -1, [])
    assert "receipt cannot be written" in reply.reason


def test_a_receipt_that_cannot_be_ended_makes_the_outcome_unknown(any_far: Far) -> None:
    session, lease = any_far.held()
    spoil = call("t_spoil", str(any_far.state / "receipts.r1"))
    with pytest.raises(Lost, match="could not be recorded"):
        session.change(change(lease, spoil, mark(any_far, "x")))
    assert marks(any_far) == ["x"]
    (any_far.state / "receipts.r1").rmdir()
    (any_far.state / "receipts.r1.saved").rename(any_far.state / "receipts.r1")
    assert session.receipts("r1") == {"c1": Receipt(id="c1", rc=None)}


def test_only_whole_lines_of_receipts_count(far: Far) -> None:
    session, lease = far.held()
    text = "\nstart a .\nend a 0\nstart b\n\nstart c .\n\nend c 7 .\nsta\nstart d .\nend e 0 x .\nend f x .\nend g"
    (far.state / "receipts.r1").write_text(text)
    expected = {"a": None, "c": 7, "d": None}
    assert {i: r.rc for i, r in session.receipts("r1").items()} == expected
    assert [session.change(change(lease, id=i)).state for i in "abcd"] == ["repeated", "done", "repeated", "repeated"]
    assert {i: r.rc for i, r in session.receipts("r1").items()} == {**expected, "b": 0}


def test_receipts_of_another_run_are_not_ours(far: Far) -> None:
    session, lease = far.held()
    session.change(change(lease))
    assert session.receipts("r2") == {}
    assert set(far.session().receipts("r1")) == {"c1"}


def test_the_lock_is_not_inherited_by_what_an_operation_starts(any_far: Far) -> None:
    session, lease = any_far.held()
    reply = session.change(change(lease, call("t_descriptors"), then=[look("t_descriptors")]))
    assert "host.lock" not in reply.output.text + "\n".join(reply.after[0].ground)


def test_operations_end_in_time_though_a_child_is_left_behind(any_far: Far) -> None:
    session, lease = any_far.held()
    pids = any_far.directory / "pids"
    began = time.monotonic()
    assert session.change(change(lease, call("t_leave_behind", str(pids)))).state == "done"
    assert time.monotonic() - began < 5
    wait_until(lambda: not is_alive(int(pids.read_text())), "the end of the child", timeout_s=5)


def test_a_missing_tool_is_named_before_anything_runs(far: Far) -> None:
    session = far.session()
    session.look([])
    far.state.mkdir(mode=0o755)
    with pytest.raises(Failed, match="open to others"):
        session.lease("r1", "tester", [])
    far.state.chmod(0o700)
    assert session.lease("r1", "tester", [])
    with pytest.raises(Busy):
        far.session().lease("r2", "tester", [])
