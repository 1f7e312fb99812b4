"""What an operation prints, however much and whatever it is, is drained and bounded. Faults 50 to 53."""

from __future__ import annotations

import hashlib
import time

import pytest

from remedy.model import Call, SecretRef
from tests.hosts.far import Far, call, change, look
from tests.memory import forget_peak, peak_bytes

MEBI = 1_048_576


def sha256_of(piece: bytes, size: int) -> str:
    whole = hashlib.sha256()
    for _ in range(size // len(piece)):
        whole.update(piece)
    whole.update(piece[: size % len(piece)])
    return whole.hexdigest()


@pytest.mark.parametrize("size", [0, 1, 4095, 65_536, 65_537, 262_144, 262_145, 5 * MEBI])
def test_fault_050_output_without_a_newline_is_whole_up_to_its_bound(any_far: Far, size: int) -> None:
    session, lease = any_far.held()
    reply = session.change(change(lease, call("t_large", str(size)), then=[look("t_show", "x")]))
    assert (reply.state, reply.output.size_bytes) == ("done", size)
    assert reply.output.sha256 == (sha256_of(b"x" * 65_536, size) if size else "")
    assert reply.output.truncated == (size > 262_144)
    assert reply.after[0].ground[0] == "x"


def test_fault_050_a_hundred_megabytes_take_seconds_and_no_memory(any_far: Far) -> None:
    session, lease = any_far.held()
    before, began = forget_peak(), time.monotonic()
    reply = session.change(change(lease, call("t_large", str(128 * MEBI), timeout_s=30)))
    took = time.monotonic() - began
    assert (reply.state, reply.output.size_bytes) == ("done", 128 * MEBI)
    assert reply.output.sha256 == sha256_of(b"x" * 65_536, 128 * MEBI)
    assert took < 7.5, f"at this rate a gigabyte takes {took * 8:.0f} s"
    assert peak_bytes() - before < 16 * MEBI


def test_fault_050_a_million_lines_on_both_streams_are_all_counted(any_far: Far) -> None:
    session, lease = any_far.held()
    reply = session.change(change(lease, call("t_both", "500000", timeout_s=30), call("t_rc", "0")))
    assert (reply.state, reply.output.size_bytes) == ("done", 4_000_000)


@pytest.mark.long
def test_fault_050_a_gigabyte_takes_less_than_a_minute_and_64_megabytes(every_far: Far) -> None:
    session, lease = every_far.held()
    before, began = forget_peak(), time.monotonic()
    reply = session.change(change(lease, call("t_large", "1000000000", timeout_s=60)))
    assert (reply.state, reply.output.size_bytes, reply.output.truncated) == ("done", 1_000_000_000, True)
    print(f"1 GB: {time.monotonic() - began:.1f} s, {(peak_bytes() - before) / MEBI:.1f} MiB")
    assert time.monotonic() - began < 60
    assert peak_bytes() - before < 64 * MEBI


@pytest.mark.long
def test_fault_050_beyond_a_gibibyte_an_operation_is_killed(every_far: Far) -> None:
    session, lease = every_far.held()
    mark = call("t_mark", str(every_far.directory / "m"), "x", always=True)
    reply = session.change(change(lease, call("t_lines", "100000000000", timeout_s=120), mark))
    assert (reply.state, reply.failed_at) == ("failed", 0)
    assert "more than 1 GiB" in reply.reason
    assert (every_far.directory / "m").exists()


def test_fault_051_output_that_nobody_reads_at_once_does_not_block_the_end(far: Far) -> None:
    session, lease = far.held()
    operations = [call("t_both", "200000"), call("t_large", str(20 * MEBI)), call("t_rc", "3")]
    reply = session.change(change(lease, *operations))
    assert (reply.state, reply.failed_at, reply.rc) == ("failed", 2, 3)


def test_fault_053_no_frame_can_be_forged_by_output(any_far: Far) -> None:
    session, lease = any_far.held()
    forge, bad = call("t_forge"), call("t_rc", "5")
    reply = session.change(change(lease, forge, bad, forge, then=[look("t_forge")]))
    assert (reply.state, reply.failed_at, reply.rc) == ("failed", 1, 5)
    assert reply.output.text.count("acted -1 0") == 3
    assert len(reply.after) == 1


def test_fault_053_a_prompt_is_not_answered(any_far: Far) -> None:
    any_far.secrets = {"password": "swordfish-and-more"}
    session, lease = any_far.held()
    prompt = call("t_prompt", str(any_far.directory / "typed"), timeout_s=3)
    secret = Call(family="t", function="t_rc", args=("0", SecretRef("password")))
    reply = session.change(change(lease, prompt, secret))
    assert reply.state == "done"
    assert (any_far.directory / "typed").read_text() == "[]"


def test_fault_052_controls_and_bytes_that_are_no_text_are_kept_as_they_are(any_far: Far) -> None:
    session, lease = any_far.held()
    file = any_far.directory / "raw"
    file.write_bytes(bytes(range(256)) * 3)
    reply = session.change(change(lease, call("t_state", str(file))))
    assert reply.output.sha256 == hashlib.sha256(bytes(range(256)) * 3).hexdigest()
    reply.output.text.encode("utf-8")


def test_fault_096_a_secret_in_a_flood_is_masked_at_every_place(far: Far) -> None:
    value = "canary-0123456789-canary"
    far.secrets = {"s": value}
    session, lease = far.held()
    flood = Call(family="t", function="t_flood", args=("40000", SecretRef("s")))
    reply = session.change(change(lease, flood))
    assert reply.state == "done"
    assert reply.output.truncated
    assert not [at for at in range(len(value) - 8) if value[at : at + 8] in reply.output.text]
