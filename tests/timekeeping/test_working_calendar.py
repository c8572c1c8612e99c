"""Working time against an independent walk over the days, and the pitfalls that calendars fall into."""

import csv
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.domain.errors import BadInput
from dsa.timekeeping.calendar import CountingRule, WorkingCalendar, calendar_for, foi_calendar, merged
from dsa.timekeeping.nations import FIRST_DAY, LAST_DAY, NATIONS, BeyondCalendar, UnknownNation, bank_holidays
from dsa.timekeeping.office import CHRISTMAS_HALF_DAYS, HalfDay, HoursFrom, OfficeHours

LONDON = ZoneInfo("Europe/London")
ENG = calendar_for("ENG")
SCT = calendar_for("SCT")
instants = st.datetimes(datetime(2015, 1, 2), datetime(2031, 12, 30), timezones=st.just(UTC))
dates = st.dates(FIRST_DAY, LAST_DAY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def worked_day(nation: str, day: date) -> bool:
    return day.weekday() < 5 and day not in bank_holidays(nation)


def walked_minutes(nation: str, start: datetime, end: datetime, opens: int = 9, closes: int = 17) -> int:
    """Overlap of the interval with each day's office hours, in UTC, by the time zone database."""
    total = 0
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    day = start.astimezone(LONDON).date()
    while day <= end.astimezone(LONDON).date():
        if worked_day(nation, day):
            opening = datetime(day.year, day.month, day.day, opens, tzinfo=LONDON).astimezone(UTC)
            closing = datetime(day.year, day.month, day.day, closes, tzinfo=LONDON).astimezone(UTC)
            total += max(0, int((min(end, closing) - max(start, opening)).total_seconds()) // 60)
        day += timedelta(days=1)
    return total


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NATIONS), instants, st.integers(0, 400 * 24 * 60))
def test_working_minutes_equal_a_walk_over_the_days(nation: str, start: datetime, minutes: int) -> None:
    end = min(start + timedelta(minutes=minutes), datetime(2031, 12, 31, 12, tzinfo=UTC))
    assert calendar_for(nation).working_minutes(start, end) == walked_minutes(nation, start, end)


@given(instants)
def test_the_local_date_is_that_of_the_time_zone_database(moment: datetime) -> None:
    assert ENG.local_date(moment) == moment.astimezone(LONDON).date()


def test_the_local_date_is_right_in_every_hour_around_every_change_of_the_clocks() -> None:
    for year in range(2015, 2032):
        for month in (3, 10):
            for hour in range(31 * 24):
                moment = datetime(year, month, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=59)
                assert ENG.local_date(moment) == moment.astimezone(LONDON).date()


@settings(deadline=None)
@given(instants, instants, instants)
def test_intervals_that_meet_add_up_exactly(first: datetime, second: datetime, third: datetime) -> None:
    start, middle, end = sorted((first, second, third))
    assert ENG.working_minutes(start, end) == ENG.working_minutes(start, middle) + ENG.working_minutes(middle, end)


def test_minutes_are_right_around_every_change_of_the_clocks_even_for_an_office_open_from_two() -> None:
    early = calendar_for("ENG", hours=OfficeHours(120, 1440))
    for year in range(2015, 2032):
        for month in (3, 10):
            for hour in range(20 * 24, 30 * 24):
                moment = datetime(year, month, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hour)
                local = moment.astimezone(LONDON)
                opening = early.next_opening(moment).astimezone(LONDON)
                if worked_day("ENG", local.date()):
                    assert opening == (local if local.hour >= 2 else local.replace(hour=2, minute=0))
                else:
                    assert (opening.hour, opening.minute, opening.date() > local.date()) == (2, 0, True)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-03-28T16:30Z", "2025-03-31T08:30Z"),  # clocks go forward in between
        ("2025-10-24T15:30Z", "2025-10-27T09:30Z"),  # clocks go back in between
    ],
)
def test_half_an_hour_either_side_of_a_change_of_clocks_is_an_hour(start: str, end: str) -> None:
    assert ENG.working_minutes(at(start), at(end)) == 60


def test_half_past_eleven_at_night_utc_in_july_is_tomorrow_in_london() -> None:
    assert ENG.local_date(at("2025-07-04T23:30Z")) == date(2025, 7, 5)
    assert ENG.local_date(at("2025-01-04T23:30Z")) == date(2025, 1, 4)
    assert ENG.elapsed_days(at("2025-07-06T23:30Z"), at("2025-07-07T12:00Z")) == 0


def test_a_weekend_holds_no_working_time() -> None:
    assert ENG.working_minutes(at("2024-05-18T00:00Z"), at("2024-05-19T22:00Z")) == 0
    assert ENG.working_days(date(2024, 5, 18), date(2024, 5, 19), rule=CountingRule.INCLUSIVE) == 0


def test_the_three_counting_rules_differ_by_the_end_days() -> None:
    monday, friday = date(2024, 5, 13), date(2024, 5, 17)
    counts = {rule: ENG.working_days(monday, friday, rule=rule) for rule in CountingRule}
    assert counts == {
        CountingRule.EXCLUDE_START_INCLUDE_END: 4,
        CountingRule.HALF_OPEN: 4,
        CountingRule.INCLUSIVE: 5,
    }
    saturday = date(2024, 5, 18)
    assert ENG.working_days(friday, saturday) == 0
    assert ENG.working_days(friday, saturday, rule=CountingRule.HALF_OPEN) == 1


def test_a_reversed_interval_counts_nothing() -> None:
    late, early = at("2024-05-20T11:00Z"), at("2024-05-14T11:00Z")
    assert ENG.working_minutes(late, early) == 0
    assert [ENG.working_days(date(2024, 5, 20), date(2024, 5, 14), rule=rule) for rule in CountingRule] == [0, 0, 0]


def test_a_leap_day_is_a_working_day() -> None:
    assert ENG.working_days(date(2024, 2, 28), date(2024, 3, 1)) == 2
    assert ENG.add_working_days(date(2024, 2, 28), 1) == date(2024, 2, 29)


def test_pauses_are_merged_clipped_and_count_working_minutes_only() -> None:
    start, end = at("2024-05-13T08:00Z"), at("2024-05-17T16:00Z")
    overlapping = (
        (at("2024-05-14T08:00Z"), at("2024-05-15T12:00Z")),
        (at("2024-05-15T08:00Z"), at("2024-05-15T16:00Z")),
    )
    beyond = ((at("2024-05-17T12:00Z"), at("2024-06-30T12:00Z")), (at("2024-04-01T12:00Z"), at("2024-05-13T10:00Z")))
    reversed_pause = ((at("2024-05-16T12:00Z"), at("2024-05-16T10:00Z")),)
    assert ENG.working_minutes(start, end) == 5 * 480
    assert ENG.working_minutes(start, end, pauses=overlapping) == 3 * 480
    assert ENG.working_minutes(start, end, pauses=overlapping + beyond + reversed_pause) == 3 * 480 - 240 - 120
    assert ENG.working_minutes(start, end, pauses=((at("2020-01-01T00:00Z"), at("2030-01-01T00:00Z")),)) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6))
def test_merged_pauses_cover_each_minute_of_them_once(raw: list[tuple[int, int]]) -> None:
    zero = datetime(2024, 5, 13, 10, tzinfo=UTC)
    pauses = [(zero + timedelta(minutes=a), zero + timedelta(minutes=b)) for a, b in raw]
    found = merged(pauses, zero + timedelta(minutes=5), zero + timedelta(minutes=50))
    covered = {minute for a, b in raw for minute in range(max(a, 5), min(b, 50))}
    assert sum(int((b - a).total_seconds()) // 60 for a, b in found) == len(covered)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(found))


def test_half_days_are_shorter_working_days() -> None:
    calendar = calendar_for("ENG", half_days=CHRISTMAS_HALF_DAYS)
    start, end = at("2024-12-24T00:00Z"), at("2024-12-25T00:00Z")
    assert calendar.working_minutes(start, end) == 210
    assert calendar.working_days(date(2024, 12, 23), date(2024, 12, 24)) == 1
    assert calendar.due_at(at("2024-12-23T10:00Z"), 1) == at("2024-12-24T12:30Z")
    one_year = calendar_for("ENG", half_days=[HalfDay.on(date(2024, 12, 24), 750)])
    assert one_year.working_minutes(at("2025-12-24T00:00Z"), at("2025-12-25T00:00Z")) == 480


def test_a_half_day_that_closes_before_opening_has_no_minutes_and_one_on_29_february_is_rare() -> None:
    calendar = calendar_for("ENG", half_days=[HalfDay(2, 29, 8 * 60)])
    assert calendar.working_minutes(at("2024-02-29T00:00Z"), at("2024-03-01T00:00Z")) == 0
    assert calendar.next_opening(at("2024-02-29T10:00Z")) == at("2024-03-01T09:00Z")


def test_a_half_day_never_makes_a_day_longer() -> None:
    calendar = calendar_for("ENG", hours=OfficeHours.read("1000-1200"), half_days=CHRISTMAS_HALF_DAYS)
    assert calendar.working_minutes(at("2024-12-24T00:00Z"), at("2024-12-25T00:00Z")) == 120


def test_office_hours_may_differ_and_change_on_a_date() -> None:
    changed = calendar_for(
        "ENG",
        hours=[
            HoursFrom(date(2024, 5, 15), OfficeHours.read("0830-1700")),
            HoursFrom(date(2015, 1, 1), OfficeHours.read("10:00-16:00")),
        ],
    )
    assert changed.working_minutes(at("2024-05-14T00:00Z"), at("2024-05-15T00:00Z")) == 360
    assert changed.working_minutes(at("2024-05-15T00:00Z"), at("2024-05-16T00:00Z")) == 510


@pytest.mark.parametrize(
    "text", ["0900", "1700-0900", "0900-0900", "0130-0900", "0900-2430", "25:00-26:00", "९०००-1700", ""]
)
def test_office_hours_that_make_no_sense_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadInput):
        OfficeHours.read(text)


def test_closures_and_proclaimed_days_are_not_worked_and_change_the_version() -> None:
    day = date(2026, 6, 16)
    closed = calendar_for("ENG", closures=[day])
    proclaimed = calendar_for("ENG", extra_days=[day])
    assert ENG.is_working_day(day)
    assert not closed.is_working_day(day)
    assert closed.version == proclaimed.version != ENG.version
    assert closed.add_working_days(date(2026, 6, 15), 1) == date(2026, 6, 17)


def test_the_version_follows_the_content_and_the_same_arguments_give_the_same_calendar() -> None:
    assert calendar_for("ENG") is ENG
    assert calendar_for("ENG", closures=[date(2026, 1, 5), date(2026, 1, 6)]) is calendar_for(
        "ENG", closures=(date(2026, 1, 6), date(2026, 1, 5))
    )
    assert calendar_for("ENG", closures=[date(2026, 1, 4)]).version == ENG.version  # a Sunday
    assert calendar_for("ENG", hours=OfficeHours(510, 1020)).version != ENG.version
    assert ENG.version.startswith("ENG@holidays-")


def test_nations_differ_where_they_should() -> None:
    world_cup = date(2026, 6, 15)
    assert [calendar_for(nation).is_working_day(world_cup) for nation in NATIONS] == [True, True, False, True]
    assert not calendar_for("ALL:ENG+SCT").is_working_day(world_cup)
    assert calendar_for("ANY:ENG+SCT").is_working_day(world_cup)
    assert not foi_calendar().is_working_day(date(2025, 3, 17))  # a holiday in Northern Ireland only
    assert not foi_calendar().is_working_day(date(2025, 12, 1))  # a holiday in Scotland only


@pytest.mark.parametrize("name", ["", "GB", "eng", "ALL:", "ALL:ENG+", "SOME:ENG", "ENG+SCT", "ANY:ENG,SCT"])
def test_an_unknown_calendar_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(UnknownNation, match="There is no working calendar"):
        calendar_for(name)


def test_bank_holidays_are_those_that_gov_uk_publishes(cases: Path) -> None:
    with (cases / "govuk-bank-holidays.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    published: dict[str, set[date]] = {}
    for row in rows:
        published.setdefault(row["nation"], set()).add(date.fromisoformat(row["date"]))
    last = max(date.fromisoformat(row["date"]) for row in rows).year
    for nation, division in {"ENG": "EW", "WLS": "EW", "SCT": "SCT", "NIR": "NIR"}.items():
        # The package also lists Christmas and New Year on a weekend, where GOV.UK lists only the substitute.
        ours = {day for day in bank_holidays(nation) if day.year <= last and day.weekday() < 5}
        assert ours == {day for day in published[division] if day.weekday() < 5}


# Due dates and distances


@given(st.sampled_from(NATIONS), dates.filter(lambda day: day.year < 2030), st.integers(1, 250))
def test_adding_days_is_the_inverse_of_counting_them(nation: str, start: date, days: int) -> None:
    calendar = calendar_for(nation)
    due = calendar.add_working_days(start, days)
    assert calendar.working_days(start, due) == days
    assert calendar.is_working_day(due)


@given(dates.filter(lambda day: day.year > 2016), st.integers(1, 250))
def test_taking_days_away_counts_back_from_the_day_before(start: date, days: int) -> None:
    before = ENG.add_working_days(start, -days)
    assert before < start
    assert ENG.is_working_day(before)
    assert ENG.working_days(before, start, rule=CountingRule.HALF_OPEN) == days


def test_a_target_counts_from_the_working_day_after_and_ends_at_close_of_office() -> None:
    assert ENG.due_at(at("2025-07-04T10:00Z"), 1) == at("2025-07-07T16:00Z")  # Friday to Monday, summer time
    assert ENG.due_at(at("2025-12-24T10:00Z"), 1) == at("2025-12-29T17:00Z")
    assert ENG.due_at(at("2025-07-05T10:00Z"), 1) == at("2025-07-07T16:00Z")  # in on a Saturday


def test_a_zero_target_is_due_the_same_day_or_the_next_if_the_office_has_closed() -> None:
    assert ENG.due_at(at("2025-07-03T10:00Z"), 0) == at("2025-07-03T16:00Z")
    assert ENG.due_at(at("2025-07-03T16:00Z"), 0) == at("2025-07-04T16:00Z")
    assert ENG.due_at(at("2025-07-05T10:00Z"), 0) == at("2025-07-07T16:00Z")
    assert ENG.add_working_days(date(2025, 7, 5), 0) == date(2025, 7, 7)


def test_days_left_are_signed_and_an_overdue_item_is_never_at_zero() -> None:
    due = at("2025-07-04T16:00Z")  # Friday
    assert ENG.days_until(at("2025-07-02T09:00Z"), due) == 2
    assert ENG.days_until(at("2025-07-04T15:59Z"), due) == 0
    assert ENG.days_until(at("2025-07-04T16:00Z"), due) == 0
    assert ENG.days_until(at("2025-07-04T16:01Z"), due) == -1
    assert ENG.days_until(at("2025-07-06T12:00Z"), due) == -1  # Sunday
    assert ENG.days_until(at("2025-07-07T09:00Z"), due) == -1
    assert ENG.days_until(at("2025-07-08T09:00Z"), due) == -2


def test_the_clock_starts_at_the_next_opening() -> None:
    assert ENG.next_opening(at("2025-07-04T09:30Z")) == at("2025-07-04T09:30Z")
    assert ENG.next_opening(at("2025-07-04T06:00Z")) == at("2025-07-04T08:00Z")
    assert ENG.next_opening(at("2025-07-04T16:00Z")) == at("2025-07-07T08:00Z")
    assert ENG.next_opening(at("2025-10-25T12:00Z")) == at("2025-10-27T09:00Z")
    evening = at("2025-07-04T17:00Z")
    assert ENG.working_minutes(evening, ENG.next_opening(evening)) == 0


@given(instants.filter(lambda moment: moment.year < 2030), st.integers(1, 60_000))
def test_adding_working_minutes_gives_the_first_instant_at_which_they_have_passed(
    start: datetime, minutes: int
) -> None:
    reached = ENG.add_working_minutes(start, minutes)
    assert ENG.working_minutes(start, reached) == minutes
    assert ENG.working_minutes(start, reached - timedelta(minutes=1)) == minutes - 1


def test_adding_no_working_minutes_moves_nothing_and_taking_them_away_is_refused() -> None:
    sunday = at("2025-07-06T12:00Z")
    assert ENG.add_working_minutes(sunday, 0) == sunday
    assert ENG.add_working_minutes(at("2025-07-04T15:00Z"), 60) == at("2025-07-04T16:00Z")
    with pytest.raises(BadInput):
        ENG.add_working_minutes(sunday, -1)


# Beyond the calendar


def test_a_date_beyond_the_calendar_is_an_error_that_says_which_years_are_known() -> None:
    with pytest.raises(BeyondCalendar, match="2032-01-01 is outside the years 2015 to 2031"):
        ENG.working_days(date(2031, 12, 1), date(2032, 1, 1))
    with pytest.raises(BeyondCalendar):
        ENG.working_days(date(2014, 12, 31), date(2015, 1, 2))
    with pytest.raises(BeyondCalendar):
        ENG.working_minutes(at("2031-12-31T10:00Z"), at("2032-01-01T00:00Z"))
    with pytest.raises(BeyondCalendar):
        ENG.working_minutes(at("2014-12-31T23:59Z"), at("2015-01-05T00:00Z"))
    with pytest.raises(BeyondCalendar, match="5000 working days after"):
        ENG.add_working_days(date(2026, 1, 1), 5000)
    with pytest.raises(BeyondCalendar, match="5000 working days before"):
        ENG.add_working_days(date(2026, 1, 1), -5000)
    with pytest.raises(BeyondCalendar):
        ENG.add_working_days(date(2031, 12, 31), 1)
    with pytest.raises(BeyondCalendar):
        ENG.add_working_minutes(at("2031-12-31T10:00Z"), 10_000)
    with pytest.raises(BeyondCalendar):
        ENG.next_opening(at("2031-12-31T18:00Z"))


def test_the_first_and_last_days_of_the_calendar_can_be_counted() -> None:
    assert ENG.working_days(FIRST_DAY, LAST_DAY, rule=CountingRule.INCLUSIVE) == sum(
        worked_day("ENG", date.fromordinal(day)) for day in range(FIRST_DAY.toordinal(), LAST_DAY.toordinal() + 1)
    )
    assert ENG.add_working_days(date(2031, 12, 30), 1) == LAST_DAY
    assert ENG.add_working_days(date(2015, 1, 5), -1) == date(2015, 1, 2)


def test_an_instant_without_a_time_zone_and_an_instant_for_a_date_are_refused() -> None:
    with pytest.raises(TypeError, match="time zone"):
        ENG.working_minutes(datetime(2025, 7, 3, 9), datetime(2025, 7, 3, 10))
    with pytest.raises(TypeError, match="local date"):
        ENG.working_days(at("2025-07-03T09:00Z"), date(2025, 7, 4))


def test_an_instant_in_another_time_zone_is_the_same_instant() -> None:
    paris = timezone(timedelta(hours=2))
    start = datetime(2025, 7, 3, 11, tzinfo=paris)
    assert ENG.working_minutes(start, at("2025-07-03T10:00Z")) == 60


# Arrays


@pytest.mark.parametrize("rule", CountingRule)
@pytest.mark.parametrize("calendar", [ENG, SCT], ids=["ENG", "SCT"])
def test_arrays_of_dates_give_the_same_counts_as_single_dates(calendar: WorkingCalendar, rule: CountingRule) -> None:
    random = np.random.default_rng(7)
    starts = np.datetime64("2015-01-01") + random.integers(0, 6000, 40_000)
    ends = starts + random.integers(-20, 200, 40_000)
    inside = (ends >= np.datetime64("2015-01-01")) & (ends <= np.datetime64("2031-12-31"))
    starts, ends = starts[inside], ends[inside]
    counted = calendar.working_days_many(starts, ends, rule=rule)
    picked = [0, 1, *random.integers(0, len(starts), 300), len(starts) - 1]
    for index in picked:
        assert counted[index] == calendar.working_days(starts[index].item(), ends[index].item(), rule=rule)


def test_arrays_keep_their_shape_take_a_single_date_and_may_be_empty() -> None:
    starts = np.array([["2025-07-03", "2025-07-04"]], dtype="datetime64[D]")
    counted = ENG.working_days_many(starts, np.array("2025-07-07", dtype="datetime64[D]"))
    assert counted.tolist() == [[2, 1]]
    empty = np.array([], dtype="datetime64[D]")
    assert ENG.working_days_many(empty, empty).tolist() == []


def test_an_array_with_a_date_beyond_the_calendar_or_no_date_is_an_error() -> None:
    fine = np.array(["2025-07-03", "2025-07-04"], dtype="datetime64[D]")
    with pytest.raises(BeyondCalendar, match="2032-01-01"):
        ENG.working_days_many(fine, np.array(["2025-07-03", "2032-01-01"], dtype="datetime64[D]"))
    with pytest.raises(BeyondCalendar, match="2014-12-31"):
        ENG.working_days_many(np.array(["2014-12-31", "2025-07-03"], dtype="datetime64[D]"), fine)
    with pytest.raises(BeyondCalendar, match="NaT"):
        ENG.working_days_many(fine, np.array(["2025-07-03", "NaT"], dtype="datetime64[D]"))


@pytest.mark.parametrize("calendar", [ENG, SCT], ids=["ENG", "SCT"])
def test_arrays_of_instants_give_the_same_minutes_as_single_instants(calendar: WorkingCalendar) -> None:
    random = np.random.default_rng(11)
    starts = np.datetime64("2015-01-02T00:00") + random.integers(0, 16 * 365 * 1440, 60_000)
    ends = starts + random.integers(-3_000, 60 * 1440, 60_000)
    # and every quarter of an hour around the two changes of the clocks of 2026 and around the turn of a year
    for day in ("2026-03-28", "2026-10-24", "2027-12-31"):
        around = np.datetime64(f"{day}T12:00") + np.arange(0, 3 * 1440, 15)
        starts, ends = np.concatenate([starts, around]), np.concatenate([ends, around + 1_000])
    counted = calendar.working_minutes_many(starts, ends)
    for index in (*random.integers(0, 60_000, 600), *range(60_000, len(starts))):
        pair = (starts[index].item().replace(tzinfo=UTC), ends[index].item().replace(tzinfo=UTC))
        assert counted[index] == calendar.working_minutes(*pair)


def test_minutes_of_arrays_follow_half_days_and_office_hours_and_refuse_what_is_beyond() -> None:
    calendar = calendar_for("ENG", hours=OfficeHours.read("0830-1700"), half_days=CHRISTMAS_HALF_DAYS)
    eve = np.array(["2026-12-24T00:00"], dtype="datetime64[m]")
    assert calendar.working_minutes_many(eve, eve + 1440).tolist() == [240]
    assert calendar.working_minutes_many(eve + 1440, eve).tolist() == [0]
    with pytest.raises(BeyondCalendar):
        calendar.working_minutes_many(eve, np.array(["2032-01-01T00:00"], dtype="datetime64[m]"))


def test_a_day_proclaimed_for_one_nation_counts_for_a_step_taken_together_by_its_rule() -> None:
    extra = {"SCT": [date(2026, 11, 3)]}
    assert not calendar_for("SCT", extra_days=extra).is_working_day(date(2026, 11, 3))
    assert calendar_for("ENG", extra_days=extra).is_working_day(date(2026, 11, 3))
    assert not calendar_for("ALL:ENG+SCT", extra_days=extra).is_working_day(date(2026, 11, 3))
    assert calendar_for("ANY:ENG+SCT", extra_days=extra).is_working_day(date(2026, 11, 3))
    assert not foi_calendar(extra_days=extra).is_working_day(date(2026, 11, 3))
    both = extra | {"ENG": [date(2026, 11, 3)]}
    assert not calendar_for("ANY:ENG+SCT", extra_days=both).is_working_day(date(2026, 11, 3))


# Pauses, wherever they lie


@given(data=st.data())
def test_pausing_and_resuming_anywhere_conserves_working_time(data: st.DataObject) -> None:
    start = datetime(2026, 12, 18, tzinfo=UTC)
    cuts = sorted(data.draw(st.lists(st.integers(0, 30 * 1440), min_size=2, max_size=9)))
    moments = [start + timedelta(minutes=cut) for cut in cuts]
    pauses = list(zip(moments[1::2], moments[2::2], strict=False))
    whole = ENG.working_minutes(moments[0], moments[-1])
    owned = ENG.working_minutes(moments[0], moments[-1], pauses=pauses)
    paused = sum(ENG.working_minutes(*pause) for pause in pauses)
    assert owned + paused == whole
    # cut anywhere, the parts have what the whole has
    between = start + timedelta(minutes=data.draw(st.integers(cuts[0], cuts[-1])))
    parts = [(moments[0], between), (between, moments[-1])]
    assert sum(ENG.working_minutes(*part, pauses=pauses) for part in parts) == owned
