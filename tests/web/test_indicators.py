"""The public indicators: by stage always, by organisation where it agreed, no names, no small numbers."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from dsa.domain.errors import NotAllowed
from dsa.jobs import Relay
from dsa.persistence import rows
from dsa.services import indicators
from tests.web.page_client import PageClient
from tests.web.world import World


@pytest.fixture
def past(world: World) -> World:
    """Twelve signed agreements of HMRC's with a stay in review, two of them late, and one open agreement."""
    reference = world.agreement_in("review")
    head = world.loaded(reference).head
    made = {name: getattr(head, name) for name in head._fields if name != "id"}
    with world.ctx.database.writing() as session:
        for number in range(12):
            began = head.created_at - timedelta(days=300 + number)
            copy = made | {"reference": f"X-{number}", "created_at": began, "head_seq": 1, "first_contact_on": None}
            identifier = rows.add(session, "agreements", copy | {"stage": "in_use", "stage_entered_at": began})
            end = "signed" if number < 6 else "in_use"
            stays = [("review", began, 20 if number in (2, 3) else 6), (end, began + timedelta(days=70), 1)]
            for seq, (stage, entered, days) in enumerate(stays, start=1):
                _stay(session, head, identifier, seq, stage, entered, entered + timedelta(days=days))
    return world


def _stay(session: Any, head: Any, agreement: int, seq: int, stage: str, entered: Any, left: Any) -> None:
    stay = {"agreement_id": agreement, "entered_seq": seq, "stage": stage, "round": 1, "route": "standard"}
    stay |= {"organisation_id": head.lead_organisation_id, "entered_at": entered, "left_at": left}
    rows.add(session, "stage_entries", stay | {"target_days": 10, "calendar_version": "x", "working_minutes": 1})


def test_anybody_reads_how_long_agreements_take_as_page_csv_and_json(pages: PageClient, past: World) -> None:
    assert "They are not there yet." in pages.get("/indicators").text
    assert indicators.due(past.ctx)
    Relay(past.ctx).tell_the_public()
    assert not indicators.due(past.ctx)
    page = pages.get("/indicators")
    assert "Half of all agreements are signed within 49 working days. 85 of 100 within 50." in page.text
    assert "These figures are of made-up agreements" in page.text
    assert "Worked out on 2 November 2026" in page.text
    said = json.loads(pages.client.get("/indicators.json").text)
    review = next(stage for stage in said["stages"] if stage["stage"] == "review")
    # one is open: its number is small, so the next smallest of the column is not shown either
    assert (review["closed"], review["open"], review["half"]) == (12, None, 4)
    assert next(stage for stage in said["stages"] if stage["stage"] == "signed")["closed"] is None
    assert review["within"] is None
    assert said["overall"]["signed"] == 12
    assert said["synthetic"] is True
    assert said["organisations"] == []
    table = list(csv.reader(io.StringIO(pages.client.get("/indicators.csv").text.removeprefix("\ufeff"))))
    assert next(row for row in table if row[1] == "Review")[:7] == ["Stage", "Review", "12", "", "", "4.0", "15.0"]


def test_an_organisation_stands_there_by_name_only_while_it_agrees(pages: PageClient, past: World) -> None:
    Relay(past.ctx).tell_the_public()
    assert "HM Revenue and Customs" not in pages.get("/indicators").text
    pages.sign_in(past.person("HMRC", "head_of_sharing"))
    pages.get("/indicators/consent")
    page = pages.press("Agree")
    assert "Agreed Head of data sharing, 2 November 2026" in page.text
    page = pages.get("/indicators")
    assert "HM Revenue and Customs" in page.text
    assert "no ranking" in page.text
    pages.get("/indicators/consent")
    pages.press("No longer agree")
    assert "HM Revenue and Customs" not in pages.client.get("/indicators.json").text


def test_only_the_organisation_itself_agrees(pages: PageClient, past: World) -> None:
    with pytest.raises(NotAllowed):
        indicators.consent(past.ctx, past.actor("SLC", "head_of_sharing"), "HMRC", agreed=True)
    pages.sign_in(past.person("HMRC", "drafter"))
    assert "can say this" in pages.get("/indicators/consent").text
    pages.post("/indicators/consent", {"organisation": "HMRC", "agreed": "yes"}, status=403)


def test_no_name_of_a_person_post_or_agreement_is_in_it(pages: PageClient, past: World) -> None:
    Relay(past.ctx).tell_the_public()
    indicators.consent(past.ctx, past.actor("HMRC", "administrator"), "HMRC", agreed=True)
    told = pages.client.get("/indicators.json").text + pages.client.get("/indicators.csv").text
    for word in ("drafter", "Drafter", "adviser", "X-1", "DSA-20", "Income check"):
        assert word not in told, word
