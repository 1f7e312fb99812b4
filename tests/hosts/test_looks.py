"""Looks: many in one request, byte-exact, bounded, and none that hangs holds up the others."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from remedy.errors import Bug, Invalid, Lost, Unreachable
from remedy.hosts.wire import LOOK_BYTES
from remedy.model import Ago, Look, Reply
from tests.hosts.far import Far, is_alive, look, wait_until


def test_all_looks_are_one_request_and_answered_in_order(any_far: Far) -> None:
    session = any_far.session()
    replies = session.look([look("t_show", str(n)) for n in range(20)])
    assert [r.ground[0] for r in replies] == [str(n) for n in range(20)]
    assert session.talk.requests == 1


def test_facts_come_with_the_first_reply(any_far: Far) -> None:
    session = any_far.session()
    with pytest.raises(Bug):
        _ = session.facts
    session.look([])
    assert abs(session.facts.now - time.time()) < 30
    assert (session.facts.uid, session.facts.user) == (Path("/proc/self").stat().st_uid, Path.home().owner())
    assert session.facts.system.startswith("Linux ")
    assert session.facts.state_dir == str(any_far.state)


def test_an_age_is_counted_back_from_the_hosts_own_clock(any_far: Far) -> None:
    session = any_far.session()
    reply = session.look([Look(family="t", function="t_show", args=(Ago(86_400), "x", Ago(0)))])[0]
    assert reply.ground[::2] == (str(session.facts.now - 86_400), "x", str(session.facts.now))


def test_ground_and_evidence_are_parted_at_the_first_line_of_two_dashes(any_far: Far) -> None:
    texts = ["a\n--\nb", "a", "--\nb\n--\nc", "--", "", "\n\na\n\n", "a\n--", "x --\n--x\n--\n", "\n--\n\n"]
    files = [any_far.directory / str(n) for n in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    replies = any_far.session().look([look("t_state", str(f)) for f in files])
    assert [(r.ground, r.evidence) for r in replies] == [
        (("a",), ("b",)),
        (("a",), ()),
        ((), ("b", "--", "c")),
        ((), ()),
        ((), ()),
        (("", "", "a", ""), ()),
        (("a",), ()),
        (("x --", "--x"), ()),
        (("",), ("",)),
    ]


def test_each_look_has_its_own_errors_and_code(any_far: Far) -> None:
    replies = any_far.session().look([look("t_warn", "1"), look("t_lacks"), look("t_rc", "7"), look("t_warn", "2")])
    assert [(r.rc, r.error) for r in replies] == [
        (0, "warning 1"),
        (3, "no such thing"),
        (7, ""),
        (0, "warning 2"),
    ]


def test_a_function_that_is_not_there_cannot_tell(any_far: Far) -> None:
    replies = any_far.session().look([look("t_nowhere"), look("t_show", "x")])
    assert (replies[0].rc, replies[1].rc) == (127, 0)


def test_a_look_that_hangs_is_124_and_the_others_are_answered(any_far: Far) -> None:
    asked = [look("t_show", "a", timeout_s=1), look("t_hang", timeout_s=1), look("t_show", "b", timeout_s=1)]
    session = any_far.session()
    replies = session.look(asked)
    assert [r.rc for r in replies] == [0, 124, 0]
    assert "no answer within 1 s" in replies[1].error
    assert session.talk.requests == 2  # the batch, and what came after the one that hung


def test_one_that_hangs_delays_the_others_by_its_own_time_and_they_are_asked_again_together(far: Far) -> None:
    session = far.session()
    begun = time.monotonic()
    asked = [look("t_hang", timeout_s=3), *(look("t_show", str(n), timeout_s=3) for n in range(10))]
    replies = session.look(asked)
    assert ([r.rc for r in replies], session.talk.requests) == ([124, *[0] * 10], 2)
    assert time.monotonic() - begun < 2 * 3  # never its time twice


def test_a_look_that_had_little_time_left_is_asked_again(far: Far) -> None:
    session = far.session()
    replies = session.look([look("t_wait", "1.3", timeout_s=2), look("t_wait", "1", timeout_s=2)])
    assert [r.rc for r in replies] == [0, 0]
    assert session.talk.requests == 2


def test_fault_049_a_look_leaves_no_process_behind_its_deadline(any_far: Far) -> None:
    pids = any_far.directory / "pids"
    assert any_far.session().look([look("t_stubborn", str(pids), timeout_s=1)])[0].rc == 124
    left = [int(line) for line in pids.read_text().split()]
    assert len(left) == 2
    wait_until(lambda: not any(map(is_alive, left)), "the end of all its processes", timeout_s=5)


def test_a_child_that_a_look_leaves_behind_ends_with_it(any_far: Far) -> None:
    pids = any_far.directory / "pids"
    assert any_far.session().look([look("t_leave_behind", str(pids))])[0].rc == 0
    wait_until(lambda: not is_alive(int(pids.read_text())), "the end of the child", timeout_s=5)


def test_fault_050_an_answer_is_cut_at_one_mebibyte(any_far: Far) -> None:
    just, over = LOOK_BYTES, LOOK_BYTES + 1
    replies = any_far.session().look([look("t_large", str(just)), look("t_large", str(over)), look("t_show", "x")])
    assert [(r.truncated, r.answered) for r in replies] == [(False, True), (True, False), (False, True)]
    assert len(replies[1].ground[0]) == LOOK_BYTES


def test_fault_050_an_endless_answer_costs_the_other_looks_nothing(any_far: Far) -> None:
    replies = any_far.session().look([look("t_lines", "1000000000"), look("t_show", "x")])
    assert (replies[0].truncated, replies[1].ground[0]) == (True, "x")


def test_fault_050_endless_errors_are_bounded_too(any_far: Far) -> None:
    replies = any_far.session().look([look("t_both", "3000"), look("t_show", "x")])
    assert (len(replies[0].ground), replies[0].error[:8], len(replies[0].error) <= 4096) == (3000, "err\nerr\n", True)
    assert replies[1].rc == 0


def test_fault_052_bytes_that_are_no_text_come_back_as_they_are_but_nul(any_far: Far) -> None:
    file = any_far.directory / "raw"
    file.write_bytes(bytes(range(256)))
    reply = any_far.session().look([look("t_state", str(file))])[0]
    assert "\n".join(reply.ground).encode("utf-8", "surrogateescape") == bytes(range(1, 256))


def test_fault_053_an_answer_cannot_forge_a_frame(any_far: Far) -> None:
    session = any_far.session()
    replies = session.look([look("t_forge"), look("t_show", "x")])
    assert [r.rc for r in replies] == [0, 0]
    assert session.look([look("t_forge")])[0].rc == 0


def test_a_function_sees_neither_nonce_nor_shell_text_nor_our_environment(
    any_far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "canary-in-the-environment")
    session = any_far.session()
    reply = session.look([look("t_env")])[0]
    seen = dict(line.split("=", 1) for line in reply.ground if "=" in line)
    assert session.talk._frames.nonce not in "\n".join(reply.ground)
    assert not [name for name in seen if name.startswith(("remedy_", "far_"))]
    assert "OUR_SECRET" not in seen
    assert (seen["LC_ALL"], seen.get("PWD", "/")) == ("C", "/")


def test_a_family_is_sent_once_and_more_come_when_they_are_asked(any_far: Far) -> None:
    session = any_far.session()
    disk = Look(family="disk", function="disk_nowhere")
    assert session.look([look("t_show", "x")])[0].rc == 0
    assert [r.rc for r in session.look([disk, look("t_show", "y")])] == [127, 0]
    assert [r.rc for r in session.look([disk])] == [127]


def test_a_value_with_a_nul_is_refused_before_anything_is_sent(far: Far) -> None:
    session = far.session()
    with pytest.raises(Invalid, match="NUL"):
        session.look([look("t_show", "a\0b")])
    assert session.look([look("t_show", "x")])[0].rc == 0


@pytest.mark.parametrize("function", ["rm", "t_x;id", "common_x", "t-x", "", "t_ x"])
def test_only_a_function_of_its_family_can_be_called(far: Far, function: str) -> None:
    with pytest.raises(Bug):
        far.session().look([look(function)])


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_look_writes_nothing_on_the_host(any_far: Far) -> None:
    session = any_far.session()
    session.look([])
    trace = any_far.directory / "trace"
    runner = session.talk.pipe._child.pid  # type: ignore[attr-defined]
    calls = "trace=open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,link,symlink,truncate"
    strace = subprocess.Popen(["strace", "-f", "-o", trace, "-e", calls, "-p", str(runner)], stderr=subprocess.DEVNULL)
    wait_until(lambda: "TracerPid:\t0" not in Path(f"/proc/{runner}/status").read_text(), "the trace")
    texts = [look("t_show", "x" * 9000), look("t_warn", "y"), look("t_show", *map(str, range(300)))]
    assert [r.rc for r in session.look(texts)] == [0, 0, 0]
    session.close()
    strace.wait(10)
    written = [line for line in trace.read_text().splitlines() if "O_WRONLY" in line or "O_RDWR" in line]
    written += [line for line in trace.read_text().splitlines() if "open" not in line and "(" in line]
    harmless = ("/dev/null", "/dev/tty", "---", "+++")
    assert [w for w in written if not any(h in w for h in harmless)] == []


def test_a_session_that_was_closed_asks_nothing(far: Far) -> None:
    session = far.session()
    session.look([])
    session.close()
    with pytest.raises(Unreachable):
        session.look([])


def test_an_answer_that_does_not_come_is_lost_and_the_session_over(far: Far) -> None:
    far.slack_s = 1
    session = far.session()
    session.look([])
    child = session.talk.pipe._child  # type: ignore[attr-defined]
    child.send_signal(19)
    with pytest.raises(Lost):
        session.look([look("t_show", "x", timeout_s=1)])
    with pytest.raises(Unreachable):
        session.look([])
    child.send_signal(18)


def test_a_far_end_that_dies_is_lost(far: Far) -> None:
    session = far.session()
    session.look([])
    session.talk.pipe._child.kill()  # type: ignore[attr-defined]
    with pytest.raises(Lost):
        session.look([look("t_show", "x")])


def test_a_reply_is_answered_only_with_code_nought_and_whole() -> None:
    assert Reply(rc=0).answered
    assert not Reply(rc=0, truncated=True).answered
