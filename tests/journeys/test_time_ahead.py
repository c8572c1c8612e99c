"""How long, forecasts and what would bring it forward in a real browser: accessible, with scripts and without."""

import pytest
from playwright.sync_api import Page as BrowserPage

from dsa.services import changes_ahead, forecasting
from tests.journeys.test_lists import be, check
from tests.past import add_signed
from tests.web.world import World

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


def test_from_the_curve_to_the_forecast_to_what_would_bring_an_agreement_forward(
    visitor: BrowserPage, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_ahead, "AGREEMENTS", 100)
    reference = world.agreement_in("review")
    add_signed(world.ctx.database, reference, now=world.ctx.clock.now(), count=24)
    forecasting.forecast_due(world.ctx)
    changes_ahead.compute_next(world.ctx)
    changes_ahead.ask(world.ctx, world.actor("HMRC", "drafter"), "HMRC")
    changes_ahead.compute_next(world.ctx)
    be(visitor, "Drafter (HM Revenue and Customs)")
    visitor.goto("/time/how-long")
    visitor.get_by_label("Compare those begun").fill("2026-04-01")
    visitor.get_by_role("button", name="Show").click()
    assert "Before and after" in visitor.locator("main").inner_text()
    check(visitor)
    visitor.get_by_role("link", name="Forecasts").click()
    check(visitor)
    visitor.locator(f'a[href="/agreements/{reference}"]').click()
    visitor.get_by_role("link", name="What would bring this forward").click()
    assert "Simulated, first:" in visitor.locator("main").inner_text()
    check(visitor)
    visitor.get_by_role("link", name="What would bring every agreement forward").click()
    assert "Every signature within 10 working days" in visitor.locator("main").inner_text()
    check(visitor)
