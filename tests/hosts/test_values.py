"""No value, however hostile, is changed or executed on its way to a function. Fault 13."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from remedy.model import Call, Put, Reply, Result, ResultRef, SecretRef
from tests.hosts.far import Far, call, change, look
from tests.hosts.hostile import corpus

CORPUS = corpus()


def octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def shown(values: list[str]) -> bytes:
    """What t_show prints of them."""
    return b"".join(octets(v) + b"\n~~~~\n" for v in values)


def printed(reply: Reply) -> bytes:
    """What the function printed, put together again: only the first `--` parts ground and evidence."""
    lines = [*reply.ground, *(["--", *reply.evidence] if reply.evidence else [])]
    return octets("\n".join(lines)) + b"\n"


def parts(values: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(values), size):
        yield values[at : at + size]


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CORPUS) >= 500
    assert {bytes([b]) for b in range(1, 256)} <= {octets(v) for v in CORPUS}


def test_fault_013_every_value_reaches_a_look_byte_for_byte(every_far: Far) -> None:
    session = every_far.session()
    batches = list(parts(CORPUS, 100))
    replies = [
        r
        for some in parts(list(map(str, range(len(batches)))), 4)
        for r in session.look([look("t_show", *batches[int(at)]) for at in some])
    ]
    assert [r.rc for r in replies] == [0] * len(batches)
    for batch, reply in zip(batches, replies, strict=True):
        assert printed(reply) == shown(batch)


def test_fault_013_every_value_reaches_a_call_byte_for_byte(every_far: Far) -> None:
    session, lease = every_far.held()
    operations = [call("t_arguments", *batch) for batch in parts(CORPUS, 150)]
    reply = session.change(change(lease, *operations))
    assert reply.state == "done", reply.reason
    assert reply.output.sha256 == hashlib.sha256(shown(CORPUS)).hexdigest()


def test_fault_013_every_value_reaches_a_call_as_item(every_far: Far) -> None:
    session, lease = every_far.held()
    items = [v for v in CORPUS if "\n" not in v]
    target = every_far.directory / "items"
    assert session.change(change(lease, call("t_append", str(target), items=items))).state == "done"
    assert target.read_bytes() == b"".join(octets(i) + b"\n" for i in items)


def test_fault_013_every_secret_value_reaches_a_call_byte_for_byte(every_far: Far) -> None:
    values = [v for v in CORPUS if v][::7]
    every_far.secrets = {str(at): v for at, v in enumerate(values)}
    session, lease = every_far.held()
    secret = Call(family="t", function="t_arguments", args=tuple(SecretRef(s) for s in every_far.secrets))
    reply = session.change(change(lease, secret))
    assert reply.output.sha256 == hashlib.sha256(shown(values)).hexdigest()


def test_fault_013_a_file_is_written_byte_for_byte(every_far: Far) -> None:
    every_far.secrets = {"s": "\n$(id)\n\n"}
    session, lease = every_far.held()
    target = every_far.directory / "a file's name"
    put = Put(path=str(target), content=("".join(CORPUS), SecretRef("s"), "\n\n"))
    assert session.change(change(lease, put)).state == "done"
    assert target.read_bytes() == octets("".join(CORPUS)) + b"\n$(id)\n\n\n\n"


def test_fault_013_a_result_is_passed_on_byte_for_byte(every_far: Far) -> None:
    session, lease = every_far.held()
    values = [v for v in CORPUS if v and "\n" not in v and len(v) < 4096][::40]
    for at, value in enumerate(values):
        first = Call(family="t", function="t_first", args=(value,), result=Result(name="n", bound="equals", of=value))
        second = Call(family="t", function="t_arguments", args=(ResultRef(result="n"),))
        reply = session.change(change(lease, first, second, id=f"c{at}"))
        assert reply.state == "done", (value, reply.reason)
        assert reply.output.sha256 == hashlib.sha256(octets(value) + b"\n" + shown([value])).hexdigest()


def test_fault_014_nothing_in_a_value_is_executed(every_far: Far) -> None:
    hostile = [v.replace("CANARY", str(every_far.directory / "canary")) for v in CORPUS if "CANARY" in v]
    assert len(hostile) > 8
    session, lease = every_far.held("r $(touch canary)")
    session.look([look("t_show", *hostile)])
    session.change(change(lease, call("t_arguments", *hostile, items=hostile), id="c;touch canary"))
    assert not list(every_far.directory.rglob("canary*"))
    assert set(session.receipts(lease.run)) == {"c;touch canary"}
