"""Cron expressions: five fields, as cron(5) has them, in UTC, so that no hour is leapt over or comes twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise

from remedy.errors import Invalid
from remedy.model import Risk

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM = re.compile(r"(?:(\*)|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,3}))?", re.ASCII)


# How often something may run by itself, by the highest risk of its actions: an unattended restart every
# five minutes hides a fault, an unattended change of high risk twice a day is nobody's wish.
LEAST_S = {Risk.LOW: 300, Risk.MEDIUM: 3600, Risk.HIGH: 86_400}
SAMPLE = 200  # runs looked at for the shortest pause: more than the minutes and hours of any day differ in
FAR = timedelta(days=50 * 366)  # five times a 29 February, one of them left out by a century


def next_runs(text: str, after: datetime, count: int) -> tuple[datetime, ...]:
    """The next times that a valid expression names, in UTC, later than `after`; fewer where time ends."""
    return tuple(islice(_runs(text, after.astimezone(UTC)), count))


def check_often(text: str, risk: Risk) -> None:
    """Raise Invalid where two runs of a valid expression are closer than this risk allows."""
    runs = next_runs(text, datetime(2028, 1, 1, tzinfo=UTC), SAMPLE)  # a leap year: every day there is
    shortest_s = min((int((b - a).total_seconds()) for a, b in pairwise(runs)), default=LEAST_S[Risk.HIGH])
    if shortest_s < LEAST_S[risk]:
        least = {300: "5 minutes", 3600: "an hour", 86_400: "a day"}[LEAST_S[risk]]
        raise Invalid(f"it runs every {shortest_s // 60} minutes; at {risk.word} risk {least} is the least", fix="")


def _runs(text: str, after: datetime) -> Iterator[datetime]:
    minutes, hours, *_ = _values(text)
    for day in _days(text, after):
        for hour in sorted(hours):
            for minute in sorted(minutes):
                at = datetime.combine(day, time(hour, minute), UTC)
                if at > after:
                    yield at


def _days(text: str, after: datetime) -> Iterator[date]:
    """The days on which it runs; where both day and weekday are named, either will do, as cron(5) says."""
    _, _, days, months, weekdays = _values(text)
    _, _, day_field, _, weekday_field = text.split()
    either = not day_field.startswith("*") and not weekday_field.startswith("*")
    end = min(after.date().toordinal() + FAR.days, date.max.toordinal())
    for ordinal in range(after.date().toordinal(), end + 1):
        day = date.fromordinal(ordinal)
        in_days, in_week = day.day in days, day.isoweekday() % 7 in weekdays
        if day.month in months and ((in_days or in_week) if either else (in_days and in_week)):
            yield day


def check_cron(text: str) -> None:
    """Raise Invalid for what is not five fields, out of range, or a day that no month has."""
    fields = text.split()
    values = _values(text)
    days, months = values[2], values[3]
    if fields[4] == "*" and all(min(days) > _LONGEST_MONTH[m - 1] for m in months):
        raise Invalid("no such day ever comes in these months")


def _values(text: str) -> list[set[int]]:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise Invalid("wanted five fields: minute, hour, day, month, weekday", fix="for example '17 3 * * *'")
    values = [_field(f, *bounds) for f, bounds in zip(fields, _FIELDS, strict=True)]
    values[4] = {d % 7 for d in values[4]}  # both 0 and 7 are sunday
    return values


def _field(text: str, name: str, low: int, high: int) -> set[int]:
    words = dict(zip(_MONTHS, range(1, 13), strict=True)) if name == "month" else {}
    words |= dict(zip(_DAYS, range(7), strict=True)) if name == "weekday" else {}
    plain = re.sub(r"[a-zA-Z]+", lambda m: str(words.get(m[0].lower(), m[0])), text)
    found: set[int] = set()
    for item in plain.split(","):
        found |= _item(item, text, name, low, high)
    return found


def _item(item: str, text: str, name: str, low: int, high: int) -> set[int]:
    match = _ITEM.fullmatch(item)
    if not match:
        raise Invalid(f"'{text[:40]}' is no {name}", fix=f"* or {low}-{high}, with , - and /")
    star, first, last, step = match.groups()
    start = low if star else int(first)
    end = high if star or (step and not last) else int(last or first)
    if not low <= start <= end <= high or (step is not None and int(step) < 1):
        raise Invalid(f"'{text[:40]}' is no {name} from {low} to {high}")
    return set(range(start, end + 1, int(step or 1)))
