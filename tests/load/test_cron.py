"""Schedules: which times come, how often, and none twice or never in a night in which the clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remedy.errors import Invalid
from remedy.load.cron import check_cron, check_often, next_runs
from remedy.model import Risk

WEEK = timedelta(days=7)
LEAPS = datetime(2030, 3, 27, 12, tzinfo=UTC)  # in Berlin the clock leaps from 02:00 to 03:00 on the 31st
GOES_BACK = datetime(2030, 10, 23, 12, tzinfo=UTC)  # and shows 02:00 to 03:00 twice on the 27th
PLAIN = datetime(2030, 6, 5, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def runs_in(text: str, begin: datetime, length: timedelta) -> list[datetime]:
    found = next_runs(text, begin, 20_000)
    return [at for at in found if at <= begin + length]


@pytest.mark.parametrize("begin", [PLAIN, LEAPS, GOES_BACK])
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("30 2 * * *", 7),
        ("30 0 * * *", 7),
        ("*/15 * * * *", 672),
        ("0 */6 * * *", 28),
        ("17 3 * * 1", 1),
        ("0 1 * * sat,sun", 2),
        ("0 1-3 * * 7", 3),
        ("* * * * *", 10_080),
    ],
)
def test_fault_023_a_week_in_which_the_clock_is_changed_has_the_runs_of_any_week(
    text: str, count: int, begin: datetime
) -> None:
    assert len(runs_in(text, begin, WEEK)) == count


def test_fault_023_only_the_wall_shows_another_hour() -> None:
    shown = [at.astimezone(BERLIN).strftime("%d %H:%M") for at in next_runs("30 1 * * *", LEAPS, 5)]
    assert shown == ["28 02:30", "29 02:30", "30 02:30", "31 03:30", "01 03:30"]


def test_fault_023_days_that_seldom_come_and_the_end_of_time() -> None:
    leap = next_runs("0 0 29 2 *", datetime(2096, 3, 1, tzinfo=UTC), 2)
    assert [at.year for at in leap] == [2104, 2108]
    last = next_runs("59 23 * * *", datetime(9999, 12, 30, 0, 0, tzinfo=UTC), 9)
    assert [at.day for at in last] == [30, 31]
    assert next_runs("0 0 * * *", datetime(9999, 12, 31, 0, 0, tzinfo=UTC), 5) == ()
    with pytest.raises(Invalid):
        check_cron("0 0 31 2 *")


def test_where_both_days_are_named_either_will_do() -> None:
    found = next_runs("0 0 13 * fri", datetime(2030, 9, 1, tzinfo=UTC), 5)
    assert [at.strftime("%a %d") for at in found] == ["Fri 06", "Fri 13", "Fri 20", "Fri 27", "Fri 04"]
    both = next_runs("0 0 1,15 * wed", datetime(2030, 6, 1, tzinfo=UTC), 4)
    assert [at.day for at in both] == [5, 12, 15, 19]


fields = st.tuples(
    st.sampled_from(["*", "*/7", "0", "5,50", "10-12"]),
    st.sampled_from(["*", "*/5", "3", "22-23", "0,12"]),
    st.sampled_from(["*", "1", "13,28", "*/10"]),
    st.sampled_from(["*", "3", "10-11", "jan,oct"]),
    st.sampled_from(["*", "0", "7", "mon-fri", "2"]),
)


@settings(max_examples=60, deadline=None)
@given(fields, st.sampled_from([LEAPS, GOES_BACK, PLAIN]))
def test_the_times_rise_and_nothing_that_fits_is_left_out(parts: tuple[str, ...], begin: datetime) -> None:
    text = " ".join(parts)
    found = next_runs(text, begin, 5)
    assert all(a < b for a, b in pairwise((begin, *found)))
    again = next_runs(text, found[0], 4)
    assert again == found[1:]


@pytest.mark.parametrize(
    ("text", "risk", "says"),
    [
        ("* * * * *", Risk.MEDIUM, "it runs every 1 minutes; at medium risk an hour is the least"),
        ("* * * * *", Risk.LOW, "at low risk 5 minutes is the least"),
        ("*/30 * * * *", Risk.MEDIUM, "it runs every 30 minutes"),
        ("0,59 3 * * 1", Risk.MEDIUM, "it runs every 59 minutes"),
        ("59 23 * * *", Risk.HIGH, ""),
        ("0 1,13 * * *", Risk.HIGH, "at high risk a day is the least"),
        ("*/5 * * * *", Risk.LOW, ""),
        ("17 * * * *", Risk.MEDIUM, ""),
        ("0 0 29 2 *", Risk.HIGH, ""),
    ],
)
def test_fault_023_nothing_runs_by_itself_oftener_than_its_risk_allows(text: str, risk: Risk, says: str) -> None:
    if not says:
        check_often(text, risk)
        return
    with pytest.raises(Invalid, match=says):
        check_often(text, risk)
