"""The working clock for many moments says what the calendar says for each."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.nations import BeyondCalendar
from dsa.timekeeping.working_clock import working_clock

MOMENTS = st.datetimes(datetime(2015, 1, 2), datetime(2031, 12, 29), timezones=st.just(UTC))


@settings(max_examples=200)
@given(st.sampled_from(["ENG", "WLS", "SCT", "NIR"]), MOMENTS, MOMENTS)
def test_the_difference_of_two_moments_is_what_was_worked_between_them(
    nation: str, one: datetime, other: datetime
) -> None:
    first, last = sorted((one.replace(second=0, microsecond=0), other.replace(second=0, microsecond=0)))
    calendar = calendar_for(nation)
    days = working_clock(calendar).days_before(np.array([int(first.timestamp()), int(last.timestamp())]))
    assert days[1] - days[0] == pytest.approx(calendar.working_minutes(first, last) / 480, abs=1e-9)


def test_every_minute_of_the_days_on_which_clocks_change() -> None:
    calendar = calendar_for("ENG")
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        start = day - timedelta(days=1)
        moments = [start + timedelta(minutes=minute) for minute in range(0, 4 * 1440, 7)]
        days = working_clock(calendar).days_before(np.array([int(at.timestamp()) for at in moments]))
        expected = [calendar.working_minutes(start, at) / 480 for at in moments]
        np.testing.assert_allclose(days - days[0], expected, atol=1e-9)


def test_a_moment_outside_the_calendar_is_refused() -> None:
    with pytest.raises(BeyondCalendar, match="2014-12-30"):
        working_clock(calendar_for("ENG")).days_before(np.array([int(datetime(2014, 12, 30, tzinfo=UTC).timestamp())]))
