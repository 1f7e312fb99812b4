"""The program at a real terminal: it asks, shows what happens now, and heeds Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

DEADLINE_S = 30.0
COLOUR = re.compile(r"\x1b\[[0-9;]+m")


def at_terminal(
    home: Path, argv: Sequence[str], answers: Sequence[tuple[str, str]], environ: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code and the screen of a command; each answer is typed once its question is on the screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        words = [sys.executable, "-m", "remedy", "-C", str(home), *argv]
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM", "REMEDY_HOME")}
        os.execve(sys.executable, words, {**kept, "TERM": "xterm", **(environ or {})})
    screen, waiting, deadline = "", list(answers), time.monotonic() + DEADLINE_S
    while piece := _read(terminal, deadline - time.monotonic()):
        screen += piece
        if waiting and waiting[0][0] in screen:
            os.write(terminal, waiting.pop(0)[1].encode())
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert "Traceback" not in screen
    return os.waitstatus_to_exitcode(status), screen


def _read(terminal: int, within_s: float) -> str:
    ready, _, _ = select.select([terminal], [], [], max(0.0, within_s))
    assert ready, "the program neither ended nor said anything"
    try:
        return os.read(terminal, 4096).decode("utf-8", "replace")
    except OSError:  # the other end is closed: the program has ended
        return ""


def left(home: Path) -> tuple[int, int]:
    """Files that are still there, of the first and of the second step."""
    files = home.parent / "files"
    return len(list((files / "a").iterdir())), len(list((files / "b").iterdir()))


def test_the_hosts_name_is_asked_for_and_typing_it_applies(local_home: Path) -> None:
    code, screen = at_terminal(local_home, ["apply", "slow", "--host", "here"], [("to consent: ", "here\n")])

    assert (code, left(local_home)) == (0, (0, 0)), screen
    assert COLOUR.search(screen)
    assert "here: first ..." in screen, "what happens now is shown"
    assert screen.index("to consent") < screen.index("here: first ...")


def test_no_color_is_honoured(local_home: Path) -> None:
    _, screen = at_terminal(local_home, ["plan", "slow", "--host", "here"], [], {"NO_COLOR": "1"})

    assert not COLOUR.search(screen)


def test_ctrl_c_at_the_question_does_nothing(local_home: Path) -> None:
    code, screen = at_terminal(local_home, ["apply", "slow", "--host", "here"], [("to consent: ", "\x03")])

    assert (code, left(local_home)) == (4, (1, 1)), screen
    assert "interrupted" in screen


def test_end_of_input_at_the_question_is_a_no(local_home: Path) -> None:
    code, screen = at_terminal(local_home, ["apply", "slow", "--host", "here"], [("to consent: ", "\x04")])

    assert (code, left(local_home)) == (3, (1, 1)), screen


def test_fault_059_ctrl_c_in_a_run_lets_the_current_step_end(local_home: Path) -> None:
    """Ctrl-C reaches every process of the terminal: the conversation with the host must not be among them."""
    answers = [("to consent: ", "here\n"), ("here: first ...", "\x03")]
    code, screen = at_terminal(local_home, ["apply", "slow", "--host", "here"], answers)

    assert (code, left(local_home)) == (6, (0, 1)), screen
    assert "no other is begun" in screen
