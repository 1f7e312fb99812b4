"""However an engine's stream is cut in pieces, both streams in it are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from remedy.hosts.streams import COMPLAINT_BYTES, Streams

FRAMES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300)), max_size=20)


@given(FRAMES, st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_both_streams_are_whole_whatever_the_pieces(frames: list[tuple[int, bytes]], sizes: list[int]) -> None:
    raw = b"".join(bytes([kind, 0, 0, 0]) + len(text).to_bytes(4, "big") + text for kind, text in frames)
    streams, out, at = Streams(), b"", 0
    while at < len(raw):
        size = sizes[at % len(sizes)]
        out += streams.feed(raw[at : at + size])
        at += size
    assert out == b"".join(text for kind, text in frames if kind == 1)
    assert streams.complaint == b"".join(text for kind, text in frames if kind == 2)[-COMPLAINT_BYTES:]


@given(st.binary(max_size=2000))
def test_what_is_no_stream_is_no_error_and_never_more_than_what_came(raw: bytes) -> None:
    assert len(Streams().feed(raw)) <= len(raw)
