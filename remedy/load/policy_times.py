"""Times as a policy writes them: zones, spans of the day, moments. Each raises Invalid for what it cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from remedy.errors import Invalid
from remedy.model import Span
from remedy.model.policy import DAY_NAMES


def zone_of(name: str) -> tzinfo:
    """The time zone of this name."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            "no time zone of this name is known here",
            fix="for example Europe/Berlin or UTC; a machine without any wants: apt-get install tzdata",
        ) from None


def span_of(raw: Mapping[str, Any]) -> Span:
    """A span such as `{days: mon-fri, hours: "22:00-05:00"}`."""
    begins, _, ends = str(raw["hours"]).partition("-")
    span = Span(days=_days(raw.get("days", "mon-sun")), begins_min=_minutes(begins), ends_min=_minutes(ends))
    if span.ends_min in (span.begins_min, 0):
        raise Invalid("it ends as it begins, or at 00:00", fix="midnight, as an end, is 24:00; a whole day 00:00-24:00")
    return span


def _days(raw: str | list[str]) -> tuple[int, ...]:
    if isinstance(raw, list):
        return tuple(sorted({DAY_NAMES.index(d) for d in raw}))
    first, _, last = raw.partition("-")
    begin = DAY_NAMES.index(first)
    count = (DAY_NAMES.index(last or first) - begin) % 7 + 1
    return tuple(sorted((begin + n) % 7 for n in range(count)))


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def moment_of(text: str, zone: tzinfo, *, latest: bool) -> datetime:
    """The moment at which the wall of this zone shows `2030-12-20 18:00`.

    Where the clock shows it twice, or leaps over it, it is the earlier of the two, or with `latest` the later.
    """
    try:
        wall = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise Invalid("no such day or time", fix="write it as '2030-12-20 18:00'") from None
    both = [wall.replace(fold=n).astimezone(UTC) for n in (0, 1)]
    return max(both) if latest else min(both)
