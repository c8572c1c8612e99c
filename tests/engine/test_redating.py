"""Due dates that are worked out again: when a calendar changes and when a hold ends; told, recorded, replayable."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, Conflict, NotAllowed, Refused
from dsa.persistence import history, outbox, people
from dsa.services import calendar_changes, directory, holding, redating
from dsa.services.calendar_changes import Closing
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.office import OfficeHours
from tests.engine.town import Town

# The town begins on Monday 2 November 2026 at ten; AAA works by England's calendar, AAB by Scotland's.
ENGLAND = calendar_for("ENG")
TUESDAY = date(2026, 11, 3)


def administrator(town: Town, code: str = "AAA") -> Actor:
    """An administrator there, made on first use."""
    email = f"administrator@{code.lower()}.example"
    with town.ctx.database.writing() as session:
        known = people.by_email(session, email)
        if known is None:
            post = directory.add_post(session, town.organisations[code], title="Administrator", role="administrator")
            new = directory.NewPerson(f"Administrator, {code}", email, is_demo=True)
            person = directory.add_person(session, new, at=town.clock.now())
            directory.appoint(session, post_id=post, person_id=person, starts_on=date(2020, 1, 1))
        else:
            person = known.id
    return directory.actor_for(town.ctx, person, method="demo")


def dues(town: Town, reference: str) -> dict[str, datetime]:
    """When each open task is due, and the stage."""
    loaded = town.loaded(reference)
    found = {task.key: task.due_at for task in loaded.tasks if task.status == "open"}
    return found | {"": loaded.head.stage_due_at}


def events_of(town: Town, reference: str, kind: str) -> list[dict[str, Any]]:
    with town.ctx.database.reading() as session:
        rows = history.events(session, town.loaded(reference).head.id)
    return [json.loads(row.body) for row in rows if row.kind == kind]


def mails(town: Town) -> list[str]:
    town.carry_out()
    with town.ctx.database.reading() as session:
        return [mail.subject for mail in outbox.mails(session, limit=1000)]


def test_whoever_was_reading_while_a_day_was_added_leaves_no_calendar_without_it_behind(town: Town) -> None:
    actor, mine = administrator(town), town.organisations["AAA"]
    with town.ctx.database.reading() as session:
        town.loaded(town.start("AAA", "AAB"))
        assert people.nation_of(session, mine) == "ENG", "from here on this session sees one moment"
        calendar_changes.add_closure(town.ctx, actor, Closing("AAA", TUESDAY, "Training"))
        assert town.ctx.calendars.of(session, mine, "ENG").is_working_day(TUESDAY)
        assert town.ctx.calendars.together(session, "ENG").is_working_day(TUESDAY)
    with town.ctx.database.reading() as session:
        assert not town.ctx.calendars.of(session, mine, "ENG").is_working_day(TUESDAY)


def test_a_proclaimed_day_moves_what_is_due_in_that_nation_and_says_why(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    before = dues(town, reference)
    calendar_changes.add_holiday(town.ctx, administrator(town), nations=["SCT"], day=TUESDAY, reason="World Cup")
    town.carry_out()
    after = dues(town, reference)
    scotland = {key for key in before if key.endswith(":aab")}
    assert scotland
    assert all(after[key] > before[key] for key in scotland)
    assert all(after[key] == before[key] for key in before.keys() - scotland)
    (event,) = events_of(town, reference, "DueDatesRecomputed")
    assert event["facts"]["reason"] == "3 November 2026 is a bank holiday in Scotland (World Cup)"
    assert {moved["task"] for moved in event["facts"]["moved"]} == scotland
    assert event["simulated"] is True
    assert town.problems(reference) == ()


def test_the_people_whose_dates_move_are_told_once_and_nobody_else(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "check_draft")
    mails(town)
    calendar_changes.add_holiday(
        town.ctx, administrator(town), nations=["ENG", "SCT"], day=TUESDAY, reason="Proclaimed"
    )
    told = [subject for subject in mails(town) if subject.startswith("The due date moved")]
    moved = [each for each in events_of(town, reference, "DueDatesRecomputed")[0]["facts"]["moved"] if each["task"]]
    assert len(told) == len(moved) > 0
    redating.redate(town.ctx)
    assert len([subject for subject in mails(town) if subject.startswith("The due date moved")]) == len(told)


def test_a_second_pass_and_a_change_that_moves_nothing_record_nothing(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    actor = administrator(town)
    far = Closing("AAA", date(2027, 8, 3), "Training")
    calendar_changes.add_closure(town.ctx, actor, far)
    assert redating.redate(town.ctx).moved == 0
    calendar_changes.add_closure(town.ctx, actor, Closing("AAA", TUESDAY, "Training"))
    assert redating.redate(town.ctx).moved == 1
    assert redating.redate(town.ctx).moved == 0
    assert len(events_of(town, reference, "DueDatesRecomputed")) == 1


def test_a_pass_that_stops_half_way_is_taken_up_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    references = [town.bring_to(town.start("AAA", "AAB"), "review") for _ in range(3)]
    calendar_changes.add_closure(town.ctx, administrator(town, "AAB"), Closing("AAB", TUESDAY, "Moving house"))
    real, count = redating.take, iter(range(10))

    def fails_once(*args: Any, **more: Any) -> Any:
        if next(count) == 1:
            raise Conflict("Somebody else was first.")
        return real(*args, **more)

    monkeypatch.setattr(redating, "take", fails_once)
    assert redating.redate(town.ctx) == redating.Pass(2, 1)
    assert redating.redate(town.ctx) == redating.Pass(1, 0)
    for reference in references:
        (event,) = events_of(town, reference, "DueDatesRecomputed")
        assert event["facts"]["reason"] == "Body AAB is closed on 3 November 2026 (Moving house)"
        assert town.problems(reference) == ()


def test_a_withdrawn_day_gives_the_date_back_and_stays_in_the_history(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    actor, before = administrator(town), dues(town, reference)
    calendar_changes.add_closure(town.ctx, actor, Closing("AAA", TUESDAY, "Training"))
    town.carry_out()
    assert dues(town, reference) != before
    calendar_changes.withdraw(town.ctx, actor, "closure", 1)
    town.carry_out()
    assert dues(town, reference) == before
    second = events_of(town, reference, "DueDatesRecomputed")[1]
    assert second["facts"]["reason"] == (
        "3 November 2026 (Body AAA: Training) was taken out of the working calendar again"
    )
    with pytest.raises(Refused):
        calendar_changes.withdraw(town.ctx, actor, "closure", 1)
    assert town.problems(reference) == ()


def test_office_hours_from_a_day_on_move_the_close_of_office_only_from_then(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    actor, before = administrator(town), dues(town, reference)
    last = max(before.values())
    since = ENGLAND.local_date(last)
    calendar_changes.set_hours(
        town.ctx, actor, organisation="AAA", since=since, hours=OfficeHours(8 * 60, 16 * 60), reason="Winter"
    )
    told = len(mails(town))
    after = dues(town, reference)
    assert after[""] == before[""] - timedelta(hours=1)
    earlier = {key for key, due in before.items() if ENGLAND.local_date(due) < since}
    assert all(after[key] == before[key] for key in earlier)
    assert len(mails(town)) == told
    assert not [subject for subject in mails(town) if "moved" in subject], "the day is the same: nobody is troubled"
    assert town.problems(reference) == ()


def test_a_half_day_closes_early_and_leaves_the_count_of_days_alone(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    ours = [task for task in town.loaded(reference).tasks if task.organisation_id == town.organisations["AAA"]]
    key = next(task.key for task in ours if task.status == "open")
    due = dues(town, reference)[key]
    day = ENGLAND.local_date(due)
    calendar_changes.add_closure(
        town.ctx, administrator(town), Closing("AAA", day, "Fire drill", closes_at=12 * 60 + 30)
    )
    town.carry_out()
    assert dues(town, reference)[key] == due.replace(hour=12, minute=30)


def test_a_half_day_of_every_year_counts_in_every_year(town: Town) -> None:
    new = Closing("AAA", date(2026, 12, 24), "Christmas Eve", closes_at=750, yearly=True)
    calendar_changes.add_closure(town.ctx, administrator(town), new)
    with town.ctx.database.reading() as session:
        calendar = town.ctx.calendars.of(session, town.organisations["AAA"], "ENG")
    assert [calendar.hours_on(date(year, 12, 24)) for year in (2026, 2027, 2029)] == [
        (540, 750),
        (540, 750),
        (540, 750),
    ]


def test_the_reason_names_only_the_changes_that_the_date_follows_from(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    actor = administrator(town)
    calendar_changes.add_closure(town.ctx, actor, Closing("AAA", date(2026, 12, 24), "Christmas Eve", 750, yearly=True))
    calendar_changes.add_closure(town.ctx, actor, Closing("AAA", date(2027, 3, 9), "Far away"))
    calendar_changes.add_holiday(town.ctx, actor, nations=["WLS", "SCT"], day=TUESDAY, reason="World Cup")
    town.carry_out()
    (event,) = events_of(town, reference, "DueDatesRecomputed")
    assert event["facts"]["reason"] == "3 November 2026 is a bank holiday in Scotland (World Cup)"


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        (lambda ctx, actor: calendar_changes.add_holiday(ctx, actor, nations=[], day=TUESDAY, reason="x"), BadInput),
        (
            lambda ctx, actor: calendar_changes.add_holiday(
                ctx, actor, nations=["ENG"], day=date(2026, 12, 25), reason="x"
            ),
            BadInput,
        ),
        (
            lambda ctx, actor: calendar_changes.add_holiday(
                ctx, actor, nations=["ENG"], day=date(2026, 10, 30), reason="x"
            ),
            BadInput,
        ),
        (
            lambda ctx, actor: calendar_changes.add_holiday(
                ctx, actor, nations=["ENG"], day=date(2040, 1, 2), reason="x"
            ),
            BadInput,
        ),
        (lambda ctx, actor: calendar_changes.add_closure(ctx, actor, Closing("AAA", TUESDAY, " ")), BadInput),
        (lambda ctx, actor: calendar_changes.add_closure(ctx, actor, Closing("AAA", TUESDAY, "x" * 201)), BadInput),
        (lambda ctx, actor: calendar_changes.add_closure(ctx, actor, Closing("AAA", TUESDAY, "x", 300)), BadInput),
        (lambda ctx, actor: calendar_changes.add_closure(ctx, actor, Closing("AAB", TUESDAY, "x")), NotAllowed),
        (lambda ctx, actor: calendar_changes.withdraw(ctx, actor, "closure", 99), Exception),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_with_a_sentence(small_town: Town, act: Any, problem: Any) -> None:
    with pytest.raises(problem) as raised:
        act(small_town.ctx, administrator(small_town))
    assert str(raised.value).endswith(".")


def test_only_administrators_change_the_calendar(small_town: Town) -> None:
    drafter = small_town.actor("AAA", "drafter")
    with pytest.raises(NotAllowed):
        calendar_changes.add_closure(small_town.ctx, drafter, Closing("AAA", TUESDAY, "Training"))
    with pytest.raises(NotAllowed):
        calendar_changes.add_holiday(small_town.ctx, drafter, nations=["ENG"], day=TUESDAY, reason="World Cup")


def test_a_day_that_has_come_is_not_withdrawn(small_town: Town) -> None:
    actor = administrator(small_town)
    calendar_changes.add_closure(small_town.ctx, actor, Closing("AAA", TUESDAY, "Training"))
    small_town.clock.advance_to(datetime(2026, 11, 3, 9, tzinfo=UTC))
    with pytest.raises(Refused, match="has come"):
        calendar_changes.withdraw(small_town.ctx, actor, "closure", 1)


def test_time_on_hold_moves_what_is_due_when_the_hold_ends(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    before = dues(town, reference)
    until = (town.clock.now() + timedelta(days=90)).date()
    drafter = town.actor("AAA", "drafter")
    holding.begin_hold(town.ctx, drafter, reference, code="DPIA", awaited="AAB", outside=False, until=until, seen=None)
    town.clock.advance_working(ENGLAND, days=4)
    holding.end_hold(town.ctx, drafter, reference, seen=None)
    for key, due in dues(town, reference).items():
        if not key.endswith(":aab"):
            assert due == ENGLAND.due_at(before[key], 4), key
    assert {moved["task"] for moved in events_of(town, reference, "HoldEnded")[0]["facts"]["moved"]} == set(before)
    assert town.problems(reference) == ()
    assert redating.redate(town.ctx).moved == 0, "a later pass comes to the same"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stage=st.sampled_from(["check_draft", "review"]),
    name=st.sampled_from(["AAA", "AAB"]),
    steps=st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.booleans()), min_size=1, max_size=4),
)
def test_whatever_is_added_a_replay_gives_the_stored_state(
    small_town: Town, stage: str, name: str, steps: list[tuple[int, bool, bool]]
) -> None:
    town = small_town
    reference, actor = town.bring_to(town.start("AAA", "AAB"), stage), administrator(town, name)
    for ahead, at_once, night in steps:
        day = ENGLAND.add_working_days(town.clock.now().date(), ahead)
        with suppress(BadInput):  # a day that is closed already
            calendar_changes.add_closure(town.ctx, actor, Closing(name, day, "Closed"))
        if at_once:
            redating.redate(town.ctx)
        if night:
            town.clock.advance(60 * 24)
    town.carry_out()
    assert town.problems(reference) == ()
    with town.ctx.database.reading() as session:
        for task in (task for task in town.loaded(reference).tasks if task.status == "open"):
            nation = town.loaded(reference).nation_of(task.organisation_id)
            calendar = town.ctx.calendars.of(session, task.organisation_id, nation)
            assert task.due_at == calendar.due_at(task.opened_at, task.target_days)
