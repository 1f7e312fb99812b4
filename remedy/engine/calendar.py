"""Change windows and freezes: whether something may be begun now, and when next. Pure.

A window speaks of the clock on the wall in its time zone. An hour that the clock leaps over never
opens a window; one that it shows twice opens it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from remedy.model import Freeze, Span, Window
from remedy.model.policy import DAY_NAMES

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SEARCH = timedelta(days=70)  # a window opens weekly; past this, several windows never open together
LEAP = timedelta(days=15)  # a weekly span, twice, so that one that a leap of the clock takes away is no end


@dataclass(frozen=True)
class Shut:
    """Why something may not be begun at a moment: the window or freeze, and when it ends by itself."""

    at: str  # FILE:LINE:COL
    name: str
    says: str
    ends: datetime | None


def is_within(spans: Sequence[Span], zone: tzinfo, moment: datetime) -> bool:
    """Whether the wall in this zone shows a time of these spans."""
    wall = moment.astimezone(zone)
    minute, today = wall.hour * 60 + wall.minute, wall.weekday()
    return any(_shows(span, minute, today) for span in spans)


def _shows(span: Span, minute: int, today: int) -> bool:
    if not span.over_midnight:
        return today in span.days and span.begins_min <= minute < span.ends_min
    return (today in span.days and minute >= span.begins_min) or (
        (today - 1) % 7 in span.days and minute < span.ends_min
    )


def next_open(window: Window, moment: datetime) -> datetime | None:
    """The first minute from `moment` on in which the window is open; None where it never is."""
    return _first(window, moment, wanted=True)


def next_shut(window: Window, moment: datetime) -> datetime | None:
    """The first minute from `moment` on in which the window is shut; None where it never is."""
    return _first(window, moment, wanted=False)


def _first(window: Window, moment: datetime, *, wanted: bool) -> datetime | None:
    if is_within(window.spans, window.zone, moment) is wanted:
        return moment
    at = moment.replace(second=0, microsecond=0) + MINUTE
    end = moment + LEAP
    while at <= end:
        for turn in _turns(window, at):
            if is_within(window.spans, window.zone, turn) is wanted:
                return turn
        at += HOUR
    return None


def _turns(window: Window, at: datetime) -> list[datetime]:
    """The minutes of the hour from `at` on in which it may open or shut: all of them, where the clock is changed."""
    wall = at.astimezone(window.zone)
    if wall.utcoffset() != (at + HOUR).astimezone(window.zone).utcoffset():
        return [at + n * MINUTE for n in range(60)]
    minute = wall.hour * 60 + wall.minute
    until = {(edge - minute) % 1440 for s in window.spans for edge in (s.begins_min, s.ends_min)}
    return [at + n * MINUTE for n in sorted({*until, (1440 - minute) % 1440}) if n < 60]  # a day may begin open


def shut_by(windows: Sequence[Window], freezes: Sequence[Freeze], moment: datetime) -> tuple[Shut, ...]:
    """Every freeze and window that keeps something from being begun at this moment."""
    frozen = [_frozen(f) for f in freezes if f.since <= moment < f.until]
    shut = [_shut(w, moment) for w in windows if not is_within(w.spans, w.zone, moment)]
    return (*frozen, *shut)


def begins_next(windows: Sequence[Window], freezes: Sequence[Freeze], moment: datetime) -> datetime | None:
    """The first minute from `moment` on in which nothing keeps it from being begun; None where none is near."""
    at, end = moment, moment + SEARCH + sum((f.until - f.since for f in freezes), timedelta())
    while at <= end:
        shut = shut_by(windows, freezes, at)
        if not shut:
            return at
        ends = [s.ends for s in shut]
        if None in ends:
            return None
        at = max(e for e in ends if e is not None)
    return None


def _frozen(freeze: Freeze) -> Shut:
    why = f": {freeze.reason}" if freeze.reason else ""
    until = wall_text(freeze.until, freeze.zone)
    return Shut(freeze.at, freeze.name, f"the freeze {freeze.name} holds until {until}{why}", freeze.until)


def _shut(window: Window, moment: datetime) -> Shut:
    opens = next_open(window, moment)
    when = f"it opens {wall_text(opens, window.zone)}" if opens else "it never opens"
    return Shut(window.at, window.name, f"the change window {window.name} is shut; {when}", opens)


def wall_text(moment: datetime, zone: tzinfo) -> str:
    """A moment as the wall of a zone shows it, to the minute."""
    wall = moment.astimezone(zone)
    return f"{DAY_NAMES[wall.weekday()]} {wall:%Y-%m-%d %H:%M} {wall.tzname() or zone}"


def span_text(span: Span) -> str:
    """A span in a few words: `mon,tue 22:00-05:00`."""
    days = "daily" if len(span.days) == 7 else ",".join(DAY_NAMES[d] for d in span.days)
    return f"{days} {_clock(span.begins_min)}-{_clock(span.ends_min)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
