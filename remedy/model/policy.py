"""The policy: whose consent, when, and how much at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from remedy.model.words import Risk

APPROVAL_S = 3600
PRODUCTION = "production"  # the environment for which the built-in rules are strictest, and where nothing is drilled
STANDING_S = 90 * 86_400
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an entry of the policy speaks of. Empty means any; what is named in several ways must fit in all."""

    risk: tuple[Risk, ...] = ()
    environments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    playbooks: tuple[str, ...] = ()
    at: str = ""  # FILE:LINE:COL, or "built in"


@dataclass(frozen=True, kw_only=True)
class Rule(Scope):
    """Whose consent it takes. Of the rules that fit, the strictest of each of the three counts."""

    people: int = 1  # 0 by itself, 1 one person, 2 a second person besides the requester
    never: bool = False
    typed: bool = False  # the host's name must be typed at a terminal


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of the local day, on some weekdays. One that ends before it begins ends on the next day."""

    days: tuple[int, ...]  # 0 is Monday
    begins_min: int  # minutes after midnight, 0 to 1439
    ends_min: int  # 1 to 1440

    @property
    def over_midnight(self) -> bool:
        return self.ends_min <= self.begins_min


@dataclass(frozen=True, kw_only=True)
class Window(Scope):
    """When what it fits may be begun: while the clock on the wall, in its time zone, is within a span."""

    name: str
    zone: tzinfo
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True)
class Freeze(Scope):
    """When nothing that it fits may be begun: from `since` on, until just before `until`."""

    name: str
    since: datetime
    until: datetime
    zone: tzinfo
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Cap(Scope):
    """How much one plan may do at most, over the hosts that it fits; None where it does not say."""

    hosts: int | None = None
    host_parts: int | None = None  # the same in parts of ten thousand of the inventory's hosts, until it is `sized`
    size_bytes: int | None = None
    files: int | None = None
    runs: int | None = None  # of one playbook on one host
    at_once: int | None = None  # hosts in hand at one time, of whatever runs
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What holds here besides the built-in rules. Nothing that is added makes it looser, but a rule
    takes what it fits away from the built-in ones.
    """

    rules: tuple[Rule, ...] = ()
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    caps: tuple[Cap, ...] = ()
    max_hosts: int = 0  # 0: the playbook's own limit alone
    approval_s: int = APPROVAL_S  # seconds an approval lasts
    standing_s: int = STANDING_S  # seconds a standing approval lasts, at most
    digest: str = ""
