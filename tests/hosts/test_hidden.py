"""A secret is seen by the function it is for, and by nobody else. Faults 97 and 98."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remedy.model import Call, Look, Put, SecretRef
from tests.hosts.far import Far, call, change, look


@contextmanager
def watched(canary: str) -> Iterator[list[str]]:
    """Where the canary is seen in a process's command line or environment meanwhile."""
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
        yield hits
    finally:
        is_over.set()
        watcher.join()


def test_fault_098_no_secret_is_in_a_command_line_or_an_environment(any_far: Far) -> None:
    canary = "canary-of-this-very-test-98"
    any_far.secrets = {"s": canary}
    session, lease = any_far.held()
    slow = Call(family="t", function="t_slowly", args=("/dev/null", "1", SecretRef("s")), items=("x",))
    put = Put(path=str(any_far.directory / "f"), content=(SecretRef("s"),))
    with watched(canary) as hits:
        reply = session.change(change(lease, slow, put, call("t_arguments", "echo")))
    assert (reply.state, hits) == ("done", [])
    assert (any_far.directory / "f").read_text() == canary


def test_fault_098_a_secret_that_a_look_compares_with_is_in_no_command_line(any_far: Far) -> None:
    canary = "canary-of-a-look-98"
    any_far.secrets = {"s": canary}
    path = any_far.directory / "f"
    path.write_text(f"a={canary}\n" + "x" * 300_000)  # long enough to be seen while it is read
    session = any_far.session()
    args = (str(path), "", "", "", "private", "a=", SecretRef("s"), "\n" + "x" * 300_000)
    asked = Look(family="file", function="file_put_look", args=args)
    with watched(canary) as hits:
        replies = session.look([asked] * 3)
    if any_far.shell == "mksh":
        assert all("counts in 32 bits only" in r.error for r in replies), "it cannot tell sizes, and says so"
    else:
        assert {line for r in replies for line in r.ground if line.startswith("holds")} == {"holds same"}
    assert (hits, canary in repr(replies)) == ([], False)


def test_fault_097_a_secret_that_is_echoed_is_masked(any_far: Far) -> None:
    any_far.secrets = {"s": "correct-horse-battery"}
    session, lease = any_far.held()
    echo = Call(family="t", function="t_arguments", args=(SecretRef("s"),))
    reply = session.change(change(lease, echo, then=[look("t_show", "after: correct-horse-battery")]))
    assert reply.output.text == "[secret]\n~~~~\n"
    assert reply.after[0].ground[0] == "after: [secret]"
