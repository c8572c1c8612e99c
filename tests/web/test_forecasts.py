"""When it will be signed: dates with their record, a reason where there is none, only for those who may see it."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from dsa.persistence.models import Agreement, ForecastRow, StageEntry, table
from dsa.services import forecasting, moves, outlook
from tests.past import add_past, add_signed
from tests.web.page_client import PageClient
from tests.web.world import World

_A, _F, _G = table(Agreement), table(ForecastRow), table(StageEntry)


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
    keep_record(world, 20)
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


def test_the_signed_agreements_that_a_forecast_rests_on_are_a_list_for_those_who_may_see_them_all(
    world: World, pages: PageClient
) -> None:
    reference = with_history(world)
    now, database = world.ctx.clock.now(), world.ctx.database
    stays = [("drafting", 5.0), ("signed", 0.0)]
    for number in range(3):  # too few of their own: a forecast of that route rests on all
        add_past(database, reference, begun=now - timedelta(days=20), stays=stays, reference=f"FAST-{number}", now=now,
                 route="fast")  # fmt: skip
    add_past(database, reference, begun=now - timedelta(days=3), stays=[("drafting", 99)], reference="FAST-OPEN",
             now=now, route="fast")  # fmt: skip
    forecasting.forecast_due(world.ctx)
    world.move_clock(minutes=5)
    add_past(database, reference, begun=now - timedelta(days=5), stays=[*stays[:1], ("signed", 0.0)],
             reference="SINCE", now=now + timedelta(minutes=5))  # fmt: skip
    with database.writing() as session:
        late = select(_A.c.id).where(_A.c.reference == "SINCE").scalar_subquery()
        at = now + timedelta(minutes=2)
        session.execute(update(_G).where(_G.c.agreement_id == late, _G.c.stage == "signed").values(entered_at=at))
    for one, count in ((reference, 24), ("FAST-OPEN", 27)):
        pages.sign_in(world.person("NAO", "auditor"))
        for path in (f"/agreements/{one}", f"/agreements/{one}/timeline"):
            href = pages.get(path).links()[f"{count} signed agreements"]
            assert href == f"/agreements?forecast_of={one}"
        listed = pages.get(href)
        assert listed.h1 == f"{count} agreements"
        assert f"Signed ones that the forecast rests on of: {one}" in listed.text
        assert len(pages.client.get(href.replace("?", ".csv?")).text.splitlines()) == count + 1
        pages.sign_in(world.person("HMRC", "drafter"))
        record = pages.get(f"/agreements/{one}")
        assert f"Rests on {count} signed agreements" in record.text
        assert f"{count} signed agreements" not in record.links()
    pages.sign_in(world.person("DWP", "drafter"))
    assert f"/agreements/{reference}" not in pages.get(f"/agreements?forecast_of={reference}").html
    for unknown in ("NONE", "PAST-001", "%00", "x" * 300):
        pages.sign_in(world.person("NAO", "auditor"))
        found = pages.get(f"/agreements?forecast_of={unknown}")
        assert (found.h1 == "0 agreements") is (unknown != "%00"), unknown


def test_a_very_likely_day_is_given_nowhere_until_twenty_forecasts_can_be_judged(
    world: World, pages: PageClient
) -> None:
    reference = with_history(world)
    now = world.ctx.clock.now()
    add_past(world.ctx.database, reference, begun=now - timedelta(days=9), stays=[("drafting", 99)],
             reference="LATE-1", now=now, needed=now.date() + timedelta(days=3))  # fmt: skip
    forecasting.forecast_due(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    for judged, given in ((0, False), (19, False), (20, True)):
        keep_record(world, judged)
        for path in (f"/agreements/{reference}", f"/agreements/{reference}/timeline", "/agreements"):
            page = pages.get(path)
            assert "ikely by" in page.text, path
            assert ("very likely by" in page.text) is given, path
            assert ("A very likely day is given once 20 can be judged" in page.text) is not given, path
        page = pages.get("/time/forecasts?late=yes")
        assert "LATE-1" in page.text
        assert ("and 0 more may be" in page.text) is given
        assert ("Open agreements by their very likely day" in page.text) is given
        for path in ("/agreements.csv", "/time/forecasts.csv"):
            lines = list(csv.DictReader(io.StringIO(pages.client.get(path).text.lstrip("\ufeff"))))
            (mine,) = [line for line in lines if line["Reference"] == reference]
            assert mine["Likely by"]
            assert bool(mine["Very likely by"]) is given


def keep_record(world: World, judged: int) -> None:
    """The record of forecasts: so many judged, and met."""
    body = {"made": {"said": judged, "met": judged}, "again": {"said": judged, "met": judged}, "factor": 1.0}
    with world.ctx.database.writing() as session:
        outlook.stored.keep_figure(session, forecasting.RECORD, "", body, at=world.ctx.clock.now())


def test_the_same_history_gives_the_same_dates_and_nothing_is_done_twice(world: World) -> None:
    reference = with_history(world)
    assert forecasting.forecast_due(world.ctx) == 1
    assert forecasting.forecast_due(world.ctx) == 0
    with world.ctx.database.writing() as session:
        session.execute(text("DELETE FROM newest_forecasts"))
    assert forecasting.forecast_due(world.ctx) == 1
    one, other = forecasts(world, world.loaded(reference).head.id)
    assert (one.likely_on, one.very_likely_on) == (other.likely_on, other.very_likely_on)


def test_two_workers_at_once_make_each_forecast_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = with_history(world)
    made = forecasting._Fitting.rows
    by_other: list[int] = []

    def rows(self: Any, *asked: Any) -> Any:
        found = made(self, *asked)
        if not by_other:
            by_other.append(0)
            by_other[0] = forecasting.forecast_due(world.ctx)
        return found

    monkeypatch.setattr(forecasting._Fitting, "rows", rows)
    assert forecasting.forecast_due(world.ctx) == 0
    assert by_other == [1]
    assert len(forecasts(world, world.loaded(reference).head.id)) == 1, "or its record would count it twice"


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
    keep_record(world, 20)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/time/forecasts?late=yes")
    assert "1 of 2 open agreements with a date will likely be signed only after the day they are needed" in page.text
    assert "they are needed, and 0 more may be." in page.text
    assert "LATE-1" in page.text
    assert reference not in page.text
    assert "Likely late" in page.text
    lines = list(csv.DictReader(io.StringIO(pages.client.get("/time/forecasts.csv").text.lstrip("\ufeff"))))
    assert {line["Reference"] for line in lines} == {"LATE-1", reference}
    pages.sign_in(world.person("DWP", "drafter"))
    assert "LATE-1" not in pages.get("/time/forecasts").text
    pages.get("/time/forecasts?after=nonsense", status=400)


def test_the_page_is_short_and_leads_to_the_rest(world: World, pages: PageClient) -> None:
    reference, now = with_history(world), world.ctx.clock.now()
    for kind, ago, days, count in (("DATED", 9, 99, 12), ("OLD", 900, 2000, 7)):
        for number in range(count):
            add_past(
                world.ctx.database, reference, begun=now - timedelta(days=ago + number), stays=[("drafting", days)],
                reference=f"{kind}-{number}", now=now,
            )  # fmt: skip
    forecasting.forecast_due(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/time/forecasts")
    assert page.text.index("0 of 13 open agreements with a date") < page.text.index("Show only some of them")
    assert page.text.count("Past DATED-") + page.text.count(reference) == 10
    assert page.text.count("Past OLD-") == 5
    after = pages.follow("Next page")
    assert after.text.count("Past DATED-") + after.text.count(reference) == 3
    assert "Past OLD-" not in after.text
    pages.get("/time/forecasts")
    rest = pages.follow("And 2 more without a date")
    assert rest.text.count("Past OLD-") == 7
    assert "DATED-" not in rest.text


def test_a_forecast_is_judged_when_its_day_has_come_and_one_given_up_before_is_not(world: World) -> None:
    reference = with_history(world)
    now, database = world.ctx.clock.now(), world.ctx.database
    agreement = world.loaded(reference).head.id
    in_time = add_past(database, reference, begun=now - timedelta(days=60), stays=[("review", 30), ("signed", 0)],
                       reference="MET-1", now=now)  # fmt: skip
    gone = add_past(database, reference, begun=now - timedelta(days=60), stays=[("review", 30), ("withdrawn", 0)],
                    reference="GONE-1", now=now)  # fmt: skip
    said = now.date() - timedelta(days=10)
    say_of(world, [agreement, in_time, gone], said)
    forecasting.forecast_due(world.ctx)
    with database.reading() as session:
        body = outlook.stored.figure(session, forecasting.RECORD).body
    assert body["made"] == {
        "said": 2, "met": 1, "gone": 1, "likely_said": 2, "likely_met": 1, "likely_gone": 1,
    }  # fmt: skip


def say_of(world: World, agreements: list[int], on: date) -> None:
    """Forecasts of these agreements, made 50 days ago: both days are ``on``."""
    now = world.ctx.clock.now()
    with world.ctx.database.writing() as session:
        for one in agreements:
            row = {
                "agreement_id": one, "made_at": now - timedelta(days=50), "made_on": on, "stage": "review",
                "stage_entered_at": now - timedelta(days=60), "first_in_stay": True, "likely_on": on,
                "very_likely_on": on, "likely_days": 9.0, "very_likely_days": 9.0, "refusal": None, "rests_on": 24,
                "still_open": 1, "factor": 1.0,
            }  # fmt: skip
            session.execute(_F.insert().values(**row))


def test_the_page_shows_its_own_record_of_the_forecasts_that_were_made(world: World, pages: PageClient) -> None:
    reference = with_history(world)
    now, database = world.ctx.clock.now(), world.ctx.database
    fates = {  # 20 judged, 18 of them met; three were withdrawn before their day
        "MET": (17, ("signed", 30)), "IN-USE": (1, ("in_use", 30)), "LATE": (1, ("signed", 55)),
        "GONE-LATE": (1, ("withdrawn", 55)), "GONE": (3, ("withdrawn", 30)),
    }  # fmt: skip
    said = [
        add_past(database, reference, begun=now - timedelta(days=60), stays=[("review", days), (end, 0)],
                 reference=f"{name}-{number}", now=now)
        for name, (count, (end, days)) in fates.items()
        for number in range(count)
    ]  # fmt: skip
    say_of(world, said, now.date() - timedelta(days=10))
    forecasting.forecast_due(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/time/forecasts")
    assert "Of the last 20 forecasts, 90 % were met." in page.text
    assert "Very likely by2090 %85 %3" in page.text
    assert "made again for past days" not in page.text
    assert "Of the last 20 forecasts, 90 % were met." in pages.get(f"/agreements/{reference}").text


def test_forecasts_that_the_job_made_are_judged_when_their_days_have_come(world: World, pages: PageClient) -> None:
    """24 open agreements are forecast; weeks later 20 are signed at once, two are withdrawn at once, two are open."""
    reference = with_history(world)
    now, database = world.ctx.clock.now(), world.ctx.database
    waiting = [
        add_past(database, reference, begun=now - timedelta(days=20 + number), reference=f"OPEN-{number}", now=now,
                 stays=[("drafting", 12), ("review", 999)])
        for number in range(24)
    ]  # fmt: skip
    assert forecasting.forecast_due(world.ctx) == 25
    with database.reading() as session:
        assert outlook.record_of(session).very_likely.again
    end(world, waiting[:20], "signed")
    end(world, waiting[20:22], "withdrawn")
    world.move_clock(days=300)
    forecasting.forecast_due(world.ctx)
    with database.reading() as session:
        record = outlook.record_of(session)
    assert not record.very_likely.again
    assert (record.very_likely.said, record.very_likely.met, record.very_likely.gone) == (23, 20, 2)
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "Of the last 23 forecasts, 87 % were met." in pages.get("/time/forecasts").text


def end(world: World, agreements: list[int], stage: str) -> None:
    """These agreements come to their end tomorrow (not what a service would do)."""
    at = world.ctx.clock.now() + timedelta(days=1)
    values = {"at": int(at.timestamp()), "stage": stage}
    with world.ctx.database.writing() as session:
        for one in agreements:
            here = values | {"one": one}
            session.execute(
                text("UPDATE stage_entries SET left_at = :at WHERE agreement_id = :one AND left_at IS NULL"), here
            )
            row = dict(session.execute(select(_G).where(_G.c.agreement_id == one)).mappings().first() or {})
            row |= {"entered_seq": 9, "stage": stage, "entered_at": at, "left_at": None if stage == "signed" else at}
            session.execute(_G.insert().values(**row))
            over = "" if stage == "signed" else ", finished_at = :at"
            session.execute(
                text(f"UPDATE agreements SET stage = :stage, stage_entered_at = :at{over} WHERE id = :one"), here
            )


def test_with_nothing_open_the_record_is_still_worked_out_each_day(world: World) -> None:
    assert forecasting.forecast_due(world.ctx) == 0
    with world.ctx.database.reading() as session:
        assert outlook.record_of(session).made_at == world.ctx.clock.now()


@pytest.mark.parametrize(("signed", "given"), [(19, False), (20, True)])
def test_the_floor_of_history_is_twenty_signed_agreements(world: World, signed: int, given: bool) -> None:
    reference = world.agreement_in("drafting")
    add_signed(world.ctx.database, reference, now=world.ctx.clock.now(), count=signed)
    forecasting.forecast_due(world.ctx)
    (row,) = forecasts(world, world.loaded(reference).head.id)
    assert (row.very_likely_on is not None, row.refusal) == (given, None if given else "too_little_history")


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
