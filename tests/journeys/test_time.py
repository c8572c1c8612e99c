"""Where the time goes in a real browser: usable with scripts and without, accessible, in a narrow window too."""

import pytest
from playwright.sync_api import Page as BrowserPage

from tests.journeys.test_lists import be, check
from tests.web.test_time_pages import PAGES, filled
from tests.web.world import World

__all__ = ["filled"]
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def test_from_page_to_page_and_from_a_number_to_its_agreements(visitor: BrowserPage, filled: World) -> None:
    be(visitor, "Head of data sharing (HM Revenue and Customs)")
    visitor.goto("/time")
    for path in PAGES[1:]:
        visitor.locator(f".dsa-subnav a[href='{path}']").click()
        assert visitor.url.endswith(path)
        check(visitor)
    visitor.get_by_role("link", name="All 2 whose benefit is known").click()
    assert visitor.get_by_role("heading", level=1).inner_text() == "2 agreements"
    visitor.get_by_role("button", name="Show").click()
    assert "worth=known" in visitor.url
    check(visitor)
