"""Elapsed against target: due dates, holds, and how both are said; and the clocks that say what time it is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.clock import Clock, OffsetClock, SimulatedClock, SystemClock
from dsa.timekeeping.targets import (
    Message,
    Progress,
    State,
    describe,
    describe_as,
    describe_pause,
    distance,
    due_at,
    progress,
    progress_by_due,
)

ENG = calendar_for("ENG")
MONDAY = datetime(2025, 6, 2, 9, tzinfo=UTC)


def on(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2025, 6, day, hour, minute, tzinfo=UTC)


def said(message: Message | None) -> str:
    assert message is not None
    return message[0] % message[1]


SAID = [
    (Progress(0, 10, 0, "not_started"), "not started"),
    (Progress(0, 10, 0, "running"), "day 0 of 10"),
    (Progress(6, 10, 0, "running"), "day 6 of 10"),
    (Progress(6, None, 0, "running"), "day 6"),
    (Progress(0, 0, 0, "running"), "due the same day"),
    (Progress(10, 10, 0, "late"), "day 10 of 10, past close of office"),
    (Progress(11, 10, 0, "late"), "day 11 of 10, 1 working day over"),
    (Progress(14, 10, 0, "late"), "day 14 of 10, 4 working days over"),
    (Progress(0, None, 0, "done"), "took less than 1 working day"),
    (Progress(1, None, 0, "done"), "took 1 working day"),
    (Progress(7, None, 0, "done"), "took 7 working days"),
    (Progress(0, 10, 0, "done"), "took less than 1 working day, target 10"),
    (Progress(1, 10, 0, "done"), "took 1 working day, target 10"),
    (Progress(12, 10, 0, "done"), "took 12 working days, target 10"),
]


@pytest.mark.parametrize(("item", "words"), SAID)
def test_progress_is_said_in_plain_words(item: Progress, words: str) -> None:
    assert said(describe(item)) == words


@pytest.mark.parametrize(("item", "words"), SAID)
def test_the_day_of_a_task_and_the_day_of_its_stage_are_told_apart(item: Progress, words: str) -> None:
    named = item.state in ("running", "late")
    assert said(describe_as("task", item)) == (f"task: {words}" if named else words)
    assert said(describe_as("stage", item)) == (f"stage: {words}" if named else words)


def test_time_on_hold_is_said_apart() -> None:
    assert describe_pause(Progress(3, 10, 0, "running")) is None
    assert said(describe_pause(Progress(3, 10, 1, "running"))) == "on hold for 1 working day"
    assert said(describe_pause(Progress(3, 10, 4, "running"))) == "on hold for 4 working days"


def at_noon(day: int, *, left: datetime | None = None, target: int | None = 5, hour: int = 12) -> tuple[int, State]:
    item = progress(ENG, entered=MONDAY, left=left, now=on(day, hour), target_days=target)
    return item.elapsed_days, item.state


def test_the_working_day_after_is_day_one_and_it_is_late_after_close_of_office_on_the_target_day() -> None:
    assert at_noon(2) == (0, "running")
    assert at_noon(3) == (1, "running")
    assert at_noon(9, hour=15) == (5, "running")
    assert at_noon(9, hour=17) == (5, "late")
    assert at_noon(10) == (6, "late")
    assert at_noon(10, target=None) == (6, "running")
    assert at_noon(20, left=on(4)) == (2, "done")


def test_a_task_that_has_not_come_in_is_not_started() -> None:
    assert progress(ENG, entered=None, left=None, now=MONDAY, target_days=5).state == "not_started"
    assert progress(ENG, entered=on(3), left=None, now=MONDAY, target_days=5).state == "not_started"
    assert progress(ENG, entered=MONDAY, left=on(5), now=on(4), target_days=5).state == "running"


def test_a_hold_moves_the_due_date_and_is_shown_apart() -> None:
    hold = (on(3, 10), on(6, 10))  # Tuesday to Friday: Wednesday, Thursday and Friday are paused
    assert due_at(ENG, entered=MONDAY, target_days=5) == on(9, 16)
    assert due_at(ENG, entered=MONDAY, target_days=5, pauses=[hold]) == on(12, 16)
    item = progress(ENG, entered=MONDAY, left=None, now=on(9), target_days=5, pauses=[hold])
    assert item == Progress(elapsed_days=2, target_days=5, paused_days=3, state="running")
    assert due_at(ENG, entered=MONDAY, target_days=None, pauses=[hold]) is None


def test_a_hold_that_lasts_still_keeps_a_task_from_being_late() -> None:
    now = on(30)
    item = progress(ENG, entered=MONDAY, left=None, now=now, target_days=5, pauses=[(on(3, 10), now)])
    assert (item.elapsed_days, item.state) == (1, "running")


def test_a_task_that_was_late_before_it_was_put_on_hold_stays_late() -> None:
    item = progress(ENG, entered=MONDAY, left=None, now=on(6), target_days=1, pauses=[(on(5, 10), on(30))])
    assert (item.state, item.paused_days) == ("late", 1)


def test_holds_that_overlap_are_counted_once() -> None:
    holds = [(on(3, 10), on(5, 10)), (on(4, 10), on(6, 10))]
    assert progress(ENG, entered=MONDAY, left=None, now=on(9), target_days=5, pauses=holds).paused_days == 3


@given(st.integers(0, 30 * 24), st.integers(0, 30))
def test_elapsed_beyond_target_is_always_late_and_short_of_it_never(hours: int, target: int) -> None:
    item = progress(ENG, entered=MONDAY, left=None, now=MONDAY + timedelta(hours=hours), target_days=target)
    if item.days_over:
        assert item.state == "late"
    if item.elapsed_days < target:
        assert item.state == "running"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (on(2), "in 4 working days"),
        (on(5), "in 1 working day"),
        (on(6), "today"),
        (on(6, 20), "today"),
        (on(8), "1 working day ago"),
        (on(9), "1 working day ago"),
        (on(10), "2 working days ago"),
    ],
)
def test_the_distance_of_a_due_date_is_said_in_working_days(now: datetime, words: str) -> None:
    assert said(distance(ENG, now=now, due=on(6, 16))) == words


def test_a_date_on_a_weekend_is_not_called_today() -> None:
    assert said(distance(ENG, now=on(6), due=on(7, 12))) == "before the next working day"


# Clocks


def test_the_system_clock_says_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC


def test_a_simulated_clock_stands_still_until_it_is_moved() -> None:
    clock = SimulatedClock(MONDAY)
    assert clock.now() == clock.now() == MONDAY
    assert clock.advance(90) == clock.now() == MONDAY + timedelta(minutes=90)
    assert clock.advance_to(on(5)) == on(5)


def test_a_simulated_clock_moves_by_working_time() -> None:
    clock = SimulatedClock(on(6, 15, 30))  # Friday, half an hour before close of office
    assert clock.advance_working(ENG, minutes=60) == on(9, 8, 30)
    assert clock.advance_working(ENG, days=2) == on(11, 8, 30)
    assert clock.advance_working(ENG, days=1, minutes=30) == on(12, 9)
    assert clock.advance_working(ENG) == on(12, 9)


def test_a_move_by_days_keeps_the_time_in_london_across_a_change_of_clocks() -> None:
    clock = SimulatedClock(datetime(2025, 10, 24, 9, tzinfo=UTC))
    assert clock.advance_working(ENG, days=1) == datetime(2025, 10, 27, 10, tzinfo=UTC)


def test_a_move_by_days_outside_office_hours_goes_to_the_next_opening() -> None:
    assert SimulatedClock(on(2, 20)).advance_working(ENG, days=1) == on(4, 8)


def test_a_clock_never_moves_back() -> None:
    clock = SimulatedClock(MONDAY)
    for move in (
        lambda: clock.advance(-1),
        lambda: clock.advance_working(ENG, days=-1),
        lambda: clock.advance_working(ENG, minutes=-1),
        lambda: clock.advance_to(MONDAY - timedelta(seconds=1)),
    ):
        with pytest.raises(ValueError, match="only moves forward"):
            move()
    with pytest.raises(TypeError):
        SimulatedClock(datetime(2025, 6, 2))


def test_the_demonstration_clock_follows_its_setting() -> None:
    setting = {"seconds": 0.0}
    clock = OffsetClock(lambda: setting["seconds"], base=SimulatedClock(MONDAY))
    assert clock.now() == MONDAY
    setting["seconds"] = 86_400
    assert clock.now() == MONDAY + timedelta(days=1)
    assert OffsetClock(lambda: 3600).now() > SystemClock().now()


def test_progress_from_a_stored_due_moment_is_that_from_the_pauses() -> None:
    calendar = calendar_for("ENG")
    entered = datetime(2026, 11, 2, 10, tzinfo=UTC)
    pauses = [(datetime(2026, 11, 4, 10, tzinfo=UTC), datetime(2026, 11, 9, 10, tzinfo=UTC))]
    for number in range(30):
        now = datetime(2026, 11, 9, 12, tzinfo=UTC) + timedelta(days=number)
        for held in ([], pauses):
            due = due_at(calendar, entered=entered, target_days=10, pauses=held)
            assert due is not None
            told = progress_by_due(calendar, entered=entered, target_days=10, due=due, now=now)
            assert told == progress(calendar, entered=entered, left=None, now=now, target_days=10, pauses=held)
