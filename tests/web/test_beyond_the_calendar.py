"""Dates beyond the years whose bank holidays are known: said in words everywhere, guessed nowhere, never a crash."""

from datetime import date, timedelta

import pytest

from dsa.services import digesting, holding, redating, reminding, reviewing
from tests.web.page_client import PageClient
from tests.web.test_tracked import tracked
from tests.web.world import World

PAGES = ("", "/timeline", "/draft", "/comments", "/versions")
LISTS = ("/", "/tasks", "/agreements", "/stalled", "/calendar", "/time", "/outbox", "/notices")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_agreement_needed_in_another_century_has_all_its_pages(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review", date_needed="2099-01-01", review_date="2098-06-01", end_date="2150-12-31")
    pages.sign_in(world.person("HMRC", "drafter"))
    for path in PAGES:
        pages.get(f"/agreements/{reference}{path}")
    pages.sign_in(world.person("HMRC", "legal"))
    pages.get(f"/agreements/{reference}/tasks/legal:hmrc")
    for path in LISTS:
        pages.get(path)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ahead", ["the last week", "beyond"])
def test_at_the_end_of_the_calendar_every_page_answers_in_words(pages: PageClient, world: World, ahead: str) -> None:
    reference = world.agreement_in("review")
    last = date(2031, 12, 29) if ahead == "the last week" else date(2032, 2, 3)
    world.move_clock(days=(last - date(2026, 11, 2)).days)
    pages.sign_in(world.person("HMRC", "drafter"))
    answered = {}
    for path in (*LISTS, *(f"/agreements/{reference}{path}" for path in PAGES)):
        response = pages.client.get(path)
        answered[path] = response.status_code
        assert response.status_code < 500, path
        if response.status_code >= 400:
            assert "for which bank holidays are known" in response.get_data(as_text=True), path
    if ahead == "the last week":
        assert set(answered.values()) == {200}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_step_whose_due_date_is_not_known_is_refused_and_changes_nothing(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    world.move_clock(days=(date(2031, 12, 29) - date(2026, 11, 2)).days)
    before = world.loaded(reference).head.version
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.post(f"/agreements/{reference}/moves/submit", {"seen": before}, status=400)
    assert "for which bank holidays are known" in page.text
    assert world.loaded(reference).head.version == before
    # jobs say so and go on
    for job in (redating.redate, reminding.remind, digesting.digest):
        job(world.ctx)
    until = (world.ctx.clock.now() + timedelta(days=400)).date()
    holding.begin_hold(
        world.ctx, world.actor("HMRC", "drafter"), reference, code="DPIA", awaited="SLC", outside=False, until=until,
        seen=None,
    )  # fmt: skip
    assert "beyond the bank holidays that are known" in pages.get(f"/agreements/{reference}").text
    pages.get(f"/agreements/{reference}/timeline")
    pages.get("/stalled")


def test_a_condition_due_in_another_century_closes_no_page(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    verdict = reviewing.Verdict(
        "approved_with_conditions", conditions=(reviewing.Condition("Tell them.", "2140-01-01"),)
    )
    reviewing.decide_task(
        world.ctx, world.actor("HMRC", "legal"), reference, "legal:hmrc", verdict, seen=world.seen(reference)
    )
    pages.sign_in(world.person("HMRC", "drafter"))
    for path in ("", "/timeline", "/conditions"):
        pages.get(f"/agreements/{reference}{path}")
    assert "beyond the bank holidays that are known" in pages.get(f"/agreements/{reference}/conditions").text


@pytest.mark.parametrize("holder", ["SLC", "-outside"])
def test_a_due_day_reported_for_another_decade_closes_no_list_and_keeps_nobody_from_being_reminded(
    pages: PageClient, world: World, holder: str
) -> None:
    at, other = tracked(pages, world), world.agreement_in("check_draft")
    pages.get(f"{at}/stands")
    pages.press(
        "Record how it stands",
        {"stage": "board", "holder": holder, "outside": "Treasury board" if holder == "-outside" else "",
         "due-day": "1", "due-month": "3", "due-year": "2036"},
        status=422,
    )  # fmt: skip
    pages.press("Record how it stands", {"sure": "yes"})
    world.move_clock(days=30)
    assert reminding.remind(world.ctx) == 1, f"of {other}, which is overdue"
    for organisation in ("HMRC", "SLC"):
        pages.sign_in(world.person(organisation, "drafter"))
        for path in (*LISTS, "/agreements?format=csv", at, f"{at}/timeline"):
            assert pages.client.get(path).status_code == 200, path
    assert "beyond the bank holidays that are known" in pages.get("/agreements").text
