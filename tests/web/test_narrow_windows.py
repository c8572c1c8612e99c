"""Tables in a window of 375 pixels: each row is a block of named cells, and no column is out of sight."""

import pytest
from playwright.sync_api import Browser

from dsa.jobs import Relay
from dsa.services import forecasting, indicators
from tests.past import add_signed
from tests.web import chromium
from tests.web.page_client import PageClient
from tests.web.test_importing import COLUMNS, SHEET, lead, send
from tests.web.test_timetable import bound
from tests.web.world import World

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

# For each table: how far its box has to be scrolled to see all of it, and the names that stand before its cells.
_TABLES = """() => [...document.querySelectorAll("table.dsa-stack")].map((table) => {
  const box = table.closest(".dsa-scroll") || table;
  const named = (cell) => getComputedStyle(cell, "::before").content;
  return [box.scrollWidth - box.clientWidth, [...table.querySelectorAll("[data-label]")].map(named).join("")];
})"""
_NAMES = {
    "timetable": ("Agreed", "Ended", "Slipped"),
    "/time/forecasts": ("Stage", "Likely by", "Needed by", "Not judged"),
    "/indicators": ("Half within", "Within target", "Open now"),
    "/keys": ("Algorithm", "Rotate by", "Where it is kept"),
}


def test_no_column_is_out_of_sight_in_a_narrow_window(world: World, browser: Browser, live: str) -> None:
    reference = bound(world)
    add_signed(world.ctx.database, world.agreement_in("drafting"), now=world.ctx.clock.now())
    forecasting.forecast_due(world.ctx)
    indicators.due(world.ctx)
    Relay(world.ctx).tell_the_public()
    with chromium.visiting(browser, live, javascript=False, width=375) as visitor:
        for path, names in _NAMES.items():
            post = "Administrator" if path == "/keys" else "Drafter"
            visitor.goto("/sign-in")
            visitor.get_by_role("button", name=f"{post} (HM Revenue and Customs)").first.click()
            visitor.goto(f"/agreements/{reference}/timetable" if path == "timetable" else path)
            _fits(visitor, *names)
            visitor.set_viewport_size({"width": 1280, "height": 900})
            assert {words.replace("none", "") for _, words in visitor.evaluate(_TABLES)} == {""}, path
            visitor.set_viewport_size({"width": 375, "height": 900})


def test_an_import_fits_a_narrow_window_from_the_check_to_the_agreement(
    pages: PageClient, world: World, browser: Browser, live: str
) -> None:
    lead(pages, world)
    rows = [row for row in SHEET.splitlines() if "Sea Council" not in row]
    at = send(pages, "\n".join([*rows, "A9,Never,DWP,signed,,,soon,,"]).encode())
    pages.press("Save and continue", COLUMNS)
    with chromium.visiting(browser, live, javascript=False, width=375) as visitor:
        visitor.goto("/sign-in")
        visitor.get_by_role("button", name="Information governance lead (HM Revenue and Customs)").first.click()
        visitor.goto(f"{at}/check")
        _fits(visitor, "What is wrong", "Other organisations", "as typed")
        pages.press("Save and continue")
        pages.press("Save this choice", {"leave_out": "yes"})
        pages.press("Import")
        record = pages.follow("Council tax reduction").path
        visitor.goto(f"{at}/receipt")
        _fits(visitor, "Stage", "Row")
        visitor.goto("/imports")
        _fits(visitor, "Rows", "Sent", "State")
        visitor.goto(record)
        _fits(visitor, "Organisation", "Outcome")


def _fits(visitor: chromium.Page, *names: str) -> None:
    chromium.assert_no_sideways_scroll(visitor)
    chromium.assert_accessible(visitor)
    found = visitor.evaluate(_TABLES)
    assert [more for more, _ in found] == [0] * len(found), visitor.url
    shown = "".join(words for _, words in found)
    assert [name for name in names if f"{name}: " not in shown] == [], visitor.url
