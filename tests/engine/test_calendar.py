"""Windows speak of the clock on the wall, through the nights in which it leaps and those in which it goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remedy.engine.calendar import begins_next, is_within, next_open, next_shut, shut_by
from remedy.model import Freeze, Span, Window

BERLIN = ZoneInfo("Europe/Berlin")
DAILY = tuple(range(7))
HOUR = timedelta(hours=1)
LEAPS = datetime(2030, 3, 31, 0, 0, tzinfo=UTC)  # 02:00 in Berlin becomes 03:00 at 01:00 UTC
GOES_BACK = datetime(2030, 10, 27, 0, 0, tzinfo=UTC)  # 03:00 becomes 02:00 at 01:00 UTC


def window(begins: str, ends: str, days: tuple[int, ...] = DAILY, name: str = "nights") -> Window:
    return Window(name=name, zone=BERLIN, spans=(Span(days=days, begins_min=minutes(begins), ends_min=minutes(ends)),))


def minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def open_minutes(shown: Window, begin: datetime, length: timedelta) -> int:
    count = int(length / timedelta(minutes=1))
    return sum(is_within(shown.spans, BERLIN, begin + timedelta(minutes=n)) for n in range(count))


@pytest.mark.parametrize(
    ("begins", "ends", "ordinary", "leaping", "going_back"),
    [
        ("22:00", "05:00", 420, 360, 480),  # a night is an hour shorter, an hour longer
        ("02:00", "03:00", 60, 0, 120),  # the hour that is not there, the hour that is there twice
        ("01:30", "02:30", 60, 30, 90),
        ("02:30", "04:00", 90, 60, 120),
        ("04:00", "05:00", 60, 60, 60),
        ("00:00", "24:00", 1440, 1380, 1500),
    ],
)
def test_a_window_is_open_as_long_as_the_wall_shows_its_hours(
    begins: str, ends: str, ordinary: int, leaping: int, going_back: int
) -> None:
    shown = window(begins, ends)
    noon_to_noon = timedelta(hours=24)
    assert open_minutes(shown, datetime(2030, 6, 1, 10, 0, tzinfo=UTC), noon_to_noon) == ordinary
    if begins == "00:00":  # a whole day of the wall: 23 and 25 hours
        assert open_minutes(shown, datetime(2030, 3, 30, 23, 0, tzinfo=UTC), 23 * HOUR) == leaping
        assert open_minutes(shown, datetime(2030, 10, 26, 22, 0, tzinfo=UTC), 25 * HOUR) == going_back
    else:
        assert open_minutes(shown, LEAPS - 13 * HOUR, noon_to_noon) == leaping
        assert open_minutes(shown, GOES_BACK - 14 * HOUR, 25 * HOUR) == going_back


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = window("22:00", "05:00", days=(4,))
    assert is_within(friday_night.spans, BERLIN, datetime(2030, 6, 8, 4, 59, tzinfo=BERLIN))  # saturday morning
    assert not is_within(friday_night.spans, BERLIN, datetime(2030, 6, 8, 5, 0, tzinfo=BERLIN))
    assert not is_within(friday_night.spans, BERLIN, datetime(2030, 6, 7, 4, 0, tzinfo=BERLIN))
    monday = window("22:00", "05:00", days=(6,))  # sunday night reaches into monday
    assert is_within(monday.spans, BERLIN, datetime(2030, 6, 10, 0, 0, tzinfo=BERLIN))


def test_a_window_in_the_hour_that_is_leapt_over_opens_on_the_next_day() -> None:
    assert next_open(window("02:00", "03:00"), LEAPS) == datetime(2030, 4, 1, 0, 0, tzinfo=UTC)
    half = window("02:30", "04:00")
    assert next_open(half, LEAPS) == datetime(2030, 3, 31, 1, 0, tzinfo=UTC), "it opens as the clock has leapt"


spans = st.builds(
    lambda days, begins, length: Span(
        days=tuple(sorted(days)), begins_min=begins, ends_min=(begins + length - 1) % 1440 + 1
    ),
    days=st.sets(st.integers(0, 6), min_size=1),
    begins=st.integers(0, 1439),
    length=st.integers(1, 1439),
)
moments = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from([LEAPS, GOES_BACK]),
    st.integers(-6 * 86_400, 6 * 86_400),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(spans, min_size=1, max_size=3), moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(parts: list[Span], moment: datetime) -> None:
    shown = Window(name="w", zone=BERLIN, spans=tuple(parts))
    found = next_open(shown, moment)
    assert found is not None
    assert is_within(parts, BERLIN, found)
    steps = int((found - moment) / timedelta(minutes=1))
    assert not any(is_within(parts, BERLIN, moment + timedelta(minutes=n)) for n in range(steps))
    if found != moment:
        assert not is_within(parts, BERLIN, found - timedelta(microseconds=1))
    ends = next_shut(shown, found)
    assert ends is None or not is_within(parts, BERLIN, ends)


def freeze(since: datetime, length: timedelta) -> Freeze:
    return Freeze(name="f", since=since, until=since + length, zone=BERLIN, reason="holidays")


@settings(max_examples=40, deadline=None)
@given(st.lists(spans, max_size=2), st.lists(st.tuples(moments, st.integers(1, 400)), max_size=2), moments, spans)
def test_a_window_or_a_freeze_more_never_lets_anything_begin_earlier(
    parts: list[Span], frozen: list[tuple[datetime, int]], moment: datetime, extra: Span
) -> None:
    windows = [Window(name=str(n), zone=BERLIN, spans=(p,)) for n, p in enumerate(parts)]
    freezes = [freeze(since, hours * HOUR) for since, hours in frozen]
    more = [*windows, Window(name="more", zone=UTC, spans=(extra,))]
    longer = [*freezes, freeze(moment, HOUR)]

    assert len(shut_by(more, freezes, moment)) >= len(shut_by(windows, freezes, moment))
    assert shut_by(windows, longer, moment)
    first, later = begins_next(windows, freezes, moment), begins_next(more, longer, moment)
    assert later is None or (first is not None and first <= later)
    assert later is None or not shut_by(more, longer, later)


def test_windows_that_are_never_open_together_are_told_to_be_so() -> None:
    never = [window("01:00", "02:00", name="a"), window("03:00", "04:00", name="b")]
    assert begins_next(never, (), LEAPS) is None


def test_a_freeze_says_until_when_and_why() -> None:
    (shut,) = shut_by((), [freeze(LEAPS, 48 * HOUR)], LEAPS)
    assert shut.says == "the freeze f holds until tue 2030-04-02 02:00 CEST: holidays"
    assert shut_by((), [freeze(LEAPS, HOUR)], LEAPS + HOUR) == ()
