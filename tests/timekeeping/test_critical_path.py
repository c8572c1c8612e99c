"""Who owned the elapsed time: attribution along the critical path."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.domain.errors import BadInput
from dsa.timekeeping.attribution import Attribution, Step, StepId, attribute
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.instants import clock_minute

MONDAY = datetime(2025, 6, 2, 8, tzinfo=UTC)  # 09:00 in London


def calendar_of(step: Step) -> WorkingCalendar:
    return calendar_for(step.nation)


def step(
    name: StepId,
    begins: float,
    ends: float | None,
    *after: StepId,
    stage: str = "",
    owner: str = "DWP",
    nation: str = "ENG",
) -> Step:
    """A step from one day to another, counted from Monday 2 June 2025."""
    end = None if ends is None else MONDAY + timedelta(days=ends)
    return Step(name, stage or f"stage {name}", owner, nation, "working", MONDAY + timedelta(days=begins), end, after)


def found(*steps: Step, **more: object) -> Attribution:
    return attribute(steps, calendar_of=calendar_of, **more)  # type: ignore[arg-type]


def test_of_parallel_branches_only_the_last_to_finish_owns_the_time() -> None:
    result = found(step(1, 0, 1), step(2, 1, 2, 1), step(3, 1, 4, 1), step(4, 4, 5, 2, 3))
    assert result.critical_path == (1, 3, 4)
    assert result.total_working_minutes == 5 * 480
    assert result.all_steps_working_minutes == 6 * 480


def test_where_two_finish_together_the_earlier_id_is_taken() -> None:
    ends = (step(10, 1, 3, 1), step(9, 1, 3, 1))
    assert found(step(1, 0, 1), *ends).critical_path == (1, 9)
    assert found(step(1, 0, 1), *ends, step(11, 3, 4, 10, 9)).critical_path == (1, 9, 11)
    assert found(step("b", 0, 1), step("a", 0, 1)).critical_path == ("a",)


def test_time_goes_to_the_owner_the_stage_and_the_reason() -> None:
    result = found(step(1, 0, 1, owner="ONS", stage="draft"), step(2, 1, 3, 1, owner="DWP", stage="legal"))
    assert result.by(lambda item: item.owner) == {"ONS": 480, "DWP": 960}
    assert result.by(lambda item: item.stage) == {"draft": 480, "legal": 960}


def test_an_overlap_with_the_predecessor_is_owned_once() -> None:
    result = found(step(1, 0, 3), step(2, 2, 4, 1))
    assert result.total_working_minutes == 4 * 480
    assert [share.calendar_minutes for share in result.shares] == [2 * 1440, 2 * 1440]


def test_time_in_which_no_step_ran_is_owned_by_none_and_said() -> None:
    result = found(step(1, 0, 1), step(2, 2, 3, 1))
    assert result.unowned_calendar_minutes == 1440
    assert result.total_working_minutes == 2 * 480


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6))
def test_along_the_path_every_minute_has_one_owner_and_slack_is_room_to_spare(seed: int) -> None:
    random = Random(seed)
    steps: list[Step] = []
    for name in range(random.randint(1, 12)):
        after = tuple(random.sample(range(name), random.randint(1, min(3, name)))) if name else ()
        begins = max((other.ended_at for other in steps if other.id in after if other.ended_at), default=MONDAY)
        ends = begins + timedelta(minutes=random.randint(0, 30_000))
        steps.append(Step(name, f"s{name}", random.choice("AB"), "ENG", "working", begins, ends, after))
    result = found(*steps)
    assert result.unowned_calendar_minutes == 0
    end = max(other.ended_at for other in steps if other.ended_at)
    assert sum(share.calendar_minutes for share in result.shares) == clock_minute(end) - clock_minute(MONDAY)
    assert {slack.step.id for slack in result.slacks} == {other.id for other in steps} - set(result.critical_path)
    for slack in result.slacks:
        # Later by its slack, and everything after it pushed along: the end stays; one minute more moves it.
        assert _end_when_later(steps, slack.step.id, slack.calendar_minutes) == end
        assert _end_when_later(steps, slack.step.id, slack.calendar_minutes + 1) > end


def _end_when_later(steps: list[Step], late: StepId, minutes: int) -> datetime:
    ends: dict[StepId, datetime] = {}
    for item in steps:
        assert item.ended_at is not None
        begins = max((ends[name] for name in item.predecessors), default=item.started_at)
        ends[item.id] = begins + (item.ended_at - item.started_at)
        if item.id == late:
            ends[item.id] += timedelta(minutes=minutes)
    return max(ends.values())


def test_a_branch_off_the_path_says_how_long_it_waited_and_for_what() -> None:
    result = found(
        step(1, 0, 1),
        step(2, 1, 2, 1, stage="Security"),
        step(3, 2, 2.25, 2, stage="Security questions"),
        step(4, 1, 8, 1, stage="Legal"),
        step(5, 8, 9, 3, 4, stage="Sign-off"),
    )
    inner, last = result.slacks
    assert (inner.step.id, inner.ends_branch, inner.behind.id) == (2, False, 4)
    assert (last.step.id, last.ends_branch, last.behind.id) == (3, True, 4)
    assert last.working_days == 4
    message, params = last.describe()
    assert message % params == (
        "Security questions finished 4 working days before Legal; hurrying it would change nothing."
    )


@pytest.mark.parametrize(("ends", "words"), [(7.9, "the same working day as"), (7, "1 working day before")])
def test_a_short_slack_is_said_in_the_singular_or_as_the_same_day(ends: float, words: str) -> None:
    result = found(step(1, 0, ends, stage="Security"), step(2, 0, 8, stage="Legal"))
    message, params = result.slacks[0].describe()
    assert words in message % params


def test_in_an_open_agreement_the_forecast_decides_which_branch_is_critical() -> None:
    steps = (step(1, 0, 1), step(2, 1, None, 1), step(3, 1, None, 1))
    now = MONDAY + timedelta(days=2)
    assert found(*steps, now=now).critical_path == (1, 2)
    forecast = {2: MONDAY + timedelta(days=9), 3: MONDAY + timedelta(days=14)}
    result = found(*steps, now=now, forecast=forecast)
    assert result.critical_path == (1, 3)
    assert result.total_working_minutes == 2 * 480  # only what has passed
    assert result.slacks[0].calendar_minutes == 5 * 1440


def test_each_owner_is_measured_on_their_own_calendar() -> None:
    monday = datetime(2026, 6, 15, 0, tzinfo=UTC)  # a bank holiday in Scotland only
    day = timedelta(days=1)
    english = Step(1, "s", "DWP", "ENG", "working", monday, monday + day)
    scottish = Step(1, "s", "SLC", "SCT", "working", monday, monday + day)
    assert (found(english).total_working_minutes, found(scottish).total_working_minutes) == (480, 0)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([], "no steps"),
        ([step(1, 0, 1), step(1, 1, 2)], "Two steps have the id 1"),
        ([step(1, 0, 1), step("2", 1, 2)], "all numbers or all text"),
        ([step(1, 0, 1, 7)], "waits for step 7, which is not there"),
        ([step(1, 0, 1, 2), step(2, 0, 1, 1), step(3, 1, 2)], "wait for each other: 1, 2"),
        ([step(1, 0, 1, 1)], "wait for each other: 1"),
        ([step(1, 2, 1)], "ends before it begins"),
        ([step(1, 0, None)], "has no end"),
    ],
)
def test_steps_that_make_no_sense_are_refused_with_a_sentence(steps: list[Step], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        found(*steps)
