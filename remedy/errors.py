"""The tree of errors. Every error a user can meet is one of these, and knows its exit code.

Exit codes are part of the command line's contract:
0 done, 1 failed or ineffective, 2 invalid input, 3 refused, 4 unreachable or cannot tell,
5 changes pending, 6 unknown outcome, 70 a bug of ours.
"""

from __future__ import annotations

from dataclasses import dataclass


class RemedyError(Exception):
    """Something went wrong that a person can act upon.

    `at` says where (FILE:LINE:COL, a host, a run); `fix` says what to do next.
    """

    kind = "error"
    exit_code = 70

    def __init__(self, message: str, *, at: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.fix = fix


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a file: where, what, which rule, and what to write instead."""

    at: str  # FILE:LINE:COL
    message: str
    rule: str = ""
    fix: str = ""


class Invalid(RemedyError):
    """The input is wrong: a file, an argument, a name. Nothing was touched."""

    kind = "invalid"
    exit_code = 2

    def __init__(self, message: str, *, at: str = "", fix: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message, at=at, fix=fix)
        self.problems = problems


class Unsafe(Invalid):
    """The home, a key or the store has an owner, mode or place that cannot be trusted."""

    kind = "unsafe"


class Refused(RemedyError):
    """A rule forbids it: unapproved, expired, used, policy, caps. Nothing was done."""

    kind = "refused"
    exit_code = 3


class Unapproved(Refused):
    """The plan lacks an approval that its risk demands."""

    kind = "unapproved"


class Forbidden(Refused):
    """The policy forbids it, whoever asks: a rule says never, or a cap is passed. Nothing was done."""

    kind = "forbidden"


class Closed(Refused):
    """It is not the time: a change window is shut, or a freeze holds. Nothing was done."""

    kind = "closed"


class Spent(Refused):
    """This playbook has run as often on this host, in the last hour, as it may. Nothing was done."""

    kind = "spent"


class Stale(Refused):
    """What was planned upon is not what is there now. Nothing was done."""

    kind = "stale"


class Busy(Refused):
    """Another run holds the lease of a host, too many hosts are in hand, or another process holds the store."""

    kind = "busy"


class HostKeyRefused(Refused):
    """The host's key is unknown or is not the pinned one; nothing was sent to it."""

    kind = "hostkey"


class Unreachable(RemedyError):
    """Nothing was sent: the host, its port, its login or its shell could not be had."""

    kind = "unreachable"
    exit_code = 4


class CannotTell(RemedyError):
    """A symptom or a check could not be answered."""

    kind = "cannot-tell"
    exit_code = 4


class Lost(RemedyError):
    """The conversation ended after something was sent: what happened is unknown until it is settled."""

    kind = "unknown"
    exit_code = 6


class Failed(RemedyError):
    """It was tried and it did not work."""

    kind = "failed"
    exit_code = 1


class StoreError(RemedyError):
    """The store cannot be read or written, or its chain of events is broken. Nothing new is started."""

    kind = "store"
    exit_code = 3


class Bug(RemedyError):
    """A promise inside remedy was broken."""

    kind = "bug"
    exit_code = 70
