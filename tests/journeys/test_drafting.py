"""An official starts an agreement in a browser: the start, the proposal, two sections, and what is still missing."""

import pytest
from playwright.sync_api import Page

from tests.web import chromium
from tests.web.world import World

pytestmark = pytest.mark.browser


def fill_start(page: Page) -> None:
    page.locator("[name=classification_above][value=no]").check()
    page.locator("[name=what_people_can_do]").fill("Check declared income before the first payment.")
    page.locator("[name=who_holds]").select_option("SLC")
    page.locator("[name=about_people][value=identified]").check()
    page.locator("[name=once_or_regularly][value=once]").check()
    for part, text in (("day", "1"), ("month", "3"), ("year", "2027")):
        page.locator(f"[name=date_needed-{part}]").fill(text)
    page.locator("[name=consequence_if_not]").fill("False applications would be paid.")
    page.locator("[name=accountable]").fill("Deputy Director, Counter Fraud")


def press(page: Page, words: str) -> None:
    """Press the visible button with these words."""
    page.get_by_role("button", name=words, exact=True).click()


def test_a_draft_is_begun_and_says_what_it_still_needs(visitor: Page, world: World) -> None:
    page = visitor
    page.goto("/sign-in")
    page.locator(f"button[name=person][value='{world.person('HMRC', 'drafter')}']").click()

    page.goto("/start")
    chromium.assert_accessible(page)
    press(page, "See what we propose")  # with nothing filled in
    assert page.title().startswith("Error: ")
    chromium.assert_accessible(page)
    fill_start(page)
    press(page, "See what we propose")
    assert page.locator("h1").inner_text() == "What we propose"
    chromium.assert_accessible(page)
    press(page, "Create the draft")
    assert "You have completed" in page.locator("main").inner_text()
    chromium.assert_accessible(page)
    draft = page.url

    page.get_by_role("link", name="Purpose and need").click()
    chromium.assert_accessible(page)
    page.locator("[name=how_data_helps]").fill("Declared income is compared with recorded income.")
    page.locator("[name=matched][value=yes]").check()
    press(page, "Save and continue")
    assert "one more question" in page.locator("main").inner_text()
    assert page.locator("[name=linkage]").is_visible()
    chromium.assert_accessible(page)
    page.locator("[name=linkage]").fill("On the National Insurance number, checked by a person.")
    press(page, "Save and continue")
    assert page.locator("h1").inner_text() == "Data"

    page.locator("[name=datasets-0-name]").fill("Income")
    page.locator("[name=datasets-0-records]").fill("about forty")
    page.locator("[name=datasets-0-period]").press("Enter")  # Enter saves; it never removes a row
    assert page.title().startswith("Error: Data")
    assert page.locator("[name=datasets-0-name]").input_value() == "Income"
    chromium.assert_accessible(page)
    page.locator(".govuk-error-summary a").first.click()
    assert page.evaluate("document.activeElement.name") == "datasets-0-records"
    page.locator("[name=datasets-0-records]").fill("40,000")
    press(page, "Save and come back later")
    assert page.url.split("?")[0] == draft.split("?")[0]
    assert "In progress" in page.locator("#status-data").inner_text()

    page.goto(draft.split("?")[0].replace("/draft", "/check"))
    chromium.assert_accessible(page)
    text = page.locator("main").inner_text()
    assert "things stop you from sending it" in text
    assert "Answer: Which legal power" in text or "Answer: Do you know the legal power?" in text
    page.get_by_role("link", name="Answer: Do you know the legal power?").click()
    assert page.url.endswith("/sections/legal_power?back=check#q-power_known")


@pytest.mark.parametrize("section", ["overview", "parties", "data", "legal_power", "security", "retention", "evidence"])
def test_sections_fit_a_narrow_window(browser: object, live: str, world: World, section: str) -> None:
    reference = world.agreement_in("drafting")
    with chromium.visiting(browser, live, width=320) as page:  # type: ignore[arg-type]
        page.goto("/sign-in")
        page.locator(f"button[name=person][value='{world.person('HMRC', 'drafter')}']").click()
        for path in (f"sections/{section}", "draft", "check"):
            page.goto(f"/agreements/{reference}/{path}")
            chromium.assert_no_sideways_scroll(page)
