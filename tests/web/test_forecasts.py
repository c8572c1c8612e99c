"""When it will be signed: dates with their record, a reason where there is none, only for those who may see it."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dsa.persistence.models import ForecastRow, table
from dsa.services import forecasting, moves, outlook
from tests.past import add_past, add_signed
from tests.web.page_client import PageClient
from tests.web.world import World

_F = table(ForecastRow)


def forecasts(world: World, agreement: int) -> list[Any]:
    with world.ctx.database.reading() as session:
        return list(session.execute(select(_F).where(_F.c.agreement_id == agreement).order_by(_F.c.id)))


def with_history(world: World) -> str:
    """An agreement in drafting (its reference) beside 24 that were signed."""
    reference = world.agreement_in("drafting")
    add_signed(world.ctx.database, reference, now=world.ctx.clock.now())
    return reference


def test_an_open_agreement_gets_a_date_with_its_record_on_every_page_that_shows_it(
    world: World, pages: PageClient
) -> None:
    reference = with_history(world)
    assert forecasting.forecast_due(world.ctx) == 1
    row = forecasts(world, world.loaded(reference).head.id)[0]
    today = world.ctx.clock.now().date()
    assert today < row.likely_on < row.very_likely_on < today + timedelta(days=200)
    assert (row.rests_on, row.first_in_stay, row.refusal) == (24, True, None)
    pages.sign_in(world.person("HMRC", "drafter"))
    record = pages.get(f"/agreements/{reference}")
    assert "Likely by" in record.text
    assert "very likely by" in record.text
    assert "Rests on 24 signed agreements" in record.text
    assert "forecasts" in record.text
    assert (
        "Going by how long earlier agreements really took: Likely by"
        in pages.get(f"/agreements/{reference}/timeline").text
    )
    lines = list(csv.DictReader(io.StringIO(pages.client.get("/agreements.csv").text.lstrip("\ufeff"))))
    mine = next(line for line in lines if line["Reference"] == reference)
    assert mine["Very likely by"] == row.very_likely_on.isoformat()


def test_the_same_history_gives_the_same_dates_and_nothing_is_done_twice(world: World) -> None:
    reference = with_history(world)
    assert forecasting.forecast_due(world.ctx) == 1
    assert forecasting.forecast_due(world.ctx) == 0
    with world.ctx.database.writing() as session:
        session.execute(text("DELETE FROM newest_forecasts"))
    assert forecasting.forecast_due(world.ctx) == 1
    one, other = forecasts(world, world.loaded(reference).head.id)
    assert (one.likely_on, one.very_likely_on) == (other.likely_on, other.very_likely_on)


def test_a_new_stage_or_a_new_day_brings_a_new_forecast_and_keeps_the_old_ones(world: World, pages: PageClient) -> None:
    reference = with_history(world)
    forecasting.forecast_due(world.ctx)
    world.move_clock(days=1)
    assert forecasting.forecast_due(world.ctx) == 1
    actor = world.actor("HMRC", "drafter")
    moves.move(world.ctx, actor, reference, "submit", seen=world.seen(reference))
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "Likely by" not in pages.get(f"/agreements/{reference}").text  # what was said was said of another stage
    with world.ctx.database.reading() as session:
        before = outlook.stored.figure(session, forecasting.RECORD)
    world.move_clock(minutes=90)
    assert forecasting.forecast_due(world.ctx) == 1
    with world.ctx.database.reading() as session:  # the record is worked out once a day
        assert outlook.stored.figure(session, forecasting.RECORD) == before
    found = forecasts(world, world.loaded(reference).head.id)
    assert [(row.stage, row.first_in_stay) for row in found] == [
        ("drafting", True), ("drafting", False), ("check_draft", True),
    ]  # fmt: skip


def test_too_little_history_gives_a_reason_instead_of_a_date(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("drafting")
    forecasting.forecast_due(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "No date yet: too few agreements have been signed here" in pages.get(f"/agreements/{reference}").text
    page = pages.get("/time/forecasts")
    assert "No date can be given" in page.text
    assert reference in page.text


def test_what_is_older_than_anything_that_ever_finished_gets_no_date(world: World, pages: PageClient) -> None:
    reference = with_history(world)
    now = world.ctx.clock.now()
    add_past(
        world.ctx.database, reference, begun=now - timedelta(days=900), stays=[("drafting", 2000)],
        reference="OLD-1", now=now,
    )  # fmt: skip
    assert forecasting.forecast_due(world.ctx) == 2
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "older than anything that ever finished" in pages.get("/time/forecasts").text


def test_the_page_says_which_will_be_late_and_shows_nobody_elses(world: World, pages: PageClient) -> None:
    reference = with_history(world)
    now = world.ctx.clock.now()
    soon = now.date() + timedelta(days=3)
    add_past(
        world.ctx.database, reference, begun=now - timedelta(days=9), stays=[("drafting", 99)],
        reference="LATE-1", now=now, needed=soon,
    )  # fmt: skip
    forecasting.forecast_due(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/time/forecasts?late=yes")
    assert "1 will likely be signed only after the day they are needed, and 0 more may be." in page.text
    assert "LATE-1" in page.text
    assert reference not in page.text
    assert "Likely late" in page.text
    lines = list(csv.DictReader(io.StringIO(pages.client.get("/time/forecasts.csv").text.lstrip("\ufeff"))))
    assert {line["Reference"] for line in lines} == {"LATE-1", reference}
    pages.sign_in(world.person("DWP", "drafter"))
    assert "LATE-1" not in pages.get("/time/forecasts").text
    pages.get("/time/forecasts?after=nonsense", status=400)


def test_a_forecast_is_judged_when_its_day_has_come_and_one_given_up_before_is_not(world: World) -> None:
    reference = with_history(world)
    now, database = world.ctx.clock.now(), world.ctx.database
    agreement = world.loaded(reference).head.id
    in_time = add_past(database, reference, begun=now - timedelta(days=60), stays=[("review", 30), ("signed", 0)],
                       reference="MET-1", now=now)  # fmt: skip
    gone = add_past(database, reference, begun=now - timedelta(days=60), stays=[("review", 30), ("withdrawn", 0)],
                    reference="GONE-1", now=now)  # fmt: skip
    said = now.date() - timedelta(days=10)
    with database.writing() as session:
        for one in (agreement, in_time, gone):
            row = {
                "agreement_id": one, "made_at": now - timedelta(days=50), "made_on": said, "stage": "review",
                "stage_entered_at": now - timedelta(days=60), "first_in_stay": True, "likely_on": said,
                "very_likely_on": said, "likely_days": 9.0, "very_likely_days": 9.0, "refusal": None, "rests_on": 24,
                "still_open": 1, "factor": 1.0,
            }  # fmt: skip
            session.execute(_F.insert().values(**row))
    forecasting.forecast_due(world.ctx)
    with database.reading() as session:
        body = outlook.stored.figure(session, forecasting.RECORD).body
    assert body["made"] == {"said": 2, "met": 1, "likely_said": 2, "likely_met": 1}


def test_a_forecast_that_was_made_cannot_be_changed(world: World) -> None:
    with_history(world)
    forecasting.forecast_due(world.ctx)
    verbs = ["UPDATE forecasts SET likely_on = NULL", "DELETE FROM forecasts"]
    if not world.ctx.database.is_sqlite:
        verbs.append("TRUNCATE forecasts CASCADE")
    for verb in verbs:
        with pytest.raises(DBAPIError, match="append-only"), world.ctx.database.writing() as session:
            session.execute(text(verb))


def test_days_are_counted_on_the_calendar_of_whoever_leads(world: World) -> None:
    from dsa.timekeeping.calendar import calendar_for

    now = world.ctx.clock.now()
    scottish = forecasting.day_after(calendar_for("SCT"), now, 20)  # St Andrew's day lies between
    assert scottish == date(2026, 12, 1)
    assert forecasting.day_after(calendar_for("ENG"), now, 20) == date(2026, 11, 30)
