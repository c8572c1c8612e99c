"""Moving the demonstration's clock, and continuing as the next person."""

from dataclasses import replace

import pytest

from dsa.config import Settings
from dsa.persistence import outbox
from dsa.persistence import settings as stored
from dsa.web import create_app
from dsa.web.composition import Services
from tests.web.page_client import PageClient
from tests.web.world import World


def test_moving_the_clock_by_working_days_skips_weekends_and_holidays(pages: PageClient, world: World) -> None:
    pages.get("/")
    pages.post("/demo/clock", {"days": 20})
    with world.ctx.database.reading() as session:
        assert stored.clock_offset(session) == 28 * 24 * 60 * 60
    pages.post("/demo/clock", {"days": 5})
    with world.ctx.database.reading() as session:
        assert stored.clock_offset(session) == 35 * 24 * 60 * 60


def test_moving_the_clock_reminds_those_who_are_late(pages: PageClient, world: World) -> None:
    world.agreement_in("check_draft")
    pages.post("/demo/clock", {"days": 20})
    with world.ctx.database.reading() as session:
        told = [mail.subject for mail in outbox.mails(session)]
    assert any(subject.startswith("Overdue") and "Check the draft" in subject for subject in told)


@pytest.mark.parametrize("days", ["", "2", "-5", "1e9", "five"])
def test_the_clock_moves_only_by_what_is_offered(pages: PageClient, world: World, days: str) -> None:
    page = pages.client.post("/demo/clock", data={"days": days, "csrf_token": pages.token()})
    assert page.status_code in (400, 422)
    with world.ctx.database.reading() as session:
        assert stored.clock_offset(session) == 0


def test_continuing_as_the_next_person_goes_where_they_are_wanted(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.post("/demo/continue", {"person": world.person("SLC", "legal"), "next": "/about/privacy"})
    assert page.h1 == "Privacy"
    assert "Legal adviser, Student Loans Company" in page.html


def test_outside_a_demonstration_there_is_neither(services: Services, settings: Settings) -> None:
    real = replace(services, settings=replace(settings, demo=False))
    pages = PageClient(create_app(real.settings, services=real))
    pages.post("/demo/clock", {"days": 5}, status=404)
    pages.post("/demo/continue", {"person": 1}, status=404)


def test_looking_never_moves_the_clock(pages: PageClient) -> None:
    pages.get("/demo/clock", status=405)
    pages.get("/demo/continue", status=405)
