"""An approver in a real browser: approve to the receipt, sign to the receipt, with scripts and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from dsa.services import reviewing
from dsa.services.reviewing import Change, Condition
from tests.web import chromium
from tests.web.test_reviewing import redraft
from tests.web.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1_280, "height": 900}


def good(visitor: Page) -> None:
    """The page is accessible and fits a phone."""
    chromium.assert_accessible(visitor)
    visitor.set_viewport_size(PHONE)  # type: ignore[arg-type]
    chromium.assert_no_sideways_scroll(visitor)
    visitor.set_viewport_size(DESK)  # type: ignore[arg-type]


def be(visitor: Page, world: World, path: str, code: str, role: str) -> None:
    """Open the link of a mail as that person."""
    visitor.goto(f"/sign-in?next={path}")
    visitor.locator(f"button[name=person][value='{world.person(code, role)}']").first.click()


def test_an_approval_in_a_browser_from_the_link_to_the_receipt(visitor: Page, world: World) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "security:hmrc", "changes", changes=(Change("data", "Name the second field"),))
    world.do_task(
        reference, "security:slc", "approved_with_conditions", conditions=(Condition("A test passes", "2027-01-04"),)
    )
    be(visitor, world, f"/agreements/{reference}/tasks/legal:slc", "SLC", "legal")
    expect(visitor).to_have_title(re.compile("Review the legal power and lawful basis"))
    good(visitor)
    visitor.get_by_role("button", name="Record my decision").click()
    expect(visitor.get_by_role("alert")).to_contain_text("Choose what you decide")
    good(visitor)
    visitor.get_by_role("radio", name="Send back").check()
    good(visitor)
    visitor.get_by_role("radio", name="Approve", exact=True).check()
    visitor.get_by_role("button", name="Record my decision").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Recorded")
    good(visitor)
    visitor.get_by_role("link", name="Take this back").click()
    good(visitor)


def test_what_changed_and_who_was_first_in_a_browser(visitor: Page, world: World) -> None:
    reference = world.agreement_in("review")
    path = f"/agreements/{reference}/tasks/security:hmrc"
    be(visitor, world, path, "HMRC", "security")
    world.do_task(reference, "security:slc", "blocker", changes=(Change("data", "Name the key holder"),))
    redraft(world, reference, "security", {"key_mgmt": "SLC holds the keys"})
    visitor.goto(path)
    expect(visitor.locator("ins").first).to_contain_text("SLC")
    good(visitor)
    visitor.goto(f"/agreements/{reference}/versions")
    good(visitor)
    visitor.get_by_role("link", name="What changed from version 1 to 2").click()
    good(visitor)
    visitor.get_by_role("link", name="Show the whole text").click()
    good(visitor)
    visitor.goto(path)
    world.do_task(reference, "security:hmrc")
    colleague = world.actor("HMRC", "security")
    reviewing.take_approval_back(world.ctx, colleague, reference, "security:hmrc", "Too early.", seen=None)
    visitor.get_by_role("radio", name="Approve", exact=True).check()
    visitor.get_by_role("button", name="Record my decision").click()
    expect(visitor.get_by_role("region", name="Somebody else was first")).to_contain_text("Security adviser, HMRC")
    good(visitor)
    visitor.get_by_role("button", name="Record my decision").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Recorded")


def test_a_signature_in_a_browser_from_the_link_to_the_receipt(visitor: Page, world: World) -> None:
    reference = world.agreement_in("sign_off")
    be(visitor, world, f"/agreements/{reference}/tasks/sign:slc", "SLC", "signatory")
    expect(visitor.get_by_text("The document is being prepared")).to_be_visible()
    good(visitor)
    world.carry_out()
    visitor.get_by_role("button", name="Look again").click()
    good(visitor)
    visitor.get_by_role("button", name="Confirm who you are").click()
    visitor.get_by_role("radio", name=re.compile("^Signatory, Student Loans Company")).check()
    visitor.get_by_role("button", name="Confirm and continue").click()
    good(visitor)
    visitor.get_by_role("button", name="Sign agreement").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("1 of 2 signed; 1 waiting")
    good(visitor)
    world.do_task(reference, "sign:hmrc")
    world.carry_out()
    visitor.goto(f"/agreements/{reference}/document")
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Signed by everybody")
    good(visitor)
    with visitor.expect_download() as download:
        visitor.get_by_role("button", name="Download signed PDF").click()
    assert download.value.suggested_filename == f"{reference}-signed.pdf"
