"""No words on a command line, however odd, end in a traceback or in a change."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remedy.cli.app import COMMANDS
from tests.cli.conftest import Bench

CODES = {0, 1, 2, 3, 4, 5, 6}
OPTIONS = ("--host", "--group", "-p", "--json", "--yes", "--through", "--ttl", "--as", "--owner", "--limit", "-C", "--")
TEXT = st.text(st.characters(exclude_characters="\0"), max_size=20)
WORDS = st.one_of(
    st.sampled_from(("test1", "disk-full", "all", "mount=/", "plans", "runs", "p", "r", "3", "done", "old-logs", "")),
    st.sampled_from(OPTIONS),
    TEXT,
)
LEFT_OUT = {"demo", "init", "trust"}  # they start, write and reach real things


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.sampled_from(sorted(set(COMMANDS) - LEFT_OUT)), words=st.lists(WORDS, max_size=5))
def test_odd_words_are_answered(bench: Bench, command: str, words: list[str]) -> None:
    argv = [w for w in words if w not in ("--yes", "--break-glass")]

    done = bench(command, *argv)

    assert done.code in CODES, (command, argv, done)
    assert bench.mutations == 0
    if "--json" in argv and done.out and "--help" not in argv:
        json.loads(done.out)
