"""docs/terminal.md shows what is printed: the same commands, and screens of the same form."""

from difflib import SequenceMatcher
from itertools import islice

import pytest

from tests.e2e.home import Home
from tests.e2e.night import MOMENT, PAGE, WEB_HOSTS, Night, page, screens_of
from tests.e2e.screen import drawn
from tests.lab import LabHost
from tests.lab.relay import Relay
from tests.lab.sshd import SshdLab

ALIKE = 0.75  # of a screen's lines: a word here or there may be better by now than when the page was made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("most", [3, pytest.param(99, marks=pytest.mark.long)], ids=["its beginning", "all of it"])
def test_the_page_shows_what_is_printed(home: Home, fresh_lab_host: LabHost, sshd_lab: SshdLab, most: int) -> None:
    web = sshd_lab.start_many(WEB_HOSTS) if most > 3 else []
    with Relay(("127.0.0.1", fresh_lab_host.port)) as relay:
        now = page(list(islice(Night.of(home, fresh_lab_host, relay, web).scenes(), most)))
    printed = screens_of(now)
    shown = screens_of(PAGE.read_text())[: len(printed)]
    assert [s[0] for s in shown] == [s[0] for s in printed], "run: make docs-lab"
    for old, new in zip(shown, printed, strict=True):
        if MOMENT in old[0]:  # which moment it is differs from time to time
            assert new[1].startswith("N hosts: ")
            continue
        ratio = SequenceMatcher(None, old, new, autojunk=False).ratio()
        assert ratio >= ALIKE, ("run: make docs-lab", old, new)


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("working\r\x1b[Kdone\r\n", ["done"]),
        ("\x1b[1mbold\x1b[0m", ["bold"]),
        ("a\r\nb\r\n\x1b[2A\x1b[Jc", ["c"]),
        ("abc\rx", ["xbc"]),
    ],
)
def test_a_terminal_shows_what_was_written_last(raw: str, lines: list[str]) -> None:
    assert drawn(raw) == lines
