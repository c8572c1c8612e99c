"""Where agreements wait: a sentence first, open ones counted, too few said plainly, nobody ranked."""

import csv
import io
from datetime import datetime, timedelta

import pytest

from dsa.persistence import rows
from dsa.services import figures
from dsa.timekeeping.calendar import calendar_for
from tests.web.page_client import PageClient
from tests.web.world import World


def later(at: datetime, days: int) -> datetime:
    """So many working days later."""
    calendar = calendar_for("ENG")
    return calendar.at_local_time(calendar.add_working_days(calendar.local_date(at), days), like=at)


def past_stays(world: World, reference: str, stage: str, lengths: list[int], *, target: int = 10) -> None:
    """Add finished stays of so many working days to an agreement's history (not what a service would do)."""
    loaded = world.loaded(reference)
    with world.ctx.database.writing() as session:
        for number, days in enumerate(lengths):
            at = loaded.head.created_at - timedelta(days=200 + 7 * number)
            rows.add(
                session,
                "stage_entries",
                {
                    "agreement_id": loaded.head.id, "entered_seq": 1_000 * len(stage) + number,
                    "stage": stage, "round": 1,
                    "organisation_id": loaded.head.lead_organisation_id, "route": "standard", "entered_at": at,
                    "left_at": later(at, days), "target_days": target, "due_at": later(at, target),
                    "working_minutes": days * 480, "calendar_version": "x",
                },
            )  # fmt: skip
    figures.rebuild(world.ctx)


def test_a_sentence_names_the_stage_that_takes_longest_against_its_target(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    past_stays(world, reference, "review", [10, 12, 12, 14, 30])
    past_stays(world, reference, "check_draft", [1], target=5)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time")
    assert "Review takes longest against its target: half take 12 working days or more, target 15." in page.text
    assert "rests on" in page.text
    assert "too few to compare" in page.text
    assert page.links()["1 agreements through Review"] == "/agreements?been=review"
    assert pages.get("/agreements?been=review").h1 == "1 agreement"


def test_with_too_few_it_says_so_and_gives_no_durations(pages: PageClient, world: World) -> None:
    world.agreement_in("review")
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time")
    assert "Too few agreements have finished a stage to compare stages yet." in page.text
    assert "Half within" in page.text
    assert not page.by_class("dsa-chart")


def test_open_stays_are_counted_and_the_longest_are_links(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    world.move_clock(days=21)
    world.count()
    pages.sign_in(world.person("SLC", "administrator"))
    page = pages.get("/time")
    assert "1 stay is still open and is counted." in page.text
    assert f"Income check for student finance ({reference}): Check the draft, 10 working days late" in page.text
    assert page.links()["Open the most overdue"] == f"/agreements/{reference}"
    assert pages.get(page.links()["The 1 that is overdue"]).h1 == "1 agreement"


def test_a_stranger_measures_nothing_of_others(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.count()
    pages.sign_in(world.person("DWP", "head_of_sharing"))
    page = pages.get("/time")
    assert "There is nothing to measure here yet." in page.text
    assert reference not in page.html
    assert len(list(csv.reader(io.StringIO(pages.client.get("/time/stages.csv").text)))) == 1


def test_filters_narrow_and_strange_ones_find_nothing(pages: PageClient, world: World) -> None:
    world.agreement_in("review")
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    assert "nothing to measure" in pages.get("/time?workflow=fast-track").text
    assert "nothing to measure" not in pages.get("/time?workflow=standard&route=standard").text
    pages.get("/time?route=%00%3Cscript%3E&workflow=" + "x" * 3_000)


def test_nobody_is_named_on_it(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    past_stays(world, reference, "review", [10, 12, 12, 14, 30])
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    main = pages.get("/time").text
    for words in ("Legal adviser", "Drafter", "Student Loans Company"):
        assert words not in main


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_has_the_same_numbers(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    past_stays(world, reference, "review", [10, 12, 12, 14, 30])
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    table = list(csv.reader(io.StringIO(pages.client.get("/time/stages.csv").text)))
    review = next(row for row in table if row[0] == "Review")
    assert review[1:] == ["15", "12", "30", "5", "1", "1", "1", "1"]


def test_the_old_address_leads_here_with_its_filters(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    answer = pages.client.get("/bottlenecks?workflow=standard&route=fast")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/time?workflow=standard&route=fast")


def test_its_pages_stand_in_a_navigation_of_their_own(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time")
    assert page.links()["Where the time goes"] == "/time"
    current = [link.get("href") for link in page.by_class("dsa-subnav__link") if link.get("aria-current") == "page"]
    assert current == ["/time"]


def test_months_narrow_the_page_its_links_and_its_file(pages: PageClient, world: World) -> None:
    """Two agreements a month apart, both through the draft's check: each month has the one that was started in it."""
    early = world.agreement_in("review", title="Started in November")
    world.move_clock(days=30)
    late = world.agreement_in("review", title="Started in December")
    world.move_clock(days=60)
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    assert "2 agreements through Check the draft" in pages.get("/time").links()
    for query, reference in (("from=2026-12&to=", late), ("from=2026-11&to=2026-11", early)):
        page = pages.get(f"/time?{query}")
        assert "Only those started" in page.text
        followed = 0
        for words, href in page.links().items():
            if href.startswith("/agreements?"):
                listed = pages.get(href)
                assert listed.h1 == "1 agreement", (words, href)
                assert reference in listed.text
                followed += 1
        assert followed > 4
        assert f"/agreements/{reference}" in page.links().values()
        file = page.links()["Save this table as a CSV file"]
        table = {row[0]: row for row in csv.reader(io.StringIO(pages.client.get(file).text))}
        assert table["Check the draft"][4:8] == ["1", "0", "1", "0"]
        assert table["Review"][4:7] == ["0", "1", "0"]
    listed = pages.get("/agreements?been=drafting&started_from=2026-11&started_to=2026-11")
    assert "Started in or after: November 2026" in listed.text
    assert "nothing to measure" in pages.get("/time?from=2027-06").text


def test_what_is_no_month_is_said_and_narrows_nothing(pages: PageClient, world: World) -> None:
    world.agreement_in("review")
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    for query, says in (
        ("from=March", "“March” is not a month. Write it as 2026-03."),
        ("to=2026-13", "“2026-13” is not a month."),
        ("from=%00&to=0000-01", "“0000-01” is not a month."),
        ("from=2026-05&to=2026-04", "The first month lies after the last. Exchange the two."),
    ):
        assert says in pages.get(f"/time?{query}", status=422).text, query
        assert pages.client.get(f"/time/stages.csv?{query}").status_code == 400, query
    for query in ("started_from=March", "started_from=2026-05&started_to=2026-04", "started_to=%3Cb%3E"):
        assert pages.get(f"/agreements?{query}").h1 == "0 agreements", query


def test_what_was_due_today_is_said_to_be_late_since_close_of_office(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    due = world.loaded(reference).head.stage_due_at
    assert due is not None
    world.move_clock(seconds=(due - world.ctx.clock.now()).total_seconds() + 1_800)
    world.count()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    for path in ("/time", "/time/chase"):
        page = pages.get(path)
        assert "Check the draft, since close of office today" in page.text, path
        assert "1 working day late" not in page.text, path
