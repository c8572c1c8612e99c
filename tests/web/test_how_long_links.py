"""The numbers of “How long it takes” lead to the list of just those agreements, and its file has as many rows."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from dsa.persistence import queries_agreements
from dsa.persistence.models import Agreement
from dsa.services import forecasting, how_long
from dsa.services.agreements_list import Filters, _wanted
from tests.past import add_past
from tests.web.page_client import PageClient
from tests.web.test_how_long import SHEET, import_sheet, with_two_eras
from tests.web.test_tasks import plans_of
from tests.web.test_time_pages import numbers
from tests.web.world import World


def follow_all(pages: PageClient, path: str) -> int:
    """Follow each number of the page: the list and the file have as many. Returns how many numbers there were."""
    found = numbers(pages.get(path))
    for number, href in found:
        heading = pages.get(href).h1
        assert heading == (f"{number} agreement" if number == 1 else f"{number} agreements"), (path, href)
    for number, href in found[:6]:
        assert len(file_of(pages, href)) == number, (path, href)
    return len(found)


def file_of(pages: PageClient, href: str) -> list[dict[str, str]]:
    """The rows of the list as a file."""
    text = pages.client.get(href.replace("/agreements?", "/agreements.csv?")).text
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def evidence_a_contact(world: World, reference: str, day: date) -> None:
    """The first contact of an agreement was on that day."""
    with world.ctx.database.writing() as session:
        session.execute(update(Agreement).where(Agreement.reference == reference).values(first_contact_on=day))


@pytest.mark.parametrize("who", [("HMRC", "head_of_sharing"), ("NAO", "auditor")])
def test_every_number_leads_to_exactly_the_agreements_it_counts(
    pages: PageClient, world: World, who: tuple[str, str]
) -> None:
    with_two_eras(world)
    split = (world.ctx.clock.now() - timedelta(days=100)).date()
    evidence_a_contact(world, "LATER-3", split - timedelta(days=1))
    evidence_a_contact(world, "LATER-4", split)
    now = world.ctx.clock.now()
    over = [("drafting", 30.0), ("signed", 9.0), ("withdrawn", 0.0)]  # it was signed, and is over since
    add_past(world.ctx.database, "LATER-1", begun=now - timedelta(days=90), stays=over, reference="OVER", now=now)
    import_sheet(world, SHEET)
    pages.sign_in(world.person(*who))
    assert follow_all(pages, "/time/how-long?reported=no") >= 4 + 5
    assert follow_all(pages, f"/time/how-long?changed_on={split}&reported=no") >= 4 + 2 * 4 + 5
    assert follow_all(pages, f"/time/how-long?changed_on={split}") >= 4 + 2 * 4 + 5
    assert follow_all(pages, "/time/how-long?route=standard&version=2") >= 4
    for day in ("0001-01-01", "9999-12-31", "1969-06-01"):
        assert follow_all(pages, f"/time/how-long?changed_on={day}") >= 4


def test_the_finished_tasks_of_a_team_are_those_of_the_weeks_that_are_counted(pages: PageClient, world: World) -> None:
    with_two_eras(world)
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    done = [(number, href) for number, href in numbers(pages.get("/time/teams")) if "done_by=HMRC%3Alegal" in href]
    assert done
    for number, href in done:
        assert f"{number} tasks of the team in" in pages.get(href).text
        older = re.sub(r"\d{4}-\d\d-\d\d", "2020-01-06", href)
        assert f"{number} tasks of the team in" not in pages.get(older).text


def test_what_a_sheet_reported_is_said_apart_from_what_the_list_has(pages: PageClient, world: World) -> None:
    import_sheet(world, SHEET)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/how-long")
    assert "5 signed, 1 still open, 1 withdrawn or rejected" in page.text
    listed = "In the list of agreements: 1 agreement, of which 0 signed, 1 still open, 0 withdrawn or rejected."
    assert listed in page.text
    assert numbers(page)[0] == (1, "/agreements?ended=open")
    assert "7 agreements" not in page.links()


def test_of_very_many_the_list_has_the_sample_that_was_measured(
    pages: PageClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_two_eras(world)
    monkeypatch.setattr(how_long, "one_in", lambda _many: 3)
    monkeypatch.setattr("dsa.services.agreements_measured.one_in", lambda _many: 3)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    assert "one in 3 was measured" in pages.get("/time/how-long").text
    assert follow_all(pages, "/time/how-long") > 8
    typed = pages.get("/agreements?lasted=21")
    assert "There are so many that one in 3 was measured." in typed.text


def test_what_is_asked_for_can_be_read_and_removed(pages: PageClient, world: World) -> None:
    with_two_eras(world)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/agreements?ended=withdrawn&begun_before=2030-01-01&lasted=1.5&done_by=HMRC:legal:2026-08-31")
    for words in (
        "How it ended: withdrawn or rejected before it was signed", "Begun before: 1 January 2030",
        "Lasted at least: 1.5 working days",
        "A task was finished by: Legal adviser, HM Revenue and Customs, since 31 August 2026",
    ):  # fmt: skip
        assert words in page.text, words
    listed = pages.get("/agreements?ended=withdrawn")
    assert listed.h1 == "1 agreement"
    assert "GONE" in listed.text
    assert 'name="ended" value="withdrawn"' in listed.html  # the form keeps it


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_not_understood_is_said_and_finds_nothing(pages: PageClient, world: World) -> None:
    world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "drafter"))
    for query, says in (
        ("ended=happily", "“happily” is no way to end."), ("lasted=-1", "“-1” is not a number of working days."),
        ("lasted=nan", "“nan” is not a number"), ("lasted=9999999", "is not a number of working days"),
        ("begun_from=yesterday", "“yesterday” is not a day."), ("begun_before=2026-13-01", "is not a day."),
        ("version_from=%C2%B2", "is not a version"), ("version_before=999999", "is not a version"),
        ("one_in=0", "“0” is not a number of agreements."), ("one_in=x", "“x” is not a number of agreements."),
        ("done_by=HMRC", "“HMRC” is not a team with a day."), ("done_by=a:b:0001-01-01", "is not a team with a day."),
    ):  # fmt: skip
        page = pages.get(f"/agreements?{query}", status=422)
        assert says in page.text, query
        assert page.h1 == "0 agreements", query
        assert pages.client.get(f"/agreements.csv?{query}").status_code == 400, query
    for query in ("begun_from=9999-12-31", "begun_before=0001-01-01", "lasted=999999", "done_by=%27:%27:2026-08-31"):
        assert pages.get(f"/agreements?{query}").h1 == "0 agreements", query


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", [("HMRC", "head_of_sharing"), ("NAO", "auditor")])
def test_each_of_these_filters_is_read_from_an_index(world: World, who: tuple[str, str]) -> None:
    reference = with_two_eras(world)
    forecasting.forecast_due(world.ctx)
    actor, now = world.actor(*who), world.ctx.clock.now()
    asked = [
        Filters(ended="signed"), Filters(ended="withdrawn", lasted="21"), Filters(done_by="HMRC:legal:2026-08-31"),
        Filters(begun_from="2026-01-01", version_from="1"), Filters(forecast_of=reference),
    ]  # fmt: skip
    with world.ctx.database.reading() as session:
        wanted = [_wanted(world.ctx, session, actor, each, now) for each in asked]
    ask: list[Callable[..., object]] = []
    for each in wanted:
        ask.append(lambda session, each=each: queries_agreements.page(session, actor, each))
        ask.append(lambda session, each=each: queries_agreements.count(session, actor, each))
    ask.append(lambda session: queries_agreements.count_tasks(session, actor, wanted[2]))
    plans = plans_of(world, *ask)
    assert len(plans) == 11
    for plan in plans:
        for table in ("stage_entries", "tasks", "parties", "organisations"):
            assert f"SCAN {table}" not in plan, plan
    assert "ix_agreements_list" in plans[0]
    assert "USING INTEGER PRIMARY KEY" in plans[2]
    assert "ix_tasks_agreement" in plans[4]
