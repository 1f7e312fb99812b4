"""A secret is seen by the function it is for, and by nobody else. Faults 97 and 98."""

from __future__ import annotations

import threading
from pathlib import Path

from remedy.model import Call, Put, SecretRef
from tests.hosts.far import Far, call, change, look


def test_fault_098_no_secret_is_in_a_command_line_or_an_environment(any_far: Far) -> None:
    canary = "canary-of-this-very-test-98"
    any_far.secrets = {"s": canary}
    session, lease = any_far.held()
    slow = Call(family="t", function="t_slowly", args=("/dev/null", "1", SecretRef("s")), items=("x",))
    put = Put(path=str(any_far.directory / "f"), content=(SecretRef("s"),))
    hits: list[str] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        text = (process / name).read_bytes()
                    except OSError:
                        continue
                    if canary.encode() in text:
                        hits.append(f"{process}/{name}")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        reply = session.change(change(lease, slow, put, call("t_arguments", "echo")))
    finally:
        is_over.set()
        watcher.join()
    assert (reply.state, hits) == ("done", [])
    assert (any_far.directory / "f").read_text() == canary


def test_fault_097_a_secret_that_is_echoed_is_masked(any_far: Far) -> None:
    any_far.secrets = {"s": "correct-horse-battery"}
    session, lease = any_far.held()
    echo = Call(family="t", function="t_arguments", args=(SecretRef("s"),))
    reply = session.change(change(lease, echo, then=[look("t_show", "after: correct-horse-battery")]))
    assert reply.output.text == "[secret]\n~~~~\n"
    assert reply.after[0].ground[0] == "after: [secret]"
