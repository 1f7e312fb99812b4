"""Command lines as lists: what is refused of them, and how they are shown. Pure.

What is refused is a lint, not a fence: who may write a playbook may run a program. It keeps shell text, which values
could become a part of, and programs that never end out of playbooks.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

SHELLS = ("sh", "ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "tcsh", "zsh")
INTERPRETERS = {"python": "c", "perl": "eE", "ruby": "e", "node": "ep", "php": "r", "lua": "e"}
WRAPPERS = (
    *("busybox", "chroot", "doas", "env", "ionice", "nice", "nohup", "nsenter", "runuser", "setsid", "stdbuf", "su"),
    *("sudo", "systemd-run", "time", "timeout", "unshare", "xargs"),
)
AT_A_TERMINAL = (
    *(
        "emacs",
        "htop",
        "less",
        "man",
        "more",
        "mc",
        "nano",
        "passwd",
        "screen",
        "sudoedit",
        "tmux",
        "top",
        "vi",
        "view",
    ),
    *("vim", "vipw", "visudo", "watch"),
)
FOLLOWERS = ("tail", "journalctl")
CONTAINERS = ("docker", "podman", "kubectl", "nerdctl")


def why_not_run(argv: Sequence[str]) -> str:
    """Why this is not run, as a sentence; "" where it may be."""
    if not argv or not argv[0] or argv[0].startswith("-"):
        return "wanted a program and its arguments, the program first"
    if any("\0" in word for word in argv):
        return "a NUL cannot be an argument"
    program, rest = _name(argv[0]), list(argv[1:])
    if program in AT_A_TERMINAL:
        return f"{program} needs a terminal, or never ends"
    if program in FOLLOWERS and any(re.fullmatch(r"-[0-9a-zA-Z]*[fF][0-9a-zA-Z]*|--follow(=.*)?", a) for a in rest):
        return f"{program} that follows never ends"
    if program in CONTAINERS and any(re.fullmatch(r"-(it|ti|t)|--tty", a) for a in rest):
        return "there is no terminal: -t cannot be had"
    return _why_no_text(program, rest)


def _why_no_text(program: str, rest: list[str]) -> str:
    """Why not, where a program is given text to run as code: a value in it could become a command."""
    options = _options(rest)
    if program in SHELLS and any(re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", a) for a in options):
        return "text for a shell: a value in it could become a command"
    letters = next((k for p, k in INTERPRETERS.items() if re.fullmatch(p + r"[0-9.]*", program)), "")
    if letters and any(re.fullmatch(f"-[a-zA-Z]*[{letters}]|--(eval|print|run)", a) for a in options):
        return f"text for {program}: a value in it could become a command"
    if program in WRAPPERS:
        at = next((n for n, word in enumerate(rest) if _name(word) in (*SHELLS, *AT_A_TERMINAL)), None)
        return why_not_run(rest[at:]) if at is not None else ""
    return ""


def _options(rest: list[str]) -> list[str]:
    """The options before the first other word."""
    end = next((n for n, word in enumerate(rest) if not word.startswith("-") or word in ("-", "--")), len(rest))
    return rest[:end]


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def shown(argv: Sequence[str]) -> str:
    """A command line as one could type it, each word quoted; in one line."""
    return " ".join(map(_quoted, argv))


def _quoted(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(_escaped(c) for c in word) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character.isprintable():
        return character
    raw = character.encode("utf-8", "surrogateescape")
    return {"\n": "\\n", "\t": "\\t"}.get(character, "".join(f"\\x{b:02x}" for b in raw))
