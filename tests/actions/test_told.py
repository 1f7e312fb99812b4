"""A stale plan shows names, sizes and times; whatever a host says, there are words for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.actions.action import Action
from remedy.actions.catalogue import shipped
from remedy.engine.ground import Different, compare
from remedy.model import Json

PARAMS: dict[str, dict[str, Json]] = {
    "command.run": {"argv": ["make"], "unless": ["test", "-e", "/x"]},
    "compose.restart": {"project": "shop", "services": ["web"]},
    "dir.make": {"path": "/srv/a"},
    "file.put": {"path": "/etc/x", "content": "x"},
    "file.remove": {"path": "/srv/x"},
    "files.prune": {"root": "/srv/log", "match": "*", "older_than": "7d"},
    "logs.rotate": {"paths": ["/srv/log/*.log"]},
    "service.restart": {"unit": "web"},
}


def actions() -> dict[str, Action[object]]:
    catalogue = shipped()
    known = {name: params for name, params in PARAMS.items() if name in catalogue.actions}
    return {name: catalogue.action(name, params) for name, params in known.items()}


ACTIONS = actions()


@pytest.mark.parametrize(
    ("name", "planned", "found", "lines"),
    [
        (
            "files.prune",
            ("root 1:2", "item a.log\t1:10:2048:1600000000"),
            ("root 1:3", "item a.log\t1:10:4096:1600000060"),
            (
                "- /srv/log: number 2",
                "+ /srv/log: number 3",
                "- a.log  2.0 KiB, changed 2020-09-13 12:26",
                "+ a.log  4.0 KiB, changed 2020-09-13 12:27",
            ),
        ),
        (
            "files.prune",
            ("item a.log\t1:10:2048:1600000000",),
            ("item a.log\t1:11:2048:1600000000",),
            (
                "- a.log  2.0 KiB, changed 2020-09-13 12:26 (a.log  1:10:2048:1600000000)",
                "+ a.log  2.0 KiB, changed 2020-09-13 12:26 (a.log  1:11:2048:1600000000)",
            ),
        ),
        (
            "file.put",
            ("is 1:10:2:1600000000", "mode 644"),
            ("is 1:10:3:1600000000", "mode 600"),
            (
                "- /etc/x: 2 B, changed 2020-09-13 12:26",
                "- mode 0644",
                "+ /etc/x: 3 B, changed 2020-09-13 12:26",
                "+ mode 0600",
            ),
        ),
        (
            "service.restart",
            ("state failed", "invocation 0123456789abcdef"),
            ("state active", "invocation fedcba9876543210"),
            (
                "- web.service is failed",
                "- its run is 01234567",
                "+ web.service is active",
                "+ its run is fedcba98",
            ),
        ),
    ],
    ids=["another size and directory", "another file of the same size and age", "a file", "a unit"],
)
def test_both_observations_are_told_in_words(
    name: str, planned: tuple[str, ...], found: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    relation = compare(planned, found, ACTIONS[name].told)
    assert isinstance(relation, Different)
    assert relation.lines == lines


WORDS = st.sampled_from(
    ["item", "root", "is", "dir", "base", "mode", "sha256", "guard", "program", "state", "invocation"]
)
LINES = st.one_of(
    st.text(max_size=40),
    st.builds(lambda word, rest: f"{word} {rest}", WORDS, st.text(max_size=30)),
    st.builds(
        lambda key, kind, numbers: f"item {key}\t{kind}{':'.join(map(str, numbers))}",
        st.text(max_size=9),
        st.sampled_from(["", "drop:", "rotate:", "unfinished:", "up "]),
        st.lists(st.integers(), max_size=5),
    ),
)


@given(LINES)
def test_whatever_a_host_says_there_are_words_for_it(line: str) -> None:
    for action in ACTIONS.values():
        assert isinstance(action.told(line), str)
