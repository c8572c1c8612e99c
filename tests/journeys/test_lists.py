"""Lists, record, timeline and checking a document in a real browser: usable, accessible, with scripts and without."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page as BrowserPage

from tests.web import chromium
from tests.web.test_verify import document
from tests.web.world import World

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def be(visitor: BrowserPage, who: str) -> None:
    """Become a demo person by their button."""
    visitor.goto("/sign-in")
    visitor.get_by_role("button", name=who).click()


@pytest.fixture
def good(visitor: BrowserPage) -> Iterator[BrowserPage]:
    """The visitor; narrow windows are tried on the page where the test ends."""
    yield visitor
    check(visitor)


def check(page: BrowserPage) -> None:
    """Accessible, and no sideways scroll in a window of 320 pixels."""
    chromium.assert_accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    chromium.assert_no_sideways_scroll(page)
    page.set_viewport_size({"width": 1_280, "height": 900})


def test_from_the_start_page_to_a_task_and_to_the_next_person(good: BrowserPage, world: World) -> None:
    reference = world.agreement_in("check_draft")
    good.goto("/")
    check(good)
    good.get_by_role("link", name="Choose who to be").click()
    good.get_by_role("button", name="Drafter (HM Revenue and Customs)").click()
    assert good.get_by_role("heading", level=1).inner_text() == "My tasks"
    assert "Nothing is waiting for you." in good.locator("main").inner_text()
    check(good)
    good.get_by_role("link", name=reference).click()
    assert "Next: Information governance lead, Student Loans Company" in good.locator("main").inner_text()
    check(good)
    good.get_by_role("button", name="Continue as them").first.click()
    assert good.url.endswith(f"/agreements/{reference}/tasks/check_text:slc")


def test_a_list_is_narrowed_and_widened_again(good: BrowserPage, world: World) -> None:
    world.agreement_in("check_draft")
    world.start(title="A second agreement with a rather long title about income and council tax support")
    be(good, "Drafter (HM Revenue and Customs)")
    good.goto("/agreements")
    good.get_by_label("Stage").select_option(label="Start")
    good.get_by_role("button", name="Show").click()
    assert good.get_by_role("heading", level=1).inner_text() == "1 agreement"
    check(good)
    good.get_by_label("Search by title or reference").fill("nothing like this")
    good.get_by_role("button", name="Show").click()
    assert good.get_by_role("heading", level=1).inner_text() == "0 agreements"
    check(good)
    good.get_by_role("link", name="Remove “Search”").click()
    assert good.get_by_role("heading", level=1).inner_text() == "1 agreement"


def test_the_timeline_after_a_hold_and_a_move_of_the_clock(good: BrowserPage, world: World) -> None:
    reference = world.agreement_in("review")
    be(good, "Drafter (HM Revenue and Customs)")
    good.goto(f"/agreements/{reference}")
    good.get_by_role("link", name="Put it on hold").click()
    check(good)
    good.get_by_role("button", name="Put it on hold").click()
    assert good.title().startswith("Error: ")
    check(good)
    good.get_by_label("Power unclear").check()
    good.get_by_label("Student Loans Company").check()
    for box, value in (("Day", "1"), ("Month", "december"), ("Year", "2026")):
        good.get_by_label(box, exact=True).fill(value)
    good.get_by_role("button", name="Put it on hold").click()
    assert "The agreement is on hold." in good.locator("main").inner_text()
    check(good)
    world.move_clock(days=7)
    good.get_by_role("link", name="Timeline").click()
    words = good.locator("main").inner_text()
    assert "on hold for 5 working days" in words
    assert "With: Student Loans Company" in words
    check(good)
    good.get_by_role("link", name="Contest this").last.click()
    good.get_by_label("Who had it, and why do you say so?").fill("It was with us.")
    check(good)
    good.get_by_role("button", name="Contest this").click()
    assert "Contested It was with us." in " ".join(good.locator("main").inner_text().split())


def test_withdrawing_asks_why_and_says_that_it_is_for_good(good: BrowserPage, world: World) -> None:
    reference = world.agreement_in("drafting")
    be(good, "Accountable person (HM Revenue and Customs)")
    good.goto(f"/agreements/{reference}/moves/withdraw")
    assert "This ends the agreement for good." in good.locator("main").inner_text()
    check(good)
    good.get_by_label("Why?").fill("The pilot was cancelled.")
    good.get_by_role("button", name="Withdraw the agreement").click()
    assert "This agreement is over: Withdrawn." in good.locator("main").inner_text()


def test_a_document_is_checked_without_an_account(good: BrowserPage, world: World) -> None:
    reference = world.agreement_in("in_use")
    data, code = document(world, reference)
    good.goto("/verify")
    check(good)
    good.get_by_label("Choose the signed PDF").set_input_files(
        {"name": "agreement.pdf", "mimeType": "application/pdf", "buffer": data}
    )
    good.get_by_role("button", name="Check document").click()
    assert good.get_by_role("heading", level=1).inner_text() == "Genuine and unchanged"
    assert good.locator("main").inner_text().strip().startswith("EXAMPLE")
    check(good)
    good.goto("/verify")
    good.get_by_label("Code").fill(code)
    good.get_by_role("button", name="Look up the code").click()
    assert "Yes, it is in force today." in good.locator("main").inner_text()


def test_bottlenecks_and_the_outbox(good: BrowserPage, world: World) -> None:
    world.agreement_in("check_draft")
    world.carry_out()
    be(good, "Head of data sharing (HM Revenue and Customs)")
    good.goto("/outbox")
    assert "Check the draft" in good.locator("main").inner_text()
    check(good)
    good.goto("/time")
    assert "Too few agreements" in good.locator("main").inner_text()
