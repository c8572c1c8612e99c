"""The working calendar as people see it: who added what and why, a count to check, refusals in words."""

import csv
import io
from datetime import date

import pytest

from tests.web.page_client import PageClient
from tests.web.world import World


def added(pages: PageClient, **typed: object) -> None:
    """Fill in the form for a day and send it."""
    pages.get("/calendar/add")
    pages.press("Add it", {name.replace("_", "-"): value for name, value in typed.items()})


def test_an_administrator_adds_a_bank_holiday_and_everybody_sees_who_and_why(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "administrator"))
    assert "No day was added" in pages.get("/calendar").text
    pages.follow("Add a day or office hours")
    typed = {"kind": "holiday", "nations": ["SCT"], "reason": "Proclaimed for the World Cup"}
    pages.press("Add it", typed | {"day-day": "3", "day-month": "11", "day-year": "2026"})
    assert "The calendar is changed." in pages.page.text
    world.carry_out()
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get("/calendar")
    assert "Scotland: one-off bank holiday" in page.text
    assert "Proclaimed for the World Cup" in page.text
    assert "Administrator, HM Revenue and Customs" in page.text
    assert "Add a day or office hours" not in page.links()
    history = pages.get(f"/agreements/{reference}/timeline").text
    assert "Due dates were worked out again: 3 November 2026 is a bank holiday in Scotland" in history


def test_the_page_of_a_task_says_why_its_due_date_moved(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "administrator"))
    added(
        pages, kind="closure", organisation="SLC", day_day="4", day_month="11", day_year="2026", reason="Staff training"
    )
    world.carry_out()
    key = next(key for key in world.open_tasks(reference) if key.startswith("legal") and "slc" in key)
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(f"/agreements/{reference}/tasks/{key}")
    assert "The due date moved" in page.text
    assert "Student Loans Company is closed on 4 November 2026 (Staff training)" in page.text


def test_a_day_to_come_is_withdrawn_and_stays_to_be_seen(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "administrator"))
    added(pages, kind="closure", organisation="HMRC", day_day="5", day_month="1", day_year="2027", reason="Move")
    pages.follow("Withdraw")
    pages.press("Withdraw it")
    assert "The day is withdrawn." in pages.page.text
    assert "withdrawn by Administrator, HM Revenue and Customs" in pages.page.text
    pages.get("/calendar/closure/1/withdraw", status=422)
    pages.get("/calendar/closure/99/withdraw", status=404)
    pages.get("/calendar/closure/99999999999999999999/withdraw", status=404)


NONSENSE: list[tuple[dict[str, object], str]] = [
    ({}, "Choose what changes"),
    ({"kind": "holiday"}, "Choose the nations that keep the day"),
    ({"kind": "half", "organisation": "HMRC", "closes": "half past"}, "is not a time of day"),
    ({"kind": "half", "organisation": "HMRC", "closes": "08:00"}, "the office is open from 09:00 to 17:00"),
    ({"kind": "hours", "organisation": "HMRC", "opens": "17:00", "closes": "09:00"}, "Office hours must begin"),
    ({"kind": "closure", "organisation": "HMRC", "day-year": "2099"}, "Bank holidays are known until"),
    ({"kind": "closure", "organisation": "HMRC", "day-year": "2020"}, "not past"),
    ({"kind": "closure", "organisation": "HMRC", "day-day": "8"}, "closed on that day already"),
    ({"kind": "closure", "organisation": "HMRC", "reason": ""}, "Say why"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_makes_no_sense_is_said_beside_its_field(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "administrator"))
    good = {"day-day": "6", "day-month": "11", "day-year": "2026", "reason": "Because"}
    for typed, says in NONSENSE:
        pages.get("/calendar/add")
        page = pages.press("Add it", good | typed, status=422)
        assert any(says in error for error in page.errors), (typed, page.errors)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_but_an_administrator_gets_to_the_forms(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get("/calendar/add", status=403)
    pages.post("/calendar/add", {"kind": "holiday"}, status=403)
    pages.post("/calendar/closure/1/withdraw", status=403)
    pages.sign_in(world.person("SLC", "administrator"))
    pages.post(
        "/calendar/add",
        {
            "kind": "closure",
            "organisation": "HMRC",
            "day-day": "6",
            "day-month": "11",
            "day-year": "2026",
            "reason": "x",
        },
        status=422,
    )


FROM = "from-day=2&from-month=11&from-year=2026"
COUNTS = [
    # St Andrew's day is Monday 30 November: Scotland's holiday, and so one for freedom of information everywhere
    (f"calendar=ENG&{FROM}&to-day=30&to-month=11&to-year=2026", "there are 20 working days"),
    (f"calendar=SCT&{FROM}&to-day=30&to-month=11&to-year=2026", "there are 19 working days"),
    (f"calendar=FOI&{FROM}&to-day=30&to-month=11&to-year=2026", "there are 19 working days"),
    (f"calendar=FOI&{FROM}&days=20", "20 working days after 2 November 2026 is 1 December 2026"),
    (f"calendar=ENG&{FROM}&days=20", "20 working days after 2 November 2026 is 30 November 2026"),
    (f"calendar=ALL%3AENG%2BWLS%2BSCT%2BNIR&{FROM}&days=20", "is 1 December 2026"),
    (f"calendar=ANY%3AENG%2BWLS%2BSCT%2BNIR&{FROM}&days=20", "is 30 November 2026"),
    (f"calendar=OWNSLC&{FROM}&days=20", "is 1 December 2026"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_anybody_can_check_a_count(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("SLC", "legal"))
    for asked, says in COUNTS:
        assert says in pages.get(f"/calendar?{asked}").text, asked


NO_COUNTS = [
    (f"calendar=ENG&{FROM}", "Enter the last day"),
    (f"calendar=ENG&{FROM}&to-day=1&to-month=1&to-year=2099", "outside the years 2015 to 2031"),
    (f"calendar=ENG&{FROM}&days=1999", "outside the years 2015 to 2031"),
    (f"calendar=ENG&{FROM}&days=99999999", "Enter 2000 working days or fewer"),
    (f"calendar=OWNDWP&{FROM}&days=3", "Choose a calendar"),
    (f"calendar=%00x&{FROM}&days=3", "Choose a calendar"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_count_that_cannot_be_made_says_why(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("SLC", "legal"))
    for asked, says in NO_COUNTS:
        page = pages.get(f"/calendar?{asked}", status=422)
        assert any(says in error for error in page.errors), (asked, page.errors)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_has_the_days(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "administrator"))
    added(pages, kind="closure", organisation="HMRC", day_day="5", day_month="1", day_year="2027", reason="=1+1")
    table = list(csv.reader(io.StringIO(pages.client.get("/calendar.csv").text)))
    assert ["2026-12-25", "bank holiday", "England, Wales, Scotland, Northern Ireland", "", "", ""] in table
    own = next(row for row in table if row[1] == "closed")
    assert own[0] == date(2027, 1, 5).isoformat()
    assert own[3] == "'=1+1"
